"""A connection to the site, layer by layer: name, port, certificate. Each is timed, and told apart when it fails."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from diagnostics.readings import Layer, SiteConnection

_CODES = {10: "expired", 62: "wrong_name", 64: "wrong_name"}
"""OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED, _HOSTNAME_MISMATCH and _IP_ADDRESS_MISMATCH."""


async def read_connection(base_url: str, *, timeout_s: float, trust: ssl.SSLContext | None = None) -> SiteConnection:
    """Resolve, connect and shake hands once; no request is sent.

    A layer that fails is an observation, so nothing is raised. The resolver works in a thread that is left behind
    when it is late: the loop and the deadline are not held up by it.
    """
    parts = urlsplit(base_url)
    host, is_encrypted = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_encrypted else 80)
    seen = SiteConnection(host=host, addresses=0, is_encrypted=is_encrypted)
    ends = time.monotonic() + timeout_s
    try:
        address, seen = await _resolve(seen, port, ends)
    except (TimeoutError, OSError, UnicodeError) as error:
        return replace(seen, failed_at=Layer.DNS, reason=_reason(error, "unresolved"))
    try:
        writer, seen = await _dial(seen, address, port, ends)
    except (TimeoutError, OSError) as error:
        return replace(seen, failed_at=Layer.TCP, reason=_reason(error, "refused"))
    try:
        return await _shake_hands(seen, writer, trust or ssl.create_default_context(), ends) if is_encrypted else seen
    except (TimeoutError, OSError) as error:
        return replace(seen, failed_at=Layer.TLS, reason=_reason(error, "broken"))
    finally:
        writer.close()


async def _resolve(seen: SiteConnection, port: int, ends: float) -> tuple[str, SiteConnection]:
    started = time.monotonic()
    async with asyncio.timeout_at(_loop_time(ends)):
        found = await asyncio.get_running_loop().getaddrinfo(seen.host, port, type=socket.SOCK_STREAM)
    addresses = dict.fromkeys(str(item[4][0]) for item in found)
    return next(iter(addresses)), replace(seen, addresses=len(addresses), dns_s=_since(started))


async def _dial(
    seen: SiteConnection, address: str, port: int, ends: float
) -> tuple[asyncio.StreamWriter, SiteConnection]:
    started = time.monotonic()
    async with asyncio.timeout_at(_loop_time(ends)):
        _, writer = await asyncio.open_connection(address, port)
    return writer, replace(seen, tcp_s=_since(started))


async def _shake_hands(
    seen: SiteConnection, writer: asyncio.StreamWriter, trust: ssl.SSLContext, ends: float
) -> SiteConnection:
    started = time.monotonic()
    async with asyncio.timeout_at(_loop_time(ends)):
        await writer.start_tls(trust, server_hostname=seen.host)
    certificate = writer.get_extra_info("peercert") or {}
    return replace(seen, tls_s=_since(started), certificate_ends_at=_ends_at(certificate.get("notAfter")))


def _ends_at(told: object) -> datetime | None:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(told), UTC) if isinstance(told, str) else None


def _reason(error: Exception, usual: str) -> str:
    match error:
        case TimeoutError():
            return "timed_out"
        case ssl.SSLCertVerificationError(verify_code=code):
            return _CODES.get(code, "untrusted")
        case _:
            return usual


def _since(started: float) -> float:
    return round(time.monotonic() - started, 4)


def _loop_time(ends: float) -> float:
    """A monotonic instant on the running loop's own clock."""
    return asyncio.get_running_loop().time() + ends - time.monotonic()
