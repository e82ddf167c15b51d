"""When it began: dated where a source reaches back that far, else said to be older."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.diagnostics.healthy import (
    NOW,
    QUEUE,
    SCOPE,
    ago,
    ago_ms,
    collected,
    counts,
    diagnosed,
    line,
    log,
    queue,
    rows,
    running,
)

from diagnostics.model import Diagnosis
from diagnostics.readings import LogEvent, QueueEvents, Symptom, WorkerLog
from diagnostics.report.postmortem import render_postmortem
from diagnostics.report.summary import is_older, summarise
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.timeline import onset
from diagnostics.wording import Wording

MISSING = Symptom.HANDLER_MISSING


def failures(oldest_s: float) -> tuple[LogEvent, ...]:
    """A failing job every second since `oldest_s` seconds ago."""
    return tuple(
        line(seconds, "job.failed", symptom=MISSING, job_name="process-asset", level="error")
        for seconds in range(int(oldest_s), 0, -1)
    )


def judged(oldest_s: float, *, log_s: float, is_truncated: bool) -> Diagnosis:
    """A diagnosis from a log that reaches back `log_s` seconds and shows trouble since `oldest_s` ago."""
    read = log(*failures(oldest_s), done=0, since_ms=ago_ms(log_s), is_truncated=is_truncated)
    return diagnosed(collected({"worker.log": read}))


@pytest.mark.parametrize(
    ("log_s", "is_truncated", "is_known"),
    [(60, True, False), (90, True, False), (91, True, True), (600, True, True), (60, False, True)],
)
def test_trouble_at_the_edge_of_a_cut_log_is_older_than_the_log(
    log_s: float, is_truncated: bool, is_known: bool
) -> None:
    """The first line of a cut log is no beginning; half a minute of good lines before the first bad one are."""
    made = judged(60, log_s=log_s, is_truncated=is_truncated)
    assert made.onset_at == ago(60)
    assert is_older(made) is not is_known
    told = summarise(made, Wording()).since
    assert ("no source reaches further back" in told) is not is_known
    assert ("before 2026-01-31 02:59:00" in render_postmortem(made, language="en", timezone="UTC")) is not is_known


def test_a_cut_log_is_a_limit_that_is_told() -> None:
    """What was not read is said, with the time from which on it was."""
    limits = [str(limit.what) for limit in judged(60, log_s=600, is_truncated=True).limits]
    assert any("02:50:00 UTC" in told for told in limits)
    assert not any("newest" in str(limit.what) for limit in judged(60, log_s=600, is_truncated=False).limits)


def test_every_line_of_the_timeline_has_evidence() -> None:
    """No moment without the look that tells it."""
    made = judged(60, log_s=600, is_truncated=True)
    ids = {item.id for item in made.evidence}
    assert made.timeline
    assert all(event.evidence and set(event.evidence) <= ids for event in made.timeline)
    assert all(SCOPE.window.since <= event.at <= NOW + timedelta(seconds=1) for event in made.timeline)


def surging(*, since_s: float, stream_s: float, read: WorkerLog | None = None) -> Diagnosis:
    """Many jobs have come since then, all slots are busy, and the stream reaches back so far."""
    steps = sorted([(ago_ms(stream_s), "completed"), *((ago_ms(since_s) + 10 * n, "waiting") for n in range(1200))])
    stream = QueueEvents(
        queue=QUEUE,
        at_ms=tuple(at for at, _ in steps),
        kind=tuple(kind for _, kind in steps),
        complete_since_ms=ago_ms(stream_s),
    )
    deep = {"queue.state": queue(counts(wait=1200, active=50)), "queue.events": stream}
    return diagnosed(collected(deep | {"worker.log": read} if read else deep))


def test_a_surge_is_dated_by_the_depth_where_no_line_of_the_log_is_bad() -> None:
    """Nothing fails in a surge: it begins when more jobs wait than all slots can take."""
    made = surging(since_s=300, stream_s=900)
    assert made.onset_at is not None and made.onset_interval is not None
    assert abs((made.onset_at - ago(300)).total_seconds()) < 10
    assert made.onset_interval[0] < made.onset_at
    (begins,) = [event for event in made.timeline if "begins" in str(event.what)]
    assert "queue.events" in begins.evidence


def test_an_old_failure_does_not_date_a_surge() -> None:
    """One job that failed two hours ago, among hundreds that end well, has nothing to do with it."""
    old = line(7200, "job.failed", symptom=Symptom.OTHER)
    made = surging(since_s=300, stream_s=900, read=log(old, done=300))
    assert made.onset_at == surging(since_s=300, stream_s=900).onset_at


def test_a_backlog_older_than_every_source_is_not_dated() -> None:
    """The stream begins within it: nobody knows since when."""
    assert surging(since_s=300, stream_s=200).onset_at is None


@pytest.mark.parametrize(("log_s", "is_truncated", "begins_s"), [(70, True, 300), (600, True, 60), (70, False, 60)])
def test_where_the_log_is_cut_a_stop_began_after_the_last_good_moment(
    log_s: float, is_truncated: bool, begins_s: float
) -> None:
    """The first line that is kept may be any: the interval says so, and the date is not later than the trouble."""
    read = log(*failures(60), done=0, since_ms=ago_ms(log_s), is_truncated=is_truncated)
    state = queue(counts(newest_completed_at=ago(300), newest_failed_at=None, wait=10))
    rows_of = rows(*running(300, 10))
    made = diagnosed(collected({"worker.log": read, "queue.state": state, "queue.jobs": rows_of}))
    assert {"queue.progress"} <= {f.id for f in made.findings if f.severity is Severity.CRITICAL}
    assert onset(Seen(made.evidence), SCOPE, made.findings) == (ago(begins_s), (ago(300), ago(60)))


def test_what_went_well_after_we_began_to_look_dates_no_stop() -> None:
    """No run is said to have begun before the trouble it found."""
    state = queue(counts(newest_completed_at=NOW + timedelta(seconds=3), newest_failed_at=None, wait=10))
    evidence = collected({"worker.log": log(done=0), "queue.state": state})
    stopped = tuple(f for f in diagnosed(collected({"queue.state": queue(counts(is_paused=True))})).findings)
    assert onset(Seen(evidence), SCOPE, stopped) == (None, None)


def test_an_old_line_of_another_trouble_dates_nothing() -> None:
    """What fails most of late is dated, and ten quiet minutes end a trouble: what was bad before them is another one."""
    old = [line(s, "job.failed", symptom=MISSING, job_name="process-asset", level="error") for s in (3000, 2990)]
    odd = [line(s, "job.failed", symptom=Symptom.TIMED_OUT, job_name="a", level="error") for s in range(2900, 61, -99)]
    made = diagnosed(collected({"worker.log": log(*old, *odd, *failures(60), done=0)}))
    assert made.onset_at == ago(60)


def paused(*turns: tuple[float, str]) -> Diagnosis:
    """The queue is paused, and its events hold these turns (seconds ago)."""
    stream = QueueEvents(
        queue=QUEUE,
        at_ms=tuple(ago_ms(seconds) for seconds, _ in turns),
        kind=tuple(kind for _, kind in turns),
        complete_since_ms=ago_ms(900),
    )
    return diagnosed(collected({"queue.state": queue(counts(is_paused=True)), "queue.events": stream}))


@pytest.mark.parametrize(
    ("turns", "since_s"),
    [
        ([(310, "active"), (300, "paused")], 300),
        ([(310, "active"), (300, "paused"), (200, "waiting"), (100, "paused")], 300),
        ([(300, "paused"), (200, "resumed"), (100, "paused")], 100),
        ([(310, "resumed"), (300, "paused"), (299.9, "active")], 300),
    ],
)
def test_a_pause_is_dated_by_the_queue_itself(turns: list[tuple[float, str]], since_s: float) -> None:
    """To the moment: whoever pauses once more changes nothing, a resume in between ends the first."""
    made = paused(*turns)
    assert (made.onset_at, made.onset_interval) == (ago(since_s), None)
    (finding,) = [found for found in made.findings if found.id == "queue.paused"]
    assert f"since {ago(since_s):%H:%M:%S} UTC" in str(finding.sentence)
    assert [event for event in made.timeline if event.at == ago(since_s) and "paused by" in str(event.what)]


@pytest.mark.parametrize("turns", [[(300, "waiting")], [(300, "paused"), (100, "resumed")]])
def test_a_pause_the_events_do_not_hold_has_no_date(turns: list[tuple[float, str]]) -> None:
    """The stream was cut since, or was read before the pause."""
    made = paused(*turns)
    (finding,) = [found for found in made.findings if found.id == "queue.paused"]
    assert "since" not in str(finding.sentence)


def test_a_pause_without_a_sign_of_work_before_it_may_be_older() -> None:
    """The first pause the events hold may be one more of a queue that was paused already."""
    made = paused((310, "waiting"), (300, "paused"), (100, "paused"))
    (finding,) = [found for found in made.findings if found.id == "queue.paused"]
    assert f"since {ago(300):%H:%M:%S} UTC at the latest" in str(finding.sentence)
    assert made.onset_at != ago(300)


def test_a_pause_of_another_day_carries_its_date() -> None:
    """At three in the night a pause of yesterday at four is no hour old."""
    made = paused((90_001, "active"), (90_000, "paused"))
    (finding,) = [found for found in made.findings if found.id == "queue.paused"]
    assert f"since {ago(90_000):%Y-%m-%d %H:%M:%S} UTC" in str(finding.sentence)
