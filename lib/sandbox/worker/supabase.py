"""The worker's calls to its tables: what supabase-js sends, and the texts it hands back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

Row = Mapping[str, Any]
CONNECTIONS = 100


class SupabaseError(Exception):
    """A request that failed; the text is what the logs are searched for."""


class Supabase:
    """The REST API of one project, with one key."""

    def __init__(self, url: str, key: str) -> None:
        self._client = httpx.AsyncClient(
            base_url=f"{url}/rest/v1",
            headers={"apikey": key, "Authorization": f"Bearer {key}", "X-Client-Info": "supabase-js-node/2.83.0"},
            timeout=httpx.Timeout(None),  # as `fetch` has none
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=CONNECTIONS),
            trust_env=False,
        )

    async def select(self, table: str, columns: str, *, limit: int, **equal: str) -> list[Row]:
        """Rows whose columns equal these values."""
        query = {"select": columns, **_filters(equal), "limit": str(limit)}
        return self._rows(await self._send("GET", f"/{table}", query))

    async def insert(self, table: str, row: Row) -> Row:
        """One new row, and what the database made of it."""
        answer = await self._send("POST", f"/{table}", {"select": "id"}, row, "return=representation")
        return self._rows(answer)[0]

    async def upsert(self, table: str, row: Row, *, on_conflict: str) -> None:
        """A new row, or the old one changed."""
        await self._send("POST", f"/{table}", {"on_conflict": on_conflict}, row, "resolution=merge-duplicates")

    async def update(self, table: str, change: Row, **equal: str) -> None:
        await self._send("PATCH", f"/{table}", _filters(equal), change)

    async def call(self, function: str, arguments: Row) -> None:
        """A function of the database."""
        await self._send("POST", f"/rpc/{function}", {}, arguments)

    async def close(self) -> None:
        await self._client.aclose()

    async def _send(
        self, method: str, path: str, query: Mapping[str, str], body: Row | None = None, prefer: str = ""
    ) -> httpx.Response:
        """Ask once.

        Raises:
            SupabaseError: no connection, or a status of 400 and above.
        """
        headers = {"Prefer": prefer} if prefer else {}
        try:
            answer = await self._client.request(method, path, params=query, json=body, headers=headers)
        except httpx.TransportError as error:
            raise SupabaseError("TypeError: fetch failed") from error
        if answer.status_code >= 400:
            raise SupabaseError(_said(answer))
        return answer

    @staticmethod
    def _rows(answer: httpx.Response) -> list[Row]:
        rows: list[Row] = answer.json()
        return rows


def _filters(equal: Mapping[str, str]) -> dict[str, str]:
    return {column: f"eq.{value}" for column, value in equal.items()}


def _said(answer: httpx.Response) -> str:
    """The error's message with its code; a page that is no JSON is handed on whole, as supabase-js does."""
    try:
        error = answer.json()
    except ValueError:
        return answer.text
    code = error.get("code")
    return f"{error['message']} ({code})" if code else str(error["message"])
