"""The tables of room, in both languages' shape and with nothing known."""

from __future__ import annotations

import html
from dataclasses import replace

import pytest
from tests.diagnostics.diagnoses import diagnosis
from tests.diagnostics.healthy import SCOPE, TRAILER, Changes, collected, line, log
from tests.diagnostics.trends.test_capacity import loaded
from tests.diagnostics.trends.test_jobtypes import done

from diagnostics.judgement import conclude
from diagnostics.model import Diagnosis, FailureKind
from diagnostics.readings import Symptom
from diagnostics.report import room
from diagnostics.report.html import render_report
from diagnostics.report.room import Table
from diagnostics.runbooks import by_slug
from diagnostics.wording import Wording

EN = Wording("en", "UTC")
TABLES = (
    room.capacity_table,
    room.what_if_table,
    room.percentile_table,
    room.type_table,
    room.rate_limit_table,
    room.priority_table,
)
BLIND: Changes = {
    "queue.state": FailureKind.TIMEOUT,
    "queue.jobs": None,
    "worker.log": FailureKind.TIMEOUT,
    "worker.metrics": None,
}


def overflowing(changes: Changes | None = None) -> Diagnosis:
    """Incident 2 on a platform with a backlog, but for `changes`."""
    scope = replace(SCOPE, slug="queue-overflow")
    changes = loaded(enter_per_s=12) if changes is None else changes
    return conclude(by_slug(scope.slug), scope, collected(changes), TRAILER, raise_bugs=True)


def by_first(table: Table) -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in table.rows}


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.__name__)
def test_every_row_has_a_cell_for_every_heading(table) -> None:
    """In both languages; nothing is shown as None or infinite."""
    for wording in (EN, Wording("ru", "Europe/Moscow")):
        made = table(overflowing(), wording)
        assert all(len(row) == len(made.head) for row in made.rows)
        assert not [cell for row in made.rows for cell in row if "None" in cell or "inf" in cell or "nan" in cell]


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.__name__)
def test_what_is_not_known_is_a_sentence(table) -> None:
    """No empty table: it would look like nothing to worry about."""
    made = table(overflowing(BLIND), EN)
    assert (made.rows, bool(made.note)) == ((), True)


def test_capacity_shows_every_number_with_its_interval_and_source() -> None:
    """Two replicas of 25, 10 jobs/s taken, 12 arrive."""
    rows = by_first(room.capacity_table(overflowing(), EN))
    assert rows["Slots held"] == ("50 slots", "", "2 replicas x 25")
    assert rows["Capacity"][0] == "10 jobs/s"
    assert "…" in rows["Capacity"][1]
    assert "of the event stream" in rows["Capacity"][2]
    assert rows["Utilisation"][0] == "120 %"
    assert rows["Drain"][0] == "does not drain, it grows"
    assert rows["More than 500 jobs"][0] == rows["More than 500 jobs"][0] == "now"
    assert by_first(room.capacity_table(overflowing(loaded(wait=400)), EN))["More than 1000 jobs"][0] == "not in sight"


def test_changes_stand_beside_things_as_they_are() -> None:
    """The first row is the present."""
    table = room.what_if_table(overflowing(), EN)
    assert table.rows[0][:2] == ("As it is", "does not drain, it grows")
    assert table.rows[1][0] == "JOB_CONCURRENCY 25 → 50"


def test_who_is_limited_by_what() -> None:
    """The type, the service, how many attempts and which share of them."""
    refused = [
        line(5, "job.failed", job_name="kg", duration_ms=500.0, symptom=Symptom.OPENROUTER_RATE_LIMITED)
        for _ in range(6)
    ]
    told = log(*refused, *done(24, "kg", 1000), *done(30, "crm", 1000), done=0)
    table = room.rate_limit_table(overflowing({**loaded(), "worker.log": told}), EN)
    assert table.rows == (("kg", "OpenRouter (429)", "6", "20 %"),)


def test_priorities_help_the_short_and_cost_the_long() -> None:
    """Types go first as long as nine tenths of the slots suffice for them."""
    told = log(*done(50, "quick", 1000), *done(50, "slow", 9000), done=0)
    rows = by_first(room.priority_table(overflowing({**loaded(enter_per_s=12), "worker.log": told}), EN))
    assert rows["quick"] == ("12 %", "2 min", "hardly waits")
    assert rows["slow"] == ("108 %", "2 min", "waits longer than now")


def test_a_paused_queue_lets_nobody_through() -> None:
    """The wait has no end; no division by zero."""
    rows = by_first(room.priority_table(overflowing(loaded(is_paused=True)), EN))
    assert {row[1] for row in rows.values()} == {"without an end"}


def test_the_report_of_incident_two_holds_every_table_of_the_notebook() -> None:
    """The same cells, so nobody has to open the notebook for a number; other incidents have none of it."""
    made = overflowing()
    page = html.unescape(render_report(made, language="en", timezone="UTC", charts={}))
    for table in TABLES:
        shown = table(made, EN)
        assert all(f"<td>{cell}</td>" in page for row in shown.rows for cell in row)
        assert shown.note in page
    assert "The queue in depth" in page
    assert "The queue in depth" not in render_report(diagnosis(), language="en", timezone="UTC", charts={})


def test_the_queue_s_own_limits_are_rows_of_the_capacity() -> None:
    """How many at once, how many in a while; no row where the queue sets no limit."""
    limits = {"concurrency_limit": 10, "rate_max_jobs": 8, "rate_window_ms": 2000}
    told = by_first(room.capacity_table(overflowing(loaded(**limits)), EN))
    assert told["Active at once, at most"][0] == "10 jobs"
    assert told["Begun, at most"][::2] == ("4 jobs/s", "agent-jobs begins at most 8 jobs in 2 s")
    assert not {"Active at once, at most", "Begun, at most"} & set(by_first(room.capacity_table(overflowing(), EN)))


def test_a_paused_queue_does_not_grow_it_stands() -> None:
    """Nothing is taken from it; to say that it grows would send people to the slots."""
    made = overflowing(loaded(is_paused=True))
    assert by_first(room.capacity_table(made, EN))["Drain"][0] == "does not drain, it is paused"
    assert room.what_if_table(made, EN).rows[0][1] == "does not drain, it is paused"
