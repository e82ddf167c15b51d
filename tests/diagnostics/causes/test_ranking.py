"""How findings become ranked causes, whatever the rules say in detail."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from tests.diagnostics.diagnoses import cause
from tests.diagnostics.healthy import (
    HEALTHY,
    collected,
    counts,
    diagnosed,
    evidence,
    pages,
    public,
    queue,
    unanswered,
    unanswered_metrics,
)
from tests.diagnostics.healthy import failing as failing_path

from diagnostics.causes import RULES
from diagnostics.causes.observer import why_blind
from diagnostics.causes.pairs import separator
from diagnostics.causes.ranking import ASSERTED, rank
from diagnostics.checks import CHECKS
from diagnostics.model import Cause, FailureKind, Finding
from diagnostics.readings import Answer, FrontendHealth, Reading, SiteAnswer
from diagnostics.runbooks import TRIAGE
from diagnostics.severity import Severity
from diagnostics.text import text

ESSENTIAL = TRIAGE.essential
CHECK_IDS = {check.__name__.removeprefix("check_").replace("_", ".", 1) for check in CHECKS}
NEVER_HELD_ALONE = {"worker.health", "worker.redis", "redis.connection"}


def finding(name: str, state: str, severity: Severity = Severity.CRITICAL) -> Finding:
    """A finding in this state."""
    return Finding(id=name, severity=severity, state=state, sentence=text("it is so"))


def ranked(*findings: Finding, severity: Severity = Severity.CRITICAL) -> tuple[Cause, ...]:
    """The causes of these findings alone."""
    return rank(findings, collected(), severity=severity, essential=ESSENTIAL)


SIGNS = [(rule, sign, state) for rule in RULES for sign in rule.needs for state in sign.states]


@pytest.mark.parametrize(("rule", "sign", "state"), SIGNS, ids=[f"{r.id}-{s.finding}-{w}" for r, s, w in SIGNS])
def test_every_sign_alone_raises_its_cause(rule: object, sign: object, state: str) -> None:
    """A sign that is needed suffices to name its cause, with its weight; beside its company, where it needs any."""
    company = [finding(s.finding, s.states[0]) for s in rule.only_with[:1]]  # type: ignore[attr-defined]
    causes = ranked(finding(sign.finding, state), *company)  # type: ignore[attr-defined]
    named = {c.id: c for c in causes}
    assert rule.id in named  # type: ignore[attr-defined]
    assert named[rule.id].confidence == pytest.approx(sign.weight, abs=0.5)  # type: ignore[attr-defined]


@pytest.mark.parametrize("rule", [r for r in RULES if r.only_with], ids=lambda rule: rule.id)
def test_a_cause_that_needs_company_is_not_named_without(rule: object) -> None:
    """Neither the sign alone nor its company alone is enough."""
    alone = ranked(*(finding(s.finding, s.states[0]) for s in rule.needs[:1]))  # type: ignore[attr-defined]
    others = ranked(*(finding(s.finding, s.states[0]) for s in rule.only_with[:1]))  # type: ignore[attr-defined]
    assert rule.id not in {c.id for c in (*alone, *others)}  # type: ignore[attr-defined]


def test_signs_speak_of_checks_that_exist() -> None:
    """A misspelt finding in a rule would never hold."""
    told = {s.finding for rule in RULES for s in (*rule.needs, *rule.only_with, *rule.supports, *rule.against)}
    told |= {name for rule in RULES for name in rule.explains}
    assert told <= CHECK_IDS


def test_masks_speak_of_causes_that_exist() -> None:
    """A misspelt mask hides nothing, and no cause hides itself."""
    known = {rule.id for rule in RULES}
    for rule in RULES:
        assert set(rule.masks) <= known
        assert rule.id not in rule.masks


def test_every_rule_tells_what_to_do() -> None:
    """Each cause has a branch of the written runbook, a first step and a way to verify it."""
    for rule in RULES:
        assert re.fullmatch(r"\d\.[A-Z]\d(, \d\.[A-Z]\d)*", rule.branch), rule.id
        assert rule.steps, rule.id
        assert 0 < len(str(rule.title)) <= 100


@pytest.mark.parametrize("weight", [s.weight for r in RULES for s in (*r.needs, *r.supports, *r.against)])
def test_weights_are_probabilities(weight: float) -> None:
    """A weight of one would make a cause certain from outside."""
    assert 0 < weight < 1


def test_healthy_is_exactly_one_cause_none() -> None:
    """No suspect stands beside health; the more essentials were seen, the surer."""
    (cause,) = diagnosed(collected()).causes
    assert (cause.id, cause.component, cause.runbook, cause.explains) == ("none", "none", None, ())
    (little,) = diagnosed(public()).causes
    assert ASSERTED <= little.confidence < cause.confidence <= 0.97


def test_abnormal_without_a_rule_is_unexplained() -> None:
    """What no rule knows is said to be unknown, and every abnormal finding is listed under it."""
    causes = ranked(finding("worker.clock", "skewed", Severity.WARNING), severity=Severity.WARNING)
    assert [c.id for c in causes] == ["unexplained"]
    assert causes[0].explains == ("worker.clock",)
    assert "report-to-sentry" in causes[0].remediations


@pytest.mark.parametrize(
    ("found", "runbook"),
    [
        ("queue.depth", "queue-overflow"),
        ("capacity.slots", "queue-overflow"),
        ("database.locks", "database-unavailable"),
        ("frontend.site", "frontend-unavailable"),
        ("errors.rate", "high-error-rate"),
        ("jobs.failures", "worker-not-processing"),
    ],
)
def test_what_nobody_explains_leads_to_a_runbook_by_its_symptom(found: str, runbook: str) -> None:
    """The worst finding decides, whatever warning stands before it."""
    causes = ranked(finding("worker.clock", "skewed", Severity.WARNING), finding(found, "odd"))
    assert (causes[0].id, causes[0].runbook) == ("unexplained", runbook)


def test_weak_suspects_stand_below_unexplained() -> None:
    """A suspect that cannot be asserted is listed, but is not what the run says."""
    health = finding("worker.health", "ok", Severity.OK)
    causes = ranked(finding("worker.deployment", "crashed"), health)
    assert causes[0].id == "unexplained"
    assert all(c.confidence < ASSERTED for c in causes[1:])


def test_against_is_told() -> None:
    """What speaks against a cause weakens it and is cited."""
    suspect = finding("worker.redis", "refused")
    alone = ranked(suspect)
    doubted = ranked(suspect, finding("redis.connection", "reachable", Severity.OK))
    sure = next(c for c in alone if c.id == "redis.unreachable")
    unsure = next(c for c in doubted if c.id == "redis.unreachable")
    assert unsure.confidence < sure.confidence
    assert unsure.against == ("redis.connection",)


def test_consequences_are_put_under_their_root() -> None:
    """A worker that cannot reach Redis takes no job: the second is not a cause of its own."""
    root = finding("worker.redis", "credentials_rejected")
    causes = ranked(root, finding("queue.progress", "stuck"), finding("worker.health", "degraded"))
    assert causes[0].id == "redis.credentials_rejected"
    assert set(causes[0].explains) == {"worker.redis", "queue.progress", "worker.health"}
    assert all(c.confidence < ASSERTED for c in causes[1:])


SERVICES = tuple(
    probe
    for probe in HEALTHY
    if probe.partition(".")[0] in ("railway", "vercel", "supabase", "sentry", "openrouter", "provider")
    or probe in ("worker.log", "redis.plan")
)
"""Looks at the vendors' own services."""


def looks_at(vendor: str) -> tuple[str, ...]:
    return tuple(probe for probe in SERVICES if vendor in probe.split("."))


def without(*late: str) -> tuple[str, ...]:
    """The others of those looks."""
    return tuple(probe for probe in SERVICES if probe not in late)


HUNG = {
    "worker.health": unanswered(Answer.SILENT),
    "worker.metrics": unanswered_metrics(Answer.SILENT),
    "frontend.health": FrontendHealth(answer=SiteAnswer.SILENT),
}


@pytest.mark.parametrize(
    ("heard", "top"),
    [
        ((), "observer.network"),
        (("history.samples",), "observer.network"),
        (("railway.service",), "observer.network"),
        (("redis.connection",), "observer.network"),
        (SERVICES, "worker.event_loop_blocked"),
        (without("railway.service", "provider.railway", "worker.log"), "worker.event_loop_blocked"),
        (without("sentry.performance", "supabase.logs"), "worker.event_loop_blocked"),
        (without(*looks_at("sentry"), "vercel.deployments"), "worker.event_loop_blocked"),
        (without(*looks_at("sentry"), "vercel.deployments", "vercel.logs"), "observer.network"),
        (without(*looks_at("sentry"), *looks_at("vercel")), "observer.network"),
    ],
)
def test_a_worker_is_not_blamed_for_our_own_silence(heard: tuple[str, ...], top: str) -> None:
    """Where not one of several systems says a word it is us, and so it is where half the looks at two vendors are late.

    Two slow questions are not enough, nor a vendor in trouble together with its status page.
    """
    looks = {probe: HEALTHY[probe] if probe in heard else FailureKind.TIMEOUT for probe in HEALTHY} | HUNG
    assert diagnosed(collected(looks)).causes[0].id == top


@pytest.mark.parametrize(
    "told",
    [
        {"queue.state": queue(counts(is_paused=True))},
        {"frontend.pages": pages(failing_path("/"))},
    ],
)
def test_what_was_told_outweighs_what_was_not(told: dict[str, Reading]) -> None:
    """Trouble that somebody reported is trouble, however bad the line is."""
    looks = {**dict.fromkeys(HEALTHY, FailureKind.TIMEOUT), **HUNG, **told}
    assert diagnosed(collected(looks)).causes[0].id != "observer.network"


def test_unseen_is_not_called_abnormal() -> None:
    """With nothing abnormal and too little seen the sentence does not speak of trouble."""
    blind = finding("queue.depth", "blind", Severity.UNKNOWN)
    causes = rank(
        (blind,), collected({"queue.state": FailureKind.SCHEMA}), severity=Severity.UNKNOWN, essential=ESSENTIAL
    )
    assert [c.id for c in causes] == ["unexplained"]
    assert "Nothing abnormal is seen" in str(causes[0].title)


def failing(kinds: Iterable[FailureKind | None]) -> Cause | None:
    """Why we are blind when the looks failed like this, one kind for each probe in turn."""
    looks = tuple(
        evidence(probe, HEALTHY[probe] if kind is None else kind) for probe, kind in zip(HEALTHY, kinds, strict=False)
    )
    return why_blind(looks, ())


N, C, U = FailureKind.NOT_CONFIGURED, FailureKind.CREDENTIALS_MISSING, FailureKind.UNAUTHORIZED
T, R, S = FailureKind.TIMEOUT, FailureKind.UNREACHABLE, FailureKind.SCHEMA


@pytest.mark.parametrize(
    ("kinds", "cause"),
    [
        ([None] * 10, None),
        ([N] * 10, None),
        ([C] * 10, "observer.credentials_missing"),
        ([C, *[None] * 9], "observer.credentials_missing"),
        ([U, U, T, *[N] * 7], "observer.credentials_missing"),
        ([T] * 10, "observer.network"),
        ([FailureKind.UNRESOLVED, FailureKind.DEADLINE, R, T], "observer.network"),
        ([T, T, C, *[N] * 7], "observer.network"),
        ([R, *[C] * 9], "observer.network"),
        ([R, None, *[C] * 8], "observer.credentials_missing"),
        ([S, S, S, T], None),
        ([S] * 10, None),
        ([FailureKind.BUDGET] * 3, None),
    ],
)
def test_why_we_are_blind(kinds: list[FailureKind | None], cause: str | None) -> None:
    """Missing credentials and our own network are causes on our side; other losses are not blamed on either."""
    blamed = failing(kinds)
    assert (blamed.id if blamed else None) == cause


@pytest.mark.parametrize("kind", [FailureKind.TIMEOUT, FailureKind.UNREACHABLE, FailureKind.UNRESOLVED])
def test_a_machine_without_network_blames_itself(kind: FailureKind) -> None:
    """Nothing can be reached at all: the platform is not accused."""
    diagnosis = diagnosed(collected(dict.fromkeys(HEALTHY, kind)))
    assert diagnosis.severity is Severity.UNKNOWN
    assert [c.id for c in diagnosis.causes] == ["observer.network"]
    assert diagnosis.causes[0].component == "observer"


def test_a_machine_without_credentials_blames_itself() -> None:
    """Only variables are missing: the next step is to set them."""
    diagnosis = diagnosed(collected(dict.fromkeys(HEALTHY, FailureKind.CREDENTIALS_MISSING)))
    assert [c.id for c in diagnosis.causes] == ["observer.credentials_missing"]
    assert str(diagnosis.next_step).startswith("Set the variables")


@pytest.mark.parametrize(
    ("first", "second", "gap", "is_told"),
    [
        ("redis.name_unresolved", "redis.unreachable", 0.1, True),
        ("redis.name_unresolved", "redis.unreachable", 0.3, False),
        ("redis.unreachable", "redis.name_unresolved", 0.0, True),
        ("queue.paused", "jobs.poison_type", 0.0, False),
        ("worker.down", "queue.paused", 0.9, True),
        ("unexplained", "queue.paused", 0.0, True),
    ],
)
def test_the_next_probe_separates_what_is_close(first: str, second: str, gap: float, is_told: bool) -> None:
    """Two near causes, or an absence without a reason, come with the cheapest test that tells more."""
    told = separator((cause(first, confidence=0.95), cause(second, confidence=0.95 - gap)))
    assert (told is not None) == is_told


def test_healthy_has_no_next_probe() -> None:
    """There is nothing left to separate."""
    assert diagnosed(collected()).next_probe is None
