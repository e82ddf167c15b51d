"""Causes of incident 3: which one stands on top of which findings."""

from __future__ import annotations

import pytest
from tests.diagnostics.checks.test_frontend_checks import FAILED, NEWER, PUBLIC, SESSION, everywhere, own_error
from tests.diagnostics.healthy import (
    broken,
    collected,
    connection,
    diagnosed,
    failing,
    lost,
    pages,
    release,
    releases,
    requests,
    site_health,
    unanswered,
    variable,
    variables,
)

from diagnostics.model import FailureKind
from diagnostics.readings import Answer, FrontendHealth, Layer, SiteAnswer, Symptom, Trouble
from diagnostics.severity import Severity

RELEASED = {"vercel.deployments": releases(serving=NEWER, deployments=(NEWER, release()))}
HANGING = {"frontend.health": FrontendHealth(answer=SiteAnswer.SILENT, latency_s=5.0, service_answer=SiteAnswer.OK)}
CRASHED = {"frontend.health": FrontendHealth(answer=SiteAnswer.EDGE_ERROR, status_code=500, service_answer=None)}
CRASHED |= {"frontend.pages": everywhere()}
UNTOLD = ("vercel.deployments", "vercel.variables", "vercel.logs")
GONE = {"frontend.pages": everywhere(edge_code="DEPLOYMENT_NOT_FOUND", status_code=404)}
NO_URL = {"frontend.health": site_health(database=broken(Trouble.URL_MISSING))}
VALIDATION = own_error("/api/agents", trouble=Trouble.VARIABLE_MISSING, variable="SUPABASE_SERVICE_ROLE_KEY")


@pytest.mark.parametrize(
    ("changes", "cause", "severity"),
    [
        (
            {"vercel.deployments": releases(deployments=(FAILED, release()), build_id="dpl_2", build_errors=("x",))},
            "frontend.build_failed",
            Severity.WARNING,
        ),
        ({**CRASHED, **RELEASED}, "frontend.bad_release", Severity.CRITICAL),
        ({**CRASHED, **dict.fromkeys(UNTOLD, FailureKind.NOT_CONFIGURED)}, "frontend.bad_release", Severity.CRITICAL),
        ({"frontend.pages": pages(VALIDATION)}, "frontend.environment_missing", Severity.CRITICAL),
        (
            {
                "frontend.pages": pages(own_error("/"), own_error("/login"), own_error("/api/agents")),
                "vercel.logs": requests(30, trouble=("",) * 70 + ("variable_missing",) * 30),
                **RELEASED,
            },
            "frontend.environment_missing",
            Severity.CRITICAL,
        ),
        (
            {"frontend.pages": pages(VALIDATION), "vercel.variables": variables(variable("SUPABASE_URL", targets=()))},
            "frontend.environment_missing",
            Severity.CRITICAL,
        ),
        (NO_URL, "frontend.public_variable_missing", Severity.CRITICAL),
        (
            {**NO_URL, "vercel.variables": variables(variable(PUBLIC, seconds=60))},
            "frontend.public_variable_missing",
            Severity.CRITICAL,
        ),
        (GONE, "frontend.alias_missing", Severity.CRITICAL),
        ({**GONE, "vercel.deployments": releases(serving=None)}, "frontend.alias_missing", Severity.CRITICAL),
        ({"vercel.variables": variables(SESSION), **RELEASED}, "frontend.session_secret_changed", Severity.WARNING),
        (
            {"frontend.health": site_health(queue=broken(Trouble.CONNECTION_CLOSED))},
            "frontend.stale_connection",
            Severity.WARNING,
        ),
        (
            {
                "frontend.health": site_health(rate_limit=broken(Trouble.CREDENTIALS_REJECTED)),
                "frontend.pages": pages(failing("/api/agents", edge_code="MIDDLEWARE_INVOCATION_FAILED")),
            },
            "frontend.credentials_rejected",
            Severity.CRITICAL,
        ),
        (
            {
                **HANGING,
                **RELEASED,
                "worker.health": unanswered(Answer.SILENT),
                "worker.metrics": lost(Symptom.REFUSED),
                "redis.connection": FailureKind.UNREACHABLE,
            },
            "redis.unreachable",
            Severity.CRITICAL,
        ),
    ],
)
def test_the_cause_on_top(changes: dict[str, object], cause: str, severity: Severity) -> None:
    """The root stands first and is asserted."""
    diagnosis = diagnosed(collected(changes))  # type: ignore[arg-type]
    assert (diagnosis.causes[0].id, diagnosis.severity) == (cause, severity)
    assert diagnosis.causes[0].confidence >= 0.5
    assert diagnosis.causes[0].steps


def test_a_hanging_health_page_is_redis_where_only_public_addresses_are_seen() -> None:
    """Beside a liveness address that answers, silence is Redis: the release is not to be blamed."""
    hidden = dict.fromkeys(UNTOLD, FailureKind.NOT_CONFIGURED)
    hidden |= dict.fromkeys(("redis.connection", "queue.state", "redis.server"), FailureKind.NOT_CONFIGURED)
    diagnosis = diagnosed(collected({**hidden, **HANGING}))  # type: ignore[arg-type]
    assert diagnosis.causes[0].id == "redis.unreachable"
    assert "frontend.bad_release" not in [c.id for c in diagnosis.causes if c.confidence >= 0.5]


def test_a_site_nobody_reaches_has_no_invented_cause() -> None:
    """The name, the port or the certificate: a finding, and no release is blamed."""
    for layer, reason in ((Layer.DNS, "unresolved"), (Layer.TCP, "refused"), (Layer.TLS, "expired")):
        unread = dict.fromkeys(("frontend.pages", "frontend.health"), FailureKind.UNREACHABLE)
        diagnosis = diagnosed(collected({**unread, "frontend.site": connection(failed_at=layer, reason=reason)}))
        assert diagnosis.causes[0].id == "unexplained"
        assert {s.check for s in diagnosis.blind_spots} >= {"frontend.health"}


def test_what_the_edge_alone_fails_at_is_nobodys_release() -> None:
    """Every address fails with the edge's own word: no cause of ours is asserted."""
    down = {"frontend.pages": everywhere(edge_code="INTERNAL_UNEXPECTED_ERROR")}
    assert diagnosed(collected(down)).causes[0].id == "unexplained"
