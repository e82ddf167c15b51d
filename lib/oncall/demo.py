"""`make run`: a real failure, diagnosed in front of you, without any credentials of yours.

Boots the sandbox, rotates the token the worker uses, runs incident 1 and takes the sandbox down.
Ends with 0 when the run named that cause, else with 3; the run's own exit code is printed.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping

from diagnostics.errors import SettingsError
from oncall import project, status
from oncall.exits import UNKNOWN
from oncall.headless.stopping import Stop
from oncall.question import DEFAULT_OUTPUT
from oncall.sealing import VERDICT

NAME = "demo"
FAULT = "redis-token-rotated"
CAUSE = "redis.credentials_rejected"
CRITICAL = 2
_LOOK_S = 0.2
"""How often to look whether somebody wants us to stop."""


def main() -> int:
    """Boot, break, diagnose, clean up. Ctrl-C and SIGTERM clean up too."""
    with Stop() as stop:
        _say(f"Starting the embedded platform and breaking it: {FAULT} …")
        up = _sandbox("up", "--history", "3h", "--fault", FAULT)
        if up.returncode != 0:
            # What runs under this name was started by somebody else, who is still looking at it.
            sys.stderr.write(up.stderr)
            return UNKNOWN
        settings = dict(line.split("=", 1) for line in shlex.split(up.stdout))
        try:
            ended = None if stop.name else _run(settings, stop)
        finally:
            down = _sandbox("down")
        sys.stderr.write(down.stderr)
        if stop.name:
            _say(f"Stopped by {stop.name}.")
        is_right = ended is not None and _is_right(*ended)
        return 0 if is_right and not stop.name and down.returncode == 0 else UNKNOWN


def _run(settings: Mapping[str, str], stop: Stop) -> tuple[int, int]:
    """Run incident 1 on the sandbox; its pid and its exit code. A stop is handed on to it."""
    command = [sys.executable, "-m", "oncall", "run", "worker-not-processing", "--profile", "sandbox"]
    # Nobody has been paged, and the first start after an installation is slow.
    command += ["--deadline", "30"]
    # In a session of its own Ctrl-C reaches it once, through us.
    run = subprocess.Popen(command, env={**os.environ, **settings}, start_new_session=True)
    is_told = False
    while True:
        try:
            return run.pid, run.wait(_LOOK_S)
        except subprocess.TimeoutExpired:
            if stop.name and not is_told:
                run.send_signal(signal.SIGINT)
                is_told = True


def _is_right(pid: int, code: int) -> bool:
    cause = _asserted(pid)
    _say(f"The run ended with exit code {code} (0 ok, 1 warning, 2 critical, 3 unknown) and the cause {cause}.")
    if (cause, code) == (CAUSE, CRITICAL):
        return True
    sys.stderr.write(f"This is wrong: it should be exit code {CRITICAL} and {CAUSE}.\n")
    return False


def _asserted(pid: int) -> str | None:
    """The cause that the run of process `pid` asserts in its verdict; `None` where it asserts none."""
    for folder in sorted((project.root() / DEFAULT_OUTPUT).glob("*_worker-not-processing_*"), reverse=True):
        try:
            if status.read(folder).pid == pid:
                best = json.loads((folder / VERDICT).read_text("utf-8"))["causes"][0]
                return str(best["id"]) if best["confidence"] >= 0.5 else None
        except (SettingsError, OSError, ValueError):
            # Not an artifact, or not whole: then it is not the one that ended just now.
            continue
    return None


def _sandbox(verb: str, *options: str) -> subprocess.CompletedProcess[str]:
    """One order to the sandbox, carried out to its end: half a start or half an end would leave processes behind."""
    command = [sys.executable, "-m", "sandbox", verb, "--name", NAME, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, start_new_session=True)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
