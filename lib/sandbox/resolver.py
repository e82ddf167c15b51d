"""The name server that the worker's host asks: it knows the edge's name, and can be out of order."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import cast

NAMES = {b"localhost": "127.0.0.1"}
QUESTION_AT = 12
ANSWERED, SERVER_FAILURE, NAME_ERROR = 0x8180, 0x8182, 0x8183
LIFETIME_S = 1


class Resolver(asyncio.DatagramProtocol):
    """Answers address queries on a loopback port of its own choice."""

    def __init__(self) -> None:
        self.is_failing = False
        """Every query is answered SERVFAIL, as when the provider's upstream is out of reach."""
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        transport, _protocol = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self._transport = transport
        self.port = int(transport.get_extra_info("sockname")[1])

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        try:
            reply = self._reply(data)
        except (IndexError, struct.error):
            return  # not a query
        cast(asyncio.DatagramTransport, self._transport).sendto(reply, address)

    def _reply(self, query: bytes) -> bytes:
        name, end = _name(query)
        question = query[QUESTION_AT : end + 4]
        known = NAMES.get(name.lower())
        code = SERVER_FAILURE if self.is_failing else ANSWERED if known else NAME_ERROR
        answers = 1 if code == ANSWERED else 0
        header = query[:2] + struct.pack("!5H", code, 1, answers, 0, 0)
        if known is None or not answers:
            return header + question
        return header + question + struct.pack("!HHHIH", 0xC00C, 1, 1, LIFETIME_S, 4) + socket.inet_aton(known)


def _name(query: bytes) -> tuple[bytes, int]:
    """The name asked for, and where the rest of the question begins."""
    labels, place = [], QUESTION_AT
    while length := query[place]:
        labels.append(query[place + 1 : place + 1 + length])
        place += 1 + length
    return b".".join(labels), place + 1
