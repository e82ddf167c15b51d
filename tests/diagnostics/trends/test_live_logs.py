"""A live platform at production's retention: every source against the producer's and the workers' own logs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.diagnostics.trends.logs import Logs, instants, null_outside, rate_keeps, told_ms
from tests.sandbox.running import Running, eventually, running

from diagnostics import trends
from diagnostics.engine import collect
from diagnostics.model import Evidence
from diagnostics.question import ask
from diagnostics.readings import JobRows
from diagnostics.redaction import Redactor
from diagnostics.runbooks import TRIAGE
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.settings import load
from oncall.history.clock import Clock
from oncall.history.store import Store
from oncall.question import Wish, checked
from oncall.watch import Watcher

ROOT = Path(__file__).resolve().parents[3]
QUEUE = "agent-jobs"
BUSY_S = 4.0
LOGGED = (
    "query($environmentId:String!){environmentLogs(environmentId:$environmentId,beforeLimit:5000)"
    "{attributes{key value}}}"
)


@dataclass(frozen=True, slots=True)
class Lived:
    """What was seen, and what had been written down by those who did it."""

    seen: Seen
    scope: Scope
    logs: Logs


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """Some traffic, a queue that is paused and resumed, and one look while it still works."""
    folder = tmp_path_factory.mktemp("live")
    with running(folder, "--arrival-per-s", "15", "--job-seconds", "0.2", name="logs") as platform:
        yield asyncio.run(life(platform, folder))


async def life(platform: Running, folder: Path) -> Lived:
    store = folder / "h.sqlite3"
    environ = {**platform.settings, "RUNBOOK_HISTORY__PATH": str(store)}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        took_ms: list[int] = []
        sampling = asyncio.create_task(sample(Store(store), took_ms))
        await asyncio.sleep(BUSY_S)
        await platform.fault("queue-paused")
        await asyncio.sleep(BUSY_S / 2)
        await platform.heal()
        async with platform.redis() as redis:
            await eventually(lambda: is_drained(redis))
        await asyncio.sleep(BUSY_S)
        found, scope = await look(environ)
        sampling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sampling
    logs = await written(platform)
    return Lived(found, scope, replace(logs, late_ms=max(logs.late_ms, *took_ms)))


async def is_drained(redis: Any) -> bool:
    return bool(await redis.llen(f"bull:{QUEUE}:wait") < 15)


async def sample(store: Store, took_ms: list[int]) -> None:
    """`runbook watch`, once a second, and how long each sample took."""
    question = checked(Wish(slug="triage", profile=str(ROOT / "profiles" / "sandbox.toml")))
    clock = Clock(speed=1.0, origin_s=time.time())
    async for sampled in Watcher(question, store, clock=clock, every_s=1.0).samples():
        took_ms.append(round(1000 * sampled.spent.elapsed_s))


async def look(environ: dict[str, str]) -> tuple[Seen, Scope]:
    settings = load(str(ROOT / "profiles" / "sandbox.toml"), environ=environ, root=ROOT, folders=())
    scope = ask("triage", settings, now=datetime.now(UTC), window_minutes=3, redis_commands=300, deadline_s=20)
    evidence, _ = await collect(TRIAGE, settings, scope, redactor=Redactor())
    return Seen(evidence), scope


async def written(platform: Running) -> Logs:
    """The producer's file and the workers' lines. An id that is still kept is refused: nobody ever starts it."""
    lines = [json.loads(line) for line in (platform.folder / "producer.jsonl").read_text("utf-8").splitlines()]
    added = [(line["at_ms"], line["id"]) for line in lines if line["queue"] == QUEUE]
    told = (await platform.railway(LOGGED))["environmentLogs"]
    moments = [{a["key"]: json.loads(a["value"]) for a in line["attributes"]} for line in told]
    by_event = {
        event: [(m["time"], str(m["jobId"])) for m in moments if m.get("event") == event]
        for event in ("job.start", "job.complete", "job.failed")
    }
    assert by_event["job.failed"] == []
    accepted = entries(added, by_event["job.start"])
    return Logs(
        added=instants(accepted),
        entered=instants(accepted),
        left=instants([at for at, _ in by_event["job.start"]]),
        completed=instants([at for at, _ in by_event["job.complete"]]),
        failed=instants([]),
        late_ms=await lateness_ms(platform, {"added": added, "active": by_event["job.start"]}),
    )


def entries(added: list[tuple[int, str]], starts: list[tuple[int, str]]) -> list[int]:
    """When jobs entered the queue: with the first add of an id, and with the first after each start but the last.

    An id is refused while its job is kept, and taken once more when that one was removed. Of the last two seconds
    jobs may wait that nobody has started.
    """
    last_ms = max(at for at, _ in starts)
    by_job: dict[str, list[int]] = {}
    for at, job in sorted(starts):
        by_job.setdefault(job, []).append(at)
    entered, done = [], dict.fromkeys(by_job, 0)
    for at, job in sorted(added):
        begun, number = by_job.get(job, []), done.get(job, 0)
        is_next = number < len(begun) and (number == 0 or at > begun[number - 1])
        if is_next or (job not in done and at > last_ms - 2000):
            entered.append(at)
            done[job] = number + 1
    return entered


async def lateness_ms(platform: Running, lines: dict[str, list[tuple[int, str]]]) -> int:
    """How late the latest line was, by the server's own clock: a busy machine stops whoever writes."""
    async with platform.redis() as redis:
        steps = await redis.xrange(f"bull:{QUEUE}:events")
    done = {(fields["event"], fields.get("jobId")): int(entry.partition("-")[0]) for entry, fields in steps}
    late = [at - done[event, job] for event, told in lines.items() for at, job in told if (event, job) in done]
    return max(0, *late)


def by(lived: Lived, *probes: str) -> Seen:
    """What was seen by these probes and by the present counts."""
    return Seen(tuple(item for item in lived.seen.evidence if item.probe in (*probes, "queue.state")))


def newest_rows(lived: Lived) -> Seen:
    """The rows as the default budget reads them."""

    def less(item: Evidence) -> Evidence:
        rows = item.reading
        return replace(item, reading=replace(rows, history=None)) if isinstance(rows, JobRows) else item

    return Seen(tuple(less(item) for item in by(lived, "queue.jobs").evidence))


def test_the_life_had_something_to_tell(lived: Lived) -> None:
    """Jobs piled up and drained, far more of them than Redis keeps."""
    at = np.arange(lived.logs.added[0], lived.logs.added[-1], 100)
    assert lived.logs.depth(at).max() > 25
    assert len(lived.logs.completed) > 120
    assert lived.seen.reading(JobRows).history.kept_jobs <= 110  # type: ignore[union-attr]


@pytest.mark.parametrize(("probe", "least_s"), [("queue.events", 8), ("history.samples", 6), ("queue.jobs", 1)])
def test_depth_is_that_of_the_logs(lived: Lived, probe: str, least_s: float) -> None:
    """Within the stated error wherever it is told, and null elsewhere."""
    series = trends.depth(by(lived, probe), lived.scope, QUEUE)
    assert lived.logs.depth_keeps(series) == []
    assert null_outside(series)
    assert told_ms(series) > 1000 * least_s
    assert series.off_by < 40


@pytest.mark.parametrize(("probe", "least_s"), [("queue.events", 8), ("history.samples", 6), ("queue.jobs", 1)])
def test_arrivals_are_those_of_the_producer(lived: Lived, probe: str, least_s: float) -> None:
    """Bin by bin, and null before the first job that is kept."""
    series = trends.arrivals(by(lived, probe), lived.scope)
    assert rate_keeps(series, lived.logs.added, late_ms=lived.logs.late_ms) == []
    assert null_outside(series)
    assert told_ms(series) > 1000 * least_s


@pytest.mark.parametrize(
    ("probe", "least_s"),
    [("queue.events", 8), ("history.samples", 6), ("queue.jobs", 1), ("worker.log", 8), ("worker.metrics", 8)],
)
def test_throughput_is_that_of_the_workers(lived: Lived, probe: str, least_s: float) -> None:
    """Lines, totals, steps, samples and the few rows that are kept: each tells the same of its span."""
    series = trends.throughput(by(lived, probe), lived.scope)
    assert rate_keeps(series, lived.logs.completed, late_ms=lived.logs.late_ms) == []
    assert null_outside(series)
    assert told_ms(series) > 1000 * least_s


def test_the_few_rows_of_the_default_budget_tell_the_same_of_less(lived: Lived) -> None:
    """A hundred finished jobs are seconds: before them nothing is zero."""
    seen = newest_rows(lived)
    done, arrivals = trends.throughput(seen, lived.scope), trends.arrivals(seen, lived.scope)
    assert rate_keeps(done, lived.logs.completed, late_ms=lived.logs.late_ms) == []
    assert rate_keeps(arrivals, lived.logs.added, late_ms=lived.logs.late_ms) == []
    assert null_outside(done) and null_outside(arrivals)
    assert 1000 < told_ms(done) < told_ms(trends.throughput(by(lived, "queue.events"), lived.scope))
