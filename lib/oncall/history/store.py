"""The history store as its writer sees it: one transaction for each round of samples.

Whatever ends the process, a round is there whole or not at all, its rollups with it (docs/adr/0005).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path

from diagnostics.clients.history import FIVE_MINUTES, HOUR, LAYOUT, OVERTAKEN, RAW, ROLLUPS
from diagnostics.errors import SettingsError
from diagnostics.probes.vitals import Vital
from oncall.history.rollup import Bucket, Point, merged, rolled

_BUSY_S = 5.0
_RETIRE_EVERY = 100
"""Rounds between two clean-ups."""
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS run (id INTEGER PRIMARY KEY AUTOINCREMENT, profile TEXT NOT NULL, writer TEXT NOT NULL,
    why TEXT NOT NULL, every_ms INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS round (id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL REFERENCES run (id),
    sequence INTEGER NOT NULL, at_ms INTEGER NOT NULL, UNIQUE (run, sequence), UNIQUE (run, at_ms));
CREATE INDEX IF NOT EXISTS round_at ON round (at_ms);
CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, profile TEXT NOT NULL, metric TEXT NOT NULL,
    label TEXT NOT NULL, UNIQUE (profile, metric, label));
CREATE TABLE IF NOT EXISTS sample (round INTEGER NOT NULL, series INTEGER NOT NULL, value REAL, reason TEXT,
    PRIMARY KEY (round, series)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rollup (series INTEGER NOT NULL, width_ms INTEGER NOT NULL, start_ms INTEGER NOT NULL,
    count INTEGER NOT NULL, gaps INTEGER NOT NULL, low REAL, high REAL, total REAL, last REAL, last_ms INTEGER,
    PRIMARY KEY (series, width_ms, start_ms)) WITHOUT ROWID;
PRAGMA user_version = {LAYOUT};
COMMIT;
"""
_NAMES = tuple(field.name for field in fields(Bucket))


class StoreError(SettingsError):
    """The store cannot be written. `str()` is one line for the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One stretch of one writer's life in which its clock was not set. Ids grow in the order of real time."""

    id: int
    profile: str
    every_ms: int


class Store:
    """The open store. Every method raises StoreError when the file cannot be written."""

    def __init__(self, path: Path) -> None:
        """Open `path`, or make it."""
        self._path = path
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
            layout = self._db.execute("PRAGMA user_version").fetchone()[0]
            if layout not in (0, LAYOUT):
                raise StoreError(f"history store {path.name} has layout {layout}; this version writes {LAYOUT}")
            self._db.execute("PRAGMA journal_mode = WAL")
            # A commit is on the disk when it returns: one every few seconds costs nothing.
            self._db.execute("PRAGMA synchronous = FULL")
            if layout == 0:
                self._db.executescript(_SCHEMA)

    def begin(self, profile: str, *, writer: str, why: str, every_ms: int, at_ms: int) -> Run:
        """Begin a run whose first sample is taken at `at_ms`."""
        with self._told():
            made = self._db.execute(
                "INSERT INTO run (profile, writer, why, every_ms, first_ms, last_ms) VALUES (?, ?, ?, ?, ?, ?)",
                (profile, writer, why, every_ms, at_ms, at_ms),
            )
            return Run(id=int(made.lastrowid or 0), profile=profile, every_ms=every_ms)

    def add(self, run: Run, *, sequence: int, at_ms: int, vitals: Sequence[Vital]) -> bool:
        """Keep one round; false when it is there already."""
        with self._told(), self._transaction():
            made = self._db.execute(
                "INSERT OR IGNORE INTO round (run, sequence, at_ms) VALUES (?, ?, ?)", (run.id, sequence, at_ms)
            )
            if made.rowcount == 0:
                return False
            number = int(made.lastrowid or 0)
            self._db.executemany(
                "INSERT OR IGNORE INTO sample (round, series, value, reason) VALUES (?, ?, ?, ?)",
                [(number, self._series(run.profile, v), v.value, v.reason or None) for v in vitals],
            )
            before_ms = self._db.execute("SELECT last_ms FROM run WHERE id = ?", (run.id,)).fetchone()[0]
            self._db.execute("UPDATE run SET last_ms = MAX(last_ms, ?) WHERE id = ?", (at_ms, run.id))
            self._roll_up(run.profile, min(before_ms, at_ms), at_ms)
            if number % _RETIRE_EVERY == 0:
                self._retire(run)
            return True

    def latest(self, profile: str, metric: str) -> dict[str, float]:
        """The newest value of `metric` by label, as far back as samples are kept."""
        query = (
            "SELECT n.label, s.value, MAX(s.round) FROM series n JOIN sample s ON s.series = n.id"
            " WHERE n.profile = ? AND n.metric = ? AND s.value IS NOT NULL AND s.round >"
            " (SELECT MAX(id) - 1000 FROM round) GROUP BY n.label"
        )
        with self._told():
            return {label: value for label, value, _ in self._db.execute(query, (profile, metric))}

    def close(self) -> None:
        """Fold the log into the file and let go."""
        with suppress(sqlite3.Error):
            self._db.close()

    def _series(self, profile: str, vital: Vital) -> int:
        key = (profile, vital.metric, vital.label)
        self._db.execute("INSERT OR IGNORE INTO series (profile, metric, label) VALUES (?, ?, ?)", key)
        query = "SELECT id FROM series WHERE profile = ? AND metric = ? AND label = ?"
        return int(self._db.execute(query, key).fetchone()[0])

    def _roll_up(self, profile: str, since_ms: int, until_ms: int) -> None:
        """Make the buckets that touch `[since_ms, until_ms]` anew from what they sum up: repeating it changes nothing.

        A run that grows may overtake samples of an earlier one anywhere between its last two instants.
        """
        width = FIVE_MINUTES.width_ms
        first, beyond = since_ms // width * width, (until_ms // width + 1) * width
        query = (
            "SELECT s.series, r.at_ms, r.id, s.value FROM round r JOIN run a ON a.id = r.run"
            " JOIN sample s ON s.round = r.id"
            f" WHERE a.profile = ? AND r.at_ms >= ? AND r.at_ms < ? AND NOT {OVERTAKEN}"
        )
        points: dict[int, list[Point]] = {}
        for series, at_ms, number, value in self._db.execute(query, (profile, first, beyond)):
            points.setdefault(series, []).append(Point(at_ms=at_ms, round=number, value=value))
        for series, of_series in points.items():
            self._keep(series, width, rolled(of_series, width_ms=width))
            self._keep(series, HOUR.width_ms, merged(self._fine(series, first, beyond), width_ms=HOUR.width_ms))

    def _fine(self, series: int, first: int, beyond: int) -> Iterator[Bucket]:
        """The five-minute buckets of the hours that touch `[first, beyond)`."""
        hour = HOUR.width_ms
        query = (
            f"SELECT {', '.join(_NAMES)} FROM rollup"
            " WHERE series = ? AND width_ms = ? AND start_ms >= ? AND start_ms < ?"
        )
        span = (series, FIVE_MINUTES.width_ms, first // hour * hour, -(-beyond // hour) * hour)
        for row in self._db.execute(query, span).fetchall():
            yield Bucket(**dict(zip(_NAMES, row, strict=True)))

    def _keep(self, series: int, width_ms: int, buckets: Sequence[Bucket]) -> None:
        self._db.executemany(
            f"INSERT OR REPLACE INTO rollup (series, width_ms, {', '.join(_NAMES)})"
            f" VALUES (?, ?, {', '.join('?' * len(_NAMES))})",
            [(series, width_ms, *(getattr(bucket, name) for name in _NAMES)) for bucket in buckets],
        )

    def _retire(self, run: Run) -> None:
        """Drop what is beyond the number kept, oldest first."""
        of_profile = "run IN (SELECT id FROM run WHERE profile = ?)"
        query = f"SELECT id FROM round WHERE {of_profile} ORDER BY id DESC LIMIT 1 OFFSET ?"
        found = self._db.execute(query, (run.profile, RAW.keep(run.every_ms))).fetchone()
        if found:
            old = f"SELECT id FROM round WHERE id <= ? AND {of_profile}"
            key = (found[0], run.profile)
            self._db.execute(f"DELETE FROM sample WHERE round IN ({old})", key)
            self._db.execute(f"DELETE FROM round WHERE id <= ? AND {of_profile}", key)
        for tier in ROLLUPS:
            self._retire_buckets(run.profile, tier.width_ms, tier.keep(run.every_ms))

    def _retire_buckets(self, profile: str, width_ms: int, keep: int) -> None:
        # The series that is sampled most decides for all: those of replicas long gone would never fill up.
        nth = "SELECT start_ms FROM rollup WHERE series = s.id AND width_ms = ? ORDER BY start_ms DESC LIMIT 1 OFFSET ?"
        query = f"SELECT MAX(({nth})) FROM series s WHERE s.profile = ?"
        (oldest,) = self._db.execute(query, (width_ms, keep, profile)).fetchone()
        if oldest is not None:
            self._db.execute(
                "DELETE FROM rollup WHERE width_ms = ? AND start_ms <= ?"
                " AND series IN (SELECT id FROM series WHERE profile = ?)",
                (width_ms, oldest, profile),
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            # A full disk has ended the transaction already.
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise StoreError(f"history store {self._path.name} cannot be written: {why}") from error


class Turn:
    """The right to watch one profile: held by one process at a time, and freed by the kernel when that one dies."""

    def __init__(self, store: Path, profile: str) -> None:
        """Raises: StoreError when the lock's file cannot be made."""
        word = hashlib.sha256(profile.encode()).hexdigest()[:8]
        path = store.with_name(f"{store.name}.{word}.lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(f"history store {store.name} cannot be written: {error.strerror}") from error

    def take(self) -> bool:
        """Whether it is ours now."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
