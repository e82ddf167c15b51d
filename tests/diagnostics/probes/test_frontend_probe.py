"""The site's pages against a server that breaks some of them: nothing is lost in silence."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from tests.diagnostics.clients.answering import http

from diagnostics.budget import Budget
from diagnostics.clients.http import open_http
from diagnostics.errors import ClientError
from diagnostics.probes.frontend import MOST_REQUESTS, _pages
from diagnostics.profile import FrontendSection
from diagnostics.readings import SiteAnswer, SitePages

GOOD, HUGE = http(200, b"{}"), http(200, b"x" * 5_000_000)


@contextlib.asynccontextmanager
async def site() -> AsyncIterator[str]:
    """The address of a site whose `/gone…` closes the connection and whose `/huge` is larger than we read."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            asked = (await reader.readuntil(b"\r\n\r\n")).split()[1]
            if not asked.startswith(b"/gone"):
                writer.write(HUGE if asked == b"/huge" else GOOD)
                await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()


async def asked(*pages: str) -> SitePages:
    """What the look makes of these pages."""
    async with site() as url, open_http(Budget()) as client:
        told = await _pages(client, FrontendSection(pages=pages, endpoints=()), url, timeout_s=2)
    assert isinstance(told, SitePages)
    return told


async def test_a_path_that_takes_no_connection_fails_and_one_too_large_is_unread() -> None:
    """The others are told as they are."""
    told = await asked("/", "/gone", "/huge")
    found = {p.path: (p.answer, p.failed) for p in told.paths}
    assert found.pop("/gone") == (SiteAnswer.BROKEN, 1)
    assert found == {"/": (SiteAnswer.OK, 0), "/api/health/ready": (SiteAnswer.OK, 0)}
    assert (told.unread, told.left_out) == (("/huge",), 0)


@pytest.mark.parametrize("more", [0, 1, 2])
async def test_paths_beyond_the_budget_are_counted(more: int) -> None:
    """One request is kept for the liveness reference."""
    told = await asked(*(f"/p{n}" for n in range(MOST_REQUESTS - 1 + more)))
    assert (len(told.paths), told.left_out) == (MOST_REQUESTS, more)


async def test_a_site_that_takes_no_connection_at_all_is_not_read() -> None:
    """It may be our own network: no path is blamed."""
    async with site() as url:
        pass
    async with open_http(Budget()) as client:
        with pytest.raises(ClientError):
            await _pages(client, FrontendSection(pages=("/",), endpoints=()), url, timeout_s=2)
