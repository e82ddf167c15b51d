"""Faults of errors, as anybody sees them in Sentry. Two are lived through; of the others there is evidence."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.sandbox.faults.observations import Sight, both, shows_and_heals, well
from tests.sandbox.running import Running, running


def asked(one: Running, path: str, **query: str) -> httpx.Request:
    """A read of Sentry's API, with the token the sandbox told its user."""
    settings = one.settings
    base = f"{settings['RUNBOOK_SENTRY__BASE_URL']}/api/0/organizations/{settings['RUNBOOK_SENTRY__ORGANIZATION']}"
    headers = {"Authorization": f"Bearer {settings['SENTRY_AUTH_TOKEN']}"}
    return httpx.Request("GET", f"{base}/{path}", params=query, headers=headers)


def unresolved(title: str, events: int) -> Sight:
    """Sentry lists an unresolved issue with so many events at least; none of that title for zero."""

    async def seen(one: Running) -> bool:
        async with httpx.AsyncClient() as client:
            issues = (await client.send(asked(one, "issues/", query="is:unresolved", statsPeriod="1h"))).json()
        counts = [int(issue["count"]) for issue in issues if title in issue["title"]]
        return sum(counts) >= events if events else not counts

    return seen


def dropped(is_expected: bool) -> Sight:
    """Sentry says that it refused errors for the quota, or that it refused none."""
    query = {"field": "sum(quantity)", "groupBy": "outcome", "category": "error", "statsPeriod": "1h"}

    async def seen(one: Running) -> bool:
        async with httpx.AsyncClient() as client:
            groups = (await client.send(asked(one, "stats_v2/", **query))).json()["groups"]
        return any(group["by"]["outcome"] == "rate_limited" for group in groups) is is_expected

    return seen


SEEN: dict[str, Sight] = {
    "errors-client-noise": both(well, unresolved("reading 'postMessage'", 60)),
    "errors-quota-dropped": both(well, dropped(is_expected=True), unresolved("'setItem' on 'Storage'", 0)),
}


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("error-faults")) as found:
        yield found


@pytest.mark.parametrize("name", SEEN)
async def test_a_fault_shows_and_heals(one: Running, name: str) -> None:
    """What real SDKs sent is there, what the quota refused is not, and both are as before after `heal`."""
    healed = both(well, dropped(is_expected=False), unresolved("reading 'postMessage'", 0))
    await shows_and_heals(one, name, SEEN[name], healed=healed, within_s=20)
