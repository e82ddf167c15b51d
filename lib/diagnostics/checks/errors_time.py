"""Judgements of errors over time: a spike, a silence that proves nothing, and whose log lines go with the errors."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from diagnostics.checks.errors import check_errors_issues
from diagnostics.checks.errors_issue import FEWEST_EVENTS, is_bad, sentry_curl
from diagnostics.checks.errors_rate import check_errors_rate
from diagnostics.checks.finding import TOO_LITTLE, blind, unread
from diagnostics.checks.jobs import check_jobs_failures
from diagnostics.model import Finding
from diagnostics.readings import SentryIssues, SentrySeries, Side, WorkerLog
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text
from diagnostics.trends.errors import site_failures, site_failures_ms, worker_errors_ms

NOW_MS = 5 * 60 * 1000
"""The end of the series that is compared with what came before."""
LAST_MINUTE = timedelta(minutes=1)
TIMES = 3.0
"""Factor from which more errors are a spike. Our own number."""
MATCHED = 0.8
"""Share of the minutes with errors that must have lines of a log, for the log to tell of the same trouble."""
FEWEST_MINUTES = 3
STOPPED = 504
"""Vercel's answer for a function that ran into its time limit."""
FEWEST_FAILED = 10
"""Failed requests in Vercel's log from which Sentry should have heard of one."""


def check_errors_spike(seen: Seen, scope: Scope) -> Finding:
    """Judge whether errors come much more often than before (value: errors a minute in the last five).

    Source: runbook 5.S1, 5.D3. A spike that is one user's alone, or a little of browsers' noise, alarms nobody.
    """
    series = seen.reading(SentrySeries)
    command = _series_command(scope)
    if series is None:
        return blind("errors.spike", seen, "sentry.series", command=command)
    recent, before_per_min = _recent(series)
    minutes = NOW_MS / 60_000
    is_spike = recent >= FEWEST_EVENTS and recent / minutes > TIMES * before_per_min
    if not is_spike and any(n >= len(series.events) - _recent_count(series) for n in series.gaps):
        return unread("errors.spike", seen, "sentry.series", command=command)
    is_harmless = check_errors_issues(seen, scope).state in ("little_noise", "one_user") or _is_over(seen, scope)
    state = "spike" if is_spike and not is_harmless else "harmless" if is_spike else "steady"
    return Finding(
        id="errors.spike",
        severity=Severity.WARNING if state == "spike" else Severity.OK,
        state=state,
        sentence=text(
            "{recent} errors in the last 5 minutes; before that {before:.1f} a minute",
            recent=recent,
            before=before_per_min,
        ),
        value=round(recent / minutes, 2),
        unit="events/min",
        threshold=round(max(FEWEST_EVENTS / minutes, TIMES * before_per_min), 2),
        evidence=seen.ids("sentry.series"),
        command=command,
    )


def _is_over(seen: Seen, scope: Scope) -> bool:
    """Whether no issue had an event in the last minute; unknown is not over."""
    issues = seen.reading(SentryIssues)
    return issues is not None and all(scope.window.until - i.last_seen > LAST_MINUTE for i in issues.issues)


def _recent(series: SentrySeries) -> tuple[int, float]:
    """Errors of the last five minutes, the running bucket included, and errors a minute before them."""
    count = _recent_count(series)
    older = series.events[:-count]
    minutes = (len(older) - sum(n < len(older) for n in series.gaps)) * series.step_ms / 60_000
    return sum(series.events[-count:]) + series.running, sum(older) / minutes if minutes else 0.0


def _recent_count(series: SentrySeries) -> int:
    """Buckets of the last five minutes."""
    return max(1, NOW_MS // series.step_ms)


def check_errors_silence(seen: Seen, scope: Scope) -> Finding:
    """Judge whether Sentry hears what fails: silence is never health. Source: platform facts 3 and 10; runbook 1.B1.

    Value: errors Sentry dropped because the quota is spent (count).
    """
    series = seen.reading(SentrySeries)
    command = sentry_curl(
        scope.facts,
        "stats_v2/?field=sum(quantity)&groupBy=outcome&category=error&interval=1h&statsPeriod=3h",
        jq="'.groups[] | {by, totals}'",
    )
    if series is None:
        return blind("errors.silence", seen, "sentry.series", command=command)
    state, sentence = _heard(seen, scope, series)
    is_deaf = state in ("dropped", "deaf_frontend", "deaf_worker")
    return Finding(
        id="errors.silence",
        severity=Severity.WARNING if is_deaf else Severity.OK,
        state=state,
        sentence=sentence,
        value=float(series.outcome("rate_limited")),
        unit="events",
        threshold=0.0,
        evidence=seen.ids("sentry.series"),
        command=command,
    )


def _heard(seen: Seen, scope: Scope, series: SentrySeries) -> tuple[str, Text]:
    dropped = series.outcome("rate_limited")
    if dropped:
        return "dropped", text("Sentry dropped {count} errors of the window: the quota is spent", count=dropped)
    if _server_events(seen) == 0 and _site_fails(seen, scope):
        return "deaf_frontend", text("requests of the site fail, and Sentry has no error of its server")
    if series.worker_events == 0 and _jobs_fail(seen, scope):
        return "deaf_worker", text("jobs fail, and Sentry has no error of the worker, which never starts Sentry")
    total = sum(series.events) + series.running
    if total == 0 and _site_fails(seen, scope):
        # The series alone proves it, also where the issues were not read.
        return "deaf_frontend", text("requests of the site fail, and Sentry has no error at all in the window")
    if total == 0 and STOPPED in _recent_statuses(seen, scope):
        return TOO_LITTLE, text(
            "Sentry has no error in the window; of requests that were stopped at their limit (504) it never hears"
        )
    if total == 0 and series.gaps:
        return TOO_LITTLE, text(
            "Sentry did not count {count} parts of the window, and has no error in the others", count=len(series.gaps)
        )
    return _told(total, is_read=_server_events(seen) is not None)


def _told(total: int, *, is_read: bool) -> tuple[str, Text]:
    """What Sentry took, where nothing contradicts it; without its issues nobody knows whose errors they are."""
    if total == 0:
        return "calm", (
            text("Sentry has no error in the window, and nothing fails that it should have heard of")
            if is_read
            else text("Sentry has no error in the window, its issues were not read; nothing else says that it is deaf")
        )
    return "heard", (
        text("Sentry took {count} errors in the window and dropped none for the quota", count=total)
        if is_read
        else text(
            "Sentry took {count} errors in the window and dropped none for the quota; whose they are was not read",
            count=total,
        )
    )


def _server_events(seen: Seen) -> int | None:
    """Recent events of issues that servers reported; `None` when the issues were not read."""
    issues = seen.reading(SentryIssues)
    return None if issues is None else sum(i.recent_events for i in issues.issues if i.side is Side.SERVER)


def _jobs_fail(seen: Seen, scope: Scope) -> bool:
    """More than the limit allows, and more than a handful: of a few Sentry need not have heard."""
    log, since_ms = seen.reading(WorkerLog), scope.window.until.timestamp() * 1000 - 3 * NOW_MS
    failed = sum(e.event == "job.failed" and e.at_ms >= since_ms for e in log.events) if log else FEWEST_EVENTS
    return failed >= FEWEST_EVENTS and is_bad(check_jobs_failures(seen, scope))


def _site_fails(seen: Seen, scope: Scope) -> bool:
    """Whether requests failed of which Sentry should have heard: code that was stopped at its limit tells nobody."""
    failed = _recent_statuses(seen, scope)
    told = [status for status in failed if status != STOPPED]
    is_share_told = not failed or 2 * len(told) > len(failed)
    return len(told) >= FEWEST_FAILED or (is_share_told and is_bad(check_errors_rate(seen, scope)))


def _recent_statuses(seen: Seen, scope: Scope) -> list[int]:
    """Of the requests that failed within a quarter of an hour; none where the log was not read."""
    recent_ms = scope.window.until.timestamp() * 1000 - 3 * NOW_MS
    return [status for at, status in site_failures(seen) or () if at >= recent_ms]


def check_errors_match(seen: Seen, scope: Scope) -> Finding:
    """Match the minutes with errors in Sentry with error lines of Railway's and Vercel's logs.

    Value: the larger matched share (ratio 0-1). Says where to look; never alarms. Source: runbook 5.A1, 5.B1.
    """
    series = seen.reading(SentrySeries)
    command = _series_command(scope)
    if series is None:
        return blind("errors.match", seen, "sentry.series", command=command)
    bad = {index for index, count in enumerate(series.events) if count}
    shares = {
        "worker": _share(series, bad, worker_errors_ms(seen)),
        "frontend": _share(series, bad, site_failures_ms(seen)),
    }
    matched = [name for name, share in shares.items() if share is not None and share >= MATCHED]
    known = {name: share for name, share in shares.items() if share is not None}
    if len(bad) < FEWEST_MINUTES or not known:
        state, sentence = TOO_LITTLE, text("too few minutes with errors in Sentry to match with log lines")
    else:
        state = "both" if len(matched) == 2 else matched[0] if matched else "neither"
        sentence = text(
            "of {minutes} minutes with errors {worker} have error lines of the worker, {frontend} failed requests",
            minutes=len(bad),
            worker=_percent(shares["worker"]),
            frontend=_percent(shares["frontend"]),
        )
    return Finding(
        id="errors.match",
        severity=Severity.OK,
        state=state,
        sentence=sentence,
        value=max(known.values()) if state != TOO_LITTLE else None,
        unit="ratio" if state != TOO_LITTLE else "",
        threshold=MATCHED if state != TOO_LITTLE else None,
        evidence=seen.ids(*(p for p in ("sentry.series", "worker.log", "vercel.logs") if seen.of(p))),
        command=command,
    )


def _share(series: SentrySeries, bad: set[int], lines_ms: Iterable[int] | None) -> float | None:
    """Share of the bad buckets that also have lines; `None` without a log, 0 where lines are everywhere alike."""
    if lines_ms is None or not bad:
        return None
    with_lines = {(at - series.start_ms) // series.step_ms for at in lines_ms}
    share = len(bad & with_lines) / len(bad)
    good = set(range(len(series.events))) - bad - set(series.gaps)
    # Lines in every minute go with everything, and so with nothing.
    is_everywhere = bool(good) and len(good & with_lines) > len(good) / 2
    return 0.0 if is_everywhere else round(share, 3)


def _percent(share: float | None) -> str:
    return "?" if share is None else f"{share:.0%}"


def _series_command(scope: Scope) -> str:
    project = scope.facts.sentry_project
    return sentry_curl(
        scope.facts,
        f"events-timeseries/?dataset=errors&yAxis=count()&interval=60&statsPeriod=3h&project={project}",
        jq="'.timeSeries[0].values[] | [.timestamp, .value]'",
    )


CHECKS = (check_errors_spike, check_errors_silence, check_errors_match)
