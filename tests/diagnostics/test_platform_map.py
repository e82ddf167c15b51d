"""Six systems on one screen: the worst of each, and where the cause lies."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.diagnostics.healthy import SCOPE, collected, diagnosed, page

from diagnostics.model import FailureKind
from diagnostics.notebook import View
from diagnostics.platform_map import DEPENDS, SYSTEMS, platform_map, root_of, worst_of
from diagnostics.readings import Indicator, OpenRouterAccount, Symptom
from diagnostics.severity import Severity

DOWN = OpenRouterAccount(models=None, key_symptom=Symptom.OPENROUTER_DOWN, credit_left_usd=None, latency_s=0.1)


def test_each_system_shows_the_worst_that_was_found_in_it() -> None:
    """A warning of one system leaves the others as they are."""
    found = worst_of(diagnosed(collected({"openrouter.account": DOWN})))
    assert found["openrouter"] is Severity.WARNING
    assert found["redis"] is Severity.OK


def test_a_system_outside_the_profile_is_not_called_well() -> None:
    """What others say of it is no look at it."""
    scope = replace(SCOPE, facts=replace(SCOPE.facts, systems=("worker",)))
    found = worst_of(diagnosed(collected(), scope))
    assert found["worker"] is Severity.OK
    assert [key for key, severity in found.items() if severity is None] == [k for k in SYSTEMS if k != "worker"]
    assert "not in the profile" in platform_map(diagnosed(collected(), scope)).alt


@pytest.mark.parametrize(
    ("changes", "root"),
    [
        ({"openrouter.account": DOWN}, "openrouter"),
        ({"openrouter.account": DOWN, "provider.openrouter": page("openrouter", Indicator.MAJOR)}, "openrouter"),
        ({"worker.health": FailureKind.TIMEOUT}, None),
    ],
)
def test_the_cause_is_drawn_where_it_lies(changes: dict[str, object], root: str | None) -> None:
    """By its component; an outage lies at its vendor; nothing found, nothing marked."""
    diagnosis = diagnosed(collected(changes))  # type: ignore[arg-type]
    assert root_of(diagnosis) == root
    assert ("The cause lies in" in platform_map(diagnosis).alt) is (root is not None)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_it_is_a_picture_in_either_language(language: str) -> None:
    """Drawn only when shown, and a picture then."""
    chart = View(diagnosed(collected()), language=language).platform()
    assert chart.png().startswith(b"\x89PNG")


def test_what_is_needed_exists() -> None:
    """No arrow leads nowhere."""
    assert {name for pair in DEPENDS for name in pair} == set(SYSTEMS)


def test_routes_lead_to_the_runbooks_of_the_causes() -> None:
    """The likeliest first; a healthy platform leads nowhere and says so."""
    assert "runbook run worker-not-processing" in repr(
        View(diagnosed(collected({"openrouter.account": DOWN}))).routes()
    )
    assert "choose by the symptom" in repr(View(diagnosed(collected())).routes())
