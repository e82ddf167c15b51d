"""The looks at the local history: what was kept, what was usual, and every way not to see it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from diagnostics.budget import Budget
from diagnostics.clients.history import Ask
from diagnostics.clients.systems import connect
from diagnostics.model import Evidence, FailureKind, Status
from diagnostics.probes.history import PROBES, WEEK, baseline, probe_history_baseline, probe_history_samples
from diagnostics.probes.vitals import Vital
from diagnostics.question import ask
from diagnostics.samples import HistoryBaseline, HistoryColumn, HistorySamples
from diagnostics.settings import load
from oncall.history.store import Store

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
LOOKS = [probe_history_samples, probe_history_baseline]


async def seen(folder: Path, look=probe_history_samples, *, deadline_s: float = 2) -> Evidence:
    (folder / "p.toml").write_text('name = "p"\n[history]\npath = "h.sqlite3"\n', "utf-8")
    own = load(str(folder / "p.toml"), environ={}, root=folder, folders=())
    scope = ask("triage", own, now=NOW, deadline_s=deadline_s)
    async with connect(own, scope, Budget()) as systems:
        return await look(systems)


def kept(folder: Path, since: datetime, depths: list[float | None], *, every_s: int = 30) -> Path:
    store = Store(folder / "h.sqlite3")
    at_ms = round(since.timestamp() * 1000)
    run = store.begin("p", writer="w", why="started", every_ms=every_s * 1000, at_ms=at_ms)
    for number, depth in enumerate(depths):
        vitals = [
            Vital(metric="queue.depth", label="agent-jobs", value=depth, reason="" if depth is not None else "refused"),
            Vital(metric="queue.added", label="agent-jobs", value=float(10 * number)),
            Vital(metric="worker.completed", label="1", value=float(5 * number)),
            Vital(metric="redis.latency_s", value=0.1),
        ]
        store.add(run, sequence=number, at_ms=at_ms + number * every_s * 1000, vitals=vitals)
    store.close()
    return folder / "h.sqlite3"


@pytest.mark.parametrize("look", LOOKS)
async def test_no_store_yet_is_a_limit(tmp_path: Path, look) -> None:
    """Nobody watched: not configured rather than blind."""
    item = await seen(tmp_path, look)
    assert item.status is Status.SKIPPED
    assert item.failure is not None and item.failure.kind is FailureKind.NOT_CONFIGURED
    assert "runbook watch" in str(item.failure.why)


async def test_the_window_s_samples_are_read_and_no_others(tmp_path: Path) -> None:
    """The metrics trends need, within the window, gaps with their reason."""
    kept(tmp_path, NOW - timedelta(minutes=185), [1.0, None, *[2.0] * 10])
    item = await seen(tmp_path)
    reading = item.reading
    assert isinstance(reading, HistorySamples)
    assert {c.metric for c in reading.columns} == {"queue.depth", "queue.added", "worker.completed"}
    assert len(reading.at_ms) == 2
    assert item.source == "sqlite h.sqlite3"


async def test_the_same_hour_last_week_is_the_baseline(tmp_path: Path) -> None:
    """Half an hour to either side of this time, seven days ago, from the five-minute tier or finer."""
    kept(tmp_path, NOW - WEEK - timedelta(minutes=30), [*map(float, range(1, 121))])
    reading = (await seen(tmp_path, probe_history_baseline)).reading
    assert isinstance(reading, HistoryBaseline)
    assert reading.samples == 120
    assert (reading.depth_median, reading.depth_p95) == (60.5, 114.0)
    assert reading.arrivals_per_min_median == pytest.approx(20.0)
    assert reading.throughput_per_min_p95 == pytest.approx(10.0)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("damage", ["garbage", "truncated", "layout", "empty"])
async def test_a_damaged_store_is_a_blind_spot(tmp_path: Path, look, damage: str) -> None:
    """What lies there and cannot be read is told with its reason, and left as it is."""
    path = kept(tmp_path, NOW - timedelta(minutes=60), [1.0] * 50)
    match damage:
        case "garbage":
            path.write_bytes(b"something else entirely " * 400)
        case "truncated":
            path.write_bytes(path.read_bytes()[:9000])
        case "layout":
            with sqlite3.connect(path) as db:
                db.execute("PRAGMA user_version = 7")
        case "empty":
            path.write_bytes(b"")
    before = path.read_bytes()
    item = await seen(tmp_path, look)
    assert item.status is Status.FAILED
    assert item.failure is not None and item.failure.kind is FailureKind.SCHEMA
    assert path.read_bytes() == before


async def test_a_locked_store_is_a_blind_spot_in_time(tmp_path: Path) -> None:
    """A writer that holds the file keeps nobody waiting beyond the look's share of the deadline."""
    path = kept(tmp_path, NOW - timedelta(minutes=60), [1.0] * 5)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    holder.execute("INSERT INTO series VALUES (99, 'p', 'x', '')")
    item = await seen(tmp_path, deadline_s=2)
    holder.close()
    assert item.failure is not None and item.failure.kind is FailureKind.TIMEOUT
    assert item.cost.elapsed_s < 1.5


async def test_a_store_in_a_folder_we_may_not_write_is_read(tmp_path: Path) -> None:
    """Readers need no right to write, when no watcher is alive."""
    kept(tmp_path, NOW - timedelta(minutes=60), [1.0] * 5)
    (tmp_path / "h.sqlite3").chmod(0o444)
    tmp_path.joinpath("p.toml").write_text("", "utf-8")
    if os.getuid() == 0:
        assert (await seen(tmp_path)).status is Status.OBSERVED
        return
    tmp_path.chmod(0o555)
    try:
        assert (await seen(tmp_path)).status is Status.OBSERVED
    finally:
        tmp_path.chmod(0o755)


async def test_reading_while_it_is_written_sees_whole_rounds(tmp_path: Path) -> None:
    """A reader neither waits for the writer nor makes it wait."""
    store = Store(tmp_path / "h.sqlite3")
    at_ms = round((NOW - timedelta(minutes=60)).timestamp() * 1000)
    run = store.begin("p", writer="w", why="started", every_ms=30_000, at_ms=at_ms)
    for number in range(20):
        vital = Vital(metric="queue.depth", label="agent-jobs", value=1.0)
        store.add(run, sequence=number, at_ms=at_ms + number * 30_000, vitals=[vital])
        reading = (await seen(tmp_path)).reading
        assert isinstance(reading, HistorySamples)
        assert len(reading.at_ms) == number + 1


@pytest.mark.parametrize(
    ("values", "expected"),
    [((0.0, 30.0, 60.0), 60.0), ((90.0, 120.0, 5.0), 60.0), ((None, 10.0, 40.0), 60.0), ((10.0, None, 40.0), None)],
)
def test_counters_grow_or_begin_anew(values: tuple[float | None, ...], expected: float | None) -> None:
    """A fall is a new beginning, never a negative rate; what was not read is not guessed."""
    samples = HistorySamples(
        store="history",
        every_ms=30_000,
        at_ms=(0, 30_000, 60_000),
        columns=(HistoryColumn(metric="queue.added", label="q", value=values),),
    )
    found = baseline(samples, Ask(profile="p", metrics=(), since_ms=0, until_ms=90_000), "q")
    assert found.arrivals_per_min_p95 == expected
    assert found.samples == 0


def test_who_keeps_no_history_does_not_pay_for_it() -> None:
    """Triage imports no database, and nothing heavy."""
    program = "import sys, oncall.triage; print([m for m in ('sqlite3', 'pandas', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_looks_are_listed() -> None:
    """All of this module's."""
    assert [p.name for p in PROBES] == ["history.samples", "history.baseline", "prometheus.samples"]
