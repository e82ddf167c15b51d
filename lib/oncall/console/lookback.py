"""Looking at less or more of the past with the evidence at hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from diagnostics.model import Diagnosis
from diagnostics.scope import Window

CHOICES_MIN = (15, 60, 180, 720, 1440)
_USUAL_MIN = 180


def nearest(diagnosis: Diagnosis | None) -> int:
    """The choice nearest to the window that was asked for (minutes)."""
    if diagnosis is None:
        return _USUAL_MIN
    window = diagnosis.scope.window
    asked = (window.until - window.since).total_seconds() / 60
    return min(CHOICES_MIN, key=lambda minutes: abs(minutes - asked))


def narrowed(diagnosis: Diagnosis, *, minutes: int) -> Diagnosis:
    """`diagnosis` with a window of `minutes` up to the same end; what its evidence cannot tell stays unknown."""
    until = diagnosis.scope.window.until
    window = Window(since=until - timedelta(minutes=minutes), until=until)
    return replace(diagnosis, scope=replace(diagnosis.scope, window=window))
