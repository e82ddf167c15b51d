"""Series from kept samples: exact where sampled, unknown where not, and only when nothing vouches for more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics.diagnoses import MINUTE, NOW_MS, QUEUE, events, evidence, scope, seen, state

from diagnostics import trends
from diagnostics.model import Evidence
from diagnostics.samples import HistoryColumn, HistorySamples

EVERY = 30_000


def column(metric: str, *value: float | None, label: str = QUEUE) -> HistoryColumn:
    return HistoryColumn(metric=metric, label=label, value=value)


def kept(at: list[int], *columns: HistoryColumn, store: str = "history", every_ms: int = EVERY) -> Evidence:
    reading = HistorySamples(store=store, every_ms=every_ms, at_ms=tuple(at), columns=columns)
    return evidence(f"{store}.samples", reading)


def ago(*minutes: float) -> list[int]:
    return [NOW_MS - round(m * MINUTE) for m in minutes]


def beats(count: int, *, until: int = NOW_MS) -> list[int]:
    return [until - (count - 1 - n) * EVERY for n in range(count)]


def test_depth_is_the_samples_and_ends_with_the_present_count() -> None:
    """Every sample as it was; the newest count of this run is the last point."""
    at = beats(100, until=NOW_MS - EVERY)
    look = seen(kept(at, column("queue.depth", *map(float, range(100)))), state(77))
    series = trends.depth(look, scope(), QUEUE)
    assert series.at_ms[-102:].tolist()[-1] == NOW_MS
    assert series.value[-1] == 77
    assert series.value[np.searchsorted(series.at_ms, at)].tolist() == list(range(100))
    assert np.isnan(series.value[0])
    assert "runbook watch" in str(series.source)


def test_the_past_is_told_when_the_present_is_not() -> None:
    """Redis is gone, and the history says how it was until then."""
    at = beats(20, until=NOW_MS - 10 * MINUTE)
    series = trends.depth(seen(kept(at, column("queue.depth", *[5.0] * 20))), scope(), QUEUE)
    assert (series.since_ms, series.until_ms) == (at[0], at[-1])
    assert np.isnan(series.value[-1])


def test_failed_samples_and_gaps_are_unknown() -> None:
    """A sample that failed, and more than three intervals without any, are NaN inside the span."""
    at = [*beats(4, until=NOW_MS - 60 * MINUTE), *beats(4)]
    series = trends.depth(
        seen(kept(at, column("queue.depth", 1.0, None, 1.0, 1.0, 2.0, 2.0, None, 2.0))), scope(), QUEUE
    )
    told = dict(zip(series.at_ms.tolist(), series.value.tolist(), strict=True))
    assert np.isnan([told[at[1]], told[at[6]], told[at[3] + EVERY]]).all()
    assert (told[at[0]], told[at[7]]) == (1.0, 2.0)


@pytest.mark.parametrize(("stream_min", "history_min", "wins"), [(60, 120, "watch"), (120, 60, "stream")])
def test_what_vouches_for_the_most_time_is_drawn(stream_min: int, history_min: int, wins: str) -> None:
    """History against the event stream, either way round."""
    at = beats(history_min * 2)
    steps = [(NOW_MS - stream_min * MINUTE + 1000, "waiting")]
    look = seen(
        kept(at, column("queue.depth", *[1.0] * len(at)), column("queue.added", *map(float, range(len(at))))),
        state(1),
        events([*steps, (steps[0][0], "added")], since_ms=NOW_MS - stream_min * MINUTE),
    )
    assert wins in str(trends.depth(look, scope(), QUEUE).source)
    assert wins in str(trends.arrivals(look, scope()).source)


def test_a_store_with_holes_vouches_for_less_than_one_without() -> None:
    """Two stores: the one that knows more of the time is believed, not the one that began first."""
    holes = [*beats(5, until=NOW_MS - 170 * MINUTE), *beats(5)]
    whole = beats(200)
    look = seen(
        kept(holes, column("queue.depth", *[1.0] * 10)),
        kept(whole, column("queue.depth", *[2.0] * 200), store="prometheus"),
        state(2),
    )
    assert "Prometheus" in str(trends.depth(look, scope(), QUEUE).source)


def test_rates_are_growth_per_minute_over_all_replicas() -> None:
    """Two replicas at 4 and 2 a minute are 6; one of five fails."""
    at = beats(121)
    rise = [n * 2.0 for n in range(121)], [n * 1.0 for n in range(121)]
    look = seen(
        kept(
            at,
            column("worker.completed", *rise[0], label="1"),
            column("worker.completed", *rise[1], label="2"),
            column("worker.failed", *[n * 0.75 for n in range(121)], label="1"),
        )
    )
    series = trends.throughput(look, scope())
    assert series.value[np.isfinite(series.value)] == pytest.approx(6.0)
    ratio = trends.failure_ratio(look, scope())
    assert ratio.unit == "ratio"
    assert ratio.value[np.isfinite(ratio.value)] == pytest.approx(0.2)


def test_a_counter_that_fell_began_anew() -> None:
    """A restart is no negative rate."""
    at = beats(41)
    values = [*(100.0 + n for n in range(20)), *(float(n) for n in range(21))]
    series = trends.throughput(
        seen(kept(at, column("worker.completed", *values, label="host:3001"))), scope(), bins=400
    )
    known = series.value[np.isfinite(series.value)]
    assert (known >= 0).all()
    assert known.sum() * series.step_ms / MINUTE == pytest.approx(19 + 20)


def test_a_replica_born_between_two_samples_counts_from_its_birth() -> None:
    """Its first total is what it has done since; one first met long after its birth has no known beginning."""
    at = beats(41)
    late = [None] * 20
    born = at[19] + 1000
    other = column("worker.completed", *[50.0] * 41, label="7")
    young = column("worker.completed", *late, *([9.0] * 21), label=str(born))
    old = column("worker.completed", *late, *([9.0] * 21), label=str(at[2]))
    for replica, grown in ((young, 9.0), (old, 0.0)):
        series = trends.throughput(seen(kept(at, other, replica)), scope())
        assert np.nansum(series.value) * series.step_ms / MINUTE == pytest.approx(grown)


def test_a_replica_that_a_sample_did_not_meet_widens_the_error() -> None:
    """Its growth is known between its own samples, not between those of the others; a long absence is unknown."""
    at = beats(41)
    steady = column("worker.completed", *map(float, range(41)), label="1")
    for missed, is_told in ((2, True), (5, False)):
        values = [None if 10 <= n < 10 + missed else float(n) for n in range(41)]
        series = trends.throughput(seen(kept(at, steady, column("worker.completed", *values, label="2"))), scope())
        away = (series.at_ms < at[10 + missed]) & (series.at_ms + series.step_ms > at[9])
        assert np.isfinite(series.value[away]).all() == is_told
        assert series.off_ms == (at[1] - at[0]) * ((missed + 1) if is_told else 1)


def test_bins_that_touch_a_gap_are_unknown() -> None:
    """The watcher slept: what it did not see is not spread over the night."""
    at = [*beats(60, until=NOW_MS - 60 * MINUTE), *beats(60)]
    series = trends.arrivals(seen(kept(at, column("queue.added", *map(float, range(120))))), scope())
    inside = (series.at_ms > at[59]) & (series.at_ms + series.step_ms < at[60])
    assert inside.any()
    assert np.isnan(series.value[inside]).all()
    assert series.value[np.isfinite(series.value)] == pytest.approx(2.0, rel=1e-3)


@given(
    st.lists(st.integers(0, 50), min_size=3, max_size=80),
    st.sets(st.integers(1, 70), max_size=20),
    st.randoms(),
)
def test_growth_is_conserved_and_never_negative(steps: list[int], lost: set[int], dice: Any) -> None:
    """Whatever samples fail, and in whatever order they come, all that was counted is drawn, once."""
    at = beats(len(steps))
    total = np.cumsum(steps).astype(float).tolist()
    inner = {n for n in lost if n < len(steps) - 1 and n % 3}
    pairs = [(a, None if n in inner else v) for n, (a, v) in enumerate(zip(at, total, strict=True))]
    dice.shuffle(pairs)
    order = [a for a, _ in pairs]
    series = trends.arrivals(seen(kept(order, column("queue.added", *(v for _, v in pairs)))), scope(minutes=180))
    known = series.value[np.isfinite(series.value)]
    assert (known >= 0).all()
    assert known.sum() * (series.until_ms - series.since_ms) / len(known) / MINUTE == pytest.approx(
        total[-1] - total[0], rel=1e-3, abs=1e-3
    )
