"""What the frontend talks to, as its variables say. They are read when they are used, as Next.js does."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING

import httpx

from sandbox.frontend.log import Log
from sandbox.frontend.openrouter import OpenRouter
from sandbox.frontend.reporting import Reporting
from sandbox.frontend.sessions import Sessions
from sandbox.frontend.supabase import Supabase
from sandbox.frontend.upstash import Upstash

if TYPE_CHECKING:
    from sandbox.frontend.cache import Cache

VERSION = "1.0.0"
NO_TIMEOUT = httpx.Timeout(None)
"""Node's fetch has none to speak of."""


class EnvironmentFailed(Exception):
    """A variable that the server code needs is not set."""


class Backends:
    """One instance's connections, shared by its requests."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        ca_file = environ.get("NODE_EXTRA_CA_CERTS", "")
        tls = ssl.create_default_context(cafile=ca_file or None)
        self.http = httpx.AsyncClient(verify=tls, timeout=NO_TIMEOUT, trust_env=False)
        self.log = Log(self.environment, VERSION)
        self.reporting = Reporting(environ)
        url = environ.get("REDIS_URL", "")
        self.cache = _cache(url, ca_file) if url and "placeholder" not in url else None
        """`None` without REDIS_URL."""
        self.sessions = Sessions(environ.get("NEXTAUTH_SECRET", ""), environ.get("NEXTAUTH_URL", ""))

    @property
    def environment(self) -> str:
        return self.environ.get("VERCEL_ENV", "production")

    def public_supabase(self) -> Supabase:
        """As a browser connects: address and key were baked in when the release was built.

        Raises:
            SupabaseError: one of them was missing then.
        """
        values = self.environ.get
        return Supabase(self.http, values("NEXT_PUBLIC_SUPABASE_URL", ""), values("NEXT_PUBLIC_SUPABASE_ANON_KEY", ""))

    def probing_supabase(self) -> Supabase:
        """As `/api/health/db` connects: the service-role key, or the public one where that is missing.

        Raises:
            SupabaseError: no address or no key at all.
        """
        values = self.environ.get
        url = values("SUPABASE_URL") or values("NEXT_PUBLIC_SUPABASE_URL", "")
        key = values("SUPABASE_SERVICE_ROLE_KEY") or values("NEXT_PUBLIC_SUPABASE_ANON_KEY", "")
        return Supabase(self.http, url, key)

    def server_supabase(self) -> Supabase:
        """As pages and API connect: the service-role key.

        Raises:
            EnvironmentFailed: address or key is not set.
        """
        for name in ("SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY"):
            if not self.environ.get(name):
                raise EnvironmentFailed(f"Supabase environment validation failed: {name}")
        return Supabase(self.http, self.environ["SUPABASE_URL"], self.environ["SUPABASE_SERVICE_ROLE_KEY"])

    def upstash(self) -> Upstash | None:
        """The REST database; `None` when its variables are missing."""
        url, token = self.environ.get("UPSTASH_REDIS_REST_URL"), self.environ.get("UPSTASH_REDIS_REST_TOKEN")
        return Upstash(self.http, url, token) if url and token else None

    def openrouter(self) -> OpenRouter:
        base_url = self.environ.get("OPENROUTER_BASE_URL", "https://openrouter.ai/api/v1")
        return OpenRouter(self.http, base_url, self.environ.get("OPENROUTER_API_KEY", ""))

    async def close(self) -> None:
        self.reporting.flush()
        await self.http.aclose()


def _cache(url: str, ca_file: str) -> Cache:
    from sandbox.frontend.cache import Cache  # noqa: PLC0415  (large, and in production's layout not needed)

    return Cache(url, ca_file)
