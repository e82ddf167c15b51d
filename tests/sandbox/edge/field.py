"""An edge before a real server, for tests of the edge and of those who come through it."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from sandbox.certificates import write_certificates
from sandbox.edge import Credential, Edge, Gate
from sandbox.redis_server import BackendUsers, RedisServer, find_server
from sandbox.state import make_scratch

USERS = BackendUsers(default="backend-default", readonly="backend-readonly")


class Field:
    """A server, an edge before it, and clients."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = RedisServer(binary=find_server(os.environ), folder=folder, users=USERS, log=lambda _: None)
        own = [
            Credential(client=name, username="default", token=f"{name}-token", backend_password=USERS.default)
            for name in ("operator", "worker")
        ]
        readonly = Credential(
            client="readonly", username="default_ro", token="read-token", backend_password=USERS.readonly
        )
        self.gate = Gate(credentials=[*own, readonly])
        tls = write_certificates(folder)
        self.edge = Edge(gate=self.gate, tls=tls, backend_path=self.server.socket_path)

    def client(self, token: str = "operator-token", username: str = "default", **options: Any) -> Any:
        return Redis(
            host="localhost",
            port=options.pop("port", self.edge.port),
            username=username,
            password=token,
            ssl=True,
            ssl_ca_certs=str(self.folder / "ca.pem"),
            driver_info=None,
            single_connection_client=options.pop("is_single", False),
            retry=options.pop("retry", Retry(NoBackoff(), 0)),
            decode_responses=True,
            **options,
        )

    async def raw(self, data: bytes, until: bytes) -> bytes:
        """Send bytes over TLS; what comes back up to a text."""
        context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        reader, writer = await asyncio.open_connection("localhost", self.edge.port, ssl=context)
        writer.write(data)
        async with asyncio.timeout(10):
            found = await reader.readuntil(until)
        writer.close()
        return found


@asynccontextmanager
async def open_field() -> AsyncIterator[Field]:
    """A field whose server runs and whose edge is open."""
    folder = make_scratch()
    field = Field(folder)
    await field.server.start()
    await field.edge.open()
    try:
        yield field
    finally:
        field.edge.close()
        await field.server.stop(keep_data=False)
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
