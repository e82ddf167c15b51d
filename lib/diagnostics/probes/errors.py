"""Looks at Sentry: which errors, since when, how many of the requests, in which releases."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from diagnostics.clients.sentry import Sentry
from diagnostics.clients.systems import Systems
from diagnostics.model import Evidence, Probe
from diagnostics.probes.look import absent, look, unset
from diagnostics.readings import Reading
from diagnostics.settings import shown


async def probe_sentry_issues(systems: Systems) -> Evidence:
    """Unresolved issues by frequency. Source: runbook 5.D1."""
    return await _sentry(systems, "sentry.issues", "issues/?sort=freq", lambda sentry: sentry.issues())


async def probe_sentry_latest(systems: Systems) -> Evidence:
    """The newest event of the most frequent issue, with its stack trace. Source: runbook 5.D2, 5.B2."""
    return await _sentry(systems, "sentry.latest", "issues/…/events/latest/", lambda sentry: sentry.latest())


async def probe_sentry_series(systems: Systems) -> Evidence:
    """Errors over time, and what became of what was sent. Source: runbook 5.D3, 5.S1."""
    return await _sentry(systems, "sentry.series", "events-timeseries/", lambda sentry: sentry.series())


async def probe_sentry_performance(systems: Systems) -> Evidence:
    """Requests as traced: failed share and response times. Source: runbook 5.D3, M5, M6."""
    return await _sentry(systems, "sentry.performance", "events/?dataset=spans", lambda sentry: sentry.performance())


async def probe_sentry_releases(systems: Systems) -> Evidence:
    """Releases as far as events name one."""
    return await _sentry(systems, "sentry.releases", "releases/", lambda sentry: sentry.releases())


PROBES = (
    Probe(name="sentry.issues", system="sentry", look=probe_sentry_issues),
    Probe(name="sentry.latest", system="sentry", look=probe_sentry_latest),
    Probe(name="sentry.series", system="sentry", look=probe_sentry_series),
    Probe(name="sentry.performance", system="sentry", look=probe_sentry_performance),
    Probe(name="sentry.releases", system="sentry", look=probe_sentry_releases),
)


async def _sentry(
    systems: Systems, probe: str, what: str, ask: Callable[[Sentry], Awaitable[Reading | None]]
) -> Evidence:
    section = systems.settings.profile.sentry
    assert section is not None
    source = f"GET {shown(section.base_url)} {what}"
    token = systems.settings.secret(section.token_env)
    missing = [
        name
        for name, value in (
            (section.token_env, token),
            ("RUNBOOK_SENTRY__ORGANIZATION", section.organization),
            ("RUNBOOK_SENTRY__PROJECT", section.project),
        )
        if not value
    ]
    if missing or token is None:
        return absent(probe, source, unset(*missing))
    sentry = Sentry(
        http=systems.http,
        section=section,
        token=token,
        window=systems.scope.window,
        timeout_s=systems.timeout_s,
    )
    return await look(probe, source, lambda: ask(sentry))
