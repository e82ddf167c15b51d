"""One quantity over time, and the grids it is drawn on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.text import Text

if TYPE_CHECKING:
    import pandas as pd

Instants = NDArray[np.int64]
Values = NDArray[np.float64]
R = TypeVar("R")

CLOCKS_MS = 1000
"""Clocks of producers, workers, vendors and ours agree to this."""
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400)
_STEPS_MS = tuple(round(1000 * step) for step in _STEPS_S)


MINUTES = 180
"""Bins of a minute in the usual window of three hours: what a rate of late is made of."""
SHORTEST_S = 10.0
"""What covers less is no rate."""
_LONGEST_S = 600.0
_OF_LATE_MS = 120_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """One quantity over time.

    `value` is NaN where it is not known. With `step_ms` each value covers `[at, at + step)`;
    without, it holds at that instant. `since_ms` and `until_ms` bound what `source` vouches for.
    The stated error: some true value within `off_ms` of the instant (of a bin's edges) is at most `off_by`
    away; `docs/trends.md` says why for each source.
    """

    name: str
    unit: str
    source: Text
    at_ms: Instants
    value: Values
    since_ms: int
    until_ms: int
    step_ms: int = 0
    off_by: float = 0.0
    """In `unit`; of a rate in jobs a bin."""
    off_ms: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether no value at all is known."""
        return not bool(np.isfinite(self.value).any())


def lately(series: Series) -> tuple[float | None, float]:
    """Mean of a rate's last known values over at least a minute, or all there are, and the seconds they cover.

    `None` where they cover less than ten seconds, for a burst is no rate; more than ten minutes, for an average since a
    start is none of late; or where they end more than two minutes before the window does.
    """
    step, known = series.step_ms, np.flatnonzero(np.isfinite(series.value))
    if not step or not len(known):
        return None, 0.0
    newest = known[-ceil(60_000 / step) :]
    # One stretch without a gap: bins that lie apart cover nothing between them.
    newest = newest[newest - newest[-1] == np.arange(1 - len(newest), 1)]
    span_s = len(newest) * step / 1000
    ended_ms = int(series.at_ms[newest[-1]]) + step
    is_of_late = int(series.at_ms[-1]) - ended_ms <= _OF_LATE_MS and SHORTEST_S <= span_s <= _LONGEST_S
    return (float(series.value[newest].mean()) if is_of_late else None), span_s


def to_frame(series: Series) -> pd.DataFrame:
    """`series` with a UTC `DatetimeIndex` named `at` and one float64 column of its name; NaN is unknown."""
    import pandas as pd  # noqa: PLC0415 - triage must not pay for it

    at = pd.DatetimeIndex(pd.to_datetime(series.at_ms, unit="ms", utc=True), name="at")
    return pd.DataFrame({series.name: series.value}, index=at)


def empty(scope: Scope, *, name: str, unit: str, why: Text) -> Series:
    """A series without a value over the whole window; `why` takes the place of its source."""
    since, until = window_ms(scope)
    edges = np.array([since, until], dtype=np.int64)
    return Series(
        name=name,
        unit=unit,
        source=why,
        at_ms=edges,
        value=np.full(2, np.nan),
        since_ms=until,
        until_ms=until,
    )


def framed(series: Series, scope: Scope) -> Series:
    """`series` with a NaN at each end of the window it does not reach, so that its silence is visible."""
    since, until = window_ms(scope)
    before = [since] if since < series.since_ms else []
    after = [until] if series.until_ms < until else []
    at = np.array([*before, *series.at_ms, *after], dtype=np.int64)
    value = np.array([*(np.nan for _ in before), *series.value, *(np.nan for _ in after)], dtype=np.float64)
    return replace(series, at_ms=at, value=value)


def nice_step(span_ms: int, parts: int) -> int:
    """The round step that cuts `span_ms` into at most `parts`."""
    return next((s for s in _STEPS_MS if span_ms <= s * parts), _STEPS_MS[-1])


def window_ms(scope: Scope) -> tuple[int, int]:
    """The window in epoch milliseconds."""
    return epoch_ms(scope.window.since), epoch_ms(scope.window.until)


def epoch_ms(at: datetime) -> int:
    """`at` in epoch milliseconds."""
    return round(at.timestamp() * 1000)


def each(seen: Seen, kind: type[R]) -> Iterator[R]:
    """Every reading of type `kind`, in the order of the evidence."""
    return (item.reading for item in seen.evidence if isinstance(item.reading, kind))
