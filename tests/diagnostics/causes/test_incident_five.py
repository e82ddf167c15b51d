"""From errors to causes: each fault's findings put its cause on top, and look-alikes do not change places."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.diagnostics.checks.test_error_checks import RECENT, deployed, failed_jobs
from tests.diagnostics.healthy import collected, diagnosed, log
from tests.diagnostics.healthy_errors import issue, issues, latest, performance, series

from diagnostics.causes import RULES
from diagnostics.causes.errors import RULES as OURS
from diagnostics.causes.pairs import separator
from diagnostics.checks import CHECKS
from diagnostics.model import FailureKind
from diagnostics.readings import Nature, Symptom, TagSpread
from diagnostics.runbooks import by_slug
from diagnostics.severity import Severity

SPIKE = series(0, 20, 20)
FAILING = performance(failed_ratio=0.2)
NEW = issues(issue(**RECENT))


def known(symptom: Symptom) -> Any:
    """A worker's log in which many jobs fail for one known reason."""
    spoilt = failed_jobs(60, 60)
    events = tuple(replace(e, symptom=symptom) if e.event == "job.failed" else e for e in spoilt.events)
    return replace(log(), events=events)


@pytest.mark.parametrize(
    ("changes", "top", "severity"),
    [
        (
            {
                "sentry.issues": NEW,
                "sentry.series": SPIKE,
                "sentry.performance": FAILING,
                "vercel.deployments": deployed(150, 90_000),
            },
            "errors.release_regression",
            Severity.CRITICAL,
        ),
        (
            {
                "sentry.issues": issues(issue(**RECENT, nature=Nature.UPSTREAM_TIMEOUT)),
                "sentry.series": SPIKE,
                "vercel.deployments": deployed(150, 90_000),
            },
            "errors.transient_upstream",
            Severity.WARNING,
        ),
        ({"worker.log": failed_jobs(60, 3)}, "errors.retry_amplification", Severity.CRITICAL),
        (
            {"sentry.issues": issues(issue(**{**RECENT, "recent_events": 80}, nature=Nature.EXTENSION))},
            "errors.client_noise",
            Severity.WARNING,
        ),
        (
            {"sentry.issues": issues(issue(**RECENT, nature=Nature.DEPLOY_SKEW)), "sentry.series": SPIKE},
            "errors.deploy_skew",
            Severity.WARNING,
        ),
        (
            {"sentry.series": series(outcomes=(("rate_limited", 12),))},
            "monitoring.sentry_blind",
            Severity.WARNING,
        ),
        (
            {"worker.log": known(Symptom.DATABASE_DOWN), "sentry.series": series()},
            "database.down",
            Severity.CRITICAL,
        ),
        (
            {"worker.log": known(Symptom.OPENROUTER_DOWN), "sentry.series": series()},
            "openrouter.down",
            Severity.CRITICAL,
        ),
        (
            {
                "sentry.issues": issues(issue(**RECENT, users=1)),
                "sentry.series": SPIKE,
                "sentry.latest": latest(TagSpread(key="user", values=1, events=40)),
            },
            "none",
            Severity.OK,
        ),
        (
            {"sentry.performance": performance(requests=20, failed_ratio=0.05)},
            "none",
            Severity.OK,
        ),
    ],
)
def test_the_cause_on_top(changes: dict[str, Any], top: str, severity: Severity) -> None:
    """5.01, 5.04, 5.05, 5.03, 5.10, 5.06, 5.08, one user's trouble, and too little traffic (5.09)."""
    diagnosis = diagnosed(collected(changes))
    assert (diagnosis.causes[0].id, diagnosis.severity) == (top, severity)


@pytest.mark.parametrize(
    ("changes", "pair"),
    [
        (
            {
                "sentry.issues": NEW,
                "sentry.performance": FAILING,
                "vercel.deployments": deployed(150, 90_000),
                "worker.log": failed_jobs(60, 3),
            },
            {"errors.release_regression", "errors.retry_amplification"},
        ),
    ],
)
def test_causes_that_look_alike_come_with_the_test_that_separates_them(changes: dict[str, Any], pair: set[str]) -> None:
    """Two near in confidence name the cheapest next probe."""
    causes = diagnosed(collected(changes)).causes
    assert {causes[0].id, causes[1].id} == pair
    assert separator(causes) is not None


def test_without_sentry_in_the_profile_nothing_of_it_is_missed() -> None:
    """A system nobody configured is a limit: no finding, no blind spot, the rest judged as before."""
    hidden = dict.fromkeys([p for p in collected_probes() if p.startswith("sentry.")], FailureKind.NOT_CONFIGURED)
    diagnosis = diagnosed(collected(hidden))
    assert (diagnosis.severity, diagnosis.causes[0].id, diagnosis.blind_spots) == (Severity.OK, "none", ())


def collected_probes() -> list[str]:
    """Names of all looks."""
    return [item.probe for item in collected()]


def test_every_sign_names_a_finding_that_exists() -> None:
    """A rule that waits for a finding nobody makes would never speak."""
    made = {check.__name__.removeprefix("check_").replace("_", ".", 1) for check in CHECKS}
    for rule in OURS:
        assert {s.finding for s in (*rule.needs, *rule.supports, *rule.against)} <= made
        assert set(rule.explains) <= made
    assert {mask for rule in OURS for mask in rule.masks} <= {rule.id for rule in RULES}


def test_every_line_of_the_branches_is_a_step_of_the_runbook() -> None:
    """5.A1 and its like lead somewhere."""
    lines = {step.line for step in by_slug("high-error-rate").steps}
    for rule in OURS:
        assert set(rule.branch.split(", ")) <= lines
