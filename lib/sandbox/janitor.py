"""Remove the scratch directory once the supervisor is gone, whatever ended it.

Started as a script with the directory as its argument and the reading end of a pipe as stdin; the
supervisor holds the other end and never writes. Standard library only.
"""

import contextlib
import shutil
import signal
import sys
import time
from pathlib import Path

PATIENCE_S = 10.0


def main(scratch: Path) -> None:
    """Wait for the end of stdin, then delete `scratch`; children may still be writing their last files."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    give_up_at = time.monotonic() + PATIENCE_S
    while scratch.exists() and time.monotonic() < give_up_at:
        with contextlib.suppress(OSError):
            shutil.rmtree(scratch)
        time.sleep(0.02)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
