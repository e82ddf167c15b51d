"""Pictures of incident 4: what they say in words, and that they can be drawn whatever was seen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.diagnostics.checks.test_database_checks import POOL, REFUSED, failing
from tests.diagnostics.healthy import SCOPE, Changes, collected, diagnosed, seen
from tests.diagnostics.healthy_database import activity, sessions, statement, statements

from diagnostics.charts import diagnosis_charts
from diagnostics.database_charts import database_charts, named
from diagnostics.model import FailureKind
from diagnostics.notebook import View

NAMES = ("connections", "statements", "failures-by-cause")
OF_FOUR = replace(SCOPE, slug="database-unavailable")


def alt(changes: Changes, name: str) -> str:
    return database_charts(seen(changes), OF_FOUR)[name].alt


def test_they_belong_to_incident_four_alone() -> None:
    """Other incidents are not burdened with them."""
    assert set(NAMES) <= set(diagnosis_charts(diagnosed(collected(), OF_FOUR)))
    assert not set(NAMES) & set(diagnosis_charts(diagnosed(collected())))


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({}, "connections", "10 of 57 connections used"),
        ({"postgres.activity": activity(sessions=sessions(40, "idle in transaction"))}, "connections", "40 of 57"),
        ({"postgres.activity": REFUSED["53300"]}, "connections", "takes no connection (53300)"),
        ({"postgres.activity": FailureKind.UNREACHABLE}, "connections", "was not asked by SQL"),
        ({}, "statements", "SELECT knowledge_chu… 3 ms"),
        ({"postgres.statements": statements(statement(None, mean_ms=7.0))}, "statements", "7 ms"),
        ({"postgres.statements": FailureKind.TIMEOUT}, "statements", "was not seen"),
        ({"worker.log": failing(POOL)}, "failures-by-cause", "worker log lines"),
        ({"worker.log": FailureKind.UNAUTHORIZED}, "failures-by-cause", "the worker's log was not seen"),
    ],
)
def test_each_says_in_words_what_it_shows(changes: Changes, name: str, words: str) -> None:
    """For a reader who cannot see it, and for a terminal."""
    assert words in alt(changes, name)


def test_the_statement_that_costs_most_now_comes_first() -> None:
    """Not the one that was slow last week."""
    old = statement(None, shape="SELECT x FROM old", total_ms=9e9)
    told = alt({"postgres.statements": statements(old, statement(5000.0, shape="SELECT x FROM now"))}, "statements")
    assert told.index("SELECT now") < told.index("SELECT old")


@pytest.mark.parametrize(
    "changes", [{}, dict.fromkeys(("postgres.activity", "postgres.statements", "worker.log"), None)]
)
def test_they_can_be_drawn_with_and_without_data(changes: Changes) -> None:
    """An empty picture is a picture."""
    charts = diagnosis_charts(diagnosed(collected(changes), OF_FOUR))
    assert all(charts[name].png().startswith(b"\x89PNG") for name in NAMES)


@pytest.mark.parametrize(
    ("shape", "name"),
    [
        ('WITH pgrst_source AS ( UPDATE "public"."agents" SET', "UPDATE agents"),
        ('WITH pgrst_source AS ( INSERT INTO "public"."users" ( id )', "INSERT users"),
        ('SELECT "public"."job_status".* FROM "public"."job_status"', "SELECT job_status"),
        ("DELETE FROM webhook_events_of_long_ago WHERE", "DELETE webhook_event…"),
        ("VACUUM", "VACUUM"),
        ("", ""),
    ],
)
def test_a_statement_is_named_for_what_it_does(shape: str, name: str) -> None:
    """PostgREST wraps all of them alike; the verb and the table tell them apart."""
    assert named(shape) == name


def test_the_notebook_shows_each() -> None:
    """By the name of its method."""
    view = View(diagnosed(collected(), OF_FOUR))
    shown = (view.connections_chart(), view.statements_chart(), view.failures_by_cause_chart())
    assert all(chart.alt for chart in shown)
