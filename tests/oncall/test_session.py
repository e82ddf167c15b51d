"""The session in a notebook without a headless parent: it writes the artifact itself."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.oncall.conftest import Runbook
from tests.oncall.support import artifacts, environment, only

from diagnostics import engine, records
from diagnostics.errors import SettingsError
from diagnostics.report.verdict import verdict_document
from diagnostics.runbooks import by_slug
from oncall.session import open_session
from oncall.status import State

SLUG = "worker-not-processing"


async def test_a_session_saves_what_it_found(tmp_path: Path, profile: Path) -> None:
    """The artifact is sealed, and its evidence judged again gives its verdict."""
    session = open_session(SLUG, profile=str(profile), output_dir=str(tmp_path / "out"))
    diagnosis = await session.diagnose()
    saved = session.save()
    folder = only(tmp_path / "out")
    assert folder.path.name in str(saved)
    assert folder.status["state"] == State.DONE.value
    assert folder.status["exit_code"] == 3
    assert folder.json("verdict.json") == verdict_document(diagnosis)
    seen = records.read((folder.path / "evidence.jsonl").read_text("utf-8"))
    assert seen.trailer is not None
    again = engine.judge(by_slug(SLUG), seen.scope, seen.evidence, seen.trailer)
    assert json.dumps(verdict_document(again)) == json.dumps(verdict_document(diagnosis))


async def test_running_cells_again_writes_the_same_folder(tmp_path: Path, profile: Path) -> None:
    """Diagnosing and saving twice leaves one artifact, with the later verdict and the edited postmortem."""
    session = open_session(SLUG, profile=str(profile), output_dir=str(tmp_path / "out"))
    await session.diagnose()
    session.save()
    postmortem = only(tmp_path / "out").path / "postmortem.md"
    postmortem.write_text(postmortem.read_text("utf-8") + "\nA note by hand.\n", "utf-8")
    second = await session.diagnose()
    session.save()
    session.save()
    folder = only(tmp_path / "out")
    assert folder.json("verdict.json") == verdict_document(second)
    assert "A note by hand." in postmortem.read_text("utf-8")
    assert "journal.jsonl" not in folder.names()


async def test_a_postmortem_in_another_encoding_is_left_as_it_is(tmp_path: Path, profile: Path) -> None:
    """What somebody wrote is never replaced because we cannot read it; the run says so."""
    session = open_session(SLUG, profile=str(profile), output_dir=str(tmp_path / "out"))
    await session.diagnose()
    session.save()
    postmortem = only(tmp_path / "out").path / "postmortem.md"
    postmortem.write_bytes("Заметка дежурного".encode("cp1251"))
    saved = session.save()
    assert postmortem.read_bytes() == "Заметка дежурного".encode("cp1251")
    assert "postmortem.md cannot be read as text" in str(saved)


async def test_looking_again_leaves_what_was_saved_until_it_is_saved_again(tmp_path: Path, profile: Path) -> None:
    """A kernel may end at any moment: the artifact is sealed, and its files tell of one and the same look."""
    session = open_session(SLUG, profile=str(profile), output_dir=str(tmp_path / "out"))
    first = await session.diagnose()
    session.save()
    second = await session.diagnose()
    folder = only(tmp_path / "out")
    assert folder.is_sealed()
    assert folder.status["state"] == "done"
    assert folder.json("verdict.json") == verdict_document(first)
    session.save()
    assert folder.is_sealed()
    assert folder.json("verdict.json") == verdict_document(second)


@pytest.mark.parametrize("is_saved", [True, False])
async def test_a_look_cut_short_changes_nothing_that_was_written(tmp_path: Path, profile: Path, is_saved: bool) -> None:
    """Cancelled midway, as by the console's button: no evidence is lost, and saving writes the look before."""
    session = open_session(SLUG, profile=str(profile), output_dir=str(tmp_path / "out"))
    first = await session.diagnose()
    if is_saved:
        session.save()
    folder = only(tmp_path / "out")
    before = {name: (folder.path / name).read_bytes() for name in folder.names()}
    look = asyncio.create_task(session.diagnose())
    await asyncio.sleep(0)
    look.cancel()
    with pytest.raises(asyncio.CancelledError):
        await look
    assert {name: (folder.path / name).read_bytes() for name in folder.names()} == before
    session.save()
    assert folder.is_sealed()
    assert folder.json("verdict.json") == verdict_document(first)


async def test_saving_again_that_dies_midway_leaves_a_run_to_be_sealed(
    tmp_path: Path, profile: Path, runbook: Runbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file of the look before stands beside those of the new one; the verdict is made from the evidence."""
    session = open_session(SLUG, profile=str(profile), output_dir=str(tmp_path / "out"))
    await session.diagnose()
    session.save()
    second = await session.diagnose()

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("oncall.sealing.Rendering.run", die)
    with pytest.raises(KeyboardInterrupt):
        session.save()
    folder = only(tmp_path / "out")
    assert folder.status["state"] == "running"
    assert {"manifest.json", "report.html"} & folder.names() == set()
    (folder.path / "status.json").write_text(json.dumps(folder.status | {"process": "gone"}), "utf-8")
    assert runbook("seal", folder.path).returncode == 3
    assert folder.is_sealed()
    assert folder.status["state"] == "died"
    assert folder.json("verdict.json") == verdict_document(second)


async def test_the_status_is_running_until_it_is_saved(tmp_path: Path, profile: Path) -> None:
    """A kernel that dies in between leaves a status that reads as died, with evidence and verdict."""
    session = open_session(SLUG, profile=str(profile), output_dir=str(tmp_path / "out"))
    assert artifacts(tmp_path / "out") == []
    await session.diagnose()
    folder = only(tmp_path / "out")
    assert (folder.status["state"], folder.status["pid"]) == ("running", os.getpid())
    assert {"evidence.jsonl", "verdict.json"} <= folder.names()


def test_there_is_nothing_to_save_before_the_diagnosis(profile: Path) -> None:
    """The message says which cell is missing."""
    with pytest.raises(SettingsError, match=r"await session\.diagnose"):
        open_session(SLUG, profile=str(profile)).save()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("profile", "", "no profile given"),
        ("profile", "sandbx", "did you mean 'sandbox'"),
        ("profile", 7, "profile=7 must be text"),
        ("window_minutes", -1, "window_minutes=-1"),
        ("window_minutes", float("nan"), "window_minutes=nan"),
        ("window_minutes", "an hour", "window_minutes='an hour'"),
        ("window_minutes", True, "window_minutes=True"),
        ("deadline_s", float("inf"), "deadline_s=inf"),
        ("redis_commands", 2.5, "redis_commands=2.5 must be a whole number"),
        ("since", "soon", "since='soon' is not a time"),
        ("since", "2999-01-01T00:00:00Z", "must be before until"),
        ("until", 5, "until=5 must be text"),
        ("language", "fr", "language 'fr'"),
        ("output_dir", 3.5, "output_dir=3.5 must be text"),
    ],
)
def test_every_parameter_is_checked_by_name(
    profile: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: object, told: str
) -> None:
    """One line that names the parameter, before anything is read."""
    monkeypatch.delenv("RUNBOOK_PROFILE", raising=False)
    with pytest.raises(SettingsError, match=r"^[^\n]*$") as refused:
        open_session(SLUG, **{"profile": str(profile), name: value})  # type: ignore[arg-type]
    assert told in str(refused.value)


def test_a_misspelt_incident_is_refused_with_the_nearest(profile: Path) -> None:
    """As on the command line."""
    with pytest.raises(SettingsError, match="did you mean 'worker-not-processing'"):
        open_session("worker-not-procesing", profile=str(profile))


def test_a_session_shows_no_secret(profile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook shows what stands on the last line of a cell."""
    monkeypatch.setenv("REDIS_URL", "redis://default:c4nary-of-redis@127.0.0.1:9")
    session = open_session(SLUG, profile=str(profile))
    assert repr(session) == "<Session worker-not-processing on dead>"
    assert "c4nary" not in repr(vars(session))


def test_a_program_started_from_a_cell_has_no_parent_to_tell(tmp_path: Path, profile: Path) -> None:
    """It inherits the variable that names the channel, not the channel: then it writes for itself."""
    program = (
        "import asyncio\n"
        "from oncall.session import open_session\n"
        f"s = open_session({SLUG!r}, profile={str(profile)!r}, output_dir={str(tmp_path / 'out')!r})\n"
        "asyncio.run(s.diagnose())\n"
        "print(s.save())\n"
    )
    env = environment(tmp_path, RUNBOOK_CHANNEL_FD="99")
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert only(tmp_path / "out").path.name in done.stdout
