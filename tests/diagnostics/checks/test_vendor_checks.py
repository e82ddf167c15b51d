"""What status pages say, and what that means beside our own symptoms."""

from __future__ import annotations

import pytest
from tests.diagnostics.healthy import VENDORS, collected, diagnosed, found, page, plan, service

from diagnostics.checks.vendors import VENDORS as PAGES
from diagnostics.clients.status_pages import FORMS
from diagnostics.model import FailureKind
from diagnostics.readings import Answer, Indicator, OpenRouterAccount, Symptom, WorkerHealth, WorkerMetrics
from diagnostics.severity import Severity

DOWN = OpenRouterAccount(models=None, key_symptom=Symptom.OPENROUTER_DOWN, credit_left_usd=None, latency_s=0.1)
GONE = {
    "worker.health": WorkerHealth(answer=Answer.EDGE_ERROR, status_code=502, latency_s=0.1),
    "worker.metrics": WorkerMetrics(answer=Answer.EDGE_ERROR, status_code=502),
}


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("indicator", list(Indicator))
def test_a_page_alone_is_neither_trouble_nor_health(vendor: str, indicator: Indicator) -> None:
    """Whatever it says, a page raises no alarm by itself; a word we do not know is unknown."""
    check = f"provider.{vendor}"
    finding = found(check, {check: page(vendor, indicator, "Something burns")})
    expected = Severity.UNKNOWN if indicator is Indicator.UNKNOWN else Severity.OK
    assert (finding.severity, finding.state) == (expected, indicator.value)
    if indicator is not Indicator.UNKNOWN:
        assert "Something burns" in str(finding.sentence)
        diagnosis = diagnosed(collected({check: page(vendor, indicator, "Something burns")}))
        assert [c.id for c in diagnosis.causes] == ["none"]


def test_a_page_with_components_and_no_incident_names_them() -> None:
    """Pages are marked before somebody writes."""
    told = page("vercel", Indicator.MINOR)
    marked = type(told)(vendor="vercel", indicator=Indicator.MINOR, incidents=(), affected=("Builds",))
    assert str(found("provider.vercel", {"provider.vercel": marked}).sentence) == (
        "Vercel reports a minor incident: Builds"
    )


def test_the_outage_of_a_vendor_stands_above_what_follows_from_it() -> None:
    """Page and symptom agree: the outage is the cause, our own view of it is put under it."""
    changes = {"openrouter.account": DOWN, "provider.openrouter": page("openrouter", Indicator.MAJOR, "Down")}
    causes = diagnosed(collected(changes)).causes
    assert causes[0].id == "provider.openrouter_outage"
    assert "openrouter.account" in causes[0].explains
    assert all(c.confidence < 0.5 for c in causes[1:])


@pytest.mark.parametrize("indicator", [Indicator.NONE, Indicator.MAINTENANCE, Indicator.UNKNOWN])
def test_a_green_page_does_not_hide_what_is_down(indicator: Indicator) -> None:
    """Pages turn red late: the symptom alone names the cause."""
    changes = {"openrouter.account": DOWN, "provider.openrouter": page("openrouter", indicator)}
    assert diagnosed(collected(changes)).causes[0].id == "openrouter.down"


def test_a_page_that_cannot_be_read_says_nothing_about_its_vendor() -> None:
    """A challenge page is neither good news nor bad: a blind spot."""
    changes = {"openrouter.account": DOWN, "provider.openrouter": FailureKind.UNAUTHORIZED}
    diagnosis = diagnosed(collected(changes))
    assert diagnosis.causes[0].id == "openrouter.down"
    assert "provider.openrouter" in {spot.check for spot in diagnosis.blind_spots}


@pytest.mark.parametrize(
    ("incident", "at", "state"),
    [("INVESTIGATING", None, "incident"), ("INVESTIGATING", page("railway"), "none"), ("", None, "blind")],
)
def test_railways_api_speaks_where_its_page_is_not_seen(incident: str, at: object, state: str) -> None:
    """The page goes first; without it the API's word on the platform counts."""
    changes = {"provider.railway": at or FailureKind.TIMEOUT, "railway.service": service(provider_incident=incident)}
    assert found("provider.railway", changes).state == state


def test_a_worker_that_is_gone_while_railway_is_out() -> None:
    """Edge errors and the page agree; a page of another vendor proves nothing."""
    outage = {"provider.railway": page("railway", Indicator.CRITICAL, "Network down")}
    assert diagnosed(collected({**GONE, **outage})).causes[0].id == "provider.railway_outage"
    other = {"provider.sentry": page("sentry", Indicator.CRITICAL, "Ingestion down")}
    assert diagnosed(collected({**GONE, **other})).causes[0].id == "worker.down"


def test_each_page_is_asked_where_the_command_says() -> None:
    """What a person pastes is what the client asks."""
    assert {vendor: path for vendor, (_, _, path) in PAGES.items()} == {v: form.path for v, form in FORMS.items()}


@pytest.mark.parametrize(
    ("changes", "severity", "state"),
    [
        ({"commands_today": 450_000}, Severity.OK, "room"),
        ({"commands_today": 450_001}, Severity.WARNING, "quota_near"),
        ({"commands_today": 499_999}, Severity.WARNING, "quota_near"),
        ({"commands_today": 500_000}, Severity.CRITICAL, "quota_exhausted"),
        ({"commands_month": 450_000}, Severity.OK, "room"),
        ({"commands_month": 450_001}, Severity.WARNING, "quota_near"),
        ({"commands_month": 600_000}, Severity.WARNING, "quota_near"),
        ({"commands_month": None}, Severity.OK, "room"),
        ({"commands_month": 9_000_000, "request_limit": 0}, Severity.OK, "room"),
        ({"used_bytes": 90}, Severity.OK, "room"),
        ({"used_bytes": 91}, Severity.WARNING, "memory_full"),
        ({"commands_today": 9_000_000, "request_limit": 0}, Severity.OK, "room"),
        ({"commands_today": None}, Severity.UNKNOWN, "blind"),
        ({"used_bytes": None}, Severity.UNKNOWN, "blind"),
        ({"request_limit": None}, Severity.UNKNOWN, "blind"),
        ({"state": "suspended", "used_bytes": None, "commands_today": None}, Severity.CRITICAL, "suspended"),
        ({"state": "frozen"}, Severity.UNKNOWN, "blind"),
    ],
)
def test_a_plan_is_judged_by_what_is_used_of_it(changes: dict[str, object], severity: Severity, state: str) -> None:
    """At the limit, one below, one above; what was not told is unknown, never a zero."""
    finding = found("redis.plan", {"redis.plan": plan(**changes)})
    assert (finding.severity, finding.state) == (severity, state)


@pytest.mark.parametrize(("month", "told", "value"), [(450_001, "month's, 90% of", 0.9), (None, "month's, ? of", 0.1)])
def test_both_shares_of_a_plan_are_told(month: int | None, told: str, value: float) -> None:
    """Nobody knows whose limit it is; a month that was not told is no zero."""
    finding = found("redis.plan", {"redis.plan": plan(commands_month=month)})
    assert told in str(finding.sentence) and "(0%)" in str(finding.sentence)
    assert finding.value == pytest.approx(value, abs=1e-4)


def test_a_spent_plan_is_the_cause_even_when_nobody_else_says_so() -> None:
    """Upstash's own count is enough."""
    diagnosis = diagnosed(collected({"redis.plan": plan(commands_today=500_000)}))
    assert diagnosis.causes[0].id == "redis.quota_exhausted"
