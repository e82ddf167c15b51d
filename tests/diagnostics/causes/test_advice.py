"""First steps that name what was found: the lock's holder, the release to go back to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.diagnostics.diagnoses import cause
from tests.diagnostics.healthy import (
    SCOPE,
    ago,
    collected,
    failing,
    found,
    pages,
    plan,
    release,
    releases,
    requests,
    service,
    site_health,
)
from tests.diagnostics.healthy_database import activity, blocked, project

from diagnostics.causes.advice import advised
from diagnostics.model import FailureKind, Finding
from diagnostics.readings import Dependency, Deployment, PostgresActivity, Reading, RedisConnection, Trouble
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import text


def told(cause_id: str, **changes: Reading) -> list[str]:
    """The steps of a cause, given what was seen."""
    made = cause(cause_id, steps=(text("Do it."), text("Verify it.")))
    seen = Seen(collected({name.replace("__", "."): change for name, change in changes.items()}))
    return [str(step) for step in advised((made,), (), seen, SCOPE)[0].steps]


KEY = cause(
    "database.credentials_rejected",
    steps=(text("Read."), text("Build."), text("Verify.")),
    remediations=("set-worker-variable", "set-frontend-variable", "notify-team"),
)
WAITING = blocked(blocker_pid=100, is_blocker_waiting=True)
"""A session behind another one that waits itself: not the root."""


def test_a_lock_names_its_holder() -> None:
    """The one that waits for nobody, with the statement that ends it; the written steps follow."""
    steps = told("database.lock_contention", postgres__activity=activity(blocked=(WAITING, blocked())))
    assert "Session 7 (migration, idle in transaction) holds the lock on webhook_events" in steps[0]
    assert "pg_terminate_backend(7)" in steps[0]
    assert steps[1:] == ["Do it.", "Verify it."]


def test_the_holder_is_the_one_the_finding_names() -> None:
    """Of two who hold something, the one of another kind; whom somebody waits for an instant is none."""
    own = blocked(blocker_pid=60, blocker_application="postgrest", blocker_state="active")
    both = activity(blocked=(own, blocked()))
    assert "session 7 " in str(found("database.locks", {"postgres.activity": both}).sentence)
    assert "pg_terminate_backend(7)" in told("database.lock_contention", postgres__activity=both)[0]
    brief = activity(blocked=(replace(own, waiting_s=0.01),))
    assert told("database.lock_contention", postgres__activity=brief) == ["Do it.", "Verify it."]


@pytest.mark.parametrize("seen", [activity(), activity(blocked=(WAITING,))])
def test_a_lock_without_a_known_holder_keeps_its_steps(seen: PostgresActivity) -> None:
    """Nobody is named whom nobody saw."""
    assert told("database.lock_contention", postgres__activity=seen) == ["Do it.", "Verify it."]


@pytest.mark.parametrize(("seconds", "is_named"), [(1.9, False), (2.0, True), (600.0, True), (None, False)])
def test_where_nobody_waits_the_oldest_transaction_is_the_suspect(seconds: float | None, is_named: bool) -> None:
    """Those who waited were cancelled; what they waited for may still be open."""
    seen = activity(oldest_transaction_s=seconds, oldest_transaction_of="migration")
    steps = told("database.lock_contention", postgres__activity=seen)
    assert steps[0].startswith("Look first at the oldest open transaction") == is_named
    assert ("(migration). Do it." in steps[0]) == is_named


@pytest.mark.parametrize("cause_id", ["frontend.bad_release", "errors.release_regression"])
def test_a_rollback_names_the_release_before(cause_id: str) -> None:
    """The newest that was ready and is older than what serves; one that failed to build is none."""
    failed = release("dpl_failed", seconds=100_000, state="ERROR")
    older = release("dpl_older", seconds=300_000)
    seen = releases(deployments=(release(), failed, release("dpl_0", seconds=180_000), older))
    (first, second) = told(cause_id, vercel__deployments=seen)
    assert first.startswith("Do it. The release before is dpl_0, of 2026-01-")
    assert second == "Verify it."


@pytest.mark.parametrize(("status", "is_named"), [("REMOVED", True), ("SUCCESS", True), ("CRASHED", False)])
def test_a_worker_that_crashes_is_rolled_back_to_what_ran_before(status: str, is_named: bool) -> None:
    """The newest that served and is older than the one that crashes."""
    bad = Deployment(id="bad00000-1", status="CRASHED", created_at=ago(60))
    good = Deployment(id="good0000-1", status=status, created_at=ago(90_000))
    steps = told("worker.crash_loop", railway__service=service(latest=bad, deployments=(bad, good)))
    assert steps[0].startswith("Do it. The release before is good0000, of 2026-01-") == is_named
    assert steps[-1] == "Verify it."


@pytest.mark.parametrize(
    ("status", "is_paused"), [("INACTIVE", True), ("RESTORING", True), ("", True), ("ACTIVE_UNHEALTHY", False)]
)
def test_a_project_that_is_active_is_not_restored(status: str, is_paused: bool) -> None:
    """Any other word, or none at all, leaves the steps as they are written."""
    made = cause("database.down", steps=(text("Resume."), text("Verify.")), remediations=("restore-database", "call"))
    (told_now,) = advised((made,), (), Seen(collected({"supabase.project": project(status=status)})), SCOPE)
    assert (told_now.remediations == ("restore-database", "call")) == is_paused
    assert (str(told_now.steps[0]) == "Resume.") == is_paused
    assert is_paused or f"Supabase calls the project {status}" in str(told_now.steps[0])


def test_a_missing_variable_is_named() -> None:
    """By the page that says so, and by the log."""
    lacking = pages(failing("/", trouble=Trouble.VARIABLE_MISSING, variable="SUPABASE_URL"))
    log = replace(requests(), variables=("SUPABASE_URL", "NEXTAUTH_SECRET"))
    steps = told("frontend.environment_missing", frontend__pages=lacking, vercel__logs=log)
    assert steps == ["Missing: SUPABASE_URL, NEXTAUTH_SECRET. Do it.", "Verify it."]
    assert told("frontend.environment_missing") == ["Do it.", "Verify it."]


def test_a_first_release_has_none_before() -> None:
    """The step stays as it is written."""
    assert told("frontend.bad_release", vercel__deployments=releases(deployments=(release(),))) == [
        "Do it.",
        "Verify it.",
    ]


@pytest.mark.parametrize(
    ("state", "said", "steps", "action"),
    [
        ("worker_rejected", "into SUPABASE_SERVICE_ROLE_KEY on Railway", ["Verify."], "set-worker-variable"),
        (
            "anon_rejected",
            "into NEXT_PUBLIC_SUPABASE_ANON_KEY on Vercel",
            ["Build.", "Verify."],
            "set-frontend-variable",
        ),
    ],
)
def test_a_refused_key_names_its_variable_and_side(state: str, said: str, steps: list[str], action: str) -> None:
    """Only that side is changed."""
    (made,) = advised((KEY,), (keys(state),), Seen(()), SCOPE)
    assert said in str(made.steps[0])
    assert [str(step) for step in made.steps[1:]] == steps
    assert made.remediations == (action, "notify-team")


@pytest.mark.parametrize(
    ("state", "refused", "variable"),
    [
        ("frontend_rejected", ("database",), "NEXT_PUBLIC_SUPABASE_ANON_KEY"),
        ("frontend_rejected", ("service_database",), "SUPABASE_SERVICE_ROLE_KEY"),
        ("frontend_refused", ("database",), "NEXT_PUBLIC_SUPABASE_ANON_KEY"),
        ("frontend_refused", ("database", "service_database"), "SUPABASE_SERVICE_ROLE_KEY"),
    ],
)
def test_the_sites_key_is_named_by_what_the_site_says(state: str, refused: tuple[str, ...], variable: str) -> None:
    """Ours works is said only where it was tried."""
    out = Dependency(status="error", trouble=Trouble.KEY_REJECTED)
    health = site_health(**dict.fromkeys(refused, out))
    (made,) = advised((KEY,), (keys(state),), Seen(collected({"frontend.health": health})), SCOPE)
    assert f"into {variable} on Vercel" in str(made.steps[0])
    assert ("ours works" in str(made.steps[0])) == (state == "frontend_rejected")
    assert made.remediations == ("set-frontend-variable", "notify-team")


def test_a_key_refused_on_both_sides_keeps_its_steps() -> None:
    """The written step tells how to see which it is."""
    assert advised((KEY,), (keys("both_rejected"),), Seen(()), SCOPE) == (KEY,)


def keys(state: str) -> Finding:
    """What was found of the keys."""
    return Finding(id="database.keys", severity=Severity.CRITICAL, state=state, sentence=text("so"))


def test_an_answer_over_rest_says_nothing_of_the_workers_way() -> None:
    """The worker comes over TCP; nor does a reachable edge of a database that Upstash has suspended."""
    made = cause("redis.unreachable", steps=(text("Look."), text("Decide."), text("Verify.")))
    here = RedisConnection(latency_s=0.02, commands=1)
    over_rest = tuple(
        replace(each, source="https://eu1.upstash.io EXISTS") if each.probe == "redis.connection" else each
        for each in collected({"redis.connection": here})
    )
    suspended = collected({"redis.connection": here, "redis.plan": plan(state="suspended")})
    for evidence in (over_rest, suspended):
        assert str(advised((made,), (), Seen(evidence), SCOPE)[0].steps[1]) == "Decide."


@pytest.mark.parametrize(
    ("seen_here", "said"),
    [
        (RedisConnection(latency_s=0.02, commands=1), "Redis answers from here, so the fault lies between Railway"),
        (FailureKind.UNREACHABLE, "Redis does not answer from here either."),
        (FailureKind.TIMEOUT, "Redis does not answer from here either."),
        (FailureKind.DEADLINE, "Redis does not answer from here either."),
        (FailureKind.UNAUTHORIZED, "Decide."),
        (FailureKind.CREDENTIALS_MISSING, "Decide."),
    ],
)
def test_where_redis_is_lost_is_said_by_our_own_connection(seen_here: RedisConnection | FailureKind, said: str) -> None:
    """Nobody is asked to look up what the run has seen; what it has not seen stays a question."""
    made = cause("redis.unreachable", steps=(text("Look."), text("Decide."), text("Verify.")))
    steps = advised((made,), (), Seen(collected({"redis.connection": seen_here})), SCOPE)[0].steps
    assert str(steps[1]).startswith(said)
    assert (str(steps[0]), str(steps[2])) == ("Look.", "Verify.")
