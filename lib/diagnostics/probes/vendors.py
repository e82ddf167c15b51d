"""Looks at what the vendors say: their status pages, all at once, and Upstash's account of our database."""

from __future__ import annotations

from diagnostics.clients.status_pages import FORMS, read_status
from diagnostics.clients.systems import Systems
from diagnostics.model import Evidence, Failure, FailureKind, Probe
from diagnostics.probes.look import absent, look
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
    Probe(name="provider.vercel", system="status_pages", look=probe_provider_vercel),
    Probe(name="provider.railway", system="status_pages", look=probe_provider_railway),
    Probe(name="provider.supabase", system="status_pages", look=probe_provider_supabase),
    Probe(name="provider.upstash", system="status_pages", look=probe_provider_upstash),
    Probe(name="provider.sentry", system="status_pages", look=probe_provider_sentry),
    Probe(name="provider.openrouter", system="status_pages", look=probe_provider_openrouter),
)
