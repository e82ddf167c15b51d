"""Looks at what the vendors say: their status pages, all at once, and Upstash's account of our database."""

from __future__ import annotations

from diagnostics.clients.status_pages import FORMS, read_status
from diagnostics.clients.systems import Systems
from diagnostics.clients.upstash_api import read_plan
from diagnostics.model import Evidence, Failure, FailureKind, Probe
from diagnostics.probes.look import absent, look, unset
from diagnostics.settings import shown
from diagnostics.text import text


async def probe_provider_vercel(systems: Systems) -> Evidence:
    """Vercel's status page."""
    return await _page(systems, "vercel")


async def probe_provider_railway(systems: Systems) -> Evidence:
    """Railway's status page."""
    return await _page(systems, "railway")


async def probe_provider_supabase(systems: Systems) -> Evidence:
    """Supabase's status page."""
    return await _page(systems, "supabase")


async def probe_provider_upstash(systems: Systems) -> Evidence:
    """Upstash's status page."""
    return await _page(systems, "upstash")


async def probe_provider_sentry(systems: Systems) -> Evidence:
    """Sentry's status page."""
    return await _page(systems, "sentry")


async def probe_provider_openrouter(systems: Systems) -> Evidence:
    """OpenRouter's status page."""
    return await _page(systems, "openrouter")


async def probe_redis_plan(systems: Systems) -> Evidence:
    """State, limits and usage of the database, as Upstash accounts for them."""
    section = systems.settings.profile.upstash_api
    assert section is not None
    source = f"GET {shown(section.base_url)}/redis/database"
    email, key = systems.settings.secret(section.email_env), systems.settings.secret(section.key_env)
    if not email or not key:
        missing = [name for name, value in ((section.email_env, email), (section.key_env, key)) if not value]
        return absent("redis.plan", source, unset(*missing))
    host = systems.scope.facts.redis_host
    return await look(
        "redis.plan",
        source,
        lambda: read_plan(systems.http, section, (email, key), host=host, timeout_s=systems.timeout_s),
    )


async def _page(systems: Systems, vendor: str) -> Evidence:
    section = systems.settings.profile.status_pages
    url: str = getattr(section, vendor) if section else ""
    probe = f"provider.{vendor}"
    if not url:
        return absent(probe, "GET", _unnamed(vendor))
    source = f"GET {shown(url)}{FORMS[vendor].path}"
    return await look(probe, source, lambda: read_status(systems.http, url, vendor, timeout_s=systems.timeout_s))


def _unnamed(vendor: str) -> Failure:
    """A page that the profile does not name is no system of ours: a standing limit."""
    return Failure(
        kind=FailureKind.NOT_CONFIGURED,
        why=text("the status page of {vendor} is not in the profile", vendor=vendor),
        regain=text("add {vendor} to the section [status_pages] of the profile", vendor=vendor),
    )


PROBES = (
    Probe(name="redis.plan", system="upstash_api", look=probe_redis_plan),
    Probe(name="provider.vercel", system="status_pages", look=probe_provider_vercel),
    Probe(name="provider.railway", system="status_pages", look=probe_provider_railway),
    Probe(name="provider.supabase", system="status_pages", look=probe_provider_supabase),
    Probe(name="provider.upstash", system="status_pages", look=probe_provider_upstash),
    Probe(name="provider.sentry", system="status_pages", look=probe_provider_sentry),
    Probe(name="provider.openrouter", system="status_pages", look=probe_provider_openrouter),
)
