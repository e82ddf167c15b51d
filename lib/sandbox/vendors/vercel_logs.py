"""Build events, live runtime logs and the request history, as Vercel writes them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from itertools import islice

from sandbox.site import Site
from sandbox.site.deployment import BuildEvent, Deployment, ReadyState
from sandbox.site.requests import Row
from sandbox.vendors.vercel_payloads import Payload, milliseconds

PAGE_ROWS = 100
DEFAULT_EVENTS = 10
LONGEST_MESSAGE = 4096
FOLLOW_EVERY_S = 0.05
UNFINISHED = (ReadyState.QUEUED, ReadyState.BUILDING)


def build_events(deployment: Deployment, query: Mapping[str, str]) -> list[Payload]:
    """Events of a build: chosen by `since`, `until`, `limit` and `direction`; none unless builds are asked for."""
    if query.get("builds") != "1":
        return []
    since, until = int(query.get("since", 0)), int(query.get("until", 2**53))
    found = [
        event(deployment, number, each)
        for number, each in enumerate(deployment.events)
        if since <= (milliseconds(each.at) or 0) <= until
    ]
    if query.get("direction") == "backward":
        found.reverse()
    limit = int(query.get("limit", DEFAULT_EVENTS))
    return found if limit < 0 else found[:limit]


async def followed_events(deployment: Deployment) -> AsyncIterator[str]:
    """Events as lines, until the build has ended."""
    told = 0
    while True:
        is_over = deployment.state not in UNFINISHED
        for number in range(told, len(deployment.events)):
            yield json.dumps(event(deployment, number, deployment.events[number])) + "\n"
        told = len(deployment.events)
        if is_over:
            return
        await asyncio.sleep(FOLLOW_EVERY_S)


def event(deployment: Deployment, number: int, found: BuildEvent) -> Payload:
    """One event in the flat form."""
    at_ms = milliseconds(found.at)
    serial = f"{at_ms}{number:04d}"
    level = {"level": found.level} if found.level else {}
    return {
        "created": at_ms,
        "date": at_ms,
        "deploymentId": deployment.id,
        "id": serial,
        "serial": serial,
        "type": found.kind,
        **level,
        "text": found.text,
        "info": {"type": "build", "name": f"bld_{deployment.id[4:12].lower()}", "entrypoint": "."},
    }


async def live(site: Site, deployment: Deployment, stream_s: float) -> AsyncIterator[str]:
    """Log lines of a deployment from now on; a delimiter ends the allowed time."""
    try:
        async with asyncio.timeout(stream_s):
            async for row in site.requests.follow():
                if row.deployment_id == deployment.id:
                    for line in _live_lines(row):
                        yield json.dumps(line) + "\n"
    except TimeoutError:
        yield (
            json.dumps({"level": "info", "message": "", "source": "delimiter", "rowId": "", "timestampInMs": 0}) + "\n"
        )


def history(site: Site, query: Mapping[str, str]) -> Payload:
    """One page of the request history, newest first."""
    is_chosen = _choice(dict(query))
    first = int(query.get("page", 0)) * PAGE_ROWS
    # Rows are looked at until the page is full: hours of them may lie behind it.
    chosen = list(islice(filter(is_chosen, reversed(site.requests.rows)), first, first + PAGE_ROWS + 1))
    return {"rows": [_past(row) for row in chosen[:PAGE_ROWS]], "hasMoreRows": len(chosen) > PAGE_ROWS}


def level_of(row: Row) -> str:
    """The worst thing printed, or what the status says."""
    if row.status >= 500 or any(each.level in ("error", "fatal") for each in row.printed):
        return "error"
    return "warning" if row.status >= 400 or any(each.level == "warning" for each in row.printed) else "info"


def _choice(query: Mapping[str, str]) -> Callable[[Row], bool]:
    """What a query asks of a finished request."""
    since, until = int(query.get("startDate", 0)), int(query.get("endDate", 2**53))
    status, text = query.get("statusCode", ""), query.get("search", "")
    levels, sources = _several(query.get("level", "")), _several(query.get("source", ""))
    deployment_id, request_id = query.get("deploymentId"), query.get("requestId")
    is_ours = query.get("environment", "production") == "production" and query.get("branch", "main") == "main"

    def is_chosen(row: Row) -> bool:
        return (
            is_ours
            and row.status > 0
            and (not status or str(row.status) == status or (status[1:] == "xx" and str(row.status)[0] == status[0]))
            and deployment_id in (None, row.deployment_id)
            and request_id in (None, row.id)
            and since <= (milliseconds(row.at) or 0) < until
            and (not levels or level_of(row) in levels)
            and (not sources or row.source in sources)
            and (not text or text in row.path or any(text in each.text for each in row.printed))
        )

    return is_chosen


def _several(text: str) -> Sequence[str]:
    return [each for each in text.split(",") if each]


def _past(row: Row) -> Payload:
    return {
        "requestId": row.id,
        "timestamp": row.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "deploymentId": row.deployment_id,
        "requestMethod": row.method,
        "requestPath": row.path,
        "statusCode": row.status,
        "environment": "production",
        "branch": "main",
        "domain": row.domain,
        "cache": "HIT" if row.source == "static" else "MISS",
        "logs": [{"level": each.level, **_message(each.text)} for each in row.printed],
        "events": [{"source": row.source}],
    }


def _live_lines(row: Row) -> list[Payload]:
    """The request itself, then what was printed."""
    shared: Payload = {
        "domain": row.domain,
        "requestMethod": row.method,
        "requestPath": row.path,
        "responseStatusCode": row.status,
    }
    request: Payload = {"level": level_of(row), "source": "request", "timestampInMs": milliseconds(row.at)}
    lines: list[Payload] = [{**request, **_message(""), "rowId": row.id, **shared}]
    for number, each in enumerate(row.printed):
        printed: Payload = {"level": each.level, "source": row.source, "timestampInMs": milliseconds(each.at)}
        lines.append({**printed, **_message(each.text), "rowId": f"{row.id}-{number}", **shared})
    return lines


def _message(text: str) -> Payload:
    return {"message": text[:LONGEST_MESSAGE], "messageTruncated": len(text) > LONGEST_MESSAGE}
