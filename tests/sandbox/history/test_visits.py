"""Requests of the past cannot be told from those the edge has logged."""

from itertools import pairwise

import pytest
from tests.contracts.vendors.vercel_contract import site_with_a_past
from tests.sandbox.site.running_site import running_site

from sandbox.frontend.releases import HEAD
from sandbox.history.past import Past
from sandbox.history.visits import past_visits
from sandbox.site.requests import KEPT
from sandbox.vendors.vercel_logs import history

HOUR_MS = 3_600_000
UNTIL_MS = 1_800_000_000_000


def past(hours: float) -> Past:
    """A past without jobs."""
    return Past(since_ms=round(UNTIL_MS - hours * HOUR_MS), until_ms=UNTIL_MS, jobs=(), last_number=0)


async def test_a_row_of_the_past_has_the_shape_of_a_real_one() -> None:
    """The same fields, and but for id and time the same values, of a page and of the file it loads."""
    async with running_site() as one:
        one.site.deploy(HEAD)
        await one.site.settle()
        page = await one.get("/")
        await one.get(page.body.split(b"<script src='")[1].split(b"'")[0].decode())
        made_up = {row.path: row for row in past_visits(one.site, past(1), 1.0)}
        for row in list(one.site.requests.rows):
            one.site.requests.write_before([made_up[row.path]])
        found = history(one.site, {})["rows"]
    assert isinstance(found, list)
    for row in found:
        row.pop("requestId"), row.pop("timestamp")
    assert found[:2] == found[:1:-1]


@pytest.mark.parametrize(("hours", "per_s"), [(0.5, 3.0), (3, 3.0), (48, 3.0), (1, 0.1)])
def test_the_past_is_in_order_and_no_longer_than_the_log(hours: float, per_s: float) -> None:
    """At the pace of the visitors; what the log would have dropped is not made up."""
    site, _names = site_with_a_past()
    rows = past_visits(site, past(hours), per_s)
    times = [row.at.timestamp() * 1000 for row in rows]
    assert all(later - earlier > -100 for earlier, later in pairwise(times))
    assert UNTIL_MS - hours * HOUR_MS <= times[0] and times[-1] <= UNTIL_MS + 100
    assert len(rows) <= KEPT * 1.05
    visits = sum(row.source == "serverless" for row in rows)
    span_s = (times[-1] - times[0]) / 1000
    assert visits / span_s == pytest.approx(per_s, rel=0.1)


def test_nobody_visited_a_site_that_did_not_serve() -> None:
    """Without an alias, or without visitors, there are no rows."""
    site, _names = site_with_a_past()
    assert past_visits(site, past(1), 0.0) == []
    site.alias = None
    assert past_visits(site, past(1), 3.0) == []
