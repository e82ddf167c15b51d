"""The store: a round is whole or absent, the clock may do what it likes, the past is bounded."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from diagnostics.clients.history import FIVE_MINUTES, HOUR, RAW, Ask, read_samples
from diagnostics.probes.vitals import Vital
from diagnostics.samples import HistorySamples
from oncall.history import store as stores
from oncall.history.store import Run, Store, StoreError, Turn

START = 1_760_000_000_000 // HOUR.width_ms * HOUR.width_ms
EVERY = 30_000
DAY = 86_400_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "history.sqlite3"


def begun(store: Store, at_ms: int = START, *, profile: str = "p", every_ms: int = EVERY) -> Run:
    return store.begin(profile, writer="w", why="started", every_ms=every_ms, at_ms=at_ms)


def depth(value: float | None, label: str = "agent-jobs") -> tuple[Vital, ...]:
    return (Vital(metric="queue.depth", label=label, value=value, reason="" if value is not None else "refused"),)


def fill(store: Store, run: Run, instants: list[int], *, value: float = 1.0, since: int = 1) -> None:
    for number, at_ms in enumerate(instants, start=since):
        assert store.add(run, sequence=number, at_ms=at_ms, vitals=depth(value))


async def samples(path: Path, since: int, until: int, *, profile: str = "p") -> HistorySamples:
    ask = Ask(profile=profile, metrics=("queue.depth",), since_ms=since, until_ms=until)
    return await read_samples(path, ask, timeout_s=5)


def rows(path: Path, query: str) -> list[tuple]:
    with sqlite3.connect(path) as db:
        return db.execute(query).fetchall()


async def test_samples_come_back_as_they_were(path: Path) -> None:
    """Values, instants, interval; a failed read is a gap with its reason."""
    store = Store(path)
    run = begun(store)
    for number, value in enumerate([3.0, None, 5.5]):
        store.add(run, sequence=number, at_ms=START + number * EVERY, vitals=depth(value))
    found = await samples(path, START, START + DAY // 24)
    assert (found.every_ms, found.at_ms) == (EVERY, (START, START + EVERY, START + 2 * EVERY))
    assert [(c.metric, c.label, c.value) for c in found.columns] == [("queue.depth", "agent-jobs", (3.0, None, 5.5))]
    (gap,) = found.gaps
    assert (gap.since_ms, gap.until_ms, gap.metric, gap.reason) == (
        START + EVERY,
        START + EVERY,
        "queue.depth",
        "refused",
    )


async def test_a_round_is_kept_once(path: Path) -> None:
    """The same sequence again, or the same instant again, adds nothing."""
    store = Store(path)
    run = begun(store)
    assert store.add(run, sequence=1, at_ms=START, vitals=depth(1))
    assert not store.add(run, sequence=1, at_ms=START + EVERY, vitals=depth(2))
    assert not store.add(run, sequence=2, at_ms=START, vitals=depth(3))
    assert (await samples(path, START, START + DAY)).columns[0].value == (1.0,)
    assert rows(path, "SELECT count, total FROM rollup") == [(1, 1.0), (1, 1.0)]


async def test_profiles_do_not_meet(path: Path) -> None:
    """One store, two platforms."""
    store = Store(path)
    fill(store, begun(store, profile="a"), [START], value=1)
    fill(store, begun(store, profile="b"), [START], value=2)
    assert (await samples(path, START, START + DAY, profile="a")).columns[0].value == (1.0,)
    assert (await samples(path, START, START + DAY, profile="b")).columns[0].value == (2.0,)


async def test_a_clock_that_goes_back_loses_and_doubles_nothing(path: Path) -> None:
    """Where two runs claim the same time, the later one is believed and the others are counted."""
    store = Store(path)
    fill(store, begun(store), [START + n * EVERY for n in range(20)], value=1)
    back = START + 10 * EVERY + 7000
    fill(store, begun(store, back), [back + n * EVERY for n in range(5)], value=2)
    found = await samples(path, START, START + DAY // 24)
    assert found.overtaken == 4
    assert list(found.at_ms) == sorted(set(found.at_ms))
    assert found.columns[0].value == (1.0,) * 11 + (2.0,) * 5 + (1.0,) * 5
    assert rows(path, "SELECT COUNT(*) FROM sample") == [(25,)]
    (hour,) = rows(path, f"SELECT count, total FROM rollup WHERE width_ms = {HOUR.width_ms}")
    assert hour == (21, 26.0)


@pytest.mark.parametrize("leap_ms", [400 * 365 * DAY, -50 * 365 * DAY])
async def test_a_clock_that_leaps_far_deletes_nothing(path: Path, leap_ms: int) -> None:
    """What is kept is a number of rounds, so a day in a wrong century does not end the past."""
    store = Store(path)
    fill(store, begun(store), [START + n * EVERY for n in range(150)])
    wrong = START + leap_ms
    fill(store, begun(store, wrong), [wrong + n * EVERY for n in range(150)])
    again = START + 150 * EVERY
    fill(store, begun(store, again), [again + n * EVERY for n in range(150)])
    found = await samples(path, START, START + 300 * EVERY)
    assert (len(found.at_ms), found.overtaken) == (300, 0)
    assert rows(path, "SELECT COUNT(*) FROM sample") == [(450,)]
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM round WHERE at_ms BETWEEN ? AND ?", (START, again + DAY))
    coarse = await samples(path, START, START + 300 * EVERY)
    assert (coarse.every_ms, len(coarse.at_ms)) == (FIVE_MINUTES.width_ms, 30)


async def test_each_tier_keeps_its_number_and_no_more(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds, five-minute and hourly buckets beyond their number go, oldest first; counts stay exact."""
    keep = {RAW: 400, FIVE_MINUTES: 30, HOUR: 4}
    monkeypatch.setattr("diagnostics.clients.history.Tier.keep", lambda tier, every_ms: keep[tier])
    monkeypatch.setattr(stores, "_RETIRE_EVERY", 1)
    store = Store(path)
    instants = [START + n * EVERY for n in range(1200)]
    fill(store, begun(store), instants)
    assert rows(path, "SELECT COUNT(*), MAX(at_ms) FROM round") == [(400, instants[-1])]
    assert rows(path, "SELECT COUNT(*) FROM sample") == [(400,)]
    fine = rows(path, f"SELECT start_ms, count FROM rollup WHERE width_ms = {FIVE_MINUTES.width_ms}")
    assert [count for _, count in fine] == [10] * 30
    assert fine[-1][0] == instants[-1] // FIVE_MINUTES.width_ms * FIVE_MINUTES.width_ms
    assert rows(path, f"SELECT count FROM rollup WHERE width_ms = {HOUR.width_ms}") == [(120,)] * 4


async def test_a_year_is_exact_in_every_tier_and_told_in_time(path: Path) -> None:
    """A year of samples every quarter of an hour: what is kept of it, to the last sample, and one quick query over all."""
    store = Store(path)
    every = 900_000
    run = begun(store, every_ms=every)
    count, series = 365 * DAY // every, 1
    with sqlite3.connect(path) as db:
        db.executemany("INSERT INTO series VALUES (?, 'p', 'queue.depth', ?)", ((n, f"q{n}") for n in range(series)))
        db.executemany("INSERT INTO round VALUES (?, 1, ?, ?)", ((n, n, START + n * every) for n in range(1, count)))
        db.executemany(
            "INSERT INTO sample VALUES (?, ?, ?, NULL)",
            ((n, s, float(n % 1000 + s)) for n in range(1, count) for s in range(series)),
        )
    with store._transaction():
        store._roll_up("p", START, START + count * every)
    assert store.add(run, sequence=count, at_ms=START + count * every, vitals=())
    with store._transaction():
        store._retire(run)
    assert rows(path, "SELECT COUNT(*), MIN(id) FROM round") == [(192, count - 191)]
    kept = dict(rows(path, "SELECT width_ms, COUNT(*) FROM rollup GROUP BY width_ms"))
    assert kept == {FIVE_MINUTES.width_ms: series * 25_920, HOUR.width_ms: series * 365 * 24}
    hours = rows(path, f"SELECT start_ms, total, low, high FROM rollup WHERE width_ms = {HOUR.width_ms} AND series = 0")
    for start, total, low, high in hours:
        first = (start - START) // every
        told = [float(n % 1000) for n in range(max(1, first), min(count, first + 4))]
        assert (total, low, high) == (sum(told), min(told), max(told))
    began = time.perf_counter()
    found = await samples(path, START, START + count * every)
    print(f"a year of {series} series: {time.perf_counter() - began:.3f} s, {len(found.at_ms)} instants")
    assert time.perf_counter() - began < 5
    assert 400 < len(found.at_ms) <= 501
    near = await samples(path, START + (count - 672) * every, START + count * every)
    assert near.every_ms == 5 * FIVE_MINUTES.width_ms
    assert 400 < len(near.at_ms) <= 404


async def test_no_window_gives_more_than_the_points_of_a_chart(path: Path) -> None:
    """Whatever is asked, at most about 500 instants, in order, none twice."""
    store = Store(path)
    fill(store, begun(store, every_ms=1000), [START + n * 1000 for n in range(700)])
    until = START + 700_000
    for minutes in (1, 10, 60, 180, 1440, 10_080, 44_640):
        found = await samples(path, until - minutes * 60_000, until)
        assert 0 < len(found.at_ms) <= 501
        assert list(found.at_ms) == sorted(set(found.at_ms))
        assert found.columns[0].value == (1.0,) * len(found.at_ms)


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be read as one" * 50, b"\x00" * 4096])
def test_what_is_no_store_is_left_alone(path: Path, content: bytes) -> None:
    """One line, and the file stays as it was."""
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreError, match="cannot be written") as refused:
        Store(path)
    assert "\n" not in str(refused.value)
    assert path.read_bytes() == content


def test_another_layout_is_refused(path: Path) -> None:
    """A store of a later version is not written by this one."""
    Store(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="layout 99"):
        Store(path)


def test_one_watches_at_a_time(path: Path) -> None:
    """The second taker waits; another profile in the same store does not."""
    first, second = Turn(path, "p"), Turn(path, "p")
    assert first.take()
    assert not second.take()
    assert Turn(path, "q").take()
