"""`runbook seal DIR`: finish the artifact of a run whose process was killed, from what it left behind."""

# ruff: noqa: PLC0415 - what a command does not need is not imported: triage must be quick

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from diagnostics import records
from diagnostics.errors import SettingsError
from diagnostics.records import Recording
from diagnostics.redaction import redactor_for
from oncall import artifact, journal, look, lost, project, sealing
from oncall.artifact import Artifact
from oncall.headless.stopping import Stop
from oncall.log import clean_streams
from oncall.look import Found
from oncall.status import State, Status
from oncall.telling import Teller


def seal(folder: Path, *, is_json: bool, is_dead: bool = False) -> int:
    """Seal and return the run's exit code. Sealing a whole artifact renders what is missing and changes no verdict.

    Args:
        is_dead: a person's word that a run of another host is over. A process that lives here we see ourselves.

    Raises: SettingsError when the folder is no artifact, still being written, or holds too little to judge.
    """
    redactor = redactor_for(None, os.environ)
    kept = artifact.open_existing(folder, redactor=redactor)
    kept.status = now = _standing(kept.status, folder, is_dead=is_dead)
    with clean_streams(redactor), Stop():
        teller = Teller(is_json=is_json, language=now.language, timezone=now.timezone, profile=now.profile)
        entries = _journal(folder)
        found = _found(kept, now, entries)
        teller.verdict(found.diagnosis, kept)
        if kept.read_text(sealing.VERDICT) is None:
            sealing.keep_facts(kept, found)
        _notebook(kept, now, entries)
        project.keep_caches_out_of_home()
        notes = sealing.Rendering(kept, found.diagnosis, limit_s=sealing.RENDER_LIMIT_S).run()
        ending = sealing.finish(kept, found.diagnosis, state=now.state, reason=now.reason, notes=notes)
        teller.place(kept)
        teller.log.ended(ending, kept)
        return ending.code


def _standing(written: Status, folder: Path, *, is_dead: bool) -> Status:
    now = written.now_true()
    if now.state is not State.RUNNING:
        return now
    if not now.is_elsewhere:
        raise SettingsError(f"{folder} is still being written by process {now.pid} on {now.host}")
    if not is_dead:
        raise SettingsError(
            f"{folder} is being written by process {now.pid} on {now.host}, which cannot be seen from here; "
            "once that is gone for good, add --dead"
        )
    return now.died()


def _journal(folder: Path) -> list[dict[str, Any]]:
    try:
        return journal.read(folder)
    except OSError as error:
        # Not the same as none: the notebook would be lost for good.
        raise SettingsError(f"{folder / journal.NAME} cannot be read: {error.strerror or error}") from None


def _found(kept: Artifact, now: Status, entries: list[dict[str, Any]]) -> Found:
    written = kept.read_text(sealing.EVIDENCE) or ""
    heard = records.read(written)
    if heard.trailer is not None:
        found = look.judged(written.splitlines())
        assert found is not None
        return found
    # Its own last sign of life, not our clock: sealing later must not change the verdict.
    at = _last_seen(heard, entries)
    return lost.found(heard.scope, heard.evidence, reason=now.reason or "the run died", at=at)


def _last_seen(heard: Recording, entries: list[dict[str, Any]]) -> datetime:
    told = [datetime.fromtimestamp(entry["at"], UTC) for entry in entries if "at" in entry]
    return max([heard.scope.started_at, *(item.observed_at for item in heard.evidence), *told])


def _notebook(kept: Artifact, now: Status, entries: list[dict[str, Any]]) -> None:
    """Rebuild the notebook from the journal, with every cell's fate."""
    source = next((entry["nb"] for entry in entries if entry["kind"] == "notebook"), None)
    if source is None:
        return
    from oncall.headless.prepare import import_quickly

    import_quickly()
    from oncall.headless.document import as_stored, node
    from oncall.headless.recorder import Recorder
    from oncall.headless.watch import NOTEBOOK

    recorder = Recorder(node(source))
    for entry in entries:
        recorder.record(entry)
    recorder.finish(now.state, now.reason)
    kept.put_json(NOTEBOOK, as_stored(recorder.nb, kept.redactor), indent=1)
    kept.status = replace(kept.status, cells=recorder.cells())
