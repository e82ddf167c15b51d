"""`verdict.json`, schema `verdict/1`: the conclusion for programs. English, UTC with `Z`, additive changes only."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from diagnostics.model import Cause, Diagnosis, Finding

SCHEMA = "verdict/1"


def verdict_document(diagnosis: Diagnosis) -> dict[str, Any]:
    """`diagnosis` as plain JSON values: no NaN, no object, keys in the order of the schema."""
    scope, best = diagnosis.scope, next(iter(diagnosis.causes), None)
    return {
        "schema": SCHEMA,
        "incident": scope.slug,
        "profile": scope.profile,
        "window": {"since": instant(scope.window.since), "until": instant(scope.window.until)},
        "started_at": instant(scope.started_at),
        "finished_at": instant(diagnosis.finished_at),
        "deadline_s": _number(scope.deadline_s),
        "partial": diagnosis.partial,
        "severity": diagnosis.severity.value,
        "runbook": best.runbook if best else None,
        "onset_at": _maybe(diagnosis.onset_at),
        "onset_interval": [instant(t) for t in diagnosis.onset_interval] if diagnosis.onset_interval else None,
        "causes": [_cause(cause) for cause in diagnosis.causes],
        "findings": [_finding(finding) for finding in diagnosis.findings],
        "blind_spots": [{"check": b.check, "why": str(b.why), "regain": str(b.regain)} for b in diagnosis.blind_spots],
        "limits": [{"what": str(limit.what), "link": limit.link} for limit in diagnosis.limits],
        "next_step": str(diagnosis.next_step),
        "next_probe": str(diagnosis.next_probe) if diagnosis.next_probe else None,
        "clock": _clock(diagnosis),
        "budget": _budget(diagnosis),
        "versions": dict(scope.versions),
    }


def instant(at: datetime) -> str:
    """`at` as UTC ISO-8601 with milliseconds and `Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "id": cause.id,
        "confidence": _number(cause.confidence),
        "title": str(cause.title),
        "component": cause.component,
        "runbook": cause.runbook,
        "branch": cause.branch,
        "explains": list(cause.explains),
        "against": list(cause.against),
        "remediations": list(cause.remediations),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "severity": finding.severity.value,
        "state": finding.state,
        "sentence": str(finding.sentence),
        "value": _number(finding.value),
        "unit": finding.unit,
        "threshold": _number(finding.threshold),
        "evidence": list(finding.evidence),
        "command": finding.command,
    }


def _clock(diagnosis: Diagnosis) -> dict[str, Any]:
    clock = diagnosis.clock
    return {
        "onset_age_s": _number(clock.onset_age_s),
        "response_started_at": instant(clock.response_started_at),
        "escalate_at": instant(clock.escalate_at),
        "overdue": clock.overdue,
        "contacts": [{"name": contact.name, "url": contact.url} for contact in clock.contacts],
    }


def _budget(diagnosis: Diagnosis) -> dict[str, Any]:
    spent = diagnosis.spent
    return {
        "redis_commands": spent.redis_commands,
        "http_requests": spent.http_requests,
        "sql_statements": spent.sql_statements,
        "elapsed_s": _number(diagnosis.elapsed_s),
    }


def _maybe(at: datetime | None) -> str | None:
    return None if at is None else instant(at)


def _number(value: float | None) -> float | None:
    """JSON knows no NaN: a value that is not finite was not measured."""
    return None if value is None or not math.isfinite(value) else value
