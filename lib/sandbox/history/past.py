"""Made-up jobs of the hours before the start: arrivals, attempts, ends."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sandbox.plan import Plan
from sandbox.producer.jobs import MIX, choose, make_job
from sandbox.worker.weights import WEIGHTS

BAD_SIGNATURES = 0.004
"""Share of webhooks that fail every attempt."""
REFUSALS = 0.004
"""Share of knowledge-graph jobs whose first attempt fails."""
BACKOFF_MS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One start of a job. Epoch ms; `error` is empty for a success."""

    started_ms: int
    ended_ms: int
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastJob:
    """One job from its adding to its end."""

    id: str
    number: int
    """Value of the queue's counter when it was added."""
    name: str
    data: Mapping[str, object]
    options: Mapping[str, object]
    added_ms: int
    attempts: tuple[Attempt, ...]
    replica: int
    """Index of the replica that ran it."""

    @property
    def ended_ms(self) -> int:
        return self.attempts[-1].ended_ms

    @property
    def has_failed(self) -> bool:
        return bool(self.attempts[-1].error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """All jobs that began and ended before the start, in order of arrival."""

    since_ms: int
    until_ms: int
    jobs: Sequence[PastJob]
    last_number: int

    @property
    def by_end(self) -> Sequence[PastJob]:
        return sorted(self.jobs, key=lambda job: job.ended_ms)


def make_past(plan: Plan, now_ms: int, chance: random.Random) -> Past:
    """The past `plan` asks for: arrivals at its pace, jobs of its length, until just before `now_ms`."""
    since_ms = now_ms - round(plan.history_s * 1000)
    jobs, number = [], 0
    for added_ms in _arrivals(since_ms, now_ms, plan.pace_per_s, chance):
        number += 1
        job = _job(plan, number, added_ms, chance)
        if job.ended_ms < now_ms:
            jobs.append(job)
    return Past(since_ms=since_ms, until_ms=now_ms, jobs=jobs, last_number=number)


def _arrivals(since_ms: int, until_ms: int, per_s: float, chance: random.Random) -> Iterator[int]:
    """Instants spaced as the producer spaces them."""
    at_ms = float(since_ms)
    while per_s > 0 and at_ms < until_ms:
        yield round(at_ms)
        at_ms += 1000 * chance.uniform(0.5, 1.5) / per_s


def _job(plan: Plan, number: int, added_ms: int, chance: random.Random) -> PastJob:
    new = make_job(choose(MIX, chance), {}, chance, at_ms=added_ms)
    data = new.data
    errors: tuple[str, ...] = ()
    luck = chance.random()
    if new.name == "kommo:webhook" and luck < BAD_SIGNATURES:
        data = {**data, "signature": "bad"}
        errors = ("Invalid webhook signature",) * int(str(new.options["attempts"]))
    elif new.name == "extract-knowledge-graph" and luck < REFUSALS:
        errors = ("LLM API error: 502",)
    return PastJob(
        id=str(new.options.get("jobId", number)),
        number=number,
        name=new.name,
        data=data,
        options=new.options,
        added_ms=added_ms,
        attempts=_attempts(new.name, errors, added_ms, plan.job_seconds, int(str(new.options["attempts"])), chance),
        replica=chance.randrange(plan.replicas),
    )


def _attempts(
    name: str,
    errors: tuple[str, ...],
    added_ms: int,
    job_seconds: float,
    allowed: int,
    chance: random.Random,
) -> tuple[Attempt, ...]:
    """Failures with exponential pauses between, then a success if attempts are left."""
    attempts, ready_ms = [], added_ms
    for number, error in enumerate(errors):
        started_ms = ready_ms + chance.randint(1, 3)
        attempts.append(Attempt(started_ms=started_ms, ended_ms=started_ms + chance.randint(2, 12), error=error))
        ready_ms = attempts[-1].ended_ms + BACKOFF_MS * 2**number
    if len(errors) < allowed:
        started_ms = ready_ms + chance.randint(1, 3)
        length_ms = 1000 * job_seconds * WEIGHTS[name] * chance.uniform(0.7, 1.3) + chance.randint(3, 8)
        attempts.append(Attempt(started_ms=started_ms, ended_ms=started_ms + round(length_ms)))
    return tuple(attempts)
