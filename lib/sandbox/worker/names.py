"""Host names looked up at the host's own name server: one question, one datagram (RFC 1035).

The system's resolver cannot be told per process which server to ask; the host of a container decides that.
"""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import socket
import struct

ADDRESS, INTERNET = 1, 1
RECURSE = 0x0100
NAME_ERROR = 3
HEADER = struct.Struct("!6H")
ANSWER_WITHIN_S = 2.0


async def lookup(host: str, *, server: str) -> str:
    """The IPv4 address of `host`, asked of `server` (`address:port`).

    Raises:
        socket.gaierror: EAI_NONAME when there is no such name, EAI_AGAIN when the server fails or is silent.
    """
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        reply = await _ask(question(host), server)
    code, answers = struct.unpack_from("!H2xH", reply, 2)
    if code & 0xF == NAME_ERROR:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    if code & 0xF or not answers:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    return socket.inet_ntoa(reply[-4:])


def question(host: str) -> bytes:
    """A query for the address of `host`."""
    header = HEADER.pack(secrets.randbelow(1 << 16), RECURSE, 1, 0, 0, 0)
    labels = b"".join(bytes([len(label)]) + label for label in host.encode().strip(b".").split(b"."))
    return header + labels + b"\0" + struct.pack("!2H", ADDRESS, INTERNET)


async def _ask(query: bytes, server: str) -> bytes:
    address, _, port = server.rpartition(":")
    loop = asyncio.get_running_loop()
    replied: asyncio.Future[bytes] = loop.create_future()
    transport, _protocol = await loop.create_datagram_endpoint(
        lambda: _Waiting(replied, query[:2]), remote_addr=(address, int(port))
    )
    try:
        transport.sendto(query)
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await replied
    except (TimeoutError, ConnectionError) as error:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution") from error
    finally:
        transport.close()


class _Waiting(asyncio.DatagramProtocol):
    """Waits for the one reply that carries the query's number."""

    def __init__(self, replied: asyncio.Future[bytes], number: bytes) -> None:
        self._replied = replied
        self._number = number

    def datagram_received(self, data: bytes, _address: object) -> None:
        if data[:2] == self._number and len(data) >= HEADER.size and not self._replied.done():
            self._replied.set_result(data)

    def error_received(self, error: Exception) -> None:
        if not self._replied.done():
            self._replied.set_exception(error)
