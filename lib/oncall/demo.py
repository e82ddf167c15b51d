"""`make run`: a real failure, diagnosed in front of you, without any credentials of yours.

Boots the sandbox, rotates the token the worker uses, runs incident 1 and takes the sandbox down.
Ends with 0 when the run ended as a run should, whatever it found; the run's own exit code is printed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

NAME = "demo"
FAULT = "redis-token-rotated"


def main() -> int:
    """Boot, break, diagnose, clean up."""
    _say(f"Starting the embedded platform and breaking it: {FAULT} …")
    up = _sandbox("up", "--history", "3h", "--fault", FAULT)
    try:
        if up.returncode != 0:
            sys.stderr.write(up.stderr)
            return 3
        printed = dict(line.split("=", 1) for line in up.stdout.splitlines() if "=" in line)
        command = [sys.executable, "-m", "oncall", "run", "worker-not-processing", "--profile", "sandbox"]
        code = subprocess.run(command, env={**os.environ, **printed}, check=False).returncode
    finally:
        _sandbox("down")
    _say(f"The run ended with exit code {code} (0 ok, 1 warning, 2 critical, 3 unknown). The sandbox is down again.")
    return 0 if code == 2 else 3


def _sandbox(verb: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sandbox", verb, "--name", NAME, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path.cwd())


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
