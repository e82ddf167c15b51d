"""The change point of a share: exact where it is plain, stated where chance blurs it, none where nothing rose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.trends.change import change_point

LIMIT = 0.01
GOOD, BAD = [False], [True]


@pytest.mark.parametrize(
    ("events", "index"),
    [
        (300 * GOOD + 40 * BAD, 300),
        (40 * BAD, 0),
        # A sparse trouble as old as the events: the likeliest first is not the middle of what is likely.
        (20 * (BAD + 49 * GOOD), 0),
        # Every fourth of fifty seconds' requests: a short log has no quiet bins to be cut by.
        (20 * GOOD + 70 * (BAD + 3 * GOOD), 20),
        # An old blip is another trouble, and what came right after it may be one with it.
        (5 * BAD + 500 * GOOD + 30 * BAD, 505),
        (5 * BAD + 2 * GOOD + 30 * BAD, 0),
        # One that goes on is still there after a few that went well.
        (100 * GOOD + 50 * BAD + 19 * GOOD, 100),
    ],
)
def test_the_first_event_of_the_newest_trouble(events: list[bool], index: int) -> None:
    """Told by the events alone."""
    found = change_point(np.array(events), LIMIT)
    assert found is not None
    assert found[0] == index and found[1] <= index <= found[2]


@pytest.mark.parametrize(
    "events",
    [[], 100 * GOOD, BAD + 100 * GOOD, BAD + 99 * GOOD, 20 * (BAD + 200 * GOOD)],
    ids=["nothing", "all well", "one below the limit", "one at the limit", "a trickle"],
)
def test_no_change_where_the_limit_holds(events: list[bool]) -> None:
    """At the limit is not beyond it."""
    assert change_point(np.array(events, dtype=bool), LIMIT) is None


def test_one_more_than_the_limit_is_beyond_it() -> None:
    """Two in a hundred, where one is allowed."""
    assert change_point(np.array(BAD + 49 * GOOD + BAD + 49 * GOOD), LIMIT) is not None


@pytest.mark.parametrize("share", [0.06, 0.25, 1.0])
@pytest.mark.parametrize("before", [0.0, 0.002])
def test_the_interval_holds_as_often_as_it_says(share: float, before: float) -> None:
    """300 troubles each, drawn from a fixed seed: 95 % is asked, 90 % is what 300 draws let nobody miss by chance."""
    draw, held, found = np.random.default_rng(5), 0, 0
    for _ in range(300):
        calm, bad = int(draw.integers(100, 1500)), int(draw.integers(1, 6) * max(20, 5 / share))
        told = change_point(np.concatenate([draw.random(calm) < before, draw.random(bad) < share]), LIMIT)
        found += told is not None
        held += told is not None and told[1] <= calm <= told[2]
    assert found >= 298
    assert held >= 0.9 * found


@given(st.lists(st.booleans(), max_size=400), st.sampled_from([0.0, 0.01, 0.05, 1.0]))
def test_any_events_have_an_ordered_answer(events: list[bool], limit: float) -> None:
    """The first of a trouble is a bad event, and lies within its interval's ends."""
    found = change_point(np.array(events, dtype=bool), limit)
    if found is not None:
        first, early, late = found
        assert events[first]
        assert 0 <= early <= first <= late < len(events)
