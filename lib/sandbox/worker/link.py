"""A connection to Redis that behaves as ioredis's does, under redis-py's client.

It reconnects by itself and for ever; commands given meanwhile wait, which is why a health check hangs. Only
an *error reply* during the handshake rejects them, which is why a wrong token answers at once.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from sandbox.worker.names import lookup
from sandbox.worker.node_errors import network_text, reply_text

CONNECT_TIMEOUT_S = 15.0
LONGEST_DELAY_MS = 2000

OnEvent = Callable[..., None]
"""Called with `connect`, `ready`, `close`, `error` (text), `reconnecting` (attempt, delay_ms)."""


class LinkClosed(RedisError):
    """The worker itself ended the connection."""


class Rejected(ResponseError):
    """The server refused the handshake: every waiting command hears its words."""


class Link:
    """One named connection: `client` is redis-py's, `ping` is the health check's."""

    def __init__(
        self, *, host: str, port: int, token: str, tls: ssl.SSLContext, name: str, on: OnEvent, resolver: str = ""
    ) -> None:
        self.host, self.port = host, port
        self._resolver = resolver
        self._tls = tls
        self._on = on
        self._is_closed = False
        self._attempt = 0
        self._outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._outcome.add_done_callback(_retrieve)
        self._pings: set[asyncio.Future[None]] = set()
        pool = ConnectionPool(
            connection_class=_LinkConnection,
            link=self,
            username="default",
            password=token,
            client_name=name,
            decode_responses=True,
            retry=Retry(NoBackoff(), -1),
        )
        self.client = Redis(connection_pool=pool, single_connection_client=True)
        self._starting = asyncio.create_task(self._start())
        self._loop_task: asyncio.Task[None] | None = None
        self._connection: _LinkConnection | None = None

    async def ping(self) -> None:
        """A fresh PING: no answer while there is no connection.

        Raises:
            RedisError: the server answered with an error, or refused the handshake.
        """
        rejection: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        ping: asyncio.Future[Any] = asyncio.ensure_future(self._ping())
        ping.add_done_callback(_retrieve)
        self._pings.add(rejection)
        try:
            waiting: set[asyncio.Future[Any]] = {ping, rejection}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._pings.discard(rejection)
        if not ping.done():
            ping.cancel()
            rejection.result()
        ping.result()

    async def _ping(self) -> None:
        await self.client.ping()  # type: ignore[misc]  # redis-py types its two clients as one

    async def close(self) -> None:
        """End the connection; whoever waits on it hears `LinkClosed`."""
        self._is_closed = True
        for task in (self._starting, self._loop_task):
            if task is not None:
                task.cancel()
        self._settle(LinkClosed("Connection is closed."))
        if self._connection is not None:
            await self._connection.disconnect()

    async def established(self) -> None:
        """Wait until the connection is ready.

        Raises:
            Rejected: the server refused the handshake.
            LinkClosed: it never will be.
        """
        if self._is_closed:
            raise LinkClosed("Connection is closed.")
        await asyncio.shield(self._outcome)

    def adopt(self, connection: _LinkConnection) -> None:
        """Begin to keep `connection` connected."""
        self._connection = connection
        self._loop_task = asyncio.create_task(self._keep(connection))
        connection.keeper = self._loop_task

    def renew(self) -> None:
        """Let commands wait for the next outcome."""
        if self._outcome.done() and not self._is_closed:
            self._outcome = asyncio.get_running_loop().create_future()
            self._outcome.add_done_callback(_retrieve)

    async def _start(self) -> None:
        while not self._is_closed:
            try:
                await self.client.initialize()
            except Rejected:
                continue
            return

    async def _keep(self, connection: _LinkConnection) -> None:
        while not self._is_closed:
            try:
                await self._open(connection)
            except (RedisError, OSError, EOFError) as error:
                self._report(error)
            else:
                self._attempt = 0
                self._settle(None)
                await connection.fallen()
            await connection.disconnect()
            self._on("close")
            self._attempt += 1
            delay_ms = min(50 * self._attempt, LONGEST_DELAY_MS)
            self._on("reconnecting", self._attempt, delay_ms)
            await asyncio.sleep(delay_ms / 1000)

    async def _open(self, connection: _LinkConnection) -> None:
        address = ""
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                address = await self._resolve()
                await connection.open(address, self.port, self._tls, self.host)
        except (OSError, EOFError, TimeoutError) as error:
            text = network_text(error, host=self.host, address=f"{address}:{self.port}")
            raise RedisConnectionError(text) from error
        self._on("connect")
        try:
            await connection.shake_hands()
        except RedisConnectionError as error:
            raise RedisConnectionError("read ECONNRESET") from error
        self._on("ready")

    async def _resolve(self) -> str:
        """An address of the host. Names below `.invalid` have none and are not asked for (RFC 6761)."""
        if self._resolver:
            return await lookup(self.host, server=self._resolver)
        if self.host == "invalid" or self.host.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        found = await asyncio.get_running_loop().getaddrinfo(self.host, self.port, proto=6)
        return str(found[0][4][0])

    def _report(self, error: Exception) -> None:
        if isinstance(error, Rejected):
            self._on("error", str(error))
            self._settle(error)
            for ping in self._pings:
                if not ping.done():
                    ping.set_exception(error)
            self.renew()
        elif isinstance(error, RedisError):
            self._on("error", str(error))
        else:
            self._on("error", network_text(error, host=self.host, address=f"{self.host}:{self.port}"))

    def _settle(self, error: Exception | None) -> None:
        if not self._outcome.done():
            if error is None:
                self._outcome.set_result(None)
            else:
                self._outcome.set_exception(error)


class _LinkConnection(SSLConnection):
    """redis-py's connection, opened and closed by its link alone."""

    def __init__(self, *, link: Link, **options: Any) -> None:
        super().__init__(**options)
        self._link = link
        self._is_ready = False
        self._fallen = asyncio.Event()
        self.keeper: asyncio.Task[None] | None = None
        link.adopt(self)

    @property
    def is_connected(self) -> bool:
        is_open = self._reader is not None and self._writer is not None
        return is_open and (self._is_ready or asyncio.current_task() is self.keeper)

    async def connect(self) -> None:
        await self._link.established()

    async def connect_check_health(self, check_health: bool = True, retry_socket_connect: bool = True) -> None:
        if not self.is_connected:
            await self._link.established()

    async def open(self, address: str, port: int, tls: ssl.SSLContext, host: str) -> None:
        """Connect and encrypt."""
        self._fallen.clear()
        self._reader, self._writer = await asyncio.open_connection(
            address, port, ssl=tls, server_hostname=host, ssl_shutdown_timeout=1
        )

    async def shake_hands(self) -> None:
        """Authenticate, then ask whether the server is ready.

        Raises:
            Rejected: with the server's words.
        """
        try:
            await self.on_connect()
        except RedisConnectionError as error:
            if getattr(error, "status_code", None):
                raise Rejected(reply_text(error)) from error
            raise
        except ResponseError as error:
            # redis-py takes a general error's code away.
            raise Rejected(f"ERR {error}") from error
        try:
            await self.send_command("INFO", check_health=False)
            await self.read_response()
        except ResponseError as error:
            raise Rejected(f"Ready check failed: {reply_text(error)}") from error
        self._is_ready = True

    async def fallen(self) -> None:
        """Wait until the connection is lost, by either side."""
        assert self._writer is not None
        closed = asyncio.ensure_future(self._writer.wait_closed())
        closed.add_done_callback(_retrieve)
        mine = asyncio.ensure_future(self._fallen.wait())
        await asyncio.wait({closed, mine}, return_when=asyncio.FIRST_COMPLETED)
        mine.cancel()

    async def disconnect(
        self,
        nowait: bool = False,
        error: Exception | None = None,
        failure_count: int | None = None,
        health_check_failed: bool = False,
    ) -> None:
        self._is_ready = False
        self._parser.on_disconnect()  # type: ignore[no-untyped-call]
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None
        self._fallen.set()
        self._link.renew()


def _retrieve(future: asyncio.Future[Any]) -> None:
    """Nobody may be waiting: an exception is not worth a warning then."""
    if not future.cancelled():
        future.exception()
