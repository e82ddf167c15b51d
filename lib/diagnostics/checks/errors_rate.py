"""Judgements of requests: which share fails, and how long they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diagnostics.checks.errors_issue import sentry_curl
from diagnostics.checks.finding import TOO_LITTLE, blind
from diagnostics.checks.frontend_errors import OVER, check_frontend_errors
from diagnostics.checks.jobs import check_jobs_failures
from diagnostics.model import Finding
from diagnostics.readings import SentryPerformance, SitePages, VercelRequests
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text
from diagnostics.trends.site import FAILED_FROM, RECENT_MS

FEWEST_REQUESTS = 100
"""Below this one failure alone is more than the warning limit of 1 %. Source: runbook T1."""
_PROBES = ("sentry.performance", "vercel.logs", "frontend.pages")


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of how many failed, and of what. `of` names the denominator."""

    failed: float
    total: int
    of: Text
    probe: str


def check_errors_rate(seen: Seen, scope: Scope) -> Finding:
    """Judge the failed share of requests (ratio 0-1). Source: runbook T1, > 1 % warning, > 5 % critical; 5.S2, M5.

    The denominator is the first source with enough requests: spans, Vercel's request log, our own probes of the site,
    attempts of the worker. A small sample is said and never judged.
    """
    command = _command(scope)
    if all(seen.reading(kind) is None for kind in (SentryPerformance, VercelRequests, SitePages)):
        return blind("errors.rate", seen, *_PROBES, command=command)
    shares = _shares(seen)
    enough = next((share for share in shares if share.total >= FEWEST_REQUESTS), None)
    if enough is None:
        return _from_attempts(seen, scope, shares, command)
    ratio = enough.failed / enough.total
    limits = scope.thresholds.error_ratio
    if enough.failed and check_frontend_errors(seen, scope).state == OVER:
        return _over(seen, enough, ratio, command)
    return Finding(
        id="errors.rate",
        severity=limits.judge(ratio),
        state="failing" if ratio > (limits.warning or 0) else "low",
        sentence=text("{ratio:.1%} of {total} {of} failed", ratio=ratio, total=enough.total, of=enough.of),
        value=round(ratio, 4),
        unit="ratio",
        threshold=limits.crossed(ratio),
        evidence=seen.ids(enough.probe),
        command=command,
    )


def _shares(seen: Seen) -> list[Share]:
    """What is known, the best denominator first."""
    shares = []
    spans, rows, pages = seen.reading(SentryPerformance), seen.reading(VercelRequests), seen.reading(SitePages)
    if spans and spans.requests and spans.failed_ratio is not None:
        of = text("requests traced by Sentry in 15 minutes")
        failed = spans.failed_ratio * spans.requests
        shares.append(Share(failed=failed, total=spans.requests, of=of, probe="sentry.performance"))
    if rows and rows.is_read:
        recent = [s for at, s in zip(rows.at_ms, rows.status, strict=True) if at >= rows.until_ms - RECENT_MS]
        failed = sum(status >= FAILED_FROM for status in recent)
        of = text("requests in Vercel's log of 15 minutes")
        shares.append(Share(failed=failed, total=len(recent), of=of, probe="vercel.logs"))
    if pages:
        asked = sum(path.asked for path in pages.paths)
        failed = sum(path.failed for path in pages.paths)
        shares.append(
            Share(failed=failed, total=asked, of=text("probes of the site by this run"), probe="frontend.pages")
        )
    return [share for share in shares if share.total]


def _over(seen: Seen, share: Share, ratio: float, command: str) -> Finding:
    """Vercel's log knows each request's end, a share over minutes does not: what is over is no alarm."""
    return Finding(
        id="errors.rate",
        severity=Severity.OK,
        state=OVER,
        sentence=text(
            "{ratio:.1%} of {total} {of} failed, and none of the newest: it is over",
            ratio=ratio,
            total=share.total,
            of=share.of,
        ),
        value=round(ratio, 4),
        unit="ratio",
        evidence=seen.ids(share.probe, "vercel.logs"),
        command=command,
    )


def _from_attempts(seen: Seen, scope: Scope, shares: Sequence[Share], command: str) -> Finding:
    """No request source has enough: the worker's attempts are the last denominator, and small samples are said."""
    attempts = check_jobs_failures(seen, scope)
    largest = max(shares, key=lambda share: share.total, default=None)
    if largest is None and attempts.value is not None:
        return Finding(
            id="errors.rate",
            severity=Severity.OK,
            state="attempts",
            sentence=text(
                "no requests are traced or logged; of the worker's attempts {ratio:.1%} failed (see jobs.failures)",
                ratio=attempts.value,
            ),
            # The worker's share is no share of requests: it is told, and stands in no metric of the site.
            evidence=attempts.evidence,
            command=command,
        )
    return Finding(
        id="errors.rate",
        severity=Severity.OK,
        state=TOO_LITTLE,
        sentence=_too_few(largest, check_frontend_errors(seen, scope).value is not None)
        if largest
        else text("no request is traced, logged or probed: tracing may be off"),
        evidence=seen.ids(*(probe for probe in _PROBES if seen.of(probe))),
        command=command,
    )


def _too_few(share: Share, is_judged: bool) -> Text:
    """What a small sample says. Vercel's log is judged by itself, and sooner: there each request's end is known."""
    told = text("{failed:.0f} of {total} {of} failed", failed=share.failed, total=share.total, of=share.of)
    if is_judged:
        return text(
            "{told}: for a share of all {fewest} are needed, see frontend.errors", told=told, fewest=FEWEST_REQUESTS
        )
    return text("{told}: too few to judge, {fewest} are needed", told=told, fewest=FEWEST_REQUESTS)


def check_errors_latency(seen: Seen, scope: Scope) -> Finding:
    """Judge response times as traced (value: p95, seconds). Source: runbook T3, > 2 s warning, > 5 s critical; M6."""
    spans = seen.reading(SentryPerformance)
    command = _command(scope)
    if spans is None:
        return blind("errors.latency", seen, "sentry.performance", command=command)
    if spans.requests < FEWEST_REQUESTS or spans.p95_s is None:
        return Finding(
            id="errors.latency",
            severity=Severity.OK,
            state=TOO_LITTLE,
            sentence=text("{count} requests traced in 15 minutes: too few for percentiles", count=spans.requests),
            evidence=seen.ids("sentry.performance"),
            command=command,
        )
    limits = scope.thresholds.p95_s
    severity = limits.judge(spans.p95_s)
    return Finding(
        id="errors.latency",
        severity=severity,
        state="usual" if severity is Severity.OK else "slow",
        sentence=text(
            "of {count} requests the median took {p50} s, the 95th percentile {p95:.2f} s, the 99th {p99} s",
            count=spans.requests,
            p50=_seconds(spans.p50_s),
            p95=spans.p95_s,
            p99=_seconds(spans.p99_s),
        ),
        value=spans.p95_s,
        unit="s",
        threshold=limits.crossed(spans.p95_s),
        evidence=seen.ids("sentry.performance"),
        command=command,
    )


def _seconds(told: float | None) -> str:
    return "?" if told is None else f"{told:.2f}"


def _command(scope: Scope) -> str:
    fields = "".join(f"&field={name}" for name in ("failure_rate()", "count()", "p95(span.duration)"))
    return sentry_curl(
        scope.facts,
        f"events/?dataset=spans{fields}&query=is_transaction:true&statsPeriod=15m&project={scope.facts.sentry_project}",
        jq="'.data[0]'",
    )


CHECKS = (check_errors_rate, check_errors_latency)
