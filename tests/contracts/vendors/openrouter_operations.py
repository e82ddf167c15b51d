"""Our own table of OpenRouter requests: each call workers and clients make, and the answer it meets."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.vendors.openrouter import CHAT_MODEL, EMBEDDING_MODEL, OpenRouterMode

API_KEY = "sk-or-v1-sandbox-key-0123456789"
CHAT: Mapping[str, object] = {
    "model": CHAT_MODEL,
    "messages": [{"role": "user", "content": "Name the entities."}],
    "temperature": 0,
}
EMBED: Mapping[str, object] = {"model": EMBEDDING_MODEL, "input": ["one", "two"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One call, the state it meets and the status it must get."""

    name: str
    method: str
    path: str
    status: int
    mode: OpenRouterMode = OpenRouterMode.OK
    key: str | None = API_KEY
    body: Mapping[str, object] | None = None
    has_retry_after: bool = False
    query: Mapping[str, str] = field(default_factory=dict)


def _each(mode: OpenRouterMode, status: int, **given: bool) -> tuple[Exchange, ...]:
    retry = given.get("has_retry_after", False)
    return (
        Exchange(
            name=f"chat, {mode.value}",
            method="post",
            path="/chat/completions",
            status=status,
            mode=mode,
            body=CHAT,
            has_retry_after=retry,
        ),
        Exchange(
            name=f"embeddings, {mode.value}",
            method="post",
            path="/embeddings",
            status=status,
            mode=mode,
            body=EMBED,
            has_retry_after=retry,
        ),
    )


EXCHANGES: tuple[Exchange, ...] = (
    Exchange(name="models", method="get", path="/models", status=200),
    Exchange(name="models without a key", method="get", path="/models", status=200, key=None),
    Exchange(
        name="models while the key is rejected",
        method="get",
        path="/models",
        status=200,
        mode=OpenRouterMode.CREDENTIALS_REJECTED,
    ),
    Exchange(
        name="models, down",
        method="get",
        path="/models",
        status=503,
        mode=OpenRouterMode.DOWN,
        has_retry_after=True,
    ),
    Exchange(name="key", method="get", path="/key", status=200),
    Exchange(
        name="key, credit exhausted",
        method="get",
        path="/key",
        status=200,
        mode=OpenRouterMode.CREDIT_EXHAUSTED,
    ),
    Exchange(name="key, rate limited", method="get", path="/key", status=200, mode=OpenRouterMode.RATE_LIMITED),
    Exchange(name="key without a key", method="get", path="/key", status=401, key=None),
    Exchange(name="key, wrong", method="get", path="/key", status=401, key="sk-or-v1-stale"),
    Exchange(
        name="key, rejected",
        method="get",
        path="/key",
        status=401,
        mode=OpenRouterMode.CREDENTIALS_REJECTED,
    ),
    *_each(OpenRouterMode.OK, 200),
    *_each(OpenRouterMode.CREDENTIALS_REJECTED, 401),
    *_each(OpenRouterMode.CREDIT_EXHAUSTED, 402),
    *_each(OpenRouterMode.RATE_LIMITED, 429, has_retry_after=True),
    *_each(OpenRouterMode.DOWN, 503, has_retry_after=True),
    Exchange(name="unknown path", method="get", path="/nothing", status=404),
)

MALFORMED: tuple[Exchange, ...] = (
    Exchange(name="chat without messages", method="post", path="/chat/completions", status=400, body={}),
    Exchange(name="embeddings without input", method="post", path="/embeddings", status=400, body={}),
)

# What the published description leaves out: the embeddings endpoint, and two answers of listed ones.
ERROR_COMPONENTS: Mapping[int, str] = {
    400: "BadRequestResponse",
    401: "UnauthorizedResponse",
    402: "PaymentRequiredResponse",
    404: "NotFoundResponse",
    429: "TooManyRequestsResponse",
    503: "ServiceUnavailableResponse",
}
EMBEDDINGS_REQUEST: Mapping[str, object] = {
    "type": "object",
    "required": ["model", "input"],
    "properties": {
        "model": {"type": "string"},
        "input": {"oneOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": {"type": "string"}}]},
    },
}
EMBEDDINGS_ANSWER: Mapping[str, object] = {
    "type": "object",
    "required": ["object", "data", "model", "usage"],
    "properties": {
        "object": {"const": "list"},
        "model": {"type": "string"},
        "usage": {
            "type": "object",
            "required": ["prompt_tokens", "total_tokens"],
            "properties": {"prompt_tokens": {"type": "integer"}, "total_tokens": {"type": "integer"}},
        },
        "data": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["object", "embedding", "index"],
                "properties": {
                    "object": {"const": "embedding"},
                    "index": {"type": "integer"},
                    "embedding": {"type": "array", "minItems": 1, "items": {"type": "number"}},
                },
            },
        },
    },
}
