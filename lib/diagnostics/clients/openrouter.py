"""OpenRouter: is it reachable, and does our key still work and have credit."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from diagnostics.clients.http import Answer, Http, expect_ok, parse
from diagnostics.clients.payload import Payload
from diagnostics.errors import ClientTimeout
from diagnostics.readings import OpenRouterAccount, Symptom
from diagnostics.settings import shown

REQUESTS = (("GET", "/key"),)
"""The whole allow-list; `make contract` validates it against the published description."""
_KEY_SYMPTOMS = {
    401: Symptom.OPENROUTER_CREDENTIALS,
    403: Symptom.OPENROUTER_CREDENTIALS,
    402: Symptom.OPENROUTER_CREDIT,
    429: Symptom.OPENROUTER_RATE_LIMITED,
}


class _Key(Payload):
    limit_remaining: Annotated[float, Field(allow_inf_nan=False)] | None
    """`null` for a key without a limit; absent is drift."""


class _KeyAnswer(Payload):
    data: _Key


async def read_account(http: Http, base_url: str, key: str, *, timeout_s: float) -> OpenRouterAccount:
    """The answer of `GET /key`. Refusals of the key and 5xx are observations; raises ClientError otherwise."""
    where = f"GET {shown(base_url)}/key"
    try:
        answer = await http.get(f"{base_url}/key", timeout_s=timeout_s, headers={"Authorization": f"Bearer {key}"})
    except ClientTimeout:
        # It accepted the connection and said nothing: an observation about OpenRouter, as with the worker's /health.
        return OpenRouterAccount(models=None, key_symptom=Symptom.TIMED_OUT, credit_left_usd=None, latency_s=timeout_s)
    symptom = _KEY_SYMPTOMS.get(answer.status_code)
    if answer.status_code >= 500:
        symptom = Symptom.OPENROUTER_DOWN
    left = None if symptom else _left(answer, where)
    if left is not None and left <= 0:
        symptom = Symptom.OPENROUTER_CREDIT
    return OpenRouterAccount(
        models=None, key_symptom=symptom, credit_left_usd=left, latency_s=round(answer.latency_s, 3)
    )


def _left(answer: Answer, where: str) -> float | None:
    return parse(_KeyAnswer, expect_ok(answer, where).json(where), where).data.limit_remaining
