"""The name server of the worker's host, asked as the worker asks it."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from sandbox.http import hold_port
from sandbox.resolver import Resolver
from sandbox.worker.names import lookup


@pytest.fixture
async def resolver() -> AsyncIterator[Resolver]:
    resolver = Resolver()
    await resolver.open()
    yield resolver
    resolver.close()


async def test_the_edges_name_has_an_address(resolver: Resolver) -> None:
    """A datagram each way, and the address at its end."""
    assert await lookup("localhost", server=f"127.0.0.1:{resolver.port}") == "127.0.0.1"


async def test_an_address_is_not_asked_for(resolver: Resolver) -> None:
    """Not even while the server is out of order."""
    resolver.is_failing = True
    assert await lookup("127.0.0.1", server=f"127.0.0.1:{resolver.port}") == "127.0.0.1"


@pytest.mark.parametrize(
    ("name", "is_failing", "code"),
    [
        ("gone-bear-31313.upstash.invalid", False, socket.EAI_NONAME),
        ("localhost", True, socket.EAI_AGAIN),
        ("gone-bear-31313.upstash.invalid", True, socket.EAI_AGAIN),
    ],
)
async def test_no_such_name_is_not_a_failing_server(resolver: Resolver, name: str, is_failing: bool, code: int) -> None:
    """The two answers that Node words ENOTFOUND and EAI_AGAIN."""
    resolver.is_failing = is_failing
    with pytest.raises(socket.gaierror) as refused:
        await lookup(name, server=f"127.0.0.1:{resolver.port}")
    assert refused.value.errno == code


async def test_nobody_at_the_servers_port_is_a_failing_server() -> None:
    """The port is refused, and nothing waits for an answer that cannot come."""
    with hold_port() as place, pytest.raises(socket.gaierror) as refused:
        await lookup("localhost", server=f"127.0.0.1:{place.getsockname()[1]}")
    assert refused.value.errno == socket.EAI_AGAIN


async def test_what_is_no_question_is_not_answered(resolver: Resolver) -> None:
    """Stray bytes do not end the server."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stray:
        stray.sendto(b"\x00\x01", ("127.0.0.1", resolver.port))
    await asyncio.sleep(0)
    assert await lookup("localhost", server=f"127.0.0.1:{resolver.port}") == "127.0.0.1"
