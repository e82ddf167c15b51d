"""Errors in Sentry: which issue counts, whose it is, what share of requests fails, and what silence means."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics.healthy import NOW, SCOPE, ago, ago_ms, found, log, pages, releases, requests
from tests.diagnostics.healthy_errors import issue, issues, latest, performance, series

from diagnostics.checks.finding import TOO_LITTLE
from diagnostics.model import FailureKind
from diagnostics.readings import (
    LogEvent,
    Nature,
    SentryIssues,
    SentryRelease,
    SentryReleases,
    Side,
    TagSpread,
    VercelDeployment,
)
from diagnostics.severity import Severity

OK, WARNING, CRITICAL, UNKNOWN = Severity.OK, Severity.WARNING, Severity.CRITICAL, Severity.UNKNOWN
RECENT = {"first_seen": ago(120), "events": 40, "recent_events": 40}
ONE = (TagSpread(key="user", values=1, events=40),)
TWO = (TagSpread(key="user", values=2, events=40),)


@pytest.mark.parametrize(
    ("changes", "state", "severity"),
    [
        ({"recent_events": 9, "first_seen": ago(120)}, "quiet", OK),
        ({"recent_events": 10, "first_seen": ago(120)}, "new", WARNING),
        ({"recent_events": 10}, "ongoing", OK),
        ({"recent_events": 10, "substatus": "regressed"}, "regressed", WARNING),
        ({"recent_events": 10, "substatus": "escalating"}, "escalating", WARNING),
        ({"recent_events": 10, "substatus": "a_word_of_tomorrow"}, "ongoing", OK),
        ({**RECENT, "last_seen": ago(301)}, "quiet", OK),
        ({**RECENT, "last_seen": ago(300)}, "new", WARNING),
        ({**RECENT, "nature": Nature.UPSTREAM_TIMEOUT}, "upstream", WARNING),
        ({**RECENT, "nature": Nature.UPSTREAM_ERROR}, "upstream", WARNING),
        ({**RECENT, "nature": Nature.DATABASE}, "database", WARNING),
        ({**RECENT, "nature": Nature.DEPLOY_SKEW}, "deploy_skew", WARNING),
        ({**RECENT, "nature": Nature.EXTENSION, "recent_events": 50}, "little_noise", OK),
        ({**RECENT, "nature": Nature.EXTENSION, "recent_events": 51}, "noise", WARNING),
        ({**RECENT, "nature": Nature.OFFLINE, "recent_events": 51}, "noise", WARNING),
    ],
)
def test_the_leading_issue_is_named_by_what_it_is(changes: dict[str, Any], state: str, severity: Severity) -> None:
    """Frequency, age, Sentry's own word and nature decide; a trickle and what is over alarm nobody."""
    finding = found("errors.issues", {"sentry.issues": issues(issue(**changes))})
    assert (finding.state, finding.severity) == (state, severity)


@pytest.mark.parametrize(
    ("users", "spreads", "state"),
    [(1, ONE, "one_user"), (2, TWO, "new"), (0, (), "new"), (1, (), "new"), (1, TWO, "new")],
)
def test_one_users_trouble_is_no_outage(users: int, spreads: tuple[TagSpread, ...], state: str) -> None:
    """Only where nearly every event names the same user; users nobody names are not one."""
    changes = {"sentry.issues": issues(issue(**RECENT, users=users)), "sentry.latest": latest(*spreads)}
    assert found("errors.issues", changes).state == state


def test_one_user_is_only_said_of_the_issue_whose_tags_were_read() -> None:
    """Another issue's spread says nothing."""
    changes = {"sentry.issues": issues(issue(**RECENT, users=1)), "sentry.latest": latest(*ONE, issue_id="8")}
    assert found("errors.issues", changes).state == "new"


def test_noise_does_not_hide_our_own_error() -> None:
    """The louder issue is a browser's, the one that counts is ours."""
    noise = issue(id="8", nature=Nature.EXTENSION, recent_events=500, events=500, first_seen=ago(60))
    changes = {"sentry.issues": issues(noise, issue(**{**RECENT, "recent_events": 12}))}
    assert (found("errors.issues", changes).state, found("errors.issues", changes).value) == ("new", 12.0)


@pytest.mark.parametrize(("values", "state"), [(None, "unknown_users"), (1, "one_user"), (4, "some"), (5, "everybody")])
def test_everybody_or_particular_users(values: int | None, state: str) -> None:
    """Known users are counted; where none is known that is said and no number given."""
    spreads = (TagSpread(key="user", values=values, events=40),) if values else ()
    finding = found("errors.users", {"sentry.latest": latest(*spreads)})
    assert (finding.state, finding.value, finding.severity) == (state, float(values) if values else None, OK)


def test_an_empty_list_of_issues_has_no_event_to_read() -> None:
    """No event beside no issue is an answer; beside a list that was not read it is none."""
    empty = SentryIssues(issues=(), is_complete=True, recent_s=900.0)
    assert found("errors.users", {"sentry.issues": empty, "sentry.latest": None}).state == TOO_LITTLE
    unread: dict[str, Any] = {"sentry.issues": FailureKind.TIMEOUT, "sentry.latest": None}
    assert found("errors.users", unread).severity is UNKNOWN


@pytest.mark.parametrize(
    ("ratio", "count", "state", "severity"),
    [
        (0.0, 2000, "low", OK),
        (0.01, 2000, "low", OK),
        (0.0101, 2000, "failing", WARNING),
        (0.05, 2000, "failing", WARNING),
        (0.0501, 2000, "failing", CRITICAL),
        (1.0, 100, "failing", CRITICAL),
        (1.0, 99, TOO_LITTLE, OK),
        (0.05, 20, TOO_LITTLE, OK),
    ],
)
def test_share_of_failed_requests_at_the_runbooks_limits(
    ratio: float, count: int, state: str, severity: Severity
) -> None:
    """T1 on spans; one error in twenty requests is too little to judge (5.09)."""
    changes = {
        "sentry.performance": performance(failed_ratio=ratio, requests=count),
        "vercel.logs": FailureKind.NOT_CONFIGURED,
        "frontend.pages": FailureKind.NOT_CONFIGURED,
    }
    finding = found("errors.rate", changes)
    assert (finding.state, finding.severity) == (state, severity)
    assert finding.value == (None if state == TOO_LITTLE else ratio)


def test_the_rate_falls_back_and_names_its_denominator() -> None:
    """No spans: Vercel's log; neither: our own probes, said to be too few; nothing at all: the worker's attempts."""
    no_spans = performance(requests=0, failed_ratio=None)
    told = found("errors.rate", {"sentry.performance": no_spans})
    assert "Vercel's log" in str(told.sentence)
    hidden = {"sentry.performance": no_spans, "vercel.logs": FailureKind.UNREACHABLE}
    told = found("errors.rate", {**hidden, "frontend.pages": pages()})
    assert (told.state, "probes of the site" in str(told.sentence)) == (TOO_LITTLE, True)
    told = found("errors.rate", {**hidden, "frontend.pages": FailureKind.UNREACHABLE})
    assert (told.state, told.evidence) == ("attempts", ("worker.log",))
    assert (told.value, told.threshold) == (None, None)


@pytest.mark.parametrize(
    ("p95_s", "count", "severity"),
    [(2.0, 2000, OK), (2.01, 2000, WARNING), (5.0, 2000, WARNING), (5.01, 2000, CRITICAL), (9.0, 99, OK)],
)
def test_response_times_at_the_runbooks_limits(p95_s: float, count: int, severity: Severity) -> None:
    """T3, strictly greater, and not on a handful of requests."""
    assert (
        found("errors.latency", {"sentry.performance": performance(p95_s=p95_s, requests=count)}).severity is severity
    )


@pytest.mark.parametrize(("p50_s", "told"), [(None, "median took ? s"), (0.0, "median took 0.00 s")])
def test_one_percentile_that_is_missing_is_no_zero(p50_s: float | None, told: str) -> None:
    """What was not told is a question mark."""
    assert told in str(found("errors.latency", {"sentry.performance": performance(p50_s=p50_s)}).sentence)


def test_percentiles_that_are_not_there_are_no_zero() -> None:
    """Requests without durations leave the value empty."""
    finding = found("errors.latency", {"sentry.performance": performance(p95_s=None)})
    assert (finding.state, finding.value) == (TOO_LITTLE, None)


def deployed(*ages_s: float) -> Any:
    """Releases of the site that became ready so long ago."""
    one = releases().deployments[0]
    made = [
        VercelDeployment(id=f"dpl_{age:g}", state="READY", created_at=ago(age + 60), ready_at=ago(age))
        for age in ages_s
    ]
    return replace(releases(), serving=made[0] if made else one, deployments=tuple(made))


@pytest.mark.parametrize(
    ("ages_s", "state"),
    [
        ((150, 90_000), "after_release"),
        ((1020, 90_000), "after_release"),
        ((1021, 90_000), "no_release"),
        ((60, 90_000), "no_release"),
        ((150,), TOO_LITTLE),
        ((), TOO_LITTLE),
    ],
)
def test_an_issue_that_begins_with_a_release(ages_s: tuple[float, ...], state: str) -> None:
    """Up to a quarter of an hour after it; later, before it, or with no release to go back to: not."""
    changes = {"sentry.issues": issues(issue(**RECENT)), "vercel.deployments": deployed(*ages_s)}
    assert found("errors.release", changes).state == state


def test_the_events_own_release_goes_before_vercels() -> None:
    """Where events name one, Sentry knows when it was first heard of."""
    named = tuple(SentryRelease(version=v, created_at=ago(age), new_issues=1) for v, age in (("b", 130), ("a", 9000)))
    changes = {
        "sentry.issues": issues(issue(**RECENT)),
        "sentry.latest": latest(release="b"),
        "sentry.releases": SentryReleases(releases=named),
    }
    finding = found("errors.release", changes)
    assert (finding.state, finding.value, finding.evidence[-1]) == ("after_release", 10.0, "sentry.releases")


@pytest.mark.parametrize("nature", [n for n in Nature if n is not Nature.CODE])
def test_no_release_is_blamed_for_what_is_not_our_code(nature: Nature) -> None:
    """A provider's timeouts may begin right after a deployment, too."""
    changes = {"sentry.issues": issues(issue(**RECENT, nature=nature)), "vercel.deployments": deployed(150, 90_000)}
    assert found("errors.release", changes).state == "nothing"


@pytest.mark.parametrize(
    ("ends", "running", "state"),
    [
        ((0, 9), 0, "steady"),
        ((0, 10), 0, "spike"),
        ((0, 0), 10, "spike"),
        ((10, 0, 0, 0, 0, 0), 0, "steady"),
        ((4,) * 180, 0, "steady"),
        ((1,) * 175 + (3,) * 5, 0, "steady"),
        ((1,) * 175 + (4,) * 5, 0, "spike"),
    ],
)
def test_a_spike_is_many_more_than_before(ends: tuple[int, ...], running: int, state: str) -> None:
    """Ten in five minutes, and more than three times the rate before; the running minute counts."""
    finding = found("errors.spike", {"sentry.series": series(*ends, running=running)})
    assert (finding.state, finding.severity) == (state, WARNING if state == "spike" else OK)


@pytest.mark.parametrize(
    ("gap", "last", "state"), [(174, 9, "steady"), (175, 9, "blind"), (179, 0, "blind"), (175, 40, "spike")]
)
def test_minutes_that_were_not_counted_are_not_calm(gap: int, last: int, state: str) -> None:
    """Of the last five one is missing: no spike is seen, and none excluded."""
    counts = [0] * 180
    counts[178] = last
    finding = found("errors.spike", {"sentry.series": series(*counts, gaps=(gap,))})
    assert (finding.state, finding.severity is UNKNOWN) == (state, state == "blind")


def test_gaps_do_not_thin_what_came_before() -> None:
    """Four a minute before, in the half that was counted: twelve a minute now are no spike."""
    counts = (4, 0) * 87 + (4,) + (12,) * 5
    gaps = tuple(range(1, 174, 2))
    assert found("errors.spike", {"sentry.series": series(*counts, gaps=gaps)}).state == "steady"
    assert found("errors.spike", {"sentry.series": series(*counts)}).state == "spike"


@pytest.mark.parametrize(("gaps", "state"), [((), "calm"), ((3,), TOO_LITTLE)])
def test_silence_with_gaps_is_not_calm(gaps: tuple[int, ...], state: str) -> None:
    """Nobody counted there."""
    assert found("errors.silence", {"sentry.series": series(gaps=gaps)}).state == state


@pytest.mark.parametrize(("age_s", "state"), [(60, "spike"), (61, "harmless")])
def test_a_spike_without_an_event_in_the_last_minute_is_over(age_s: float, state: str) -> None:
    """What has stopped alarms nobody; a list of issues that was not read says nothing of the kind."""
    changes: dict[str, Any] = {"sentry.series": series(40, 0), "sentry.issues": issues(issue(last_seen=ago(age_s)))}
    assert found("errors.spike", changes).state == state
    assert found("errors.spike", {**changes, "sentry.issues": FailureKind.TIMEOUT}).state == "spike"


def test_failures_that_are_over_are_no_alarm() -> None:
    """A share over a quarter of an hour stays high; the newest requests say that it has ended."""
    count = 200
    status = (500,) * 40 + (200,) * (count - 40)
    rows = replace(
        requests(),
        at_ms=tuple(ago_ms(count - n) for n in range(count)),
        route=(0,) * count,
        status=status,
        trouble=("",) * count,
    )
    changes: dict[str, Any] = {"sentry.performance": performance(failed_ratio=0.2), "vercel.logs": rows}
    finding = found("errors.rate", changes)
    assert (finding.state, finding.severity, finding.value) == ("over", OK, 0.2)
    still = replace(rows, status=(*status[:-1], 500))
    assert found("errors.rate", {**changes, "vercel.logs": still}).severity is CRITICAL


def test_a_handful_of_failed_jobs_is_not_missed_in_sentry() -> None:
    """Nine failures may be more than 1 %, and yet say nothing of Sentry."""
    assert found("errors.silence", {"worker.log": failed_jobs(9, 9)}).state == "heard"
    assert found("errors.silence", {"worker.log": failed_jobs(12, 12)}).state == "deaf_worker"


@pytest.mark.parametrize("events", [0, 1])
def test_issues_that_were_not_read_are_said(events: int) -> None:
    """Neither calm nor hearing is told as if the issues had been seen."""
    changes: dict[str, Any] = {"sentry.series": series(events)}
    assert "not read" not in str(found("errors.silence", changes).sentence)
    assert "not read" in str(found("errors.silence", {**changes, "sentry.issues": FailureKind.TIMEOUT}).sentence)


def test_a_spike_of_one_user_alarms_nobody() -> None:
    """The series cannot tell, the issue can."""
    changes = {
        "sentry.series": series(40),
        "sentry.issues": issues(issue(**RECENT, users=1)),
        "sentry.latest": latest(*ONE),
    }
    assert (found("errors.spike", changes).state, found("errors.spike", changes).severity) == ("harmless", OK)


def failed_jobs(count: int, jobs: int) -> Any:
    """A worker's log in which so many attempts of so many jobs failed."""
    made = [
        LogEvent(at_ms=ago_ms(200 - n), level="error", event="job.failed", job_name="x", job_key=f"k{n % jobs}")
        for n in range(count)
    ]
    return replace(log(), events=tuple(sorted([*log().events, *made], key=lambda e: e.at_ms)))


@pytest.mark.parametrize(
    ("count", "jobs", "state"),
    [(9, 1, TOO_LITTLE), (10, 3, "amplified"), (10, 4, "spread"), (15, 5, "amplified"), (60, 6, "spread")],
)
def test_few_jobs_behind_many_failures_are_retries(count: int, jobs: int, state: str) -> None:
    """At most five jobs, at least three failures each."""
    finding = found("errors.jobs", {"worker.log": failed_jobs(count, jobs)})
    assert (finding.state, finding.severity) == (state, WARNING if state == "amplified" else OK)


def test_a_few_bad_jobs_of_a_good_day_alarm_nobody() -> None:
    """The same failures among many attempts that end well are less than one in a hundred."""
    early = [replace(e, at_ms=e.at_ms - 600_000) for e in failed_jobs(10, 3).events if e.event == "job.failed"]
    finding = found("errors.jobs", {"worker.log": log(*early, done=1100)})
    assert (finding.state, finding.severity) == ("few_jobs", OK)


def test_sentrys_own_count_of_jobs_goes_before_the_log() -> None:
    """Where events carry jobId, Sentry has counted already."""
    spread = TagSpread(key="jobId", values=2, events=80)
    finding = found("errors.jobs", {"sentry.latest": latest(spread), "worker.log": failed_jobs(60, 60)})
    assert (finding.state, finding.value, finding.evidence) == ("amplified", 0.025, ("sentry.latest",))


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "heard"),
        ({"sentry.series": series()}, "calm"),
        ({"sentry.series": series(3, outcomes=(("accepted", 3), ("rate_limited", 1)))}, "dropped"),
        ({"sentry.series": series(3, outcomes=(("filtered", 40),))}, "heard"),
        ({"worker.log": failed_jobs(60, 60)}, "deaf_worker"),
        ({"worker.log": failed_jobs(60, 60), "sentry.series": series(3, worker_events=1)}, "heard"),
        (
            {
                "sentry.performance": performance(failed_ratio=0.3),
                "sentry.issues": issues(issue(recent_events=0)),
            },
            "deaf_frontend",
        ),
        (
            {
                "sentry.performance": performance(failed_ratio=0.3),
                "sentry.issues": issues(issue(recent_events=40, side=Side.BROWSER), issue(id="8", recent_events=0)),
            },
            "deaf_frontend",
        ),
        ({"sentry.performance": performance(failed_ratio=0.3)}, "heard"),
        (
            {
                "sentry.performance": performance(failed_ratio=0.3),
                "sentry.issues": FailureKind.TIMEOUT,
                "sentry.series": series(),
            },
            "deaf_frontend",
        ),
        ({"sentry.issues": FailureKind.TIMEOUT, "sentry.series": series()}, "calm"),
        ({"sentry.performance": performance(failed_ratio=0.3), "sentry.issues": FailureKind.TIMEOUT}, "heard"),
    ],
)
def test_silence_is_no_health(changes: dict[str, Any], state: str) -> None:
    """Dropped by quota, not sent by the site, never sent by the worker; an unread list is not an empty one."""
    finding = found("errors.silence", changes)
    assert (finding.state, finding.severity) == (state, OK if state in ("heard", "calm") else WARNING)


@pytest.mark.parametrize(
    ("stopped", "answered", "state"),
    [
        (100, 0, "heard"),
        (100, 1, "heard"),
        (9, 9, "heard"),
        (8, 9, "deaf_frontend"),
        (0, 9, "deaf_frontend"),
        (100, 10, "deaf_frontend"),
    ],
)
def test_code_that_was_stopped_at_its_limit_tells_sentry_nothing(stopped: int, answered: int, state: str) -> None:
    """Of 504 Sentry cannot have heard: they make nobody deaf, however many they are."""
    changes = {
        "vercel.logs": requests(
            of=200, status=(*(200,) * (200 - stopped - answered), *(504,) * stopped, *(500,) * answered)
        ),
        "sentry.issues": issues(issue(recent_events=0)),
        "sentry.performance": performance(failed_ratio=None),
    }
    assert found("errors.silence", changes).state == state


@pytest.mark.parametrize(("statuses", "state"), [((504,), TOO_LITTLE), ((500,), "calm"), ((), "calm")])
def test_no_error_is_no_calm_where_code_was_stopped(statuses: tuple[int, ...], state: str) -> None:
    """Nobody can say that nothing else fails; one failed request of a thousand is no failing site."""
    rows = requests(of=1000, status=(*(200,) * (1000 - len(statuses)), *statuses))
    changes = {"vercel.logs": rows, "sentry.series": series(), "sentry.performance": performance(failed_ratio=None)}
    assert found("errors.silence", changes).state == state


def at_minutes(*minutes: int) -> Any:
    """A worker's log with an error line in these of the window's last ten minutes (0 is the first)."""
    made = [LogEvent(at_ms=ago_ms(600 - 60 * m - 5), level="error", event="job.failed", job_key="k") for m in minutes]
    return replace(log(), events=tuple(made))


@pytest.mark.parametrize(
    ("minutes", "state"),
    [((6, 7, 8, 9), "worker"), ((0, 1), "neither"), ((7, 8), "neither")],
)
def test_log_lines_are_matched_minute_by_minute(minutes: tuple[int, ...], state: str) -> None:
    """Four of five minutes are enough, half are not."""
    finding = found("errors.match", {"sentry.series": series(0, 2, 2, 2, 2), "worker.log": at_minutes(*minutes)})
    assert (finding.state, finding.severity) == (state, OK)


def test_lines_in_every_minute_match_nothing() -> None:
    """What is always there goes with everything."""
    everywhere = replace(
        log(), events=tuple(LogEvent(at_ms=ago_ms(60 * m - 30), level="error", event="x") for m in range(180, 0, -1))
    )
    assert found("errors.match", {"sentry.series": series(2, 2, 2), "worker.log": everywhere}).state == "neither"


def test_a_site_that_fails_in_the_same_minutes_is_named() -> None:
    """Vercel's rows count as the frontend's lines."""
    rows = requests()
    times = tuple(ago_ms(60 * m - 10) for m in (3, 2, 1))
    failing = replace(rows, at_ms=times, route=(0, 0, 0), status=(500, 500, 502), trouble=("", "", ""))
    changes = {"sentry.series": series(2, 2, 2), "vercel.logs": failing}
    assert found("errors.match", changes).state == "frontend"


@given(worse=st.integers(10, 10_000), more=st.integers(0, 10_000))
def test_more_events_never_calm_the_judgement(worse: int, more: int) -> None:
    """A worse count never lowers the severity."""
    order = [OK, WARNING, CRITICAL]

    def rank(count: int) -> int:
        changed = {"sentry.issues": issues(issue(**{**RECENT, "events": count, "recent_events": count}))}
        return order.index(found("errors.issues", changed).severity)

    assert rank(worse + more) >= rank(worse)


def test_windows_that_end_in_the_past_judge_their_own_end() -> None:
    """`until` is the recorded one, not the clock."""
    scope = replace(SCOPE, window=replace(SCOPE.window, until=NOW - timedelta(hours=1)))
    old = issue(**{**RECENT, "first_seen": ago(3700), "last_seen": ago(3610)})
    assert found("errors.issues", {"sentry.issues": issues(old)}, scope).state == "new"
