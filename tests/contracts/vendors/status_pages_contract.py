"""The vendors' status pages: no description is published, our own table of their three formats stands for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
from jsonschema import Draft202012Validator
from tests.contracts.vendors.tally import Basis, Tally

from diagnostics.clients.status_pages import REQUESTS
from sandbox.vendors.status_pages import VENDORS, Impact, StatusPages, status_pages_app

_TEXT, _TIME = {"type": "string"}, {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT.*Z$"}


def _object(**properties: Any) -> dict[str, Any]:
    """An object that has these fields, and may have more."""
    return {"type": "object", "required": sorted(properties), "properties": properties}


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _one_of(*words: str) -> dict[str, Any]:
    return {"enum": list(words)}


_COMPONENT = _one_of("operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance")
_STAGE = _one_of("investigating", "identified", "monitoring", "resolved")
STATUSPAGE = _object(
    page=_object(id=_TEXT, name=_TEXT, url=_TEXT, updated_at=_TIME),
    status=_object(indicator=_one_of("none", "minor", "major", "critical"), description=_TEXT),
    components=_list(_object(id=_TEXT, name=_TEXT, status=_COMPONENT, group={"type": "boolean"})),
    incidents=_list(_object(id=_TEXT, name=_TEXT, status=_STAGE, impact=_TEXT, created_at=_TIME, shortlink=_TEXT)),
    scheduled_maintenances={"type": "array"},
)
INSTATUS = {
    "type": "object",
    "required": ["page"],
    "properties": {
        "page": _object(name=_TEXT, url=_TEXT, status=_one_of("UP", "HASISSUES", "UNDERMAINTENANCE")),
        "activeIncidents": {
            **_list(
                _object(
                    name=_TEXT,
                    started=_TIME,
                    status=_one_of("INVESTIGATING", "IDENTIFIED", "MONITORING", "RESOLVED"),
                    impact=_one_of("OPERATIONAL", "DEGRADEDPERFORMANCE", "MINOROUTAGE", "PARTIALOUTAGE", "MAJOROUTAGE"),
                    url=_TEXT,
                )
            ),
            # Absent when there is none.
            "minItems": 1,
        },
    },
}
_STATE = _one_of("operational", "degraded", "partial_outage", "major_outage")
DATADOG = _object(
    id=_TEXT,
    name=_TEXT,
    pageUrl=_TEXT,
    components=_list(_object(id=_TEXT, name=_TEXT, status=_STATE)),
    incidents=_list(_object(id=_TEXT, title=_TEXT, currentStatus=_STAGE, publishedDate=_TIME)),
    maintenances={"type": ["array", "null"]},
)
FORMS = {"railway": INSTATUS, "openrouter": DATADOG}
"""Schema of a vendor's page; the others are Statuspage's."""


async def status_pages_tally() -> Tally:
    """Check every page, green and with each impact, and that our client asks for nothing else."""
    tally = Tally(vendor="status")
    for _, path, vendor in REQUESTS:
        tally.request(f"{vendor} {path}", Basis.OWN_TABLE, [] if vendor in VENDORS else ["is nobody's page"])
        for impact in (None, *Impact):
            answer = await page(vendor, path, impact)
            wrong = [] if answer.status_code == 200 else [f"HTTP {answer.status_code}"]
            wrong += faults(FORMS.get(vendor, STATUSPAGE), answer.json())
            tally.answer(f"{vendor}, {impact.value if impact else 'green'}", Basis.OWN_TABLE, wrong)
    return tally


async def page(vendor: str, path: str, impact: Impact | None) -> httpx.Response:
    """The page of one vendor, green or with an incident."""
    pages = StatusPages()
    if impact:
        pages.write(vendor, "Something burns", impact)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(status_pages_app(pages)), base_url="http://p") as client:
        return await client.get(f"/{vendor}{path}")


def faults(schema: Mapping[str, Any], body: object) -> Iterator[str]:
    """What a schema has against a body."""
    for error in Draft202012Validator(schema).iter_errors(body):
        yield f"{error.json_path}: {error.message[:200]}"
