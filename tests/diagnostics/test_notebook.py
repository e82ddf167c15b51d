"""What notebooks show."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.diagnostics.diagnoses import diagnosis, finding

from diagnostics.notebook import Shown, View
from diagnostics.text import text

PIECES = ["verdict", "findings", "causes", "blind_spots", "actions", "escalation", "record"]
PIECES += ["issues", "event", "log_match"]
PIECES += ["capacity", "what_ifs", "percentiles", "job_types", "rate_limits", "priorities"]


def view(made=None) -> View:
    return View(made or diagnosis(), language="en", timezone="Europe/Moscow")


@pytest.mark.parametrize("piece", PIECES)
def test_each_piece_shows_itself_in_three_forms(piece):
    shown = getattr(view(), piece)()
    assert isinstance(shown, Shown)
    assert repr(shown)
    assert shown._repr_markdown_()
    assert shown._repr_html_().startswith("<")


@pytest.mark.parametrize("piece", PIECES)
def test_each_piece_has_something_to_say_of_a_bare_diagnosis(piece):
    bare = diagnosis(causes=(), findings=(), blind_spots=(), limits=(), timeline=(), evidence=(), onset_at=None)
    assert repr(getattr(view(bare), piece)())


def test_the_three_forms_of_the_verdict_say_the_same():
    shown = view().verdict()
    for told in ("almost certain, 93 %", "Compare the host in Railway", "Railway refused the token"):
        assert told in repr(shown)
        assert told in shown._repr_markdown_()
        assert told in shown._repr_html_()


def test_hostile_evidence_stays_text():
    evil = "<script>alert(1)</script>[x](javascript:alert(1))"
    made = diagnosis(findings=(finding("a.b", sentence=text("{e}", e=evil), command=evil),))
    shown = view(made).findings()
    assert "<script>" not in shown._repr_html_()
    assert "<script>" not in shown._repr_markdown_().replace(f"`{evil}`", "")
    assert "[x](" not in shown._repr_markdown_().replace(f"`{evil}`", "")


def test_findings_keep_the_order_that_was_asked_for_and_name_the_missing():
    shown = repr(view().findings("worker.health", "queue.depth", "not.there"))
    assert shown.index("OK") < shown.index("CRITICAL") < shown.index("not.there")


def test_a_step_shows_the_findings_that_execute_it():
    assert "1204 jobs ready" in repr(view().step("1.D3"))


def test_a_line_nobody_executes_is_done_by_hand():
    assert "do it by hand" in repr(view().step("1.E1"))


def test_actions_are_plans_with_change_and_undo():
    shown = repr(view().actions())
    assert "set-worker-variable" in shown
    assert "Changes" in shown
    assert "Undo" in shown


def test_an_unsure_run_plans_nothing_but_the_next_step():
    unsure = replace(diagnosis().causes[0], confidence=0.3)
    assert repr(view(diagnosis(causes=(unsure,))).actions()) == "Compare the host in Railway with the Upstash console"


def test_charts_are_those_of_the_report():
    assert "Last 1204 jobs" in repr(view().depth_chart())
    assert "Error rate" in repr(view().failure_chart())
