"""Evidence of real faults, recorded on the sandbox: judged without it, and told from what looks alike."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from diagnostics.causes.ranking import ASSERTED
from diagnostics.judgement import conclude
from diagnostics.model import Diagnosis
from diagnostics.records import read
from diagnostics.report.postmortem import render_postmortem
from diagnostics.report.summary import how_sure, standing, summarise
from diagnostics.runbooks import TRIAGE
from diagnostics.wording import Wording
from oncall.proving import Sight, expectations

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "tests" / "fixtures" / "evidence"
RECORDED = sorted(path.stem for path in FOLDER.glob("*.jsonl"))
ROWS = expectations((ROOT / "docs" / "causes.md").read_text("utf-8"))
EXPECTED = {row.fault: row for row in ROWS if row.sight is Sight.WHOLE}


@cache
def judged(fault: str) -> Diagnosis:
    """The verdict on what was recorded while this fault was in force."""
    recording = read((FOLDER / f"{fault}.jsonl").read_text("utf-8"))
    assert recording.trailer is not None
    return conclude(TRIAGE, recording.scope, recording.evidence, recording.trailer, raise_bugs=True)


@pytest.mark.parametrize("fault", RECORDED)
def test_a_recorded_fault_is_judged_as_the_table_says(fault: str) -> None:
    """An accepted cause stands on top, asserted, with the row's severity; a control has none."""
    diagnosis = judged(fault)
    top, row = diagnosis.causes[0], EXPECTED[fault]
    assert top.id in row.accepted
    assert top.confidence >= ASSERTED
    assert diagnosis.severity.value in row.severities


PAIRS = [
    ("1.01|1.02", "redis-name-unresolved", "redis-name-flapping", "worker.redis"),
    ("1.01|1.03", "redis-name-unresolved", "redis-down", "worker.redis"),
    ("1.02|1.03", "redis-name-flapping", "redis-down", "redis.connection"),
    ("1.04|1.05", "redis-token-rotated", "redis-auth-timeout", "worker.token"),
    ("1.03|1.16", "redis-down", "worker-event-loop-blocked", "worker.endpoints"),
    ("1.01|1.16", "redis-name-unresolved", "worker-event-loop-blocked", "worker.endpoints"),
    ("1.08|1.09", "worker-environment-invalid", "worker-crash-loop", "worker.errors"),
    ("1.11|1.22", "queue-paused", "queue-quiet", "queue.paused"),
    ("1.15|2.01", "handlers-hung", "traffic-surge", "queue.progress"),
    ("1.12|1.13", "queue-name-mismatch", "redis-other-database", "queue.name"),
    ("1.12|1.13", "queue-name-mismatch", "redis-other-database", "queue.server"),
    ("2.01|2.02", "traffic-surge", "database-slow", "jobs.duration"),
    ("2.02|2.03", "database-slow", "openrouter-429-storm", "jobs.reason"),
    ("2.02|2.03", "database-slow", "openrouter-429-storm", "jobs.duration"),
    ("2.02|4.10", "database-slow", "database-locked", "jobs.reason"),
    ("2.03|2.08", "openrouter-429-storm", "queue-delayed-backlog", "jobs.reason"),
    ("2.08|2.09", "queue-delayed-backlog", "queue-prioritized-backlog", "queue.delayed"),
    ("3.01|3.02", "frontend-build-failed", "frontend-bad-release", "frontend.site"),
    ("3.02|3.06", "frontend-bad-release", "frontend-redis-hang", "frontend.site"),
    ("3.03|3.04", "frontend-environment-missing", "frontend-public-variable-missing", "frontend.availability"),
    ("3.03|3.04", "frontend-environment-missing", "frontend-public-variable-missing", "frontend.database"),
    ("4.01|4.06", "database-down", "database-table-missing", "jobs.reason"),
    ("5.01|5.04", "errors-release-regression", "errors-upstream-timeouts", "errors.issues"),
    ("5.01|5.04", "errors-release-regression", "errors-upstream-timeouts", "errors.release"),
    ("5.05|5.01", "errors-retry-amplification", "errors-release-regression", "errors.jobs"),
    ("5.03|5.10", "errors-client-noise", "errors-deploy-skew", "errors.issues"),
]
"""Rows of the platform's table of confusable pairs that the sandbox can produce, and the finding that separates them."""


@pytest.mark.parametrize(("rows", "one", "other", "separator"), PAIRS)
def test_confusable_faults_are_separated(rows: str, one: str, other: str, separator: str) -> None:
    """The separating finding differs, and neither asserts the other's cause."""
    states = [{f.id: f.state for f in judged(fault).findings}.get(separator) for fault in (one, other)]
    assert states[0] != states[1], rows
    for here, there in ((one, other), (other, one)):
        asserted = {c.id for c in judged(here).causes if c.confidence >= ASSERTED}
        assert judged(there).causes[0].id not in asserted


DOUBTS = ["redis-auth-timeout", "database-locked", "database-slow"]
"""Faults that another one can look like from where we stand."""


@pytest.mark.parametrize("fault", DOUBTS)
def test_a_cause_that_cannot_be_sure_names_the_next_probe(fault: str) -> None:
    """Asserted below what two witnesses would give, with the cheapest test beside it."""
    diagnosis = judged(fault)
    assert diagnosis.causes[0].confidence < 0.8
    assert diagnosis.next_probe is not None


@pytest.mark.parametrize(
    ("compound", "explained"),
    [
        ("queue-delayed-backlog+redis-quota-exhausted", ("redis.connection", "worker.redis", "worker.health")),
        ("openrouter-down+queue-paused", ("queue.paused",)),
    ],
)
def test_of_two_faults_the_upper_one_explains_its_own(compound: str, explained: tuple[str, ...]) -> None:
    """What follows from the cause on top is put under it."""
    assert set(explained) <= set(judged(compound).causes[0].explains)


def test_a_hidden_token_stays_hidden_in_recordings() -> None:
    """Recorded evidence carries fingerprints and masks, never a token of the sandbox."""
    for fault in RECORDED:
        text = (FOLDER / f"{fault}.jsonl").read_text("utf-8")
        assert "rediss://default:" not in text.replace("rediss://default:•••@", "")
        assert "sk-or-v1-" not in text.replace("sk-or-v1-•••", "")


@pytest.mark.parametrize(
    ("fault", "first", "command"),
    [
        ("queue-paused", "queue.paused", "HEXISTS bull:agent-jobs:meta paused"),
        ("queue-rate-limited", "queue.limiter", "PTTL bull:agent-jobs:limiter"),
        ("errors-release-regression", "errors.release", "/issues/?query=is:unresolved"),
        ("database-paused", "database.reachable", "/rest/v1/organizations"),
        ("traffic-surge", "worker.capacity", ".worker.concurrency, .jobs.processing"),
    ],
)
def test_what_decided_comes_first_and_is_what_a_reader_looks_at(fault: str, first: str, command: str) -> None:
    """Not the first of the symptoms: they look alike whatever the cause."""
    diagnosis = judged(fault)
    assert diagnosis.causes[0].explains[0] == first
    assert command in summarise(diagnosis, Wording()).command


@pytest.mark.parametrize(
    ("fault", "beside"),
    [
        ("database-down+redis-down", ["redis.unreachable"]),
        ("database-paused+worker-down", ["worker.down"]),
        ("database-service-key-wrong+queue-paused", ["queue.paused"]),
        ("openrouter-down+queue-paused", ["openrouter.down"]),
        ("handlers-hung", []),
        ("frontend-false-rollback", []),
        ("worker-crash-loop", []),
    ],
)
def test_two_troubles_at_once_both_stand(fault: str, beside: list[str]) -> None:
    """The second is told with its step, on the first page and in the postmortem; a rival or a consequence is not."""
    diagnosis = judged(fault)
    assert [cause.id for cause in standing(diagnosis)[1:]] == beside
    also = summarise(diagnosis, Wording()).also
    postmortem = render_postmortem(diagnosis, language="en", timezone="UTC")
    assert len(also) == len(beside) == postmortem.count("Also wrong: ") == postmortem.count("**Also a cause**")


def test_a_consequence_is_part_of_its_cause() -> None:
    """No worker runs because its release crashes: not a guess to check before acting."""
    diagnosis = judged("worker-crash-loop")
    (down,) = [cause for cause in diagnosis.causes if cause.id == "worker.down"]
    assert how_sure(down, diagnosis, Wording()) == "part of the cause above"
    assert how_sure(diagnosis.causes[0], diagnosis, Wording()).endswith("%")


def test_every_unit_that_was_ever_told_has_a_russian_name() -> None:
    """A value is read with its unit: none stays English by oversight."""
    units = {finding.unit for fault in RECORDED for finding in judged(fault).findings if finding.unit}
    assert len(units) > 10
    assert {unit for unit in units if Wording("ru").unit(unit) == unit} <= {"USD"}
