"""The worker's calls to Kommo: a fresh access token for one customer's account."""

from __future__ import annotations

import httpx


class KommoError(Exception):
    """Kommo refused; the text is what the logs are searched for."""


class Kommo:
    """The OAuth endpoint; in production every account has a host of its own."""

    def __init__(self, base_url: str) -> None:
        self._client = httpx.AsyncClient(base_url=base_url, timeout=httpx.Timeout(30), trust_env=False)

    async def refresh(self, refresh_token: str) -> str:
        """A new access token.

        Raises:
            KommoError: no connection, or a status other than 200.
        """
        body = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        try:
            response = await self._client.post("/oauth2/access_token", json=body)
        except httpx.TransportError as error:
            raise KommoError("fetch failed") from error
        if response.status_code != 200:
            raise KommoError(f"Kommo API error: {response.status_code}")
        return str(response.json()["access_token"])

    async def close(self) -> None:
        await self._client.aclose()
