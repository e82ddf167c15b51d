"""Forecasts as findings: a warning at most, and only where something is wrong already."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.diagnostics.diagnoses import cause
from tests.diagnostics.healthy import SCOPE, Changes, collected, counts, diagnosed, found, log, queue, seen
from tests.diagnostics.trends.test_capacity import loaded
from tests.diagnostics.trends.test_jobtypes import done

from diagnostics.causes.advice import advised
from diagnostics.model import FailureKind, Finding
from diagnostics.readings import QueueCounts
from diagnostics.severity import Severity
from diagnostics.text import text

OK, WARNING = Severity.OK, Severity.WARNING
CAUSE = cause("traffic.surge", steps=(text("as written"),))
NONE: Changes = {"queue.events": None, "queue.state": queue(counts(last_id=None))}


@pytest.mark.parametrize(
    ("changes", "severity", "state"),
    [
        (loaded(wait=1000, enter_per_s=2), OK, "draining"),
        (loaded(wait=501, enter_per_s=12), WARNING, "growing"),
        (loaded(wait=500, enter_per_s=12), OK, "growing"),
        (loaded(wait=5000, enter_per_s=12), WARNING, "growing"),
        (loaded(wait=5000, is_paused=True), OK, "paused"),
        (loaded(wait=0), OK, "empty"),
        (NONE, OK, "too_little"),
        ({"queue.state": queue(counts(wait=None))}, Severity.UNKNOWN, "blind"),
        (
            {"queue.state": queue(QueueCounts(name="agent-jobs", is_present=False))},
            OK,
            "too_little",
        ),
    ],
)
def test_drain(changes: Changes, severity: Severity, state: str) -> None:
    """A backlog that grows is a warning once the depth is one; draining never is."""
    finding = found("queue.drain", changes)
    assert (finding.severity, finding.state) == (severity, state)
    assert (finding.value is None) == (state not in ("draining", "empty"))


@pytest.mark.parametrize(
    ("changes", "severity", "state"),
    [
        (loaded(wait=400, enter_per_s=12), WARNING, "crossing"),
        (loaded(wait=500, enter_per_s=12), WARNING, "crossing"),
        (loaded(wait=501, enter_per_s=12), WARNING, "crossing"),
        (loaded(wait=400, enter_per_s=12, active=44), OK, "far"),
        (loaded(wait=50, enter_per_s=24), OK, "far"),
        (loaded(wait=400, enter_per_s=10.1), OK, "far"),
        (loaded(wait=400, enter_per_s=2), OK, "far"),
        (loaded(wait=1001, enter_per_s=12), OK, "above"),
        (NONE, OK, "too_little"),
    ],
)
def test_threshold_eta(changes: Changes, severity: Severity, state: str) -> None:
    """Full slots, a growth beyond doubt, and less time left than until escalation."""
    finding = found("queue.threshold_eta", changes)
    assert (finding.severity, finding.state) == (severity, state)


@pytest.mark.parametrize(
    ("enter_per_s", "before", "state"),
    [
        (2.0, 1001, "recovering"),
        (2.0, 1000, "recovering"),  # two seconds without an end prove nothing
        (2.0, 999, "full"),
        (9.5, 1001, "full"),  # it may drain, and may not
        (12.0, 1001, "full"),
    ],
)
def test_full_slots_catch_up_where_the_backlog_drains_beyond_doubt(enter_per_s: float, before: int, state: str) -> None:
    """And where it did not rise from one count to the next; 10 jobs a second are taken."""
    now = counts(wait=1000, active=50)
    changes = {**loaded(enter_per_s=enter_per_s), "queue.state": queue(now, replace(now, wait=before))}
    assert found("worker.capacity", changes).state == state


@pytest.mark.parametrize("unread", ["active", "wait"])
def test_counts_that_were_not_read_are_not_enough_room(unread: str) -> None:
    """A failed read is unknown, never OK."""
    changes = {**loaded(), "queue.state": queue(replace(counts(wait=1000, active=50), **{unread: None}))}
    assert found("worker.capacity", changes).severity is Severity.UNKNOWN


def test_the_next_limit_is_the_next_one() -> None:
    """501 jobs are above the warning: what comes next is 1000, (1000 - 501) / 2 jobs/s = 4.2 min away."""
    finding = found("queue.threshold_eta", loaded(wait=501, enter_per_s=12))
    assert finding.value == pytest.approx(4.2, abs=0.2)
    assert "more than 1000 jobs wait in 4 min" in str(finding.sentence)


def test_time_for_escalation_decides_what_is_soon() -> None:
    """The same growth is far where people escalate sooner."""
    hasty = replace(SCOPE, thresholds=replace(SCOPE.thresholds, escalate_after_min=4.0))
    assert found("queue.threshold_eta", loaded(wait=501, enter_per_s=12), hasty).state == "far"


@pytest.mark.parametrize(
    ("changes", "severity", "state"),
    [
        (loaded(enter_per_s=20), WARNING, "short"),
        (loaded(enter_per_s=20, active=44), OK, "tight"),
        (loaded(enter_per_s=20, wait=50), OK, "enough"),
        (loaded(enter_per_s=10.1), OK, "tight"),
        (loaded(enter_per_s=2), OK, "enough"),
        (NONE, OK, "too_little"),
    ],
)
def test_slots(changes: Changes, severity: Severity, state: str) -> None:
    """Too few beyond doubt, all of them full, and more waiting than there are."""
    finding = found("capacity.slots", changes)
    assert (finding.severity, finding.state) == (severity, state)


def test_slots_that_are_free_and_too_few_are_no_good_sign() -> None:
    """Twice what they take arrives, and six are free at the moment."""
    finding = found("worker.capacity", loaded(enter_per_s=20, active=44))
    assert (finding.severity, finding.state) == (OK, "tight")
    assert "need 100.0 slots; there are 50" in str(finding.sentence)


def test_slots_say_what_they_were_computed_from() -> None:
    """Rate, length, replicas and concurrency are in the sentence."""
    sentence = str(found("capacity.slots", loaded(enter_per_s=20)).sentence)
    assert "20 jobs/s x 5" in sentence
    assert "held 50 = 2 replicas x 25" in sentence


def first_step(changes: Changes, cause: str) -> str:
    made = next(c for c in diagnosed(collected(changes)).causes if c.id == cause)
    return str(made.steps[0])


def test_the_remedy_of_a_surge_carries_its_numbers() -> None:
    """What 25 → 50 and three or four replicas would do stands in the next step."""
    told = first_step(loaded(enter_per_s=12), "traffic.surge")
    assert told.startswith("Raise JOB_CONCURRENCY from 25 to 50")
    assert "JOB_CONCURRENCY 25 → 50: drains in 2 min" in told
    assert "replicas 2 → 4: drains in 2 min" in told


def test_a_remedy_that_does_harm_gives_way_to_the_warning() -> None:
    """Jobs take four times as long as before: no more slots."""
    slow = log(*done(30, "a", 500, ago_s=3000), *done(30, "a", 2000), done=0)
    told = first_step({**loaded(enter_per_s=12), "worker.log": slow}, "traffic.surge")
    assert told.startswith("Leave concurrency and replicas alone: this will make it worse: jobs take 4.0 times")


def test_where_one_change_does_harm_the_step_is_the_other() -> None:
    """Locks get lost: not more slots in one process, but more processes; the harmful action is not proposed."""
    lost = Finding(id="queue.stalled", severity=WARNING, state="stalled", sentence=text("so"))
    both = replace(CAUSE, remediations=("set-job-concurrency", "set-replicas"))
    (told,) = advised((both,), (lost,), seen(loaded(enter_per_s=12)), SCOPE)
    assert str(told.steps[0]).startswith("Set replicas 2 → 3 (Railway → Worker Service → Settings → Scaling). As it is")
    assert "JOB_CONCURRENCY 25 → 50: this will make it worse" in str(told.steps[0])
    assert told.remediations == ("set-replicas",)


def test_where_no_number_of_slots_drains_it_the_producer_is_named() -> None:
    """Four times what is taken arrives: nobody is told to raise what would not help."""
    told = first_step(loaded(enter_per_s=40), "traffic.surge")
    assert told.startswith("More slots alone do not drain it: pause the producer that adds most, too. As it is")
    top = next(c for c in diagnosed(collected(loaded(enter_per_s=40))).causes if c.id == "traffic.surge")
    assert top.remediations == ("notify-team",)
    drain = next(f for f in diagnosed(collected(loaded(enter_per_s=40))).findings if f.id == "queue.drain")
    assert "does not drain, it grows: 40 jobs/s arrive, 10 are done; 1000 wait" in str(drain.sentence)
    assert "replicas 2 → 4: does not drain, it grows" in told


def test_a_producer_whose_pause_drains_the_queue_is_the_second_step() -> None:
    """Scaling is not the only way: the type that holds most slot time is named with what stopping it does."""
    top = next(c for c in diagnosed(collected(loaded(enter_per_s=12))).causes if c.id == "traffic.surge")
    assert str(top.steps[1]).startswith("Or pause the producer of crm:sync-contacts (100% of the jobs): drains in ")


def test_a_burst_that_drains_says_how_long_to_wait() -> None:
    """All slots at work and the backlog falls: nothing is unexplained."""
    before = counts(wait=1040, active=50, last_id=8996)
    falling = {**loaded(wait=1000), "queue.state": queue(counts(wait=1000, active=50), before)}
    top = diagnosed(collected(falling)).causes[0]
    assert top.id == "traffic.burst"
    assert str(top.steps[0]).startswith("Wait, ")
    assert "As it is, the queue drains in 2 min" in str(top.steps[0])
    lost = Finding(id="queue.stalled", severity=WARNING, state="stalled", sentence=text("so"))
    (warned,) = advised((top,), (lost,), seen(falling), SCOPE)
    assert str(warned.steps[0]).startswith("Wait, ")
    assert "set-job-concurrency" not in warned.remediations


@pytest.mark.parametrize("changes", [{"queue.state": FailureKind.TIMEOUT}, NONE, loaded(wait=0)])
def test_without_a_forecast_the_steps_stay_as_written(changes: Changes) -> None:
    """No number is better than a made-up one."""
    assert advised((CAUSE,), (), seen(changes), SCOPE) == (CAUSE,)
