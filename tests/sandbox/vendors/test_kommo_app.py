"""Kommo's OAuth endpoint, called with the worker's own client."""

import httpx
import pytest

from sandbox.vendors.kommo import KommoState, kommo_app
from sandbox.worker.kommo import Kommo, KommoError


def client_of(state: KommoState) -> Kommo:
    """The worker's client, with the app instead of a network."""
    kommo = Kommo("http://kommo.test")
    kommo._client = httpx.AsyncClient(transport=httpx.ASGITransport(kommo_app(state)), base_url="http://kommo.test")
    return kommo


async def test_a_valid_refresh_token_gives_access() -> None:
    """Each time another access token."""
    kommo = client_of(KommoState())
    assert await kommo.refresh("one") != await kommo.refresh("one")


async def test_only_the_revoked_customer_is_refused() -> None:
    """With 400, as the published error says."""
    kommo = client_of(KommoState(revoked={"one"}))
    with pytest.raises(KommoError, match=r"^Kommo API error: 400$"):
        await kommo.refresh("one")
    assert await kommo.refresh("two")


async def test_a_hiccup_passes() -> None:
    """So many calls fail as were announced, then none."""
    kommo = client_of(KommoState(refusals=1))
    with pytest.raises(KommoError, match=r"^Kommo API error: 502$"):
        await kommo.refresh("one")
    assert await kommo.refresh("one")


async def test_nobody_there_is_nodes_fetch_failed() -> None:
    """The text that Node gives for any lost connection."""
    kommo = Kommo("http://127.0.0.1:9")
    with pytest.raises(KommoError, match=r"^fetch failed$"):
        await kommo.refresh("one")
