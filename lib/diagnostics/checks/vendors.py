"""Judgements about what the vendors' status pages say. Source: runbook 1.E1, 1.A2, 3.C2, 4.D2, 5.C3.

A page speaks of all the vendor's customers: alone it is no trouble of ours, however loud, and no proof of health,
however green. Beside symptoms of our own it names the cause; `causes/provider.py` puts the two together.
"""

from __future__ import annotations

from diagnostics.checks.finding import blind
from diagnostics.model import Finding
from diagnostics.readings import Indicator, RailwayService, VendorStatus
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

VENDORS = {
    "vercel": ("Vercel", "https://www.vercel-status.com", "/api/v2/summary.json"),
    "railway": ("Railway", "https://status.railway.com", "/summary.json"),
    "supabase": ("Supabase", "https://status.supabase.com", "/api/v2/summary.json"),
    "upstash": ("Upstash", "https://status.upstash.com", "/api/v2/summary.json"),
    "sentry": ("Sentry", "https://status.sentry.io", "/api/v2/summary.json"),
    "openrouter": ("OpenRouter", "https://status.openrouter.ai", "/config.json"),
}
"""Name, page and path of each vendor."""
_SAID: dict[Indicator, Text] = {
    Indicator.NONE: text("nothing is out of order"),
    Indicator.MINOR: text("a minor incident"),
    Indicator.MAJOR: text("a major incident"),
    Indicator.CRITICAL: text("a critical incident"),
    Indicator.MAINTENANCE: text("maintenance"),
}


def check_provider_vercel(seen: Seen, scope: Scope) -> Finding:
    """Judge Vercel's word on itself."""
    return _judged("vercel", seen, scope)


def check_provider_railway(seen: Seen, scope: Scope) -> Finding:
    """Judge Railway's word on itself: its page, else what its API says of the platform."""
    finding = _judged("railway", seen, scope)
    service = seen.reading(RailwayService)
    if service is None or not service.provider_incident or _status("railway", seen) is not None:
        return finding
    return Finding(
        id=finding.id,
        severity=Severity.OK,
        state="incident",
        sentence=text(
            "Railway's API reports an incident of its platform ({status})", status=service.provider_incident.lower()
        ),
        evidence=seen.ids("railway.service"),
        command=finding.command,
    )


def check_provider_supabase(seen: Seen, scope: Scope) -> Finding:
    """Judge Supabase's word on itself."""
    return _judged("supabase", seen, scope)


def check_provider_upstash(seen: Seen, scope: Scope) -> Finding:
    """Judge Upstash's word on itself."""
    return _judged("upstash", seen, scope)


def check_provider_sentry(seen: Seen, scope: Scope) -> Finding:
    """Judge Sentry's word on itself."""
    return _judged("sentry", seen, scope)


def check_provider_openrouter(seen: Seen, scope: Scope) -> Finding:
    """Judge OpenRouter's word on itself."""
    return _judged("openrouter", seen, scope)


def _judged(vendor: str, seen: Seen, scope: Scope) -> Finding:
    """One finding, `provider.<vendor>`; its state is the page's indicator. UNKNOWN where the page was not read."""
    check = f"provider.{vendor}"
    command = _command(vendor, scope)
    status = _status(vendor, seen)
    if status is None:
        return blind(check, seen, check, command=command)
    return Finding(
        id=check,
        severity=Severity.UNKNOWN if status.indicator is Indicator.UNKNOWN else Severity.OK,
        state=status.indicator.value,
        sentence=_sentence(VENDORS[vendor][0], status),
        evidence=seen.ids(check),
        command=command,
    )


def _status(vendor: str, seen: Seen) -> VendorStatus | None:
    item = seen.of(f"provider.{vendor}")
    return item.reading if item and isinstance(item.reading, VendorStatus) else None


def _sentence(name: str, status: VendorStatus) -> Text:
    said = _SAID.get(status.indicator)
    if said is None:
        return text("the status page of {vendor} uses a word that this version does not know", vendor=name)
    if status.incidents:
        first = status.incidents[0]
        return text(
            "{vendor} reports {what}: {incident} ({status})",
            vendor=name,
            what=said,
            incident=first.name,
            status=first.status,
        )
    if status.affected:
        return text("{vendor} reports {what}: {affected}", vendor=name, what=said, affected=", ".join(status.affected))
    return text("{vendor} reports: {what}", vendor=name, what=said)


def _command(vendor: str, scope: Scope) -> str:
    _, page, path = VENDORS[vendor]
    return f"curl -sS -m 10 {dict(scope.facts.status_pages).get(vendor, page)}{path}"


CHECKS = (
    check_provider_vercel,
    check_provider_railway,
    check_provider_supabase,
    check_provider_upstash,
    check_provider_sentry,
    check_provider_openrouter,
)
