"""The verdict of a run that died while it looked: what was seen counts, the rest is a blind spot."""

from __future__ import annotations

from datetime import datetime

from diagnostics import engine
from diagnostics.model import Cost, Evidence, Failure, FailureKind, Probe, Status
from diagnostics.records import Trailer
from diagnostics.runbooks import by_slug
from diagnostics.scope import Scope
from diagnostics.text import text
from oncall.look import Found


def found(scope: Scope, evidence: tuple[Evidence, ...], *, reason: str, at: datetime) -> Found:
    """Judge what had been heard by `at`, the end of the run. `reason` says in English why it ended."""
    runbook = by_slug(scope.slug)
    heard = {item.probe for item in evidence}
    silent = tuple(_silent(probe, reason, at) for probe in runbook.probes if probe.name not in heard)
    spent = Cost(
        elapsed_s=max(0.0, round((at - scope.started_at).total_seconds(), 3)),
        http_requests=sum(item.cost.http_requests for item in evidence),
        redis_commands=sum(item.cost.redis_commands for item in evidence),
        sql_statements=sum(item.cost.sql_statements for item in evidence),
    )
    trailer = Trailer(finished_at=at, elapsed_s=spent.elapsed_s, spent=spent, partial=True)
    return Found(diagnosis=engine.judge(runbook, scope, (*evidence, *silent), trailer), trailer=trailer)


def _silent(probe: Probe, reason: str, at: datetime) -> Evidence:
    return Evidence(
        id=probe.name,
        probe=probe.name,
        source=probe.system,
        observed_at=at,
        status=Status.FAILED,
        failure=Failure(
            kind=FailureKind.INTERNAL_ERROR,
            why=text("the run ended before {probe} had looked: {reason}", probe=probe.name, reason=reason),
            regain=text("run it again"),
        ),
    )
