"""The worker's client of its tables: what it sends, and the texts that end in the log."""

import json

import httpx
import pytest

from sandbox.worker.supabase import Supabase, SupabaseError

SENT: list[httpx.Request] = []


def worker(answer: httpx.Response | Exception) -> Supabase:
    """A client whose every request gets one answer."""

    def handle(request: httpx.Request) -> httpx.Response:
        SENT.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    found = Supabase("http://project", "sb_secret_x")
    found._client = httpx.AsyncClient(
        transport=httpx.MockTransport(handle), base_url=found._client.base_url, headers=found._client.headers
    )
    return found


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (httpx.Response(401, json={"message": "Invalid API key", "hint": "h"}), "Invalid API key"),
        (httpx.Response(504, json={"code": "PGRST003", "message": "Timed out"}), "Timed out (PGRST003)"),
        (httpx.Response(540, text="<h1>Error 540</h1>"), "<h1>Error 540</h1>"),
        (httpx.ConnectError("refused"), "TypeError: fetch failed"),
    ],
)
async def test_a_refusal_is_told_as_supabase_js_tells_it(answer: httpx.Response | Exception, text: str) -> None:
    """With the code where there is one; a page as it stands; no reason for a broken connection."""
    with pytest.raises(SupabaseError) as refused:
        await worker(answer).select("agents", "id", limit=1)
    assert str(refused.value) == text


async def test_the_key_goes_into_both_headers_and_filters_into_the_query() -> None:
    """As PostgREST and the gateway expect them."""
    await worker(httpx.Response(204)).update("agents", {"name": "x"}, id="7")
    sent = SENT[-1]
    assert (sent.method, sent.url.path, sent.url.query) == ("PATCH", "/rest/v1/agents", b"id=eq.7")
    assert (sent.headers["apikey"], sent.headers["authorization"]) == ("sb_secret_x", "Bearer sb_secret_x")
    assert json.loads(sent.content) == {"name": "x"}
