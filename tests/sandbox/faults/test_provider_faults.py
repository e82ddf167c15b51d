"""Faults at a vendor: something real breaks, and its page says so; or the page alone speaks."""

from collections.abc import Iterator

import httpx
import pytest
from tests.sandbox.faults.observations import Sight, both, health, shows_and_heals, well
from tests.sandbox.running import Running, running


def page(vendor: str, path: str, text: str) -> Sight:
    """The status page of `vendor` has a text in it."""

    async def seen(one: Running) -> bool:
        async with httpx.AsyncClient() as client:
            answer = await client.get(one.settings[f"RUNBOOK_STATUS_PAGES__{vendor.upper()}"] + path)
        return answer.status_code == 200 and text in answer.text

    return seen


_STATUSPAGE = "/api/v2/summary.json"
SEEN: dict[str, Sight] = {
    "provider-openrouter-outage": page("openrouter", "/config.json", "partial_outage"),
    "provider-upstash-outage": both(health(None), page("upstash", _STATUSPAGE, '"indicator":"major"')),
    "provider-railway-outage": both(health(502), page("railway", "/summary.json", "MAJOROUTAGE")),
    "provider-supabase-outage": page("supabase", _STATUSPAGE, "partial_outage"),
    "provider-incident-elsewhere": both(well, page("supabase", _STATUSPAGE, '"indicator":"critical"')),
}
LIVE = ("provider-railway-outage", "provider-incident-elsewhere")
"""The others add a page to a fault that is proved elsewhere; recorded evidence judges them."""


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("provider-faults")) as found:
        yield found


@pytest.mark.parametrize("name", LIVE)
async def test_a_fault_shows_and_heals(one: Running, name: str) -> None:
    """What is broken shows, the page shows it too, and both are as before after `heal`."""
    green = both(well, page("railway", "/summary.json", '"UP"'), page("supabase", _STATUSPAGE, '"indicator":"none"'))
    await shows_and_heals(one, name, SEEN[name], healed=green, within_s=20)
