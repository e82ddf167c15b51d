"""A stand-in for OpenRouter: the public model list, the key's balance, completions and embeddings.

Answers take the published shapes; the mode decides which of OpenRouter's refusals a caller meets.
The model list needs no key and keeps answering while the key is rejected or its credit is spent,
as the real one does: that is why it proves reachability only.
"""

import asyncio
import json
import math
import secrets
import zlib
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from time import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CHAT_MODEL = "openai/gpt-4o-mini"
EMBEDDING_MODEL = "openai/text-embedding-3-small"
EMBEDDING_DIMENSIONS = 1536
MODEL_CREATED_AT = 1_721_260_800
CREDIT_LIMIT_USD = 100.0
CLIENT_GONE = 499


class OpenRouterMode(Enum):
    """How OpenRouter behaves towards everybody at the moment."""

    OK = "ok"
    HANG = "hang"
    RATE_LIMITED = "rate_limited"
    CREDENTIALS_REJECTED = "credentials_rejected"
    CREDIT_EXHAUSTED = "credit_exhausted"
    DOWN = "down"


@dataclass(slots=True, kw_only=True)
class OpenRouterState:
    """What a fault may change while the stand-in runs."""

    api_key: str
    mode: OpenRouterMode = OpenRouterMode.OK
    latency_s: float = 0.0
    """What every answer takes longer (s)."""
    thinking_s: float = 0.0
    """What a completion takes longer (s); the account answers as usual."""
    retry_after_s: int = 20
    calls: Counter[str] = field(default_factory=Counter)
    """Requests received so far, refused ones included, by path below `/api/v1`."""


def openrouter_app(state: OpenRouterState) -> Starlette:
    """Serve OpenRouter under `/api/v1` as `state` says."""
    routes = [
        Route("/api/v1/models", _models, methods=["GET"]),
        Route("/api/v1/key", _key, methods=["GET"]),
        Route("/api/v1/chat/completions", _chat, methods=["POST"]),
        Route("/api/v1/embeddings", _embeddings, methods=["POST"]),
    ]
    app = Starlette(routes=routes, exception_handlers={404: _missing, 405: _missing})
    app.state.openrouter = state
    return app


async def _models(request: Request) -> Response:
    if refusal := await _refusal(request, needs_key=False):
        return refusal
    models = [_model(CHAT_MODEL, "text"), _model(EMBEDDING_MODEL, "embeddings")]
    return JSONResponse({"data": models, "total_count": len(models), "links": {"next": None}})


async def _key(request: Request) -> Response:
    state = _state(request)
    if refusal := await _refusal(request, needs_key=True):
        return refusal
    spent = CREDIT_LIMIT_USD if state.mode is OpenRouterMode.CREDIT_EXHAUSTED else 25.5
    data = {
        "label": f"{state.api_key[:12]}...{state.api_key[-3:]}",
        "limit": CREDIT_LIMIT_USD,
        "limit_remaining": CREDIT_LIMIT_USD - spent,
        "limit_reset": "monthly",
        "include_byok_in_limit": False,
        "is_free_tier": False,
        "is_management_key": False,
        "is_provisioning_key": False,
        "creator_user_id": None,
        "expires_at": None,
        "rate_limit": {"requests": -1, "interval": "10s", "note": "Deprecated, not enforced."},
        **{f"usage{span}": spent for span in ("", "_daily", "_weekly", "_monthly")},
        **{f"byok_usage{span}": 0.0 for span in ("", "_daily", "_weekly", "_monthly")},
    }
    return JSONResponse({"data": data})


async def _chat(request: Request) -> Response:
    if refusal := await _refusal(request, needs_key=True):
        return refusal
    body = await _body(request)
    if body is None or not isinstance(body.get("messages"), list):
        return _error(400, "Invalid request parameters")
    await asyncio.sleep(_state(request).thinking_s)
    message = {"role": "assistant", "content": '{"entities": [], "relationships": []}', "refusal": None}
    return JSONResponse(
        {
            "id": f"gen-{secrets.token_hex(10)}",
            "object": "chat.completion",
            "created": int(time()),
            "model": body.get("model", CHAT_MODEL),
            "provider": "Sandbox",
            "system_fingerprint": None,
            "choices": [{"index": 0, "finish_reason": "stop", "logprobs": None, "message": message}],
            "usage": {"prompt_tokens": 64, "completion_tokens": 12, "total_tokens": 76, "cost": 0.0001},
        }
    )


async def _embeddings(request: Request) -> Response:
    if refusal := await _refusal(request, needs_key=True):
        return refusal
    body = await _body(request)
    given = body.get("input") if body else None
    if body is None or not given or not isinstance(given, (str, list)):
        return _error(400, "Invalid request parameters")
    texts = [given] if isinstance(given, str) else given
    data = [
        {"object": "embedding", "index": index, "embedding": _embedding(str(text))} for index, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": 8 * len(texts), "total_tokens": 8 * len(texts)}
    return JSONResponse({"object": "list", "model": body.get("model", EMBEDDING_MODEL), "data": data, "usage": usage})


async def _missing(_request: Request, _error_seen: Exception) -> Response:
    return _error(404, "Resource not found")


async def _refusal(request: Request, *, needs_key: bool) -> Response | None:
    """The refusal this request meets, or `None`. Every handler asks first, so every call is counted."""
    state = _state(request)
    state.calls[request.url.path.removeprefix("/api/v1")] += 1
    if state.latency_s:
        await asyncio.sleep(state.latency_s)
    if state.mode is OpenRouterMode.HANG:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        return Response(status_code=CLIENT_GONE)
    if state.mode is OpenRouterMode.DOWN:
        return _error(503, "Service temporarily unavailable", {"Retry-After": str(state.retry_after_s)})
    return _key_refusal(request, state) if needs_key else None


def _key_refusal(request: Request, state: OpenRouterState) -> Response | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        return _error(401, "Missing Authentication header")
    is_known = secrets.compare_digest(key.encode(), state.api_key.encode())
    if state.mode is OpenRouterMode.CREDENTIALS_REJECTED or not is_known:
        return _error(401, "User not found.")
    if request.url.path.endswith("/key"):
        return None  # costs nothing, so neither balance nor rate limit closes it
    match state.mode:
        case OpenRouterMode.CREDIT_EXHAUSTED:
            return _error(402, "Insufficient credits. Add more using https://openrouter.ai/credits")
        case OpenRouterMode.RATE_LIMITED:
            return _error(429, "Rate limit exceeded", _rate_limit_headers(state.retry_after_s))
        case _:
            return None


def _rate_limit_headers(retry_after_s: int) -> dict[str, str]:
    return {
        "Retry-After": str(retry_after_s),
        "X-RateLimit-Limit": "20",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(math.ceil(time() + retry_after_s) * 1000),
    }


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    body = {"error": {"code": status, "message": message}, "user_id": None}
    return JSONResponse(body, status_code=status, headers=headers)


def _model(model_id: str, modality: str) -> dict[str, object]:
    return {
        "id": model_id,
        "canonical_slug": model_id,
        "name": model_id.replace("/", ": "),
        "created": MODEL_CREATED_AT,
        "description": "A model of the sandbox.",
        "context_length": 128_000,
        "architecture": {
            "modality": f"text->{modality}",
            "input_modalities": ["text"],
            "output_modalities": [modality],
            "tokenizer": "GPT",
            "instruct_type": None,
        },
        "pricing": {"prompt": "0.00000015", "completion": "0.0000006", "request": "0", "image": "0"},
        "top_provider": {"context_length": 128_000, "max_completion_tokens": 16_384, "is_moderated": True},
        "per_request_limits": None,
        "supported_parameters": ["max_tokens", "temperature", "response_format"],
        "supported_voices": None,
        "default_parameters": {},
        "links": {"details": f"/api/v1/models/{model_id}/endpoints"},
        "sandbox": True,
    }


def _embedding(text: str) -> list[float]:
    """A unit vector that depends on the text alone."""
    seed = zlib.crc32(text.encode()) or 1
    raw = [math.sin(seed * (index + 1)) for index in range(EMBEDDING_DIMENSIONS)]
    norm = math.sqrt(sum(value * value for value in raw))
    return [value / norm for value in raw]


async def _body(request: Request) -> dict[str, object] | None:
    try:
        body = await request.json()
    except json.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


def _state(request: Request) -> OpenRouterState:
    state = request.app.state.openrouter
    assert isinstance(state, OpenRouterState)
    return state
