"""The thirteen critical metrics of the written runbook, from the findings and series of one finished diagnosis.

Each has value, unit, limit, source, age and span; one that nobody could see says so, and links to the page that shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from diagnostics import trends
from diagnostics.checks.finding import TOO_LITTLE
from diagnostics.model import Diagnosis, Finding
from diagnostics.report.room import Table
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text
from diagnostics.trends import Series
from diagnostics.trends.jobtypes import job_types
from diagnostics.wording import Wording

_RAILWAY = "https://railway.app"
_VERCEL = "https://vercel.com/dashboard"
_SENTRY = "https://world-wide-services.sentry.io"
_SUPABASE = "https://supabase.com/dashboard"
_UPSTASH = "https://console.upstash.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A value with where it comes from. `age_s`: since it was true; `span_s`: over what it was taken, 0 an instant."""

    value: float | None
    unit: str
    source: Text
    age_s: float | None = None
    span_s: float | None = None
    threshold: float | None = None
    severity: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One line of the runbook's list. `measured` is `None` where nothing was looked at."""

    line: str
    component: str
    what: Text
    link: str
    measured: Measured | None

    @property
    def is_told(self) -> bool:
        """Whether there is something to say: a value, or trouble that leaves none."""
        found = self.measured
        return found is not None and (
            found.value is not None or found.severity in (Severity.WARNING, Severity.CRITICAL)
        )


Source = Callable[[Diagnosis], Measured | None]


def metrics(diagnosis: Diagnosis) -> tuple[Metric, ...]:
    """All thirteen, in the runbook's order."""
    return tuple(
        Metric(line=line, component=component, what=what, link=link, measured=_first(sources, diagnosis))
        for line, component, what, link, sources in _LINES
    )


def metrics_table(diagnosis: Diagnosis, wording: Wording) -> Table:
    """The same for a reader."""
    _ = wording.translate
    head = (_("Metric"), _("Value"), _("Limit"), _("Severity"), _("Source"), _("Age"), _("Span"), _("Page"))
    return Table(head, tuple(_row(metric, wording) for metric in metrics(diagnosis)))


def told(metric: Metric, wording: Wording) -> str:
    """The value, with its limit where it has one; in words where there is none."""
    _ = wording.translate
    found = metric.measured
    if found is None:
        return _("not seen")
    if found.value is None:
        return wording.say(found.source)
    value = wording.value(found.value, found.unit)
    if found.threshold is None:
        return value
    return _("{value}, limit {limit}").format(value=value, limit=wording.value(found.threshold, found.unit))


def _row(metric: Metric, wording: Wording) -> tuple[str, ...]:
    _ = wording.translate
    name, found = f"{metric.line} {metric.component}: {wording.say(metric.what)}", metric.measured
    if found is None:
        return (name, "–", "–", "–", _("not seen: no system of the profile tells it"), "–", "–", metric.link)
    return (
        name,
        wording.value(found.value, found.unit),
        wording.value(found.threshold, found.unit),
        wording.severity(found.severity) if found.severity else "–",
        wording.say(found.source),
        "–" if found.age_s is None else wording.duration(found.age_s),
        _("now") if found.span_s == 0 else "–" if found.span_s is None else wording.duration(found.span_s),
        metric.link,
    )


def _first(sources: tuple[Source, ...], diagnosis: Diagnosis) -> Measured | None:
    """The first source with a value, else the first that says why it has none."""
    found = [measured for source in sources if (measured := source(diagnosis))]
    return next((m for m in found if m.value is not None), found[0] if found else None)


@dataclass(frozen=True, slots=True)
class _Of:
    """The value of a finding, if it is of `unit` (any where that is empty)."""

    finding_id: str
    unit: str = ""

    def __call__(self, diagnosis: Diagnosis) -> Measured | None:
        finding = next((f for f in diagnosis.findings if f.id == self.finding_id), None)
        if finding is None or (self.unit and finding.value is not None and finding.unit != self.unit):
            return None
        # A number without a limit is told and not judged, whatever else the finding judges.
        is_measured = finding.value is not None and finding.threshold is not None
        is_judged = finding.state != TOO_LITTLE and (is_measured or finding.severity is not Severity.OK)
        return Measured(
            value=finding.value,
            unit=finding.unit,
            source=finding.sentence,
            age_s=_age(diagnosis, finding),
            span_s=0,
            threshold=finding.threshold if is_judged else None,
            severity=finding.severity if is_judged else None,
        )


def _age(diagnosis: Diagnosis, finding: Finding) -> float | None:
    """Seconds from the newest evidence of `finding` to the end of the run."""
    times = [e.observed_at for e in diagnosis.evidence if e.id in finding.evidence and e.reading is not None]
    return _since(max(times), diagnosis) if times else None


def _throughput(diagnosis: Diagnosis) -> Measured:
    series = trends.throughput(Seen(diagnosis.evidence), diagnosis.scope, trends.MINUTES)
    last, (value, span_s) = _last(series, diagnosis), trends.lately(series)
    if value is None and span_s >= trends.SHORTEST_S:
        # An old rate, or an average since a start: told with its own age and span.
        return last
    return replace(last, value=value, span_s=span_s if value is not None else None)


def _failures(diagnosis: Diagnosis) -> Measured:
    ratio = trends.failure_ratio(Seen(diagnosis.evidence), diagnosis.scope)
    limits, last = diagnosis.scope.thresholds.error_ratio, _last(ratio, diagnosis)
    if any(f.id == "jobs.failures" and f.state == TOO_LITTLE for f in diagnosis.findings):
        return last
    return Measured(
        value=last.value,
        unit=last.unit,
        source=last.source,
        age_s=last.age_s,
        span_s=last.span_s,
        threshold=None if last.value is None else limits.crossed(last.value),
        severity=None if last.value is None else limits.judge(last.value),
    )


def _processing(diagnosis: Diagnosis) -> Measured | None:
    """The mean over all jobs that tell how long they took."""
    types, how = job_types(Seen(diagnosis.evidence))
    count = sum(t.count for t in types)
    if not count:
        return None
    mean_s = sum(t.mean_s * t.count for t in types) / count
    probes = ("worker.log", "queue.jobs", "worker.metrics")
    times = [e.observed_at for e in diagnosis.evidence if e.probe in probes and e.reading is not None]
    return Measured(value=round(mean_s, 3), unit="s", source=how, age_s=_since(max(times), diagnosis))


def _last(series: Series, diagnosis: Diagnosis) -> Measured:
    """The newest known value of `series`, a mean over one step of it."""
    known = np.flatnonzero(np.isfinite(series.value))
    if not len(known):
        return Measured(value=None, unit=series.unit, source=series.source)
    at = datetime.fromtimestamp(float(series.at_ms[known[-1]] + series.step_ms) / 1000, diagnosis.finished_at.tzinfo)
    return Measured(
        value=float(series.value[known[-1]]),
        unit=series.unit,
        source=series.source,
        age_s=_since(at, diagnosis),
        span_s=series.step_ms / 1000,
    )


def _since(at: datetime, diagnosis: Diagnosis) -> float:
    return max(0.0, round((diagnosis.finished_at - at).total_seconds(), 1))


_LINES: tuple[tuple[str, str, Text, str, tuple[Source, ...]], ...] = (
    ("M1", "Worker", text("jobs processed per minute"), _RAILWAY, (_throughput,)),
    ("M2", "Worker", text("failed share of jobs"), _RAILWAY, (_Of("jobs.failures", "ratio"), _failures)),
    ("M3", "Worker", text("average processing time"), _RAILWAY, (_processing, _Of("jobs.duration", "s"))),
    ("M4", "Worker", text("jobs ready and not started"), _UPSTASH, (_Of("queue.depth"),)),
    ("M5", "Frontend", text("error rate"), _SENTRY, (_Of("errors.rate"), _Of("frontend.errors", "ratio"))),
    ("M6", "Frontend", text("response time (p95)"), _VERCEL, (_Of("errors.latency"), _Of("frontend.latency"))),
    ("M7", "Frontend", text("availability of pages and endpoints"), _VERCEL, (_Of("frontend.availability"),)),
    ("M8", "Database", text("connections in use"), _SUPABASE, (_Of("database.connections"),)),
    ("M9", "Database", text("time of slow statements"), _SUPABASE, (_Of("database.slow"),)),
    ("M10", "Database", text("storage in use"), _SUPABASE, (_Of("database.storage"),)),
    ("M11", "Redis", text("time to answer"), _UPSTASH, (_Of("redis.connection"),)),
    ("M12", "Redis", text("jobs in the queue"), _UPSTASH, (_Of("queue.depth"),)),
    ("M13", "Redis", text("memory in use"), _UPSTASH, (_Of("redis.memory", "ratio"), _Of("redis.plan", "ratio"))),
)
"""Source: the written runbook, "Metrics for monitoring". Better sources first."""
LINE_FINDINGS: dict[str, tuple[str, ...]] = {
    line: tuple(source.finding_id for source in sources if isinstance(source, _Of)) for line, *_, sources in _LINES
} | {"M1": ("worker.endpoints",)}
"""Findings that judge what each line shows; the totals that M1 rests on are judged by themselves."""
