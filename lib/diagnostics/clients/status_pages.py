"""The vendors' public status pages, each in its own format, to one normal form. No token is ever sent.

What is no JSON (a challenge page, a 403, a timeout) is a ClientError: nothing is known then, neither good nor bad.
Sources: Atlassian Statuspage v2 `summary.json`; Instatus `summary.json`; Datadog Status Pages `config.json`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import Field

from diagnostics.clients.http import Http, expect_ok, parse
from diagnostics.clients.payload import Payload
from diagnostics.readings import Indicator, VendorIncident, VendorStatus
from diagnostics.settings import shown

KEPT = 10
"""Incidents and components that are kept of one page."""
LONGEST = 120
"""Characters kept of a vendor's words."""
_WORST = (Indicator.CRITICAL, Indicator.MAJOR, Indicator.UNKNOWN, Indicator.MINOR, Indicator.MAINTENANCE)
_STATUSPAGE = {indicator.value: indicator for indicator in Indicator if indicator is not Indicator.UNKNOWN}
_INSTATUS = {
    "OPERATIONAL": Indicator.NONE,
    "DEGRADEDPERFORMANCE": Indicator.MINOR,
    "MINOROUTAGE": Indicator.MINOR,
    "PARTIALOUTAGE": Indicator.MAJOR,
    "MAJOROUTAGE": Indicator.CRITICAL,
    "UNDERMAINTENANCE": Indicator.MAINTENANCE,
}
_DATADOG = {
    "operational": Indicator.NONE,
    "degraded": Indicator.MINOR,
    "partial_outage": Indicator.MAJOR,
    "major_outage": Indicator.CRITICAL,
    "maintenance": Indicator.MAINTENANCE,
}


class _Page(Payload):
    updated_at: datetime | None = None


class _Status(Payload):
    indicator: str


class _Component(Payload):
    name: str
    status: str
    group: bool = False


class _Incident(Payload):
    name: str
    status: str
    started_at: datetime | None = None
    created_at: datetime | None = None


class _Statuspage(Payload):
    page: _Page
    status: _Status
    components: list[_Component]
    incidents: list[_Incident]


class _InstatusPage(Payload):
    status: str


class _InstatusIncident(Payload):
    name: str
    status: str
    impact: str
    started: datetime | None = None
    affected: list[str] = Field(default_factory=list)


class _Instatus(Payload):
    page: _InstatusPage
    activeIncidents: list[_InstatusIncident] = Field(default_factory=list)
    """Absent when there is none."""


class _DatadogComponent(Payload):
    name: str
    status: str
    components: list[_DatadogComponent] = Field(default_factory=list)


class _DatadogIncident(Payload):
    title: str
    currentStatus: str
    resolved: bool = False
    publishedDate: datetime | None = None
    lastModifiedAt: datetime | None = None


class _Datadog(Payload):
    components: list[_DatadogComponent]
    incidents: list[_DatadogIncident]


def _statuspage(vendor: str, payload: object, where: str) -> VendorStatus:
    page = parse(_Statuspage, payload, where)
    affected = [c.name for c in page.components if c.status != "operational" and not c.group]
    return VendorStatus(
        vendor=vendor,
        indicator=_STATUSPAGE.get(page.status.indicator, Indicator.UNKNOWN),
        incidents=_kept((i.name, i.status, i.started_at or i.created_at) for i in page.incidents),
        affected=_names(affected),
        updated_at=page.page.updated_at,
    )


def _instatus(vendor: str, payload: object, where: str) -> VendorStatus:
    page = parse(_Instatus, payload, where)
    open_ = [i for i in page.activeIncidents if i.status != "RESOLVED"]
    match page.page.status:
        case "UP":
            indicator = Indicator.NONE
        case "UNDERMAINTENANCE":
            indicator = Indicator.MAINTENANCE
        case "HASISSUES":
            # Issues without one incident that tells how bad: nobody knows.
            impacts = [_INSTATUS.get(i.impact, Indicator.UNKNOWN) for i in open_]
            indicator = worst(impacts) if impacts else Indicator.UNKNOWN
        case _:
            indicator = Indicator.UNKNOWN
    return VendorStatus(
        vendor=vendor,
        indicator=indicator,
        incidents=_kept((i.name, i.status.lower(), i.started) for i in open_),
        affected=(),
    )


def _datadog(vendor: str, payload: object, where: str) -> VendorStatus:
    page = parse(_Datadog, payload, where)
    leaves = [leaf for component in page.components for leaf in (component.components or [component])]
    affected = [leaf for leaf in leaves if leaf.status != "operational"]
    open_ = [i for i in page.incidents if not i.resolved and i.currentStatus != "resolved"]
    changed = [i.lastModifiedAt for i in page.incidents if i.lastModifiedAt]
    return VendorStatus(
        vendor=vendor,
        indicator=worst([_DATADOG.get(leaf.status, Indicator.UNKNOWN) for leaf in affected]),
        incidents=_kept((i.title, i.currentStatus, i.publishedDate) for i in open_),
        affected=_names(leaf.name for leaf in affected),
        updated_at=max(changed, default=None),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How one vendor's page is asked and read."""

    path: str
    read: Callable[[str, object, str], VendorStatus]


_STATUSPAGE_FORM = Form(path="/api/v2/summary.json", read=_statuspage)
FORMS: dict[str, Form] = {
    "vercel": _STATUSPAGE_FORM,
    "railway": Form(path="/summary.json", read=_instatus),
    "supabase": _STATUSPAGE_FORM,
    "upstash": _STATUSPAGE_FORM,
    "sentry": _STATUSPAGE_FORM,
    "openrouter": Form(path="/config.json", read=_datadog),
}
"""The page of each vendor that we know of. Source: the vendors' pages as last seen; Railway's has no `/api/v2`."""
REQUESTS = tuple(("GET", form.path, vendor) for vendor, form in FORMS.items())
"""The whole allow-list."""


async def read_status(http: Http, base_url: str, vendor: str, *, timeout_s: float) -> VendorStatus:
    """The page of `vendor` at `base_url`. Raises: ClientError; whatever is not its JSON is no statement."""
    form = FORMS[vendor]
    where = f"GET {shown(base_url)}{form.path}"
    answer = expect_ok(await http.get(f"{base_url}{form.path}", timeout_s=timeout_s), where)
    return form.read(vendor, answer.json(where), where)


def worst(indicators: Iterable[Indicator]) -> Indicator:
    """The worst of them; an unknown word outweighs a minor trouble and no greater one."""
    found = set(indicators)
    return next((indicator for indicator in _WORST if indicator in found), Indicator.NONE)


def _kept(incidents: Iterable[tuple[str, str, datetime | None]]) -> tuple[VendorIncident, ...]:
    made: list[Any] = [
        VendorIncident(name=name[:LONGEST], status=status[:LONGEST], started_at=at) for name, status, at in incidents
    ]
    return tuple(made[:KEPT])


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name[:LONGEST] for name in names)[:KEPT]
