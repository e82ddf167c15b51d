"""OpenRouter's stand-in: what it answers in each of its modes."""

import asyncio
import logging
from time import monotonic
from typing import Any

import httpx
import pytest
import uvicorn

from sandbox.vendors.openrouter import (
    CHAT_MODEL,
    EMBEDDING_MODEL,
    OpenRouterMode,
    OpenRouterState,
    openrouter_app,
)

KEY = "sk-or-v1-0123456789abcdef"
CHAT = ("POST", "/chat/completions", {"model": CHAT_MODEL, "messages": [{"role": "user", "content": "hi"}]})
EMBED = ("POST", "/embeddings", {"model": EMBEDDING_MODEL, "input": "hi"})
MODELS = ("GET", "/models", None)
ACCOUNT = ("GET", "/key", None)

Call = tuple[str, str, Any]


def state(mode: OpenRouterMode = OpenRouterMode.OK, **given: Any) -> OpenRouterState:
    """A stand-in's state with our key."""
    return OpenRouterState(api_key=KEY, mode=mode, **given)


def send(call: Call, given: OpenRouterState, key: str | None = KEY, timeout_s: float = 5) -> httpx.Response:
    """One call over HTTP, without a socket."""

    async def sent() -> httpx.Response:
        transport = httpx.ASGITransport(openrouter_app(given))
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        method, path, body = call
        async with httpx.AsyncClient(transport=transport, base_url="http://openrouter/api/v1") as client:
            async with asyncio.timeout(timeout_s):
                return await client.request(method, path, json=body, headers=headers)

    return asyncio.run(sent())


@pytest.mark.parametrize("call", [MODELS, ACCOUNT, CHAT, EMBED])
def test_everything_answers_while_all_is_well(call: Call) -> None:
    """A good key opens all four."""
    assert send(call, state()).status_code == 200


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (OpenRouterMode.OK, (200, 200, 200, 200)),
        (OpenRouterMode.RATE_LIMITED, (200, 200, 429, 429)),
        (OpenRouterMode.CREDENTIALS_REJECTED, (200, 401, 401, 401)),
        (OpenRouterMode.CREDIT_EXHAUSTED, (200, 200, 402, 402)),
        (OpenRouterMode.DOWN, (503, 503, 503, 503)),
    ],
)
def test_mode_decides_who_is_refused(mode: OpenRouterMode, expected: tuple[int, ...]) -> None:
    """The model list proves reachability only: it does not know about keys and balances."""
    given = state(mode)
    assert tuple(send(call, given).status_code for call in (MODELS, ACCOUNT, CHAT, EMBED)) == expected


@pytest.mark.parametrize(
    ("call", "mode", "has_retry_after", "has_limits"),
    [
        (CHAT, OpenRouterMode.RATE_LIMITED, True, True),
        (CHAT, OpenRouterMode.DOWN, True, False),
        (CHAT, OpenRouterMode.CREDIT_EXHAUSTED, False, False),
        (CHAT, OpenRouterMode.CREDENTIALS_REJECTED, False, False),
        (CHAT, OpenRouterMode.OK, False, False),
    ],
)
def test_retry_after_comes_with_429_and_503_only(
    call: Call, mode: OpenRouterMode, *, has_retry_after: bool, has_limits: bool
) -> None:
    """A pause helps against a limit or an outage, not against a bad key or an empty balance."""
    headers = send(call, state(mode)).headers
    assert ("Retry-After" in headers) is has_retry_after
    assert ("X-RateLimit-Reset" in headers) is has_limits


@pytest.mark.parametrize("key", [None, "", "sk-or-v1-stale"])
def test_missing_or_wrong_key_is_refused_but_for_the_model_list(key: str | None) -> None:
    """The envelope repeats the status as a number."""
    answer = send(ACCOUNT, state(), key)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 401)
    assert send(MODELS, state(), key).status_code == 200


def test_exhausted_credit_shows_in_the_key() -> None:
    """What is left is zero when completions say 402."""
    assert send(ACCOUNT, state()).json()["data"]["limit_remaining"] == 74.5
    assert send(ACCOUNT, state(OpenRouterMode.CREDIT_EXHAUSTED)).json()["data"]["limit_remaining"] == 0


def test_key_is_shown_shortened() -> None:
    """The label never holds the whole key."""
    assert KEY not in send(ACCOUNT, state()).text


def test_hang_never_answers() -> None:
    """A client without a timeout waits for good."""
    with pytest.raises(TimeoutError):
        send(CHAT, state(OpenRouterMode.HANG), timeout_s=0.1)


def test_client_that_gives_up_on_a_hang_leaves_no_error_behind(caplog: pytest.LogCaptureFixture) -> None:
    """On a real socket: the next caller is served, and the server's log is clean."""
    given = state(OpenRouterMode.HANG)

    async def give_up_then_ask() -> int:
        server = uvicorn.Server(uvicorn.Config(openrouter_app(given), port=0, log_config=None))
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=0.2) as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.post("/chat/completions", json=CHAT[2], headers={"Authorization": f"Bearer {KEY}"})
            given.mode = OpenRouterMode.OK
            answer = await client.get("/models")
        await asyncio.sleep(0.1)  # the server's turn to notice
        server.should_exit = True
        await serving
        return answer.status_code

    assert asyncio.run(give_up_then_ask()) == 200
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_latency_delays_every_answer() -> None:
    """A slow upstream is slow for the model list too."""
    begun = monotonic()
    send(MODELS, state(latency_s=0.05))
    assert monotonic() - begun >= 0.05


def test_calls_are_counted_whether_granted_or_not() -> None:
    """Retries against a refusing upstream can be counted."""
    given = state(OpenRouterMode.RATE_LIMITED)
    for call in (CHAT, CHAT, MODELS):
        send(call, given)
    assert given.calls == {"/chat/completions": 2, "/models": 1}


def test_mode_can_change_between_calls() -> None:
    """A fault comes and goes while the stand-in runs."""
    given = state(OpenRouterMode.DOWN)
    assert send(CHAT, given).status_code == 503
    given.mode = OpenRouterMode.OK
    assert send(CHAT, given).status_code == 200


@pytest.mark.parametrize(
    "call",
    [
        ("POST", "/chat/completions", {"model": CHAT_MODEL}),
        ("POST", "/chat/completions", ["no map"]),
        ("POST", "/embeddings", {"model": EMBEDDING_MODEL, "input": []}),
        ("POST", "/embeddings", None),
    ],
)
def test_malformed_call_is_a_400(call: Call) -> None:
    """The mistake is the caller's, and told in the same envelope."""
    answer = send(call, state())
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 400)


@pytest.mark.parametrize("call", [("GET", "/credits", None), ("GET", "/embeddings", None)])
def test_unknown_call_is_told_in_the_envelope(call: Call) -> None:
    """No page of the web framework shows through."""
    answer = send(call, state())
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "Resource not found"


def test_embedding_depends_on_the_text_alone() -> None:
    """Equal texts get equal vectors, different texts different ones, one for each."""
    answer = send(("POST", "/embeddings", {"model": "m", "input": ["a", "b", "a"]}), state()).json()
    vectors = [row["embedding"] for row in answer["data"]]
    assert vectors[0] == vectors[2] != vectors[1]
    assert len(vectors[0]) == 1536
