"""A supervisor in a session of its own: started by `sandbox up`, which waits for its first words."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sandbox.plan import Plan
from sandbox.state import Files


def start(plan: Plan, faults: Sequence[str]) -> dict[str, Any]:
    """Start a supervisor and wait until it is ready or has given up; its announcement."""
    files = Files(folder=plan.folder)
    files.folder.mkdir(parents=True, exist_ok=True)
    description = json.dumps({**asdict(plan), "state_dir": str(plan.state_dir.resolve()), "faults": list(faults)})
    reading, writing = os.pipe()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with files.log.open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "sandbox.daemon", description, str(writing)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(writing,),
            env=environment,
            cwd="/",
        )
    os.close(writing)
    with os.fdopen(reading) as announcements:
        line = announcements.readline()
    if not line:
        return {"failed": f"the supervisor ended before it was ready; see {files.log}"}
    announcement: dict[str, Any] = json.loads(line)
    return announcement


def main() -> int:
    """Be the supervisor. Arguments: the plan as JSON, and where to announce."""
    from sandbox.supervisor import supervise  # noqa: PLC0415  (only the supervisor needs it)

    description = json.loads(sys.argv[1])
    faults = description.pop("faults")
    plan = Plan(**{**description, "state_dir": Path(description["state_dir"])})

    def announce(what: Mapping[str, Any]) -> None:
        with os.fdopen(int(sys.argv[2]), "w") as listener:
            listener.write(json.dumps(what) + "\n")

    return asyncio.run(supervise(plan, faults, announce))


if __name__ == "__main__":
    sys.exit(main())
