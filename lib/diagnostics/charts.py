"""Charts of a finished diagnosis: series in, an object with its own rich representation out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from diagnostics import trends
from diagnostics.database_charts import database_charts
from diagnostics.drawing import Bar, Bars, Curve, Line, bars_png, png, reach
from diagnostics.model import Diagnosis
from diagnostics.picture import Chart
from diagnostics.readings import SitePages
from diagnostics.scope import Scope, Window
from diagnostics.seen import Seen
from diagnostics.text import Text
from diagnostics.thresholds import Limits, Thresholds
from diagnostics.trends import Series
from diagnostics.trends.capacity import capacity
from diagnostics.trends.errors import sentry_errors
from diagnostics.trends.estimate import Estimate
from diagnostics.trends.jobtypes import JobType, job_types
from diagnostics.trends.site import site_errors
from diagnostics.wording import Wording

_BINS = 36
"""Five minutes each over the usual window: enough jobs in a bin for a share to mean something."""
_FLOW_BINS = 18
"""Fewer: a rate needs more events in a bin than a share does."""
_TYPES = 8
"""Bars that fit; the types that fill most slots."""
_IN_DEPTH = "queue-overflow"
"""The incident that is about the queue itself: flow and job types are drawn for it alone."""
_OF_DATABASE = "database-unavailable"
_OF_SITE = "frontend-unavailable"
"""The incident of the site: its own requests are drawn for it alone."""
_OF_ERRORS = "high-error-rate"
"""The incident of errors: Sentry's own curve is drawn for it, beside that of the site."""
Onset = tuple[int, tuple[int, int]]
"""First instant known above a limit and the interval of the crossing, epoch ms; see `trends.onset`."""


def depth_chart(
    series: Series,
    *,
    thresholds: Thresholds,
    onset: Onset | None = None,
    language: str = "en",
    timezone: str = "UTC",
) -> Chart:
    """Ready and not started jobs over time, with the runbook's limits (T2)."""
    wording = Wording(language, timezone)
    _ = wording.translate
    title = _("Queue depth: jobs ready and not started")
    return _chart(series, title=title, limits=thresholds.queue_depth_jobs, onset=onset, wording=wording)


def failure_chart(
    series: Series,
    *,
    thresholds: Thresholds,
    onset: Onset | None = None,
    language: str = "en",
    timezone: str = "UTC",
) -> Chart:
    """Failed share of finished work over time, in percent, with the runbook's limits (T1)."""
    wording = Wording(language, timezone)
    _ = wording.translate
    title = _("Error rate: failed share of finished work")
    return _chart(series, title=title, limits=thresholds.error_ratio, onset=onset, wording=wording)


def flow_chart(
    arriving: Series,
    done: Series,
    *,
    output: Estimate | None,
    language: str = "en",
    timezone: str = "UTC",
) -> Chart:
    """Jobs added and jobs completed per minute, with what the slots can take (jobs/s) as a line."""
    wording = Wording(language, timezone)
    _ = wording.translate
    per_min = output.value * 60 if output else None
    label = _("capacity {value}").format(value=wording.value(per_min, "jobs/min"))
    lines = (Line(value=per_min, label=label, is_critical=False),) if per_min else ()
    title = _("Flow: arrivals, throughput and capacity")
    curve = Curve(
        series=arriving,
        scale=1,
        title=title,
        y_label=wording.unit("jobs/min"),
        lines=lines,
        onset=None,
        caption=_caption(arriving, wording),
        wording=wording,
        name=_("arrivals"),
        other=done,
        other_name=_("throughput"),
        highest=_highest(arriving, done, per_min),
    )
    told = _("{title}. On average arrivals {arrivals}, throughput {done}; {capacity}. Source: {source}.").format(
        title=title,
        arrivals=wording.value(_average(arriving), "jobs/min"),
        done=wording.value(_average(done), "jobs/min"),
        capacity=label,
        source=wording.say(arriving.source),
    )
    return Chart(told, lambda: png(curve))


def types_chart(types: tuple[JobType, ...], *, source: Text, language: str = "en", timezone: str = "UTC") -> Chart:
    """Mean and 95th percentile of the processing time of each job type, the one that fills most slots first."""
    wording = Wording(language, timezone)
    _ = wording.translate
    share = _("{share} of slot time")
    bars = tuple(
        Bar(name=t.name, value=t.mean_s, whisker=t.p95_s, told=share.format(share=f"{t.slot_share * 100:.0f} %"))
        for t in types[:_TYPES]
    )
    title = _("Job types: how long one holds a slot")
    caption = _("Bar: mean, line: up to the 95th percentile. Source: {source}.").format(source=wording.say(source))
    picture = Bars(bars=bars, title=title, x_label=_("seconds"), caption=caption, wording=wording)
    worst = ", ".join(f"{bar.name} {wording.value(bar.value, 's')} ({bar.told})" for bar in bars[:3])
    told = worst or _("no data for this window")
    return Chart(f"{title}. {told}. {caption}", lambda: bars_png(picture))


def site_errors_chart(
    series: Series,
    *,
    thresholds: Thresholds,
    onset: Onset | None = None,
    language: str = "en",
    timezone: str = "UTC",
) -> Chart:
    """Share of the site's requests answered 5xx over time, in percent, with the runbook's limits (T1)."""
    wording = Wording(language, timezone)
    _ = wording.translate
    title = _("Site: share of requests that failed")
    return _chart(series, title=title, limits=thresholds.error_ratio, onset=onset, wording=wording)


def sentry_errors_chart(series: Series, *, language: str = "en", timezone: str = "UTC") -> Chart:
    """Errors per minute over time, as Sentry counts them. The runbook has no limit for a count."""
    wording = Wording(language, timezone)
    _ = wording.translate
    title = _("Sentry: errors per minute")
    curve = Curve(
        series=series,
        scale=1,
        title=title,
        y_label=wording.unit("events/min"),
        lines=(),
        onset=None,
        caption=_caption(series, wording),
        wording=wording,
    )
    told = _("{title}. On average {value}. Source: {source}.").format(
        title=title, value=wording.value(_average(series), "events/min"), source=wording.say(series.source)
    )
    return Chart(told, lambda: png(curve))


def site_times_chart(pages: SitePages | None, *, language: str = "en", timezone: str = "UTC") -> Chart:
    """Median and slowest response time of each page and endpoint, as we met them in this run."""
    wording = Wording(language, timezone)
    _ = wording.translate
    asked = [p for p in (pages.paths if pages else ()) if p.latencies_s and p.kind != "ready"]
    bars = tuple(
        Bar(
            name=p.path,
            value=float(np.median(p.latencies_s)),
            whisker=max(p.latencies_s),
            told=_("{answered} of {asked} answered").format(answered=p.asked - p.failed, asked=p.asked),
        )
        for p in sorted(asked, key=lambda p: -float(np.median(p.latencies_s)))[:_TYPES]
    )
    title = _("Site: response time of its pages and endpoints")
    caption = _("Bar: median, line: up to the slowest. Source: our own requests of this run.")
    picture = Bars(bars=bars, title=title, x_label=_("seconds"), caption=caption, wording=wording)
    worst = ", ".join(f"{bar.name} {wording.value(bar.value, 's')} ({bar.told})" for bar in bars[:3])
    told = worst or _("no data for this window")
    return Chart(f"{title}. {told}. {caption}", lambda: bars_png(picture))


def diagnosis_charts(diagnosis: Diagnosis, *, language: str = "en", timezone: str = "UTC") -> dict[str, Chart]:
    """The charts of a diagnosis by name, from its recorded evidence."""
    seen, scope = Seen(diagnosis.evidence), diagnosis.scope
    queue = trends.main_queue(seen, scope)
    onset = _onset(diagnosis)
    charts = {
        "queue-depth": depth_chart(
            trends.depth(seen, scope, queue),
            thresholds=scope.thresholds,
            onset=onset,
            language=language,
            timezone=timezone,
        ),
        "error-rate": failure_chart(
            trends.failure_ratio(seen, scope, _BINS),
            thresholds=scope.thresholds,
            onset=onset,
            language=language,
            timezone=timezone,
        ),
    }
    if scope.slug == _OF_DATABASE:
        return charts | database_charts(seen, scope, language=language, timezone=timezone)
    if scope.slug == _IN_DEPTH:
        return charts | _queue_charts(seen, diagnosis, language, timezone)
    if scope.slug not in (_OF_SITE, _OF_ERRORS):
        return charts
    if scope.slug == _OF_ERRORS:
        told = sentry_errors_chart(sentry_errors(seen, scope), language=language, timezone=timezone)
        charts["sentry-errors"] = told
    return charts | _site_charts(seen, diagnosis, language, timezone)


def _site_charts(seen: Seen, diagnosis: Diagnosis, language: str, timezone: str) -> dict[str, Chart]:
    """What the site needs besides."""
    scope = diagnosis.scope
    return {
        "site-errors": site_errors_chart(
            site_errors(seen, scope),
            thresholds=scope.thresholds,
            onset=_onset(diagnosis),
            language=language,
            timezone=timezone,
        ),
        "site-times": site_times_chart(seen.reading(SitePages), language=language, timezone=timezone),
    }


def _queue_charts(seen: Seen, diagnosis: Diagnosis, language: str, timezone: str) -> dict[str, Chart]:
    """What the queue in depth needs besides."""
    scope = diagnosis.scope
    room, (types, source) = capacity(seen, scope), job_types(seen)
    arriving = trends.arrivals(seen, scope, _FLOW_BINS)
    return {
        "flow": flow_chart(
            arriving,
            trends.throughput(seen, _within(scope, arriving), _FLOW_BINS),
            output=room.output if room else None,
            language=language,
            timezone=timezone,
        ),
        "job-types": types_chart(types, source=source, language=language, timezone=timezone),
    }


def _within(scope: Scope, series: Series) -> Scope:
    """The question narrowed to what `series` vouches for: an average over hours beside one of seconds misleads."""
    if series.since_ms >= series.until_ms:
        return scope
    return replace(scope, window=Window(since=_at(series.since_ms), until=_at(series.until_ms)))


def _onset(diagnosis: Diagnosis) -> Onset | None:
    if diagnosis.onset_at is None:
        return None
    early, late = diagnosis.onset_interval or (diagnosis.onset_at, diagnosis.onset_at)
    return _ms(diagnosis.onset_at), (_ms(early), _ms(late))


def _chart(series: Series, *, title: str, limits: Limits, onset: Onset | None, wording: Wording) -> Chart:
    is_ratio = series.unit == "ratio"
    scale = 100 if is_ratio else 1
    _ = wording.translate
    curve = Curve(
        series=series,
        scale=scale,
        title=title,
        y_label=_("per cent (%)") if is_ratio else wording.unit(series.unit),
        lines=_lines(limits, scale, wording, unit=series.unit),
        onset=onset,
        caption=_caption(series, wording),
        wording=wording,
    )
    return Chart(_alt(series, title=title, limits=limits, wording=wording), lambda: png(curve))


def _lines(limits: Limits, scale: float, wording: Wording, *, unit: str) -> tuple[Line, ...]:
    _ = wording.translate
    warning = limits.warning
    critical = Line(
        value=limits.critical * scale,
        label=_("critical > {limit}").format(limit=wording.value(limits.critical, unit)),
        is_critical=True,
    )
    if warning is None:
        return (critical,)
    label = _("warning > {limit}").format(limit=wording.value(warning, unit))
    return (Line(value=warning * scale, label=label, is_critical=False), critical)


def _caption(series: Series, wording: Wording) -> str:
    _ = wording.translate
    source = wording.say(series.source)
    if series.is_empty and series.since_ms == series.until_ms:
        return _("Reason: {source}").format(source=source)
    told = _("Source: {source}. Seen from {since:%H:%M:%S} to {until:%H:%M:%S} UTC.").format(
        source=source, since=_at(series.since_ms), until=_at(series.until_ms)
    )
    first, last = int(series.at_ms[0]), max(int(series.at_ms[-1]), series.until_ms)
    if reach(series) == (first, last):
        return told
    asked = _("Asked for {first:%H:%M} to {last:%H:%M}; the rest is not seen.")
    return f"{told} {asked.format(first=_at(first), last=_at(last))}"


def _alt(series: Series, *, title: str, limits: Limits, wording: Wording) -> str:
    _ = wording.translate
    if series.is_empty and series.since_ms < series.until_ms:
        return _("{title}. Nothing finished. {caption}").format(title=title, caption=_caption(series, wording))
    if series.is_empty:
        reason = wording.say(series.source)
        return _("{title}. No data for this window: {reason}").format(title=title, reason=reason)
    known = np.flatnonzero(np.isfinite(series.value))
    peak = known[int(np.argmax(series.value[known]))]
    told = _("{title}. Last {last}, highest {highest} at {at:%H:%M:%S} UTC; {limits}. Source: {source}.")
    return told.format(
        title=title,
        last=wording.value(float(series.value[known[-1]]), series.unit),
        highest=wording.value(float(series.value[peak]), series.unit),
        at=_at(int(series.at_ms[peak])),
        limits=", ".join(line.label for line in _lines(limits, 1, wording, unit=series.unit)),
        source=wording.say(series.source),
    )


def _highest(arriving: Series, done: Series, per_min: float | None) -> float:
    """Three times what is usual: a burst of arrivals can be hundreds of times as high."""
    usual = [per_min or 0.0]
    for series in (arriving, done):
        known = series.value[np.isfinite(series.value) & (series.value > 0)]
        usual += [float(np.median(known))] if len(known) else []
    return 3 * max(usual) or 1.0


def _average(series: Series) -> float | None:
    known = series.value[np.isfinite(series.value)]
    return float(np.mean(known)) if len(known) else None


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, tz=UTC)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
