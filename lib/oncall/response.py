"""When somebody began to look at the incident that is going on: the escalation clock runs from there."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from diagnostics.errors import SettingsError
from oncall import status

_PAUSE = timedelta(hours=1)
"""Runs further apart than this belong to two incidents."""
_RUNS = 500
"""Folders looked at, at most."""


def started_at(outputs: Path, *, profile: str, now: datetime) -> datetime:
    """The start of the first in the unbroken row of runs of `profile` that did not end well; else `now`.

    A run that found everything in order ends an incident; so does an hour without any.
    """
    began = now
    for folder in sorted(outputs.glob("*Z_*"), reverse=True)[:_RUNS] if outputs.is_dir() else ():
        try:
            run = status.read(folder)
            at = datetime.fromisoformat(run.started_at)
        except (SettingsError, ValueError):
            # Something else lies there, or another version wrote it: no run that we know of.
            continue
        if run.profile != profile or at > began:
            continue
        if run.severity == "ok" or began - at > _PAUSE:
            break
        began = at
    return began
