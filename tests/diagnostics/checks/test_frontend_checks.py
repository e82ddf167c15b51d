"""Judgements of the site: layers, health, pages, releases, variables, request log."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics.healthy import (
    HEALTHY,
    NOW,
    NOW_MS,
    SCOPE,
    ago,
    broken,
    connection,
    failing,
    found,
    pages,
    path,
    release,
    releases,
    requests,
    site_health,
    variable,
    variables,
)

from diagnostics.checks.frontend_errors import FEWEST
from diagnostics.model import FailureKind
from diagnostics.readings import (
    Answer,
    Dependency,
    FrontendHealth,
    Layer,
    PathAnswers,
    SiteAnswer,
    SitePages,
    Trouble,
    VercelRequests,
    WorkerHealth,
)
from diagnostics.severity import Severity

OK, WARNING, CRITICAL, UNKNOWN = Severity.OK, Severity.WARNING, Severity.CRITICAL, Severity.UNKNOWN
ALL = ("/", "/login", "/api/agents", "/api/health/ready")
SILENT = {"answer": SiteAnswer.SILENT, "status_code": None, "edge_code": "", "latencies_s": ()}


def everywhere(**changes: object) -> SitePages:
    """Every path failing alike."""
    return pages(*(failing(name, **changes) for name in ALL))


def own_error(name: str, **changes: object) -> PathAnswers:
    """An error of the site's own handler."""
    return failing(name, SiteAnswer.SERVER_ERROR, edge_code="", **changes)


@pytest.mark.parametrize(
    ("told", "state"),
    [
        (pages(), "ok"),
        (everywhere(edge_code="DEPLOYMENT_NOT_FOUND", status_code=404), "deployment"),
        (everywhere(), "function"),
        (everywhere(edge_code="INTERNAL_UNEXPECTED_ERROR"), "edge"),
        (everywhere(edge_code="", status_code=502), "edge"),
        (everywhere(**SILENT), "silent"),
        (
            pages(own_error("/api/health/ready"), own_error("/"), own_error("/login"), own_error("/api/agents")),
            "function",
        ),
        (pages(failing("/api/health/ready")), "function"),
        (pages(failing("/api/agents", edge_code="MIDDLEWARE_INVOCATION_FAILED")), "middleware"),
        (pages(own_error("/api/agents")), "api"),
        (pages(own_error("/api/agents", trouble=Trouble.SCHEMA)), "handlers"),
        (pages(own_error("/"), own_error("/login")), "handlers"),
        (pages(own_error("/")), "ok"),
        (pages(path("/api/agents", answer=SiteAnswer.RATE_LIMITED, status_code=429)), "ok"),
    ],
)
def test_the_first_failing_layer_is_named(told: SitePages, state: str) -> None:
    """What still answers tells the layers apart."""
    finding = found("frontend.site", {"frontend.pages": told})
    assert finding.state == state
    assert finding.severity is (OK if state == "ok" else CRITICAL)


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (Layer.DNS, "unresolved"),
        (Layer.DNS, "timed_out"),
        (Layer.TCP, "refused"),
        (Layer.TCP, "timed_out"),
        (Layer.TLS, "expired"),
        (Layer.TLS, "wrong_name"),
        (Layer.TLS, "untrusted"),
        (Layer.TLS, "broken"),
    ],
)
def test_a_connection_that_fails_is_the_sites_trouble_only_where_others_answer(layer: Layer, reason: str) -> None:
    """Alone it may be our own network: then nothing is claimed."""
    gone = {"frontend.site": connection(failed_at=layer, reason=reason), "frontend.pages": FailureKind.UNREACHABLE}
    alone = {**dict.fromkeys(HEALTHY, FailureKind.UNREACHABLE), **gone}
    silent = {**alone, "worker.health": WorkerHealth(answer=Answer.SILENT)}
    assert (found("frontend.site", gone).severity, found("frontend.site", gone).state) == (CRITICAL, layer.value)
    assert found("frontend.site", alone).severity is UNKNOWN
    assert found("frontend.site", silent).severity is UNKNOWN


def test_silence_of_everything_is_no_alarm_while_nothing_else_answers() -> None:
    """A loaded or cut-off machine of ours must not blame Vercel."""
    alone = {**dict.fromkeys(HEALTHY, FailureKind.TIMEOUT), "frontend.pages": everywhere(**SILENT)}
    assert found("frontend.site", alone).severity is UNKNOWN


def test_a_closed_direct_way_counts_for_nothing_where_http_answers() -> None:
    """Behind a proxy the connection of our own fails, and the site is well."""
    finding = found("frontend.site", {"frontend.site": connection(failed_at=Layer.TCP, reason="refused")})
    assert finding.severity is OK


@pytest.mark.parametrize(("days", "severity"), [(7.01, OK), (7.0, OK), (6.99, WARNING), (-1, WARNING)])
def test_a_certificate_that_was_not_renewed(days: float, severity: Severity) -> None:
    """A week is left at most: a warning before browsers refuse."""
    ends = connection(certificate_ends_at=NOW + timedelta(days=days))
    assert found("frontend.site", {"frontend.site": ends}).severity is severity


def test_the_dependency_is_the_last_layer() -> None:
    """The code runs and its health page hangs, or says that the database fails."""
    for health in (site_health(database=broken(Trouble.UNREACHABLE)), FrontendHealth(answer=SiteAnswer.SILENT)):
        assert found("frontend.site", {"frontend.health": health}).state == "dependency"


def test_a_failing_limiter_is_the_middleware() -> None:
    """Pages and liveness answer, the API does not, and the health page says why."""
    changes = {
        "frontend.pages": pages(own_error("/api/agents")),
        "frontend.health": site_health(rate_limit=broken(Trouble.QUOTA_EXHAUSTED)),
    }
    assert found("frontend.site", changes).state == "middleware"


GOOD = {"redis": Dependency(status="ok"), "queue": Dependency(status="ok"), "overall_status": "healthy"}


@pytest.mark.parametrize(
    ("health", "state", "severity"),
    [
        (site_health(), "usual", OK),
        (site_health(**GOOD), "usual", OK),
        (site_health(queue=None, rate_limit=None, is_newer_form=False), "usual", OK),
        (site_health(queue=broken(Trouble.CONNECTION_CLOSED)), "changed", WARNING),
        (site_health(redis=broken(Trouble.CACHE)), "changed", WARNING),
        (site_health(rate_limit=broken(Trouble.OTHER)), "changed", WARNING),
        (site_health(openrouter=broken(Trouble.TIMED_OUT)), "changed", WARNING),
        (site_health(database=broken(Trouble.KEY_REJECTED)), "changed", WARNING),
        (site_health(database=Dependency(status="other")), "changed", WARNING),
        (FrontendHealth(answer=SiteAnswer.SILENT, latency_s=5.0), "silent", CRITICAL),
        (
            FrontendHealth(answer=SiteAnswer.EDGE_ERROR, status_code=504, edge_code="FUNCTION_INVOCATION_TIMEOUT"),
            "timed_out",
            CRITICAL,
        ),
        (FrontendHealth(answer=SiteAnswer.SERVER_ERROR, status_code=500), "server_error", CRITICAL),
        (FrontendHealth(answer=SiteAnswer.NOT_FOUND, status_code=404), "not_found", CRITICAL),
    ],
)
def test_health_is_judged_by_change(health: FrontendHealth, state: str, severity: Severity) -> None:
    """Degraded for want of REDIS_URL is a good day here; anything else is a change."""
    finding = found("frontend.health", {"frontend.health": health})
    assert (finding.state, finding.severity) == (state, severity)


def test_with_redis_in_the_baseline_a_skipped_one_is_a_change() -> None:
    """Where the site has REDIS_URL on a good day, `skipped` says that it lost it."""
    scope = replace(SCOPE, facts=replace(SCOPE.facts, baseline_redis="ok"))
    assert found("frontend.health", scope=scope).state == "changed"
    assert found("frontend.redis", scope=scope).state == "not_configured"
    assert found("frontend.redis", {"frontend.health": site_health(**GOOD)}, scope).state == "usual"


@pytest.mark.parametrize("trouble", list(Trouble))
@pytest.mark.parametrize(
    ("check", "field"), [("frontend.database", "database"), ("frontend.database_service", "service_database")]
)
def test_either_key_fails_for_itself(check: str, field: str, trouble: Trouble) -> None:
    """The other key's finding stays good: the two disagree in opposite directions."""
    health = {"frontend.health": site_health(**{field: broken(trouble)})}
    other = "frontend.database" if check.endswith("service") else "frontend.database_service"
    assert (found(check, health).state, found(check, health).severity) == (trouble.value, CRITICAL)
    assert found(other, health).severity is OK


@pytest.mark.parametrize("check", ["frontend.database", "frontend.database_service", "frontend.redis"])
def test_what_a_health_page_leaves_out_is_unknown(check: str) -> None:
    """Missing and never heard of: no `ok`."""
    blank = site_health(database=None, service_database=None, redis=None)
    assert found(check, {"frontend.health": blank}).severity is UNKNOWN
    gone = FrontendHealth(answer=SiteAnswer.SERVER_ERROR, service_answer=SiteAnswer.SERVER_ERROR)
    assert found(check, {"frontend.health": gone}).state == "not_told"


def test_an_older_health_page_may_not_know_the_limiter_but_a_newer_one_must() -> None:
    """A field that a version never had is no loss; one missing from a newer payload is."""
    older = site_health(queue=None, rate_limit=None, is_newer_form=False)
    newer = site_health(rate_limit=None)
    assert found("frontend.redis", {"frontend.health": older}).severity is OK
    assert found("frontend.redis", {"frontend.health": newer}).severity is UNKNOWN


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"queue": broken(Trouble.NOT_CONFIGURED)}, "usual"),
        ({"queue": broken(Trouble.CONNECTION_CLOSED), "redis": broken(Trouble.CACHE)}, "connection_closed"),
        ({"queue": broken(Trouble.CONNECTION_CLOSED)}, "connection_closed"),
        ({"rate_limit": broken(Trouble.CREDENTIALS_REJECTED)}, "credentials_rejected"),
        ({"rate_limit": broken(Trouble.QUOTA_EXHAUSTED)}, "quota_exhausted"),
    ],
)
def test_a_closed_connection_is_told_from_a_missing_address(changes: dict[str, Dependency], state: str) -> None:
    """`Connection is closed.` is a dead Redis, `Redis URL not configured` a good day."""
    assert found("frontend.redis", {"frontend.health": site_health(**changes)}).state == state


@pytest.mark.parametrize(
    ("told", "state", "severity", "value"),
    [
        (pages(), "available", OK, 1.0),
        (pages(path("/", failed=1)), "flaky", WARNING, 8 / 9),
        (pages(own_error("/")), "partly", CRITICAL, 6 / 9),
        (everywhere(), "down", CRITICAL, 0.0),
        (
            pages(own_error("/api/agents", trouble=Trouble.VARIABLE_MISSING, variable="A_B")),
            "variable_missing",
            CRITICAL,
            6 / 9,
        ),
        (pages(own_error("/api/agents", trouble=Trouble.POOL)), "database", CRITICAL, 6 / 9),
        (pages(path("/api/agents", answer=SiteAnswer.RATE_LIMITED)), "limited", OK, 1.0),
        (pages(path("/api/agents", answer=SiteAnswer.REFUSED)), "available", OK, 1.0),
        (pages(failing("/api/health/ready")), "available", OK, 1.0),
    ],
)
def test_availability(told: SitePages, state: str, severity: Severity, value: float) -> None:
    """The share of the profile's own paths; the liveness reference is not one of them."""
    finding = found("frontend.availability", {"frontend.pages": told})
    assert (finding.state, finding.severity) == (state, severity)
    assert finding.value == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize(
    ("told", "state", "severity"),
    [
        (replace(pages(), unread=("/big",)), "blind", UNKNOWN),
        (replace(pages(path("/", failed=1)), unread=("/big",)), "flaky", WARNING),
        (replace(everywhere(), unread=("/big",)), "down", CRITICAL),
    ],
)
def test_a_path_that_was_not_read_leaves_the_rest_unknown(told: SitePages, state: str, severity: Severity) -> None:
    """Unless something worse holds; it is named either way."""
    finding = found("frontend.availability", {"frontend.pages": told})
    assert (finding.state, finding.severity) == (state, severity)
    assert "not read: /big" in str(finding.sentence)


@pytest.mark.parametrize(("left_out", "is_said"), [(0, False), (1, True)])
def test_paths_that_were_not_asked_are_said(left_out: int, is_said: bool) -> None:
    """A long profile is cut, and never in silence."""
    finding = found("frontend.availability", {"frontend.pages": replace(pages(), left_out=left_out)})
    assert ("more of the profile" in str(finding.sentence), finding.severity) == (is_said, OK)


@pytest.mark.parametrize(("why", "end"), [("", "Logs page"), ("GET x answered 401", "Logs page (GET x answered 401)")])
def test_a_log_that_is_not_read_says_why(why: str, end: str) -> None:
    """A limit whose reason is known can be mended."""
    finding = found("frontend.errors", {"vercel.logs": VercelRequests(is_read=False, why_unread=why)})
    assert (str(finding.sentence).endswith(end), finding.state) == (True, "not_permitted")


def timed(*seconds: float) -> SitePages:
    """One page with these response times; its first answer is not measured."""
    return SitePages(paths=(path("/", asked=len(seconds) + 1, latencies_s=(9.0, *seconds)),))


@pytest.mark.parametrize(
    ("times", "severity", "threshold"),
    [
        ((2.0,) * 30, OK, 2.0),
        ((2.0001,) * 30, WARNING, 2.0),
        ((5.0,) * 30, WARNING, 2.0),
        ((5.0001,) * 30, CRITICAL, 5.0),
        ((0.1, 0.1, 0.1, 0.1, 9.0), OK, 2.0),
        ((0.1, 0.1, 0.1, 2.5, 9.0), WARNING, 2.0),
        ((0.1, 0.1), OK, None),
        ((6.0, 6.0), OK, None),
        ((6.0, 6.0, 6.0), CRITICAL, 5.0),
    ],
)
def test_latency_at_its_limits(times: tuple[float, ...], severity: Severity, threshold: float | None) -> None:
    """Strictly greater; one slow answer among a few is no 95th percentile; two are too few."""
    finding = found("frontend.latency", {"frontend.pages": timed(*times)})
    assert (finding.severity, finding.threshold) == (severity, threshold)


def test_a_time_that_is_no_number_is_unknown() -> None:
    """NaN never passes as fast, and the health page's own slowness counts for nothing."""
    assert found("frontend.latency", {"frontend.pages": timed(*[math.nan] * 6)}).severity is UNKNOWN
    slow = SitePages(paths=(*pages().paths, path("/api/health", kind="endpoint", latencies_s=(8.0, 8.0, 8.0))))
    assert found("frontend.latency", {"frontend.pages": slow}).severity is OK


@given(st.lists(st.floats(0, 60), min_size=6, max_size=18), st.floats(0, 60))
def test_slower_answers_never_lower_the_severity(times: list[float], more: float) -> None:
    """A worse value never looks better."""
    order = [OK, WARNING, CRITICAL]
    before = found("frontend.latency", {"frontend.pages": timed(*times)}).severity
    after = found("frontend.latency", {"frontend.pages": timed(*(t + more for t in times))}).severity
    assert order.index(after) >= order.index(before)


FAILED = release("dpl_2", seconds=300, state="ERROR", error_code="BUILD_UTILS_SPAWN_1", ready_at=None)
BUILDING = release("dpl_2", seconds=30, state="BUILDING", ready_at=None)
NEWER = release("dpl_2", seconds=600)


@pytest.mark.parametrize(
    ("told", "state", "severity"),
    [
        (releases(), "settled", OK),
        (releases(deployments=(FAILED, release()), build_id="dpl_2"), "attempt_failed", WARNING),
        (releases(deployments=(BUILDING, release())), "building", OK),
        (releases(deployments=(NEWER, release())), "older_serves", OK),
        (releases(serving=NEWER, deployments=(NEWER, release())), "recent", OK),
        (releases(serving=None), "none", WARNING),
        (releases(is_paused=True), "paused", WARNING),
        (releases(deployments=()), "settled", OK),
    ],
)
def test_deployments(told: object, state: str, severity: Severity) -> None:
    """A failed attempt beside a serving release is a warning; nothing that serves is critical once visitors see it."""
    finding = found("frontend.deployment", {"vercel.deployments": told})  # type: ignore[dict-item]
    assert (finding.state, finding.severity) == (state, severity)
    if state in ("none", "paused"):
        down = {"vercel.deployments": told, "frontend.pages": everywhere()}
        assert found("frontend.deployment", down).severity is CRITICAL  # type: ignore[arg-type]


def test_a_build_log_is_quoted_and_an_unread_one_is_unknown() -> None:
    """The first error lines stand in the sentence; a log that could not be read is not a clean one."""
    told = releases(deployments=(FAILED, release()), build_id="dpl_2", build_errors=("Failed to compile.",))
    assert "Failed to compile." in str(found("frontend.build", {"vercel.deployments": told}).sentence)
    unread = replace(told, build_errors=None)
    assert found("frontend.build", {"vercel.deployments": unread}).severity is UNKNOWN
    assert found("frontend.build", {"vercel.deployments": replace(told, build_errors=())}).severity is WARNING


PUBLIC = "NEXT_PUBLIC_SUPABASE_URL"
DOWN = {"frontend.pages": everywhere()}
SESSION = variable("NEXTAUTH_SECRET", seconds=900, created_at=ago(99_999))


@pytest.mark.parametrize(
    ("told", "more", "state", "severity"),
    [
        (variables(), {}, "complete", OK),
        (variables(variable(PUBLIC, targets=("preview",))), {}, "missing_public", WARNING),
        (variables(variable(PUBLIC, targets=("preview",))), DOWN, "missing_public", CRITICAL),
        (variables(variable("SUPABASE_URL", targets=())), DOWN, "missing", CRITICAL),
        (variables(variable("SUPABASE_URL", targets=()), hidden=1), DOWN, "hidden", UNKNOWN),
        (variables(variable("SUPABASE_URL", targets=()), is_complete=False), DOWN, "hidden", UNKNOWN),
        (variables(variable("SUPABASE_URL", seconds=60)), {}, "unbuilt", OK),
        (variables(variable("SUPABASE_URL", seconds=60)), DOWN, "pending", WARNING),
        (variables(variable(PUBLIC, seconds=60)), DOWN, "pending_public", WARNING),
        (variables(variable(PUBLIC, seconds=90_000)), DOWN, "complete", OK),
        (variables(SESSION), {"vercel.deployments": releases(serving=NEWER, deployments=(NEWER,))}, "session", WARNING),
        (variables(SESSION), {}, "unbuilt", OK),
    ],
)
def test_variables(told: object, more: dict[str, object], state: str, severity: Severity) -> None:
    """Presence by name, effect by time; a change alone is no fault."""
    finding = found("frontend.environment", {"vercel.variables": told, **more})  # type: ignore[dict-item]
    assert (finding.state, finding.severity) == (state, severity)


def test_a_new_project_has_not_logged_anybody_out() -> None:
    """A secret that was set for the first time did not replace another."""
    fresh = variable("NEXTAUTH_SECRET", seconds=900, created_at=ago(900))
    changes = {
        "vercel.variables": variables(fresh),
        "vercel.deployments": releases(serving=NEWER, deployments=(NEWER,)),
    }
    assert found("frontend.environment", changes).state == "complete"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("log", "state", "severity"),
    [
        (requests(), "quiet", OK),
        (requests(1, of=200), "too_little", OK),
        (requests(2, of=200), "quiet", OK),
        (requests(3, of=200), "failing", WARNING),
        (requests(10, of=200), "failing", WARNING),
        (requests(11, of=200), "failing", CRITICAL),
        (requests(2, of=FEWEST), "failing", CRITICAL),
        (requests(2, of=FEWEST - 1), "too_little", OK),
        (requests(0, of=0), "too_little", OK),
        (requests(30, trouble=("",) * 70 + ("variable_missing",) * 30), "variable_missing", CRITICAL),
        (requests(30, trouble=("",) * 70 + ("pool",) * 30), "database", CRITICAL),
        (VercelRequests(is_read=False), "not_permitted", OK),
    ],
)
def test_the_request_log(log: VercelRequests, state: str, severity: Severity) -> None:
    """Strictly more than 1 % warns, than 5 % is critical; few requests prove nothing; an unread log is a limit."""
    finding = found("frontend.errors", {"vercel.logs": log})
    assert (finding.state, finding.severity) == (state, severity)
    assert state != "too_little" or finding.value is None


def test_a_trouble_that_is_over_is_told_and_no_alarm() -> None:
    """The newest twenty requests all got their answer."""
    failed = requests(30, of=100)
    healed = replace(failed, status=failed.status[-50:] + (200,) * 50)
    not_yet = replace(failed, status=failed.status[-81:] + (200,) * 19)
    assert (found("frontend.errors", {"vercel.logs": healed}).state) == "over"
    assert (found("frontend.errors", {"vercel.logs": not_yet}).state) == "failing"


def test_a_share_that_chance_may_leave_out_is_not_over() -> None:
    """Of 400 requests every tenth failed, until 39, 29 or no requests ago: thirty in a row prove the end of a tenth."""
    whole = requests(0, of=400)

    def state(good: int) -> str:
        status = tuple(500 if n % 10 == 9 and n < 400 - good else 200 for n in range(400))
        return found("frontend.errors", {"vercel.logs": replace(whole, status=status)}).state

    assert [state(good) for good in (39, 29, 0)] == ["over", "failing", "failing"]


def test_what_hangs_is_not_over_because_other_routes_answer() -> None:
    """Conversations hang for half a minute and are in no log before: the last failure is the newest that ended."""
    whole = replace(requests(0, of=200), routes=("/", "POST /api/conversations"))
    status = tuple(504 if 100 <= n < 130 else 200 for n in range(200))

    def state(*answered: int) -> str:
        route = tuple(int(n in answered or 100 <= n < 130) for n in range(200))
        return found("frontend.errors", {"vercel.logs": replace(whole, status=status, route=route)}).state

    assert state() == "failing"
    assert state(50) == "failing"
    assert state(190) == "over"


def test_an_old_burst_is_not_held_against_now() -> None:
    """Only the last quarter of an hour is judged."""
    log = requests(50, of=100)
    old = replace(log, at_ms=tuple(NOW_MS - 3_600_000 + n for n in range(100)))
    assert found("frontend.errors", {"vercel.logs": old}).state == "too_little"
