"""What holds for every check, whatever it judges."""

from __future__ import annotations

import re

import pytest
from tests.diagnostics.healthy import (
    HEALTHY,
    SCOPE,
    VENDORS,
    collected,
    diagnosed,
    found,
    public,
    seen,
    unanswered,
    unanswered_metrics,
)

from diagnostics.checks import CHECKS
from diagnostics.checks.finding import BLIND, NOT_CONFIGURED, NOT_PERMITTED
from diagnostics.model import FailureKind
from diagnostics.readings import Answer
from diagnostics.seen import Seen
from diagnostics.severity import Severity

NEEDS = {
    "worker.health": ("worker.health",),
    "worker.redis": ("worker.health", "worker.metrics"),
    "worker.deployment": ("railway.service",),
    "worker.clock": ("worker.health",),
    "worker.endpoints": ("worker.metrics",),
    "worker.environment": ("railway.service",),
    "worker.concurrency": ("worker.health", "railway.service"),
    "worker.token": ("worker.health", "worker.metrics"),
    "worker.errors": ("worker.log",),
    "worker.restarts": ("worker.log",),
    "redis.connection": ("redis.connection",),
    "redis.memory": ("redis.server",),
    "queue.depth": ("queue.state",),
    "queue.paused": ("queue.state",),
    "queue.name": ("worker.health", "worker.metrics"),
    "queue.progress": ("queue.state",),
    "queue.delayed": ("queue.state",),
    "queue.stalled": ("queue.state",),
    "queue.churn": ("queue.events",),
    "queue.limiter": ("queue.state",),
    "queue.concurrency": ("queue.state",),
    "queue.failed": ("queue.state",),
    "queue.refusals": ("queue.events",),
    "queue.orphans": ("queue.state",),
    "queue.dead_letters": ("queue.state",),
    "queue.foreign_keys": ("queue.state",),
    "queue.server": ("railway.service",),
    "jobs.duration": ("worker.log",),
    "jobs.failures": ("worker.log", "queue.jobs", "worker.metrics"),
    "jobs.reason": ("worker.log", "queue.jobs", "worker.metrics"),
    "worker.capacity": ("queue.state",),
    "capacity.slots": ("queue.state",),
    "queue.drain": ("queue.state",),
    "queue.threshold_eta": ("queue.state",),
    "openrouter.account": ("openrouter.account",),
    "queue.baseline": ("history.baseline",),
    "database.reachable": ("supabase.rest", "postgres.activity", "supabase.project"),
    "database.project": ("supabase.project",),
    "database.keys": ("supabase.rest",),
    "database.connections": ("postgres.activity",),
    "database.locks": ("postgres.activity",),
    "database.slow": ("postgres.statements", "postgres.activity"),
    "database.schema": ("postgres.schema", "supabase.rest"),
    "database.policy": ("supabase.rest", "postgres.schema"),
    "database.indexes": ("postgres.schema",),
    "database.storage": ("supabase.project", "postgres.schema"),
    "database.replication": ("postgres.activity",),
    "database.pooler": ("supabase.project",),
    "database.log": ("supabase.logs",),
    "database.impact": ("worker.log", "queue.jobs", "worker.metrics"),
    "errors.issues": ("sentry.issues",),
    "errors.users": ("sentry.latest",),
    "errors.jobs": ("worker.log",),
    "errors.rate": ("sentry.performance", "vercel.logs", "frontend.pages"),
    "errors.latency": ("sentry.performance",),
    "errors.release": ("sentry.issues",),
    "errors.spike": ("sentry.series",),
    "errors.silence": ("sentry.series",),
    "errors.match": ("sentry.series",),
    "redis.plan": ("redis.plan",),
    "variables.hosts": ("railway.service",),
    "variables.secrets": ("railway.service",),
    **{f"provider.{vendor}": (f"provider.{vendor}",) for vendor in VENDORS},
    "frontend.site": ("frontend.pages",),
    "frontend.health": ("frontend.health",),
    "frontend.database": ("frontend.health",),
    "frontend.database_service": ("frontend.health",),
    "frontend.redis": ("frontend.health",),
    "frontend.availability": ("frontend.pages",),
    "frontend.latency": ("frontend.pages",),
    "frontend.deployment": ("vercel.deployments",),
    "frontend.build": ("vercel.deployments",),
    "frontend.environment": ("vercel.variables",),
    "frontend.errors": ("vercel.logs",),
}
"""The looks without any of which a check cannot judge."""

TRIED = [kind for kind in FailureKind if kind is not FailureKind.NOT_CONFIGURED]
SPEAKING = {("redis.connection", FailureKind.QUOTA), ("redis.memory", FailureKind.UNAUTHORIZED)}
"""Failures that are an answer in themselves."""


def name_of(check: object) -> str:
    return check.__name__.removeprefix("check_").replace("_", ".", 1)  # type: ignore[attr-defined]


BLINDED = [(check, kind) for check in NEEDS for kind in TRIED if (check, kind) not in SPEAKING]


def test_every_check_is_listed_with_what_it_needs() -> None:
    """A new check without a row here is not covered by this module."""
    assert {name_of(check) for check in CHECKS} == set(NEEDS)


@pytest.mark.parametrize("check", CHECKS, ids=name_of)
def test_healthy_platform_is_ok(check: object) -> None:
    """Nothing is wrong with a healthy platform, and every check says so."""
    assert found(name_of(check)).severity is Severity.OK


@pytest.mark.parametrize(("check", "kind"), BLINDED)
def test_failed_looks_are_unknown_and_a_blind_spot(check: str, kind: FailureKind) -> None:
    """What we tried and could not read is never healthy; the blind spot says why and how to regain sight."""
    changes = dict.fromkeys(NEEDS[check], kind)
    finding = found(check, changes)
    assert (finding.severity, finding.state) == (Severity.UNKNOWN, BLIND)
    assert finding.value is None
    (spot,) = [s for s in diagnosed(collected(changes)).blind_spots if s.check == check]
    assert (str(spot.why), str(spot.regain)) == (f"why {kind.value}", "how to regain it")


@pytest.mark.parametrize("check", NEEDS)
def test_empty_looks_are_unknown(check: str) -> None:
    """A look that brought nothing back is not a look at a healthy thing."""
    finding = found(check, dict.fromkeys(NEEDS[check], None))
    assert finding.severity is Severity.UNKNOWN


@pytest.mark.parametrize("check", NEEDS)
def test_systems_outside_the_profile_are_limits(check: str) -> None:
    """A system that is not configured makes no finding and no blind spot."""
    changes = dict.fromkeys(NEEDS[check], FailureKind.NOT_CONFIGURED)
    assert found(check, changes).state == NOT_CONFIGURED
    diagnosis = diagnosed(collected(changes))
    assert check not in {f.id for f in diagnosis.findings} | {s.check for s in diagnosis.blind_spots}
    assert any("why not_configured" in str(limit.what) for limit in diagnosis.limits)


@pytest.mark.parametrize("check", NEEDS)
def test_no_evidence_at_all_is_a_limit(check: str) -> None:
    """A runbook that does not ask a probe does not blame it."""
    (run,) = [c for c in CHECKS if name_of(c) == check]
    assert run(Seen(()), SCOPE).state == NOT_CONFIGURED


@pytest.mark.parametrize("kind", TRIED)
@pytest.mark.parametrize("probe", HEALTHY)
def test_one_failed_look_is_never_called_healthy(probe: str, kind: FailureKind) -> None:
    """Whatever look fails, the verdict is not OK and a blind spot or finding cites it; INFO refused is a limit."""
    diagnosis = diagnosed(collected({probe: kind}))
    if (probe, kind) == ("redis.server", FailureKind.UNAUTHORIZED):
        assert diagnosis.severity is Severity.OK
        assert any("memory is not seen" in str(limit.what) for limit in diagnosis.limits)
        return
    assert diagnosis.severity is not Severity.OK
    whys = {str(s.why) for s in diagnosis.blind_spots}
    told = [f for f in diagnosis.findings if f.id == probe and probe in f.evidence]
    assert f"why {kind.value}" in whys or any(f.severity in (Severity.WARNING, Severity.CRITICAL) for f in told)


def test_public_addresses_alone_can_be_healthy() -> None:
    """With nothing but the worker's address a healthy platform is OK; all else is a limit, not a blind spot."""
    diagnosis = diagnosed(public())
    assert diagnosis.blind_spots == ()
    assert diagnosis.severity is Severity.OK
    assert [c.id for c in diagnosis.causes] == ["none"]


@pytest.mark.parametrize("changes", [{}, dict.fromkeys(HEALTHY, FailureKind.TIMEOUT), dict.fromkeys(HEALTHY, None)])
@pytest.mark.parametrize("check", CHECKS, ids=name_of)
def test_findings_carry_a_command_and_existing_evidence(check: object, changes: dict[str, FailureKind | None]) -> None:
    """Every finding can be checked by hand, and cites evidence that exists."""
    finding = found(name_of(check), changes)
    assert finding.command
    assert "\n" not in finding.command.replace("\\n", "")
    assert set(finding.evidence) <= set(HEALTHY)
    assert finding.evidence
    assert str(finding.sentence)


@pytest.mark.parametrize("check", CHECKS, ids=name_of)
def test_states_are_stable_words(check: object) -> None:
    """Causes match on states, so they are plain words."""
    for changes in ({}, dict.fromkeys(HEALTHY, FailureKind.NOT_CONFIGURED), dict.fromkeys(HEALTHY, None)):
        assert re.fullmatch(r"[a-z_]+", found(name_of(check), changes).state)


def test_refused_info_is_no_finding() -> None:
    """A token of +@read alone loses the sight of memory and nothing else."""
    finding = found("redis.memory", {"redis.server": FailureKind.UNAUTHORIZED})
    assert finding.state == NOT_PERMITTED
    assert "redis.memory" not in {
        f.id for f in diagnosed(collected({"redis.server": FailureKind.UNAUTHORIZED})).findings
    }


@pytest.mark.parametrize("answer", [a for a in Answer if a not in (Answer.OK, Answer.DEGRADED)])
def test_an_absent_worker_is_no_blind_spot_of_its_queue(answer: Answer) -> None:
    """A worker that does not answer is a finding; what only it could tell is not held against us."""
    changes = {"worker.health": unanswered(answer), "worker.metrics": unanswered_metrics(answer)}
    assert {found(check, changes).severity for check in ("queue.name", "worker.redis")} == {Severity.OK}
    assert found("worker.health", changes).severity in (Severity.WARNING, Severity.CRITICAL)


def test_checks_never_change_what_they_see() -> None:
    """Checks are pure: asked twice they answer the same."""
    look = seen()
    assert [check(look, SCOPE) for check in CHECKS] == [check(look, SCOPE) for check in CHECKS]
