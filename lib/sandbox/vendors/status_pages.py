"""Stand-ins for the vendors' public status pages, each in the format its vendor uses, below the vendor's name.

A page says what somebody wrote on it: nothing here looks at the systems, as nothing does at the vendors.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

VENDORS = ("vercel", "railway", "supabase", "upstash", "sentry", "openrouter")
COMPONENTS = {
    "vercel": ("Edge Network", "Builds", "Functions"),
    "railway": ("Dashboard", "Deployments", "Network"),
    "supabase": ("Database", "API Gateway", "Connection Pooler"),
    "upstash": ("Redis Global", "Redis Regional", "QStash"),
    "sentry": ("Ingestion", "US Web", "Alerting"),
    "openrouter": ("Chat API", "Models API", "Dashboard"),
}


class Impact(Enum):
    """How bad an incident is, in Statuspage's words."""

    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What somebody has written on a page."""

    title: str
    impact: Impact
    began: datetime


@dataclass(slots=True, kw_only=True)
class StatusPages:
    """What a fault may write on the pages while they are served."""

    notices: dict[str, Notice] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    """Vendors whose edge answers with a challenge page instead."""
    calls: Counter[str] = field(default_factory=Counter)
    """Requests received so far, by vendor."""

    def write(self, vendor: str, title: str, impact: Impact) -> None:
        """Put an incident on the page of `vendor`; it replaces the one before."""
        self.notices[vendor] = Notice(title=title, impact=impact, began=datetime.now(UTC))

    def clear(self, vendor: str) -> None:
        self.notices.pop(vendor, None)


def status_pages_app(pages: StatusPages) -> Starlette:
    """Serve the pages of all vendors."""
    routes = [
        Route("/railway/summary.json", _instatus, methods=["GET"]),
        Route("/openrouter/config.json", _datadog, methods=["GET"]),
        Route("/{vendor}/api/v2/summary.json", _statuspage, methods=["GET"]),
    ]
    app = Starlette(routes=routes)
    app.state.pages = pages
    return app


async def _statuspage(request: Request) -> Response:
    pages, vendor = _asked(request)
    if vendor in pages.blocked or vendor in ("railway", "openrouter") or vendor not in VENDORS:
        return _challenge()
    notice = pages.notices.get(vendor)
    worst = {"minor": "degraded_performance", "major": "partial_outage", "critical": "major_outage"}
    states = ["operational"] * 3
    if notice:
        states[0] = worst[notice.impact.value]
    return JSONResponse(
        {
            "page": {
                "id": vendor,
                "name": vendor.title(),
                "url": f"https://status.{vendor}.example",
                "time_zone": "Etc/UTC",
                "updated_at": _stamp(notice.began if notice else datetime.now(UTC)),
            },
            "status": _statuspage_status(notice),
            "components": [
                {
                    "id": f"c{number}",
                    "name": name,
                    "status": state,
                    "group": False,
                    "group_id": None,
                    "position": number,
                    "only_show_if_degraded": False,
                    "sandbox": True,
                }
                for number, (name, state) in enumerate(zip(COMPONENTS[vendor], states, strict=True), start=1)
            ],
            "incidents": [_statuspage_incident(notice)] if notice else [],
            "scheduled_maintenances": [],
        }
    )


async def _instatus(request: Request) -> Response:
    pages, vendor = _asked(request)
    if vendor in pages.blocked:
        return _challenge()
    notice = pages.notices.get(vendor)
    page = {"name": "Railway", "url": "https://status.railway.example", "status": "HASISSUES" if notice else "UP"}
    if notice is None:
        return JSONResponse({"page": page})
    words = {"minor": "MINOROUTAGE", "major": "PARTIALOUTAGE", "critical": "MAJOROUTAGE"}
    incident = {
        "id": "clx1",
        "name": notice.title,
        "started": _stamp(notice.began),
        "status": "INVESTIGATING",
        "impact": words[notice.impact.value],
        "url": "https://status.railway.example/incident/clx1",
    }
    return JSONResponse({"page": page, "activeIncidents": [incident]})


async def _datadog(request: Request) -> Response:
    pages, vendor = _asked(request)
    if vendor in pages.blocked:
        return _challenge()
    notice = pages.notices.get(vendor)
    words = {"minor": "degraded", "major": "partial_outage", "critical": "major_outage"}
    names = COMPONENTS[vendor]
    components: list[dict[str, Any]] = [
        {
            "id": "g1",
            "name": "API",
            "position": 0,
            "type": "ComponentGroup",
            "status": words[notice.impact.value] if notice else "operational",
            "components": [
                {"id": "c1", "name": names[0], "status": words[notice.impact.value] if notice else "operational"},
                {"id": "c2", "name": names[1], "status": "operational"},
            ],
        },
        {"id": "c3", "name": names[2], "position": 1, "type": "Component", "status": "operational"},
    ]
    return JSONResponse(
        {
            "id": "p1",
            "name": "OpenRouter",
            "pageUrl": "https://status.openrouter.example",
            "customDomain": None,
            "components": components,
            "incidents": [_datadog_incident(notice)] if notice else [],
            "maintenances": None,
        }
    )


def _statuspage_status(notice: Notice | None) -> dict[str, str]:
    if notice is None:
        return {"indicator": "none", "description": "All Systems Operational"}
    return {"indicator": notice.impact.value, "description": "Service Disruption"}


def _statuspage_incident(notice: Notice) -> dict[str, Any]:
    at = _stamp(notice.began)
    return {
        "id": "i1",
        "name": notice.title,
        "status": "investigating",
        "impact": notice.impact.value,
        "shortlink": "https://stspg.example/i1",
        "created_at": at,
        "started_at": at,
        "updated_at": at,
        "monitoring_at": None,
        "resolved_at": None,
        "incident_updates": [{"id": "u1", "status": "investigating", "body": notice.title, "created_at": at}],
    }


def _datadog_incident(notice: Notice) -> dict[str, Any]:
    at = _stamp(notice.began)
    return {
        "id": "i1",
        "title": notice.title,
        "currentStatus": "investigating",
        "resolved": False,
        "publishedDate": at,
        "lastModifiedAt": at,
        "componentsAffected": [],
        "timeline": [],
    }


def _challenge() -> Response:
    return HTMLResponse("<!doctype html><title>Access denied</title>error code: 1010", status_code=403)


def _asked(request: Request) -> tuple[StatusPages, str]:
    pages = request.app.state.pages
    assert isinstance(pages, StatusPages)
    vendor = request.path_params.get("vendor") or request.url.path.rstrip("/").split("/")[-2]
    pages.calls[vendor] += 1
    return pages, vendor


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
