"""Files of an artifact are whole, clean and complete, or not there."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagnostics.redaction import Redactor
from oncall import artifact, journal, status
from oncall.artifact import Artifact
from oncall.status import State

NOW = datetime(2026, 1, 31, 3, 4, 5, tzinfo=UTC)


def created(outputs: Path, *secrets: str, profile: str = "p") -> Artifact:
    """A new artifact in `outputs` that knows `secrets`."""
    begun = status.begun(
        incident="triage", profile=profile, started_at=NOW, language="en", timezone="UTC", pid=os.getpid()
    )
    return artifact.create(outputs, begun=begun, now=NOW, redactor=Redactor(secrets))


def test_the_folder_is_named_after_time_incident_and_profile(tmp_path: Path) -> None:
    """And a second one of the same second gets a number; a name of a profile cannot leave the folder."""
    names = [created(tmp_path, profile=name).folder for name in ("p", "p", "../../x")]
    assert [folder.name for folder in names if folder] == [
        "20260131T030405Z_triage_p",
        "20260131T030405Z_triage_p-2",
        "20260131T030405Z_triage_x",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(folder.name for folder in names if folder)


def test_a_status_is_there_from_the_first_moment(tmp_path: Path) -> None:
    """Nothing else is."""
    folder = created(tmp_path).folder
    assert folder is not None
    assert [path.name for path in folder.iterdir()] == ["status.json"]
    assert status.read(folder).state is State.RUNNING


def test_texts_are_cleaned_before_they_become_json(tmp_path: Path) -> None:
    """A mask must not swallow half of an escape."""
    kept = created(tmp_path, "s3cret-value")
    body = {"url": 'see "https://x.example/?token=abcdef" and s3cret-value', "s3cret-value": 1}
    assert kept.put_json("a.json", body)
    assert kept.folder is not None
    text = (kept.folder / "a.json").read_text("utf-8")
    assert json.loads(text)["•••"] == 1
    assert "abcdef" not in text
    assert "s3cret" not in text


def test_a_file_that_still_holds_a_secret_is_not_written(tmp_path: Path) -> None:
    """Binary, so it cannot be cleaned."""
    kept = created(tmp_path, "s3cret-value")
    assert not kept.put_bytes("image.png", b"\x89PNG s3cret-value \xff")
    assert kept.folder is not None
    assert not (kept.folder / "image.png").exists()
    assert kept.problems == ["image.png was NOT written: a known secret was found in it"]


def test_the_journal_holds_whole_lines_and_forgives_a_torn_one(tmp_path: Path) -> None:
    """A death may cut the last line in two."""
    kept = created(tmp_path, "s3cret-value")
    kept.note([{"n": 1, "text": "s3cret-value"}])
    kept.note([{"n": 2}])
    assert kept.folder is not None
    with (kept.folder / journal.NAME).open("ab") as file:
        file.write(b'{"n": 3, "te')
    assert journal.read(kept.folder) == [{"n": 1, "text": "•••"}, {"n": 2}]


def test_a_committed_artifact_has_its_manifest_and_no_journal(tmp_path: Path) -> None:
    """Every file is in the manifest but itself and what people edit."""
    kept = created(tmp_path)
    kept.note([{"n": 1}])
    kept.put_text("postmortem.md", "x")
    kept.put_bytes("charts/a.png", b"\xff")
    final = replace(kept.status, state=State.DONE, exit_code=0)
    assert kept.commit(final, versions={"python": "3"}, budget={})
    assert kept.folder is not None
    manifest = json.loads((kept.folder / "manifest.json").read_text())
    assert set(manifest["sha256"]) == {"status.json", "charts/a.png"}
    assert not (kept.folder / journal.NAME).exists()


def test_a_commit_that_cannot_write_both_files_writes_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A status that says done without a manifest would lie."""
    kept = created(tmp_path)
    assert kept.folder is not None
    write = artifact._write_partial

    def full(path: Path, data: bytes) -> Path:
        if path.name == "manifest.json":
            raise OSError(28, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(artifact, "_write_partial", full)
    final = replace(kept.status, state=State.DONE, exit_code=0)
    assert not kept.commit(final, versions={}, budget={})
    assert status.read(kept.folder).state is State.RUNNING
    assert [path.name for path in kept.folder.iterdir()] == ["status.json"]


def test_a_file_that_cannot_be_read_again_is_not_sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad disk is a problem to tell of, not an error on the way out."""
    kept = created(tmp_path)
    kept.put_text("report.html", "x")
    assert kept.folder is not None
    read = Path.read_bytes

    def bad(path: Path) -> bytes:
        if path.name == "report.html":
            raise OSError(5, "Input/output error")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", bad)
    assert not kept.commit(replace(kept.status, state=State.DONE), versions={}, budget={})
    assert kept.problems == ["what was written cannot be read again: Input/output error"]
    assert not (kept.folder / "manifest.json").exists()


def test_a_journal_that_cannot_be_removed_costs_nothing_but_a_word(tmp_path: Path) -> None:
    """Something else has its name: a folder, for instance."""
    kept = created(tmp_path)
    assert kept.folder is not None
    (kept.folder / journal.NAME).mkdir()
    assert kept.commit(replace(kept.status, state=State.DONE), versions={}, budget={})
    assert (kept.folder / "manifest.json").exists()
    assert "journal.jsonl could not be removed" in kept.problems[0]


def test_what_cannot_be_removed_does_not_keep_an_artifact_closed(tmp_path: Path) -> None:
    """A folder stands where a half-written file would."""
    folder = created(tmp_path).folder
    assert folder is not None
    (folder / ".x.partial").mkdir()
    opened = artifact.open_existing(folder, redactor=Redactor())
    assert ".x.partial could not be removed" in opened.problems[0]
