"""Charts of a finished diagnosis: series in, an object with its own rich representation out."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from diagnostics import trends
from diagnostics.drawing import WIDTH, Curve, Line, png, reach
from diagnostics.model import Diagnosis
from diagnostics.seen import Seen
from diagnostics.thresholds import Limits, Thresholds
from diagnostics.trends import Series
from diagnostics.wording import Wording

_BINS = 36
"""Five minutes each over the usual window: enough jobs in a bin for a share to mean something."""
Onset = tuple[int, tuple[int, int]]
"""First instant known above a limit and the interval of the crossing, epoch ms; see `trends.onset`."""


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """A picture that is drawn when it is first shown. `alt` says in words what it shows."""

    alt: str
    _draw: Callable[[], bytes] = field(repr=False)
    _drawn: list[bytes] = field(default_factory=list, repr=False)

    def png(self) -> bytes:
        """The picture."""
        if not self._drawn:
            self._drawn.append(self._draw())
        return self._drawn[0]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Any:
        bundle = {"image/png": base64.b64encode(self.png()).decode("ascii"), "text/plain": self.alt}
        # Half its pixels: sharp on a good screen, and two charts fit on one.
        return bundle, {"image/png": {"width": WIDTH // 2}}

    def __repr__(self) -> str:
        return self.alt


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


def diagnosis_charts(diagnosis: Diagnosis, *, language: str = "en", timezone: str = "UTC") -> dict[str, Chart]:
    """The charts of a diagnosis by name, from its recorded evidence."""
    seen, scope = Seen(diagnosis.evidence), diagnosis.scope
    queue = trends.main_queue(seen, scope)
    onset = _onset(diagnosis)
    return {
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


def chart_files(diagnosis: Diagnosis, *, language: str = "en", timezone: str = "UTC") -> dict[str, bytes]:
    """File name to PNG bytes, for the artifact's `charts/`."""
    charts = diagnosis_charts(diagnosis, language=language, timezone=timezone)
    return {f"{name}.png": chart.png() for name, chart in charts.items()}


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


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, tz=UTC)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
