"""Exit codes: what a scheduler is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from diagnostics.severity import Severity

UNKNOWN = 3
_CODES = {Severity.OK: 0, Severity.WARNING: 1, Severity.CRITICAL: 2, Severity.UNKNOWN: UNKNOWN}
_WORST_FIRST = (Severity.CRITICAL, Severity.WARNING, Severity.UNKNOWN, Severity.OK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How one run ended, as far as the exit code is concerned."""

    severity: Severity
    is_whole: bool
    """False when the run failed, died or could not be written down: then nothing better than 3 is true."""

    @property
    def code(self) -> int:
        """0 ok, 1 warning, 2 critical, 3 unknown or not whole."""
        return _CODES[self.severity] if self.is_whole else UNKNOWN


def combined(endings: Iterable[Ending]) -> int:
    """The exit code of several runs: 3 if one is not whole, else the worst severity's. No run at all is 3."""
    every = list(endings)
    if not every or not all(ending.is_whole for ending in every):
        return UNKNOWN
    return _CODES[next(s for s in _WORST_FIRST if any(ending.severity is s for ending in every))]
