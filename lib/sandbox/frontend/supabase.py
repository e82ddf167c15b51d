"""The frontend's way to the tables: PostgREST over HTTP, with the words of supabase-js when it fails."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

FETCH_FAILED = "TypeError: fetch failed"
"""All that supabase-js tells of a name that does not resolve or a refused connection."""


class SupabaseError(Exception):
    """A request that failed; the text is what the health page shows."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Supabase:
    """One client: an address and a key, which decides what the database allows."""

    def __init__(self, http: httpx.AsyncClient, url: str, key: str) -> None:
        """Take over address and key.

        Raises:
            SupabaseError: one is missing, or the address is none.
        """
        if not url:
            raise SupabaseError("supabaseUrl is required.")
        if not key:
            raise SupabaseError("supabaseKey is required.")
        if urlsplit(url).scheme not in ("http", "https"):
            raise SupabaseError("Invalid supabaseUrl: Must be a valid HTTP or HTTPS URL.")
        self._http = http
        self._url = f"{url.strip().rstrip('/')}/rest/v1"
        self._headers = {"apikey": key, "Authorization": f"Bearer {key}"}

    async def select(self, table: str, *, columns: str = "id", limit: int = 1) -> list[dict[str, Any]]:
        """Some rows of a table.

        Raises:
            SupabaseError: PostgREST's own words, or those of a failed connection.
        """
        rows: list[dict[str, Any]] = (
            await self._ask("GET", table, params={"select": columns, "limit": str(limit)})
        ).json()
        return rows

    async def count(self, table: str) -> int:
        """How many rows a table has, by a HEAD request: a refusal has no body and thus no text.

        Raises:
            SupabaseError: with an empty text when PostgREST refused.
        """
        answer = await self._ask("HEAD", table, params={"select": "*"}, headers={"Prefer": "count=exact"})
        return int(answer.headers.get("content-range", "*/0").rpartition("/")[2])

    async def insert(self, table: str, row: Mapping[str, object]) -> None:
        """Add one row.

        Raises:
            SupabaseError: as `select`.
        """
        await self._ask("POST", table, headers={"Prefer": "return=minimal"}, json=dict(row))

    async def status(self) -> int:
        """Status code of the address itself.

        Raises:
            SupabaseError: no connection.
        """
        return (await self._send("GET", "")).status_code

    async def _ask(self, method: str, table: str, **details: Any) -> httpx.Response:
        answer = await self._send(method, table, **details)
        if answer.is_success:
            return answer
        raise _refusal(answer)

    async def _send(self, method: str, path: str, **details: Any) -> httpx.Response:
        headers = {**self._headers, **details.pop("headers", {})}
        try:
            return await self._http.request(method, f"{self._url}/{path}", headers=headers, **details)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise SupabaseError(FETCH_FAILED) from error


def _refusal(answer: httpx.Response) -> SupabaseError:
    """PostgREST's JSON, or the raw text of whatever page came instead."""
    try:
        body = json.loads(answer.text)
        return SupabaseError(str(body["message"]), str(body.get("code") or ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return SupabaseError(answer.text)
