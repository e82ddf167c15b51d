"""A status is true whenever it is read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagnostics.errors import SettingsError
from oncall import process, status
from oncall.status import State, Status

NOW = datetime(2026, 1, 31, 3, tzinfo=UTC)


def running(pid: int) -> Status:
    """A run that process `pid` has begun."""
    begun = status.begun(incident="i", profile="p", started_at=NOW, language="en", timezone="UTC", pid=pid)
    return replace(begun, cells=({"index": 1, "state": "done"}, {"index": 2, "state": "running"}))


def test_a_live_process_is_running() -> None:
    """Ourselves, for instance."""
    assert running(os.getpid()).now_true().state is State.RUNNING


def test_a_dead_process_reads_as_died_and_so_does_its_cell() -> None:
    """Nobody was left to write it down."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    begun = running(child.pid)
    child.kill()
    child.wait()
    true = begun.now_true()
    assert (true.state, true.exit_code) == (State.DIED, 3)
    assert [cell["state"] for cell in true.cells] == ["done", "died"]


def test_a_zombie_is_dead() -> None:
    """It has a pid, and will never write again."""
    child = subprocess.Popen([sys.executable, "-c", "pass"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.read()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert process.identity(child.pid) == ""
    child.wait()


def test_another_process_with_the_same_pid_is_not_the_same() -> None:
    """Pids are used again."""
    reused = replace(running(os.getpid()), process="another boot:1")
    assert reused.now_true().state is State.DIED


def test_a_pid_of_another_machine_says_nothing() -> None:
    """Its process may well be alive there."""
    elsewhere = replace(running(1), host="elsewhere", process="x")
    assert elsewhere.now_true().state is State.RUNNING


def test_a_status_survives_writing_and_reading(tmp_path: Path) -> None:
    """With fields that a later version may have added left out."""
    written = running(os.getpid())
    body = json.loads(written.to_json()) | {"added_later": 1}
    (tmp_path / "status.json").write_text(json.dumps(body))
    assert status.read(tmp_path) == written


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "is not an artifact"),
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"schema": "status/1"}', "cannot be read"),
        ('{"schema": "status/9"}', "another version"),
    ],
)
def test_what_is_no_status_is_refused(tmp_path: Path, text: str | None, told: str) -> None:
    """One line that names the file."""
    if text is not None:
        (tmp_path / "status.json").write_text(text)
    with pytest.raises(SettingsError, match=told):
        status.read(tmp_path)
