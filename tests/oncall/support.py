"""Artifacts read back, command lines and environments for the tests of `oncall`."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DRIVER = Path(__file__).parent / "headless" / "driver.py"


@dataclass(frozen=True, slots=True)
class Folder:
    """An artifact on disk, read back."""

    path: Path

    def json(self, name: str) -> Any:
        """A file of it, parsed."""
        return json.loads((self.path / name).read_text("utf-8"))

    @property
    def status(self) -> dict[str, Any]:
        """How the run went."""
        return self.json("status.json")

    def fates(self) -> list[str]:
        """The state of each code cell, in order, as the status has it."""
        return [cell["state"] for cell in self.status["cells"]]

    def is_sealed(self) -> bool:
        """Whether the manifest names every file but itself and the postmortem, each with its present bytes."""
        if not (self.path / "manifest.json").exists():
            return False
        names = self.names() - {"manifest.json", "postmortem.md"}
        digests = {name: hashlib.sha256((self.path / name).read_bytes()).hexdigest() for name in names}
        return digests == self.json("manifest.json")["sha256"]

    def names(self) -> set[str]:
        """All files in it."""
        return {path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if path.is_file()}


def artifacts(outputs: Path) -> list[Folder]:
    """All artifacts in `outputs`, by name."""
    found = sorted(outputs.iterdir()) if outputs.is_dir() else []
    return [Folder(path) for path in found if not path.name.startswith(".")]


def only(outputs: Path) -> Folder:
    """The one artifact in `outputs`."""
    (folder,) = artifacts(outputs)
    return folder


def write_profile(folder: Path, worker: str = "http://127.0.0.1:9") -> Path:
    """A profile with `worker` as the worker's address, written into `folder`."""
    path = folder / "dead.toml"
    path.write_text(f'name = "dead"\n[worker]\nbase_url = "{worker}"\n[redis]\n', "utf-8")
    return path


def environment(home: Path, **extra: str) -> dict[str, str]:
    """A process environment without this machine's settings; byte code may be kept, it saves seconds."""
    unwanted = ("RUNBOOK_", "JUPYTER", "IPYTHON", "PYTHONDONTWRITE", "MPL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {**kept, "HOME": str(home), **extra}


def command(*arguments: object) -> list[str]:
    """The command line of `runbook`."""
    return [sys.executable, "-m", "oncall", *map(str, arguments)]


def driven(notebook: Path, *arguments: object) -> list[str]:
    """The same with `notebook` in place of the project's."""
    return [sys.executable, str(DRIVER), str(notebook), *map(str, arguments)]


def until(is_so: Callable[[], bool], *, timeout_s: float = 20.0) -> None:
    """Wait for a change of a file: there is no event to await for that."""
    ends = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < ends, "it never came to that"
        time.sleep(0.01)
