"""The local history store: its layout, and reads of it. `oncall.history` writes it; nothing here can.

SQLite in WAL mode (docs/adr/0005). One `round` is one look at everything; its `sample` rows hold one
value each, or none and the reason. `rollup` rows sum up five minutes or an hour of one series.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from diagnostics.errors import ClientTimeout, ConnectFailed, SchemaError
from diagnostics.samples import HistoryColumn, HistoryGap, HistorySamples

if TYPE_CHECKING:
    import sqlite3

R = TypeVar("R")

LAYOUT = 1
"""`PRAGMA user_version` of a store this version reads and writes."""
POINTS = 500
"""Most instants in one answer."""
_GAPS = 20
_OPS = 10_000
"""SQLite asks after so many of its steps (about a millisecond) whether the time is up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """How finely the past is kept. `keep` counts what is kept of each profile, newest first."""

    width_ms: int
    """Width of a bucket; 0 for the samples themselves."""
    span_ms: int
    """How far back it reaches without interruptions of the watching."""

    def keep(self, every_ms: int) -> int:
        """Rounds or buckets kept. A number, not a date: a clock that leaps must not delete the past."""
        return self.span_ms // (self.width_ms or every_ms)


_DAY_MS = 86_400_000
RAW = Tier(width_ms=0, span_ms=2 * _DAY_MS)
FIVE_MINUTES = Tier(width_ms=300_000, span_ms=90 * _DAY_MS)
HOUR = Tier(width_ms=3_600_000, span_ms=730 * _DAY_MS)
ROLLUPS = (FIVE_MINUTES, HOUR)

OVERTAKEN = (
    "EXISTS (SELECT 1 FROM run b WHERE b.profile = a.profile AND b.id > a.id"
    " AND r.at_ms BETWEEN b.first_ms AND b.last_ms)"
)
"""A later run claims the instant of round `r` of run `a`: the clock went back, and the later run is believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Which part of the store: series of one profile, in `[since_ms, until_ms)`."""

    profile: str
    metrics: tuple[str, ...]
    since_ms: int
    until_ms: int


async def read_samples(path: Path, ask: Ask, *, timeout_s: float) -> HistorySamples:
    """At most `POINTS` instants of the finest tier that reaches back to `ask.since_ms`, or as far as any does.

    Raises: ConnectFailed (no such store, or not readable), ClientTimeout (locked or too slow), SchemaError.
    """
    return await _in_thread(path, lambda db: _samples(db, ask), timeout_s=timeout_s)


async def _in_thread(path: Path, read: Callable[[sqlite3.Connection], R], *, timeout_s: float) -> R:
    """SQLite knows no `await`; a thread that hangs on a dead disk is left behind."""
    try:
        async with asyncio.timeout(timeout_s):
            return await asyncio.to_thread(_read, path, read, timeout_s)
    except TimeoutError:
        raise ClientTimeout(f"history store {path.name}: locked, or not read in time") from None


def _read(path: Path, read: Callable[[sqlite3.Connection], R], timeout_s: float) -> R:
    import sqlite3  # noqa: PLC0415 - only those who keep a history pay for it

    ends = time.monotonic() + timeout_s
    try:
        with closing(_opened(path, timeout_s)) as db:
            db.set_progress_handler(lambda: time.monotonic() > ends, _OPS)
            layout = db.execute("PRAGMA user_version").fetchone()[0]
            if layout != LAYOUT:
                raise SchemaError(f"history store {path.name}: layout {layout}, not {LAYOUT}", path="user_version")
            # One transaction: every query sees the same instant of a store that is being written.
            db.execute("BEGIN")
            return read(db)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_INTERRUPT")):
            raise ClientTimeout(f"history store {path.name}: locked, or not read in time") from error
        raise ConnectFailed(f"history store {path.name}: it cannot be opened or read") from error
    except sqlite3.DatabaseError as error:
        raise SchemaError(f"history store {path.name}: the file is damaged or no history store", path="$") from error


def _opened(path: Path, timeout_s: float) -> sqlite3.Connection:
    import sqlite3  # noqa: PLC0415

    address = f"{path.resolve().as_uri()}?mode=ro"
    try:
        db = sqlite3.connect(address, uri=True, timeout=timeout_s / 2, isolation_level=None)
        db.execute("PRAGMA user_version")
    except sqlite3.OperationalError:
        # A folder we may not write to, and no writer alive whose index we could share: the file stands still.
        if path.with_name(f"{path.name}-wal").exists() or not path.is_file():
            raise
        db = sqlite3.connect(f"{address}&immutable=1", uri=True, isolation_level=None)
    return db


def _samples(db: sqlite3.Connection, ask: Ask) -> HistorySamples:
    series = _series(db, ask)
    step = max(1, -(-(ask.until_ms - ask.since_ms) // POINTS))
    tier = _tier(db, ask, step)
    if tier is RAW:
        every = _every(db, ask)
        step = step if step > every else 1
        rows, gaps, overtaken = _raw(db, ask, series, step), _gaps(db, ask), _overtaken(db, ask)
    else:
        step = -(-step // tier.width_ms) * tier.width_ms
        every, gaps, overtaken = step, (), 0
        rows = _rolled(db, ask, tier, step, series)
    return _columns(rows, series, every_ms=max(every, step), gaps=gaps, overtaken=overtaken)


def _series(db: sqlite3.Connection, ask: Ask) -> dict[int, tuple[str, str]]:
    marks = ",".join("?" * len(ask.metrics))
    found = db.execute(
        f"SELECT id, metric, label FROM series WHERE profile = ? AND metric IN ({marks})",
        (ask.profile, *ask.metrics),
    )
    return {number: (metric, label) for number, metric, label in found}


def _tier(db: sqlite3.Connection, ask: Ask, step: int) -> Tier:
    """The coarsest tier fine enough for the step; a coarser one where that tells more of the window's beginning."""
    first = {tier: _first(db, ask, tier) for tier in (RAW, *ROLLUPS)}
    fine = [t for t in first if t.width_ms <= step and first[t] is not None]
    best = fine[-1] if fine else RAW
    reach = ask.until_ms if first[best] is None else first[best]
    for tier in ROLLUPS:
        begins = first[tier]
        # A bucket begins up to its width before its first sample: that alone is no further reach.
        if tier.width_ms > best.width_ms and begins is not None and reach and begins + tier.width_ms < reach:
            best, reach = tier, begins
    return best


def _first(db: sqlite3.Connection, ask: Ask, tier: Tier) -> int | None:
    """The first instant of the window that a tier tells of."""
    span = (ask.since_ms, ask.until_ms)
    if tier is RAW:
        query = (
            "SELECT MIN(r.at_ms) FROM round r JOIN run a ON a.id = r.run"
            " WHERE r.at_ms >= ? AND r.at_ms < ? AND a.profile = ?"
        )
        found = db.execute(query, (*span, ask.profile)).fetchone()[0]
    else:
        query = (
            "SELECT MIN((SELECT MIN(start_ms) FROM rollup WHERE series = s.id"
            " AND width_ms = ? AND start_ms >= ? AND start_ms < ?)) FROM series s WHERE s.profile = ?"
        )
        found = db.execute(query, (tier.width_ms, *span, ask.profile)).fetchone()[0]
    return None if found is None else int(found)


def _every(db: sqlite3.Connection, ask: Ask) -> int:
    query = "SELECT MAX(every_ms) FROM run WHERE profile = ? AND last_ms >= ? AND first_ms < ?"
    return int(db.execute(query, (ask.profile, ask.since_ms, ask.until_ms)).fetchone()[0] or 0)


Row = tuple[int, int, float | None]
"""Instant (epoch ms), series, value."""


def _raw(db: sqlite3.Connection, ask: Ask, series: dict[int, tuple[str, str]], step: int) -> list[Row]:
    query = (
        "SELECT r.at_ms, s.series, s.value FROM round r JOIN run a ON a.id = r.run JOIN sample s ON s.round = r.id"
        f" WHERE a.profile = ? AND r.at_ms >= ? AND r.at_ms < ? AND NOT {OVERTAKEN} ORDER BY r.at_ms"
    )
    rows = [row for row in db.execute(query, (ask.profile, ask.since_ms, ask.until_ms)) if row[1] in series]
    if step == 1:
        return rows
    # Thinned: the last round of each step stands for it, whole, so that its columns belong together.
    last = {at // step: at for at, _, _ in rows}
    kept = set(last.values())
    return [row for row in rows if row[0] in kept]


def _rolled(db: sqlite3.Connection, ask: Ask, tier: Tier, step: int, series: dict[int, tuple[str, str]]) -> list[Row]:
    # SQLite takes the bare columns from the row that holds the maximum.
    query = (
        "SELECT MAX(start_ms), last_ms, last FROM rollup"
        " WHERE series = ? AND width_ms = ? AND start_ms >= ? AND start_ms < ? GROUP BY start_ms / ?"
    )
    found: list[tuple[int, int, int | None, float | None]] = []
    for number in series:
        rows = db.execute(query, (number, tier.width_ms, ask.since_ms, ask.until_ms, step))
        found += [(start // step, number, last_ms, last) for start, last_ms, last in rows]
    # A bucket's value is its last sample, so its instant is that sample's.
    at = {bucket: bucket * step for bucket, *_ in found}
    for bucket, _, last_ms, _ in found:
        at[bucket] = max(at[bucket], last_ms or 0)
    return [(at[bucket], number, last) for bucket, number, _, last in found]


def _gaps(db: sqlite3.Connection, ask: Ask) -> tuple[HistoryGap, ...]:
    """Failed samples, told as stretches of one reason."""
    query = (
        "SELECT MIN(r.at_ms), MAX(r.at_ms), MIN(n.metric), s.reason"
        " FROM round r JOIN run a ON a.id = r.run JOIN sample s ON s.round = r.id JOIN series n ON n.id = s.series"
        " WHERE a.profile = ? AND r.at_ms >= ? AND r.at_ms < ? AND s.value IS NULL"
        " GROUP BY s.reason ORDER BY 1 DESC LIMIT ?"
    )
    found = db.execute(query, (ask.profile, ask.since_ms, ask.until_ms, _GAPS))
    return tuple(HistoryGap(since_ms=a, until_ms=b, metric=m, reason=r or "") for a, b, m, r in found)


def _overtaken(db: sqlite3.Connection, ask: Ask) -> int:
    query = (
        "SELECT COUNT(*) FROM round r JOIN run a ON a.id = r.run"
        f" WHERE a.profile = ? AND r.at_ms >= ? AND r.at_ms < ? AND {OVERTAKEN}"
    )
    return int(db.execute(query, (ask.profile, ask.since_ms, ask.until_ms)).fetchone()[0])


def _columns(
    rows: Sequence[Row],
    series: dict[int, tuple[str, str]],
    *,
    every_ms: int,
    gaps: tuple[HistoryGap, ...],
    overtaken: int,
) -> HistorySamples:
    at = sorted({row[0] for row in rows})
    index = {instant: i for i, instant in enumerate(at)}
    values: dict[int, list[float | None]] = {}
    for instant, number, value in rows:
        values.setdefault(number, [None] * len(at))[index[instant]] = value
    return HistorySamples(
        store="history",
        every_ms=every_ms,
        at_ms=tuple(at),
        columns=tuple(
            HistoryColumn(metric=series[n][0], label=series[n][1], value=tuple(column))
            for n, column in sorted(values.items(), key=lambda item: series[item[0]])
        ),
        gaps=gaps,
        overtaken=overtaken,
    )
