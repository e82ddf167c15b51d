"""Which way leads to Redis: over TCP, over Upstash REST, or over REST where TCP does not connect."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from contextlib import nullcontext, suppress

from diagnostics.budget import Budget
from diagnostics.clients.detour import Detour
from diagnostics.clients.http import Http
from diagnostics.clients.reader import Reader
from diagnostics.clients.upstash import RestAddress, UpstashReader, rest_address
from diagnostics.errors import SettingsError
from diagnostics.settings import Settings, shown

_CONNECT_SHARE = 0.4
"""Part of a look's time after which a TCP connection counts as blocked, so that REST has time to answer."""


def reader_for(settings: Settings, http: Http, *, budget: Budget, timeout_s: float) -> Reader | None:
    """The reader that the set variables allow; `None` when none is set.

    TCP goes first: one connection carries all reads, REST costs a request each.

    Raises: SettingsError when what is set leads nowhere.
    """
    section = settings.profile.redis
    if section is None:
        return None
    url = settings.secret(section.url_env)
    rest: Reader | None = None
    # Beside a TCP address, half a second way costs only that way.
    with suppress(SettingsError) if url else nullcontext():
        address = _rest(settings)
        rest = UpstashReader(http, address, budget=budget, timeout_s=timeout_s) if address else None
    if not url:
        return rest
    # redis-py takes a twentieth of a second to load: it comes while others look already.
    from diagnostics.clients.redis import RedisReader  # noqa: PLC0415

    ca_file = settings.root / section.ca_file if section.ca_file else None
    connect_timeout_s = timeout_s * (_CONNECT_SHARE if rest else 1)
    try:
        tcp = RedisReader(url, budget=budget, timeout_s=timeout_s, ca_file=ca_file, connect_timeout_s=connect_timeout_s)
    except SettingsError:
        if rest is None:
            raise
        return rest
    return Detour(tcp, rest) if rest else tcp


def own_authority(settings: Settings) -> Mapping[str, ssl.SSLContext]:
    """The profile's certificate authority for the REST address, where both are given and usable."""
    section = settings.profile.redis
    if section is None or section.ca_file is None:
        return {}
    try:
        rest = _rest(settings)
        return {shown(rest.url): ssl.create_default_context(cafile=settings.root / section.ca_file)} if rest else {}
    except (SettingsError, OSError):
        # The look at Redis tells of both; an OSError is an authority that cannot be read.
        return {}


def _rest(settings: Settings) -> RestAddress | None:
    section = settings.profile.redis
    assert section is not None
    names = (section.rest_url_env, section.rest_token_env)
    url, token = ((name, settings.secret(name)) for name in names)
    return rest_address(url, token)
