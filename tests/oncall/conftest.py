"""A platform that refuses every connection, and the real command."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.oncall.support import command, environment, write_profile

Runbook = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A profile whose every system refuses the connection, so that a diagnosis takes no time."""
    return write_profile(tmp_path)


@pytest.fixture
def runbook(tmp_path: Path) -> Runbook:
    """Runs the real command to its end."""

    def run(*arguments: object, env: dict[str, str] | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
        started = {"env": environment(tmp_path, **(env or {})), "capture_output": True, "text": True, "timeout": 60}
        return subprocess.run(command(*arguments), check=False, **{**started, **options})

    return run
