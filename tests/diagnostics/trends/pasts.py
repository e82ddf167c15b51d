"""A past of a hundred thousand jobs by the sandbox's honest writer, and the logs of who made it."""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.diagnostics.trends.logs import Logs, instants

from sandbox.history.past import Attempt, PastJob, make_past
from sandbox.plan import Plan

SLOTS = 8
JOB_S = 0.35
_COMES_AGAIN = 1.25
STOP_EVERY_MS, STOP_MS = 20 * 60_000, 60_000
"""The workers stand still for a minute three times an hour: then jobs pile up."""


def made(jobs: int, *, hours: float, until_ms: int) -> tuple[list[PastJob], Logs]:
    """At least so many jobs that were added at one pace until then."""
    # Where all are kept, an id that comes again is refused: contacts and pipelines are synchronised by id.
    pace = _COMES_AGAIN * jobs / hours / 3600
    plan = Plan(name="kept", state_dir=Path(), arrival_per_s=pace, history_s=hours * 3600, job_seconds=JOB_S)
    first = {job.id: job for job in reversed(make_past(plan, until_ms, random.Random(3)).jobs)}
    return queued(sorted(first.values(), key=lambda job: job.added_ms))


def queued(jobs: Sequence[PastJob]) -> tuple[list[PastJob], Logs]:
    """The same jobs taken in turn by few slots, and what producer and workers logged of it."""
    ready = [(job.added_ms, n, 0) for n, job in enumerate(jobs)]
    free, attempts = [0] * SLOTS, [list[Attempt]() for _ in jobs]
    entered, left = [], []
    while ready:
        at, n, number = heapq.heappop(ready)
        old = jobs[n].attempts[number]
        start = max(at + 1, heapq.heappop(free))
        start += max(0, STOP_MS - start % STOP_EVERY_MS)
        end = start + old.ended_ms - old.started_ms
        heapq.heappush(free, end)
        attempts[n].append(Attempt(started_ms=start, ended_ms=end, error=old.error))
        entered.append(at)
        left.append(start)
        if number + 1 < len(jobs[n].attempts):
            heapq.heappush(ready, (end + 5000 * 2**number, n, number + 1))
    done = [replace(job, attempts=tuple(mine)) for job, mine in zip(jobs, attempts, strict=True)]
    return done, Logs(
        added=instants([job.added_ms for job in jobs]),
        entered=instants(entered),
        left=instants(left),
        completed=instants([job.ended_ms for job in done if not job.has_failed]),
        failed=instants([job.ended_ms for job in done if job.has_failed]),
    )
