"""`verdict.json`."""

from __future__ import annotations

import json
from datetime import timedelta, timezone

from tests.diagnostics.diagnoses import NOW, diagnosis, finding

from diagnostics.report.verdict import verdict_document
from diagnostics.severity import Severity
from diagnostics.text import text

# Design 5, verbatim in order; `state` is ours and additive.
TOP = """schema incident profile window started_at finished_at deadline_s partial severity runbook onset_at onset_interval
causes findings blind_spots limits next_step next_probe clock budget versions""".split()
CAUSE = "id confidence title component runbook branch explains against remediations".split()
FINDING = "id severity state sentence value unit threshold evidence command".split()


def test_the_document_has_exactly_the_fields_of_the_schema():
    document = verdict_document(diagnosis())
    assert list(document) == TOP
    assert list(document["causes"][0]) == CAUSE
    assert list(document["findings"][0]) == FINDING
    assert list(document["blind_spots"][0]) == ["check", "why", "regain"]
    assert list(document["limits"][0]) == ["what", "link"]
    assert list(document["clock"]) == ["onset_age_s", "response_started_at", "escalate_at", "overdue", "contacts"]
    assert list(document["budget"]) == ["redis_commands", "http_requests", "sql_statements", "elapsed_s"]


def test_it_is_strict_json_and_a_value_that_is_not_finite_is_null():
    odd = diagnosis(findings=(finding(value=float("nan"), threshold=float("inf")),))
    document = json.loads(json.dumps(verdict_document(odd), allow_nan=False))
    assert document["findings"][0]["value"] is None
    assert document["findings"][0]["threshold"] is None


def test_times_are_utc_with_z_whatever_zone_they_came_in():
    east = NOW.astimezone(timezone(timedelta(hours=3)))
    document = verdict_document(diagnosis(onset_at=east, finished_at=east))
    assert document["onset_at"] == document["finished_at"] == "2026-11-23T03:02:00.000Z"
    assert all(t.endswith("Z") for t in (document["window"]["since"], *document["onset_interval"]))


def test_text_is_english_and_whole():
    document = verdict_document(diagnosis(next_step=text("look at {what}", what="Redis")))
    assert document["next_step"] == "look at Redis"
    assert document["findings"][1]["sentence"] == "1204 jobs ready and not started in agent-jobs"


def test_the_unknown_is_null_not_absent():
    document = verdict_document(diagnosis(onset_at=None, onset_interval=None, causes=(), next_probe=None))
    assert (document["onset_at"], document["onset_interval"], document["runbook"]) == (None, None, None)
    assert document["causes"] == []


def test_severities_are_the_schemas_words():
    for severity in Severity:
        assert verdict_document(diagnosis(severity=severity))["severity"] == severity.value


def test_the_same_diagnosis_gives_the_same_bytes():
    assert json.dumps(verdict_document(diagnosis())) == json.dumps(verdict_document(diagnosis()))
