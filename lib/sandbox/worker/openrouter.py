"""The worker's calls to OpenRouter: no timeout, as in production."""

from __future__ import annotations

import httpx

CHAT_MODEL = "openai/gpt-4o-mini"


class LlmError(Exception):
    """The provider refused; the text is what the logs are searched for."""


class OpenRouter:
    """Chat completions of one account."""

    def __init__(self, base_url: str, key: str) -> None:
        self._key = key
        headers = {"Authorization": f"Bearer {key}"}
        self._client = httpx.AsyncClient(
            base_url=base_url, headers=headers, timeout=httpx.Timeout(None), trust_env=False
        )

    async def chat(self, prompt: str) -> str:
        """One completion.

        Raises:
            LlmError: no key, no connection, or a status other than 200.
        """
        if not self._key:
            raise LlmError("OPENROUTER_API_KEY is not configured")
        body = {"model": CHAT_MODEL, "messages": [{"role": "user", "content": prompt}]}
        try:
            response = await self._client.post("/chat/completions", json=body)
        except httpx.TransportError as error:
            raise LlmError("fetch failed") from error
        if response.status_code != 200:
            raise LlmError(f"LLM API error: {response.status_code}")
        return str(response.json()["choices"][0]["message"]["content"])

    async def close(self) -> None:
        await self._client.aclose()
