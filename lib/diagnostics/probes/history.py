"""Looks at what was sampled before: the local history of `runbook watch`, or the team's Prometheus."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from diagnostics.clients.history import Ask, read_samples
from diagnostics.clients.prometheus import read_range
from diagnostics.clients.systems import Systems
from diagnostics.model import Evidence, Failure, FailureKind, Probe
from diagnostics.probes.look import absent, look, unset
from diagnostics.readings import Reading
from diagnostics.samples import HistoryBaseline, HistorySamples
from diagnostics.settings import shown
from diagnostics.text import text

METRICS = ("queue.depth", "queue.added", "worker.completed", "worker.failed")
"""What trends are drawn from."""
WEEK = timedelta(days=7)
_NO_PROMETHEUS = Failure(
    kind=FailureKind.NOT_CONFIGURED,
    why=text("{system} is not in the profile", system="prometheus"),
    regain=text("add the section [{system}] to the profile", system="prometheus"),
)
_HALF = timedelta(minutes=30)
_GAP = 3
"""More than so many intervals without a sample is a gap."""


async def probe_history_samples(systems: Systems) -> Evidence:
    """The vital signs kept over the window."""
    window = systems.scope.window
    return await _look(systems, "history.samples", _ask(systems, window.since, window.until))


async def probe_history_baseline(systems: Systems) -> Evidence:
    """What was usual in the hour around this time one week ago."""
    then = systems.scope.window.until - WEEK
    return await _look(systems, "history.baseline", _ask(systems, then - _HALF, then + _HALF))


async def probe_prometheus_samples(systems: Systems) -> Evidence:
    """The same as `history.samples`, where the team runs Prometheus."""
    section = systems.settings.profile.prometheus
    if section is None:
        return absent("prometheus.samples", "prometheus", _NO_PROMETHEUS)
    source = f"GET {shown(section.base_url)}/api/v1/query_range"
    token = systems.settings.secret(section.token_env) if section.token_env else None
    if section.token_env and token is None:
        return absent("prometheus.samples", source, unset(section.token_env))
    return await look("prometheus.samples", source, lambda: read_range(systems, section, token))


PROBES = (
    Probe(name="history.samples", system="history", look=probe_history_samples),
    Probe(name="history.baseline", system="history", look=probe_history_baseline),
    Probe(name="prometheus.samples", system="prometheus", look=probe_prometheus_samples),
)


def _ask(systems: Systems, since: datetime, until: datetime) -> Ask:
    return Ask(
        profile=systems.scope.profile,
        metrics=METRICS,
        since_ms=round(since.timestamp() * 1000),
        until_ms=round(until.timestamp() * 1000),
    )


async def _look(systems: Systems, probe: str, ask: Ask) -> Evidence:
    path = systems.settings.history_path
    if path is None or not path.exists():
        return absent(probe, "history", _no_store(path))

    async def read() -> Reading:
        samples = await read_samples(path, ask, timeout_s=systems.timeout_s)
        return samples if probe == "history.samples" else baseline(samples, ask, systems.scope.facts.queue_names[0])

    return await look(probe, f"sqlite {path.name}", read)


def _no_store(path: Path | None) -> Failure:
    """Nobody has watched yet: a limit, like a system that is not configured."""
    return Failure(
        kind=FailureKind.NOT_CONFIGURED,
        why=text("no history is kept yet ({store}): runbook watch keeps one", store=path.name if path else "history"),
        regain=text("leave runbook watch running"),
    )


def baseline(samples: HistorySamples, ask: Ask, queue: str) -> HistoryBaseline:
    """Median and 95th percentile of depth, arrivals and throughput over these samples."""
    depth = [value for value in _column(samples, "queue.depth", queue) if value is not None]
    arrivals = _per_min(samples, [_column(samples, "queue.added", queue)])
    completed = [c.value for c in samples.columns if c.metric == "worker.completed"]
    throughput = _per_min(samples, completed)
    return HistoryBaseline(
        queue=queue,
        since_ms=ask.since_ms,
        until_ms=ask.until_ms,
        samples=len(depth),
        depth_median=_median(depth),
        depth_p95=_p95(depth),
        arrivals_per_min_median=_median(arrivals),
        arrivals_per_min_p95=_p95(arrivals),
        throughput_per_min_median=_median(throughput),
        throughput_per_min_p95=_p95(throughput),
    )


def _column(samples: HistorySamples, metric: str, label: str) -> Sequence[float | None]:
    return next((c.value for c in samples.columns if (c.metric, c.label) == (metric, label)), ())


def _per_min(samples: HistorySamples, columns: Sequence[Sequence[float | None]]) -> list[float]:
    """Growth per minute between neighbouring samples, over all columns; a column that fell began anew."""
    rates = []
    for i, (before, at) in enumerate(zip(samples.at_ms, samples.at_ms[1:], strict=False)):
        grown = [_grown(column[i], column[i + 1]) for column in columns if column]
        known = [g for g in grown if g is not None]
        if known and at - before <= _GAP * samples.every_ms:
            rates.append(sum(known) * 60_000 / (at - before))
    return rates


def _grown(before: float | None, now: float | None) -> float | None:
    if before is None or now is None:
        return None
    return now - before if now >= before else now


def _median(values: Sequence[float]) -> float | None:
    return round(float(median(values)), 3) if values else None


def _p95(values: Sequence[float]) -> float | None:
    """Nearest rank: a value that was there."""
    return round(sorted(values)[-(-len(values) * 95 // 100) - 1], 3) if values else None
