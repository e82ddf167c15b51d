"""Judgement of the site's request log: which routes fail for visitors, and since when."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from diagnostics.checks.finding import NOT_PERMITTED, TOO_LITTLE, blind
from diagnostics.model import Finding
from diagnostics.readings import DATABASE_TROUBLES, Trouble, VercelRequests
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, moment, text
from diagnostics.trends.site import FAILED_FROM, RECENT_MS, failing_since

FEWEST = 20
"""Requests below which a share says nothing. Source: the platform's scenario 5.09."""
_FEWEST_FAILED = 2
_SURE = 3
"""So many times one over the share must go well in a row until chance explains that in one case of twenty."""
OVER = "over"
"""State of failures that none of the newest requests shares any more."""
_DATABASE = frozenset(trouble.value for trouble in DATABASE_TROUBLES)
_COMMAND = (
    'vercel logs --environment production --status-code 5xx --since 3h --token "$VERCEL_TOKEN" --json'
    " | jq -r '[.timestamp, .requestPath, .responseStatusCode] | @tsv'"
)


def check_frontend_errors(seen: Seen, scope: Scope) -> Finding:
    """Judge the share of requests answered 5xx, 0-1. Source: runbook T1, M5.

    The log is no documented API: where it cannot be read that is a standing limit, and the dashboard shows it.
    """
    requests = seen.reading(VercelRequests)
    command = _COMMAND.replace("VERCEL_TOKEN", scope.facts.vercel_variable)
    if requests is None:
        return blind("frontend.errors", seen, "vercel.logs", command=command)
    if not requests.is_read:
        return _finding(NOT_PERMITTED, _unread(requests.why_unread), seen, command)
    since = max(requests.since_ms, requests.until_ms - RECENT_MS)
    recent = [n for n, at in enumerate(requests.at_ms) if at >= since]
    failed = [n for n in recent if requests.status[n] >= FAILED_FROM]
    if len(recent) < FEWEST or 0 < len(failed) < _FEWEST_FAILED:
        return _finding(TOO_LITTLE, _few(len(recent), len(failed)), seen, command)
    ratio = len(failed) / len(recent)
    if failed and _is_over(requests, failed, recent, ratio):
        last = _moment(requests.at_ms[failed[-1]], scope)
        return _finding(OVER, _over(len(failed), last, recent[-1] - failed[-1]), seen, command)
    severity = scope.thresholds.error_ratio.judge(ratio)
    began = None if severity is Severity.OK else failing_since(seen, scope)
    return _finding(
        "quiet" if severity is Severity.OK else _state(requests, failed),
        _sentence(requests, failed, len(recent), _moment(began[0], scope) if began else ""),
        seen,
        command,
        severity=severity,
        value=round(ratio, 4),
        unit="ratio",
        threshold=scope.thresholds.error_ratio.crossed(ratio),
    )


def _is_over(requests: VercelRequests, failed: list[int], recent: list[int], ratio: float) -> bool:
    """Whether so many went well since the last failure that chance is no reason, on the routes that failed too.

    A request that hangs is in no log until its limit ends it: that others go well meanwhile proves nothing for it.
    """
    later = [n for n in recent if n > failed[-1]]
    answered = {requests.route[n] for n in later}
    unproven = sum(requests.route[n] not in answered for n in failed)
    return len(later) >= max(FEWEST, _SURE / ratio) and 2 * unproven < len(failed)


def _state(requests: VercelRequests, failed: list[int]) -> str:
    """What most of the failed requests have in common, where their log lines say it."""
    word, count = Counter(requests.trouble[n] for n in failed).most_common(1)[0]
    if word == Trouble.VARIABLE_MISSING.value and 2 * count > len(failed):
        return word
    in_database = sum(requests.trouble[n] in _DATABASE for n in failed)
    return "database" if 2 * in_database > len(failed) else "failing"


def _unread(why: str) -> Text:
    return text("{told} ({why})", told=_UNREAD, why=why) if why else _UNREAD


def _few(count: int, failed: int) -> Text:
    return text(
        "{count} requests in the log's last quarter of an hour, {failed} failed: too few to judge",
        count=count,
        failed=failed,
    )


def _moment(at_ms: int, scope: Scope) -> str:
    return moment(datetime.fromtimestamp(at_ms / 1000, UTC), scope.now)


def _over(failed: int, last: str, later: int) -> Text:
    return text(
        "{failed} requests failed (5xx) until {last} UTC, and none of the {count} since: it is over",
        failed=failed,
        last=last,
        count=later,
    )


def _sentence(requests: VercelRequests, failed: list[int], count: int, since: str) -> Text:
    if not failed:
        return text("none of {count} requests in the log's last quarter of an hour failed (5xx)", count=count)
    routes = Counter(requests.routes[requests.route[n]] for n in failed)
    named = ", ".join(f"{route} ({number})" for route, number in routes.most_common(4))
    told = text("{failed} of {count} requests failed (5xx): {routes}", failed=len(failed), count=count, routes=named)
    if requests.variables:
        told = text("{told}; missing by the log: {names}", told=told, names=", ".join(requests.variables[:3]))
    return text("{told}; beyond the limit since about {since} UTC", told=told, since=since) if since else told


def _finding(
    state: str,
    sentence: Text,
    seen: Seen,
    command: str,
    *,
    severity: Severity = Severity.OK,
    value: float | None = None,
    unit: str = "",
    threshold: float | None = None,
) -> Finding:
    return Finding(
        id="frontend.errors",
        severity=severity,
        state=state,
        sentence=sentence,
        value=value,
        unit=unit,
        threshold=threshold,
        evidence=seen.ids("vercel.logs"),
        command=command,
    )


_UNREAD = text("Vercel's request log cannot be read from here: open the project's Logs page")

CHECKS = (check_frontend_errors,)
