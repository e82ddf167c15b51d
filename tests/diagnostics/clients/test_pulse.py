"""A halt of our own process is not the other side's time."""

from __future__ import annotations

import asyncio
import time

import httpx

from diagnostics.budget import Budget
from diagnostics.clients.http import Http
from diagnostics.clients.pulse import BEAT_S, Pulse

HALT_S = 0.2


async def test_a_halt_of_ours_is_not_the_other_sides_time() -> None:
    """The answer comes at once; what made it late is that nothing here could run."""

    async def halt(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        time.sleep(HALT_S)
        return httpx.Response(200)

    pulse = Pulse()
    beating = asyncio.create_task(pulse.beat())
    await asyncio.sleep(BEAT_S)
    answer = await Http(httpx.AsyncClient(transport=httpx.MockTransport(halt)), Budget(), pulse).get(
        "http://site/", timeout_s=5
    )
    beating.cancel()
    assert answer.elapsed_s >= HALT_S
    assert answer.held_s >= HALT_S - BEAT_S
    assert answer.latency_s <= answer.elapsed_s - HALT_S + BEAT_S


async def test_without_a_beat_every_second_is_the_other_sides() -> None:
    """A client that nobody watches measures as any other."""
    answer = await Http(httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200))), Budget()).get(
        "http://site/", timeout_s=5
    )
    assert answer.held_s == 0
    assert answer.latency_s == answer.elapsed_s
