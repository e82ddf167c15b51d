"""A hundred thousand kept jobs, a sampled history and a Prometheus of the same hours: each tells what was."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from bullmq import Queue
from redis.asyncio import Redis
from tests.diagnostics.clients.test_prometheus import BINARY, NEEDS, prometheus_on
from tests.diagnostics.trends.logs import Logs, null_outside, rate_keeps, told_ms
from tests.diagnostics.trends.pasts import made
from tests.valkey import valkey

from diagnostics import trends
from diagnostics.engine import collect
from diagnostics.probes import history, queue
from diagnostics.probes.vitals import Vital
from diagnostics.question import ask
from diagnostics.readings import JobRows
from diagnostics.redaction import Redactor
from diagnostics.runbooks import TRIAGE
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.settings import load
from oncall.history.store import Store
from sandbox.history.past import PastJob
from sandbox.history.rows import write_finished

QUEUE = "agent-jobs"
JOBS = 100_000
HOURS = 2.0
QUIET_MS = 3 * 60_000
WAITING = 40
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Past:
    """The jobs as they were written, and the logs of producer and workers."""

    jobs: list[PastJob]
    logs: Logs


@pytest.fixture(scope="module")
def past() -> Past:
    return Past(*made(JOBS, hours=HOURS, until_ms=time.time_ns() // 1_000_000 - QUIET_MS))


async def look(folder: Path, sections: str, **environ: str) -> tuple[Seen, Scope]:
    """What the probes bring back with a large budget, half an hour further back than anything was."""
    (folder / "p.toml").write_text(f'name = "p"\n[queue]\nnames = ["{QUEUE}"]\n{sections}\n', "utf-8")
    settings = load("p", environ=environ, root=folder, folders=(folder,))
    minutes = HOURS * 60 + 30
    scope = ask("triage", settings, now=datetime.now(UTC), window_minutes=minutes, redis_commands=300, deadline_s=60)
    runbook = replace(TRIAGE, probes=(*queue.PROBES, *history.PROBES))
    evidence, _ = await collect(runbook, settings, scope, redactor=Redactor())
    return Seen(evidence), scope


@pytest.fixture(scope="module")
def bulk(past: Past, tmp_path_factory: pytest.TempPathFactory) -> tuple[Seen, Scope]:
    """Redis with every job of the past, and some that wait."""
    folder = tmp_path_factory.mktemp("bulk")

    async def looked() -> tuple[Seen, Scope]:
        with valkey() as server:
            address = f"redis://127.0.0.1:{server.port}"
            client, waiting = Redis.from_url(address), Queue(QUEUE, {"connection": address})
            for begin in range(0, len(past.jobs), 5000):
                await write_finished(client, past.jobs[begin : begin + 5000], QUEUE)
            await waiting.addBulk([{"name": "test-job", "data": {}, "opts": {}} for _ in range(WAITING)])
            found = await look(folder, '[redis]\nurl_env = "REDIS_URL"', REDIS_URL=address)
            await waiting.close()
            await client.aclose()
            return found

    return asyncio.run(looked())


def test_all_jobs_are_read_within_the_budget(bulk: tuple[Seen, Scope], past: Past) -> None:
    """A hundred thousand rows by three hundred commands."""
    rows = bulk[0].reading(JobRows)
    assert rows is not None
    assert rows.history is not None
    assert len(rows.history.step_ms) == len(past.jobs) >= JOBS
    assert not rows.history.is_cut


def test_depth_by_all_rows_is_that_of_the_logs(bulk: tuple[Seen, Scope], past: Past) -> None:
    """Every instant of two hours; whoever waits now was added later, so the span ends before."""
    rows = Seen(tuple(item for item in bulk[0].evidence if item.probe != "queue.events"))
    series = trends.depth(rows, bulk[1], QUEUE)
    assert "added and not yet started" in str(series.source)
    inside = series.at_ms < past.logs.added[-1]
    assert past.logs.depth_keeps(replace(series, at_ms=series.at_ms[inside], value=series.value[inside])) == []
    assert np.nanmax(series.value) > 500
    assert series.off_by < 20
    assert np.isfinite(series.value[inside]).sum() > 150
    assert null_outside(series)


def test_the_event_stream_goes_on_where_the_rows_end(bulk: tuple[Seen, Scope], past: Past) -> None:
    """What came since and waits is told by its steps; the minutes that neither tells are unknown."""
    series = trends.depth(*bulk, QUEUE)
    assert "then event stream" in str(series.source)
    assert series.value[-1] == WAITING
    ended = int(past.logs.added[-1])
    between = (series.at_ms >= ended - 1000) & (series.at_ms < ended + QUIET_MS // 2)
    assert np.isnan(series.value[between]).any()


def test_rates_by_all_rows_are_those_of_the_logs(bulk: tuple[Seen, Scope], past: Past) -> None:
    """Arrivals and completions, bin by bin; before the first kept job nothing is told."""
    for series, happened in (
        (trends.arrivals(*bulk), past.logs.added),
        (trends.throughput(*bulk), past.logs.completed),
    ):
        assert "rows of" in str(series.source)
        assert rate_keeps(series, happened) == []
        assert told_ms(series) > 0.95 * HOURS * HOUR_MS
        assert null_outside(series)
        assert np.isnan(series.value[0])


EVERY_MS = 30_000


def beats(past: Past) -> list[int]:
    begin, end = int(past.logs.added[0]), time.time_ns() // 1_000_000
    return list(range(begin - begin % EVERY_MS + EVERY_MS, end, EVERY_MS))


@pytest.fixture(scope="module")
def sampled(past: Past, tmp_path_factory: pytest.TempPathFactory) -> tuple[Seen, Scope]:
    """A history store with a sample of the same past every half minute."""
    folder = tmp_path_factory.mktemp("sampled")
    store = Store(folder / "h.sqlite3")
    at = np.array(beats(past))
    run = store.begin("p", writer="w", why="started", every_ms=EVERY_MS, at_ms=int(at[0]))
    columns = {"queue.depth": past.logs.depth(at), "queue.added": np.searchsorted(past.logs.added, at, side="right")}
    columns["worker.completed"] = np.searchsorted(past.logs.completed, at, side="right")
    labels = {"worker.completed": str(int(at[0]) - HOUR_MS)}
    for n, instant in enumerate(at.tolist()):
        vitals = [Vital(metric=m, label=labels.get(m, QUEUE), value=float(c[n])) for m, c in columns.items()]
        store.add(run, sequence=n, at_ms=instant, vitals=vitals)
    store.close()
    return asyncio.run(look(folder, '[history]\npath = "h.sqlite3"'))


def test_a_sampled_history_is_that_of_the_logs(sampled: tuple[Seen, Scope], past: Past) -> None:
    """Depth at the samples, growth of the counters between them."""
    depth, arrivals, done = trends.depth(*sampled, QUEUE), trends.arrivals(*sampled), trends.throughput(*sampled)
    assert {str(series.source).partition(",")[0] for series in (depth, arrivals, done)} == {
        "history kept by runbook watch"
    }
    assert past.logs.depth_keeps(depth) == []
    assert rate_keeps(arrivals, past.logs.added) == []
    assert rate_keeps(done, past.logs.completed) == []
    assert all(null_outside(series) for series in (depth, arrivals, done))
    assert min(map(told_ms, (depth, arrivals, done))) > 0.95 * HOURS * HOUR_MS


@pytest.fixture(scope="module")
def exported(past: Past, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Seen, Scope]]:
    """A Prometheus that has scraped the same past twice a minute."""
    folder = tmp_path_factory.mktemp("exported")
    at = np.array(beats(past))
    done, depth = np.searchsorted(past.logs.completed, at, side="right"), past.logs.depth(at)
    lines = ["# TYPE worker_jobs_completed counter"]
    lines += [f'worker_jobs_completed_total{{instance="a"}} {n} {t / 1000}' for n, t in zip(done, at, strict=True)]
    lines += ["# TYPE bullmq_waiting gauge"]
    lines += [f"bullmq_waiting {n} {t / 1000}" for n, t in zip(depth, at, strict=True)]
    (folder / "past.txt").write_text("\n".join([*lines, "# EOF"]) + "\n", "utf-8")
    promtool = Path(str(BINARY)).with_name("promtool")
    fill = [str(promtool), "tsdb", "create-blocks-from", "openmetrics", "past.txt", "data"]
    subprocess.run(fill, cwd=folder, check=True, capture_output=True)
    with prometheus_on(folder, "{}") as address:
        yield asyncio.run(look(folder, f'[prometheus]\nbase_url = "{address}"\ndepth = "bullmq_waiting"'))


@NEEDS
def test_a_prometheus_is_that_of_the_logs(exported: tuple[Seen, Scope], past: Past) -> None:
    """Depth as scraped, completions by the growth of the counter; arrivals nobody exports, so they stay unknown."""
    depth, done = trends.depth(*exported, QUEUE), trends.throughput(*exported)
    assert "Prometheus" in str(depth.source) and "Prometheus" in str(done.source)
    assert past.logs.depth_keeps(depth) == []
    assert rate_keeps(done, past.logs.completed) == []
    assert null_outside(depth) and null_outside(done)
    assert min(told_ms(depth), told_ms(done)) > 0.95 * HOURS * HOUR_MS
    assert trends.arrivals(*exported).is_empty
