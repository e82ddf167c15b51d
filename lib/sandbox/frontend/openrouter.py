"""The frontend's calls to OpenRouter."""

from __future__ import annotations

import httpx

LISTED_WITHIN_S = 5.0
ANSWERED_WITHIN_S = 30.0
CHAT_MODEL = "openai/gpt-4o-mini"


class ExternalServiceError(Exception):
    """A provider failed; the text is what Sentry and the logs are searched for."""


class OpenRouter:
    """One account."""

    def __init__(self, http: httpx.AsyncClient, base_url: str, key: str) -> None:
        self._http = http
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {key}"}
        self._has_key = bool(key)

    async def list_models(self) -> int:
        """Status code of the model list. It is public: a rejected key still gets 200.

        Raises:
            ExternalServiceError: no answer within 5 s.
        """
        try:
            answer = await self._http.get(f"{self._base_url}/models", headers=self._headers, timeout=LISTED_WITHIN_S)
        except httpx.TimeoutException as error:
            raise ExternalServiceError("The operation was aborted due to timeout") from error
        except httpx.TransportError as error:
            raise ExternalServiceError("fetch failed") from error
        return answer.status_code

    async def chat(self, prompt: str) -> str:
        """One completion.

        Raises:
            ExternalServiceError: no key, no answer within 30 s, or a status other than 200.
        """
        if not self._has_key:
            raise ExternalServiceError("OPENROUTER_API_KEY is not configured")
        body = {"model": CHAT_MODEL, "messages": [{"role": "user", "content": prompt}]}
        address = f"{self._base_url}/chat/completions"
        try:
            answer = await self._http.post(address, headers=self._headers, json=body, timeout=ANSWERED_WITHIN_S)
        except httpx.TimeoutException as error:
            raise ExternalServiceError("OpenRouter request timed out after 30 seconds") from error
        except httpx.TransportError as error:
            raise ExternalServiceError("fetch failed") from error
        if answer.status_code != 200:
            raise ExternalServiceError(f"OpenRouter API error: {answer.status_code}")
        return str(answer.json()["choices"][0]["message"]["content"])
