"""Looks at the services the worker depends on."""

from __future__ import annotations

from diagnostics.clients.openrouter import read_account
from diagnostics.clients.systems import Systems
from diagnostics.model import Evidence, Probe
from diagnostics.probes.look import absent, look, unset
from diagnostics.settings import shown


async def probe_openrouter_account(systems: Systems) -> Evidence:
    """Is OpenRouter reachable, and is our key good."""
    section = systems.settings.profile.openrouter
    assert section is not None
    source = f"GET {shown(section.base_url)}/key"
    key = systems.settings.secret(section.token_env)
    if key is None:
        return absent("openrouter.account", source, unset(section.token_env))
    return await look(
        "openrouter.account",
        source,
        lambda: read_account(systems.http, section.base_url, key, timeout_s=systems.timeout_s),
    )


PROBES = (Probe(name="openrouter.account", system="openrouter", look=probe_openrouter_account),)
