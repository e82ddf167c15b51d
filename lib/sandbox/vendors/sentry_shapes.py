"""Sentry's JSON: issues, events, tags, releases and keys in the published shapes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sandbox.vendors.sentry_events import StoredEvent, exceptions, frames, message_of
from sandbox.vendors.sentry_search import stamp
from sandbox.vendors.sentry_state import SentryState
from sandbox.vendors.sentry_store import Issue, Period, tag_counts, users_of

TAG_NAMES = {"user": "User", "url": "URL", "release": "Release", "transaction": "Transaction"}
_NOT_SAID = {"seerFixabilityScore": None, "seerAutofixLastTriggered": None, "seerExplorerAutofixLastTriggered": None}


def project_shape(state: SentryState) -> dict[str, Any]:
    """The project, as far as issues name it."""
    return {
        "id": str(state.project_id),
        "name": state.project,
        "slug": state.project,
        "platform": "javascript-nextjs",
    }


def listed_issue(issue: Issue, state: SentryState, period: Period, now: datetime) -> dict[str, Any]:
    """An issue in a list: counts are those of the period, `count` is a string."""
    events = issue.within(period)
    return {
        **_issue(issue, state, now),
        "count": str(len(events)),
        "userCount": users_of(events),
        "firstSeen": stamp(issue.first_seen),
        "lastSeen": stamp(issue.last_seen),
        "stats": {"24h": hourly(issue, now)},
        "lifetime": _lifetime(issue),
        "filtered": {**_counted(events), "stats": {}},
        "sessionCount": 0,
        "inbox": {"reason": 0, "reason_details": _NO_REASON, "date_added": stamp(issue.first_seen)},
        "owners": {"type": "", "owner": "", "date_added": stamp(issue.first_seen)},
        "derivedData": _DERIVED,
        "integrationIssues": [],
        "sentryAppIssues": [],
        "latestEventHasAttachments": False,
        "matchingEventId": None,
        "matchingEventEnvironment": None,
    }


def detailed_issue(issue: Issue, state: SentryState, now: datetime) -> dict[str, Any]:
    """One issue by itself, over its whole life."""
    last = issue.newest.tags.get("release", "")
    return {
        **_issue(issue, state, now),
        **_counted(issue.events),
        "activity": [],
        "seenBy": [],
        "participants": [],
        "userReportCount": 0,
        "stats": {"24h": hourly(issue, now)},
        "firstRelease": {"version": issue.first_release} if issue.first_release else None,
        "lastRelease": {"version": last} if last else None,
        "tags": [_tag_total(key, issue) for key in sorted({key for event in issue.events for key in event.tags})],
    }


def _issue(issue: Issue, state: SentryState, now: datetime) -> dict[str, Any]:
    newest = issue.newest
    return {
        "id": issue.id,
        "shareId": None,
        "shortId": f"{state.project.upper()}-{issue.number:X}",
        "title": newest.title,
        "culprit": newest.culprit or None,
        "permalink": f"https://{state.organization}.sentry.io/issues/{issue.id}/",
        "logger": newest.payload.get("logger"),
        "level": newest.level,
        "status": issue.status,
        "statusDetails": {},
        "substatus": issue.substatus(now),
        "isPublic": False,
        "platform": newest.payload.get("platform") or "other",
        "priority": issue.priority or ("high" if newest.level in ("error", "fatal") else "medium"),
        "priorityLockedAt": None,
        **_NOT_SAID,
        "project": project_shape(state),
        "type": newest.type,
        "issueType": "error",
        "issueCategory": "error",
        "metadata": dict(newest.metadata),
        "numComments": len(issue.notes),
        "assignedTo": {"type": "user", "id": "12", "name": issue.assigned_to} if issue.assigned_to else None,
        "isBookmarked": False,
        "isSubscribed": False,
        "subscriptionDetails": None,
        "hasSeen": False,
        "annotations": [],
        "isUnhandled": not newest.is_handled,
    }


_DERIVED = {
    "blocker": "",
    "progress": "",
    "status": "",
    "viewCount": 0,
    "hasOpenFixPr": False,
    "isAssigned": False,
    "hasRootCause": False,
    "lastCompletedAutofixStep": "",
    "lastProgressedAt": None,
}
_NO_REASON = {"until": None, "count": None, "window": None, "user_count": None, "user_window": None}


def _counted(events: Sequence[StoredEvent]) -> dict[str, Any]:
    times = [event.at for event in events]
    return {
        "count": str(len(events)),
        "userCount": users_of(events),
        "firstSeen": stamp(min(times)) if times else None,
        "lastSeen": stamp(max(times)) if times else None,
    }


def _lifetime(issue: Issue) -> dict[str, Any]:
    return {**_counted(issue.events), "stats": {}}


def hourly(issue: Issue, now: datetime) -> list[list[int]]:
    """Events of each of the last 24 hours: epoch seconds and count."""
    this_hour = int(now.timestamp()) // 3600
    counts = Counter(int(event.at.timestamp()) // 3600 for event in issue.events)
    return [[hour * 3600, counts[hour]] for hour in range(this_hour - 23, this_hour + 1)]


def full_event(issue: Issue, event: StoredEvent, state: SentryState) -> dict[str, Any]:
    """One event whole, stack trace and user included: it is the client's duty to drop what nobody may keep."""
    place = issue.events.index(event)
    before = issue.events[place - 1].id if place else None
    after = issue.events[place + 1].id if place + 1 < len(issue.events) else None
    payload, release = event.payload, event.tags.get("release")
    sdk = payload.get("sdk") or {}
    return {
        **_event(issue, event, state),
        "dateReceived": stamp(event.received_at),
        "contexts": payload.get("contexts") or {},
        "context": payload.get("extra") or {},
        "size": len(str(payload)),
        "entries": _entries(event),
        "dist": payload.get("dist"),
        "sdk": {"name": sdk.get("name"), "version": sdk.get("version")},
        "packages": payload.get("modules") or {},
        "errors": [],
        "occurrence": None,
        "_meta": {},
        "release": {"version": release} if release else None,
        "userReport": None,
        "sdkUpdates": [],
        "resolvedWith": [],
        "fingerprints": ["".join(event.group).encode().hex()[:32]],
        "nextEventID": after,
        "previousEventID": before,
    }


def simple_event(issue: Issue, event: StoredEvent, state: SentryState) -> dict[str, Any]:
    """One event in a list of them."""
    return {**_event(issue, event, state), "event.type": event.type, "crashFile": None}


def _event(issue: Issue, event: StoredEvent, state: SentryState) -> dict[str, Any]:
    user = event.payload.get("user")
    return {
        "id": event.id,
        "eventID": event.id,
        "groupID": issue.id,
        "projectID": str(state.project_id),
        "message": message_of(event.payload),
        "title": event.title,
        "location": event.metadata.get("filename"),
        "culprit": event.culprit or None,
        "user": _user(user) if user else None,
        "tags": [{"key": key, "value": value} for key, value in sorted(event.tags.items())],
        "platform": event.payload.get("platform") or "other",
        "dateCreated": stamp(event.at),
        "type": event.type,
        "metadata": dict(event.metadata),
    }


def _user(user: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "email", "username", "ip_address", "name")
    return {**{name: user.get(name) for name in names}, "geo": None, "data": None}


def _entries(event: StoredEvent) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    if chain := exceptions(event.payload):
        values = [
            {
                "type": each.get("type"),
                "value": each.get("value"),
                "module": each.get("module"),
                "mechanism": each.get("mechanism"),
                "threadId": each.get("thread_id"),
                "stacktrace": {"frames": [_frame(frame) for frame in frames(each)]} if frames(each) else None,
                "rawStacktrace": None,
            }
            for each in chain
        ]
        entries.append({"type": "exception", "data": {"values": values}})
    if message := message_of(event.payload):
        entries.append({"type": "message", "data": {"formatted": message}})
    if crumbs := event.payload.get("breadcrumbs"):
        entries.append({"type": "breadcrumbs", "data": crumbs if isinstance(crumbs, dict) else {"values": crumbs}})
    if request := event.payload.get("request"):
        entries.append({"type": "request", "data": request})
    return entries


def _frame(frame: Mapping[str, Any]) -> dict[str, Any]:
    line = frame.get("lineno")
    source = [
        *_numbered(frame.get("pre_context"), (line or 0) - len(frame.get("pre_context") or ())),
        *([[line, frame["context_line"]]] if frame.get("context_line") is not None else []),
        *_numbered(frame.get("post_context"), (line or 0) + 1),
    ]
    return {
        "filename": frame.get("filename"),
        "absPath": frame.get("abs_path"),
        "module": frame.get("module"),
        "function": frame.get("function"),
        "lineNo": line,
        "colNo": frame.get("colno"),
        "inApp": bool(frame.get("in_app")),
        "context": source,
        "vars": frame.get("vars"),
    }


def _numbered(lines: Sequence[str] | None, first: int) -> list[list[Any]]:
    return [[first + index, line] for index, line in enumerate(lines or ())]


def _tag_total(key: str, issue: Issue) -> dict[str, Any]:
    return {"key": key, "name": TAG_NAMES.get(key, key), "totalValues": sum(tag_counts(issue.events, key).values())}


def tag_shape(key: str, issue: Issue, *, top: int = 10) -> dict[str, Any]:
    """How an issue's events spread over the values of one tag."""
    counts = tag_counts(issue.events, key)
    return {
        "key": key,
        "name": TAG_NAMES.get(key, key),
        "uniqueValues": len(counts),
        "totalValues": sum(counts.values()),
        "topValues": tag_values(key, issue)[:top],
    }


def tag_values(key: str, issue: Issue) -> list[dict[str, Any]]:
    """Every value of a tag, the most frequent first."""
    seen = {value: [e.at for e in issue.events if e.tags.get(key) == value] for value in tag_counts(issue.events, key)}
    return [
        {
            "key": key,
            "name": value,
            "value": value,
            "count": len(times),
            "firstSeen": stamp(min(times)),
            "lastSeen": stamp(max(times)),
        }
        for value, times in sorted(seen.items(), key=lambda item: -len(item[1]))
    ]


def release_shape(number: int, version: str, heard: Sequence[datetime], state: SentryState) -> dict[str, Any]:
    """A release Sentry has heard of by its events."""
    new = sum(issue.first_release == version for issue in state.store.issues.values())
    project = {
        "id": state.project_id,
        "slug": state.project,
        "name": state.project,
        "platform": "javascript-nextjs",
        "platforms": ["javascript"],
        "hasHealthData": False,
        "newGroups": new,
    }
    return {
        "id": number,
        "version": version,
        "status": "open",
        "shortVersion": version[:12],
        "versionInfo": {"package": None, "version": {"raw": version}, "description": version[:12], "buildHash": None},
        "dateCreated": stamp(min(heard)),
        "dateReleased": None,
        "firstEvent": stamp(min(heard)),
        "lastEvent": stamp(max(heard)),
        "newGroups": new,
        "data": {},
        "commitCount": 0,
        "deployCount": 0,
        "authors": [],
        "projects": [project],
    }
