"""The queues of one prefix, read in few commands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from diagnostics.clients.bullmq import counts, events, history, keyspace, replies, rows
from diagnostics.clients.bullmq.counts import Glance
from diagnostics.clients.bullmq.history import Reach
from diagnostics.clients.bullmq.keyspace import Keyspace
from diagnostics.clients.reader import Command, Reader
from diagnostics.errors import ClientError
from diagnostics.readings import JobHistory, JobRows, QueueCounts, QueueEvents

_ENDS = 3
"""The last answers of a full count name the active jobs, the oldest waiting and the first prioritized one."""


class Bullmq:
    """Every method says how many commands it sends."""

    def __init__(self, redis: Reader, *, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix

    async def counts(self, name: str) -> QueueCounts:
        """How many jobs are in each state, as BullMQ's own `getJobCounts` (9 commands)."""
        return counts.states(name, await self._redis.read(*counts.state_commands(self._key(name))))

    async def glance(self, name: str) -> Glance:
        """The first look (5 commands, 1 more when jobs are active)."""
        found = counts.glance(name, await self._redis.read(*counts.glance_commands(self._key(name))))
        return found._replace(without_lock=await self._without_lock(name, found.active))

    async def full(self, name: str, *, before: Glance) -> QueueCounts:
        """Every state, compared with an earlier look (15 commands, and at most 5 about single jobs)."""
        key = self._key(name)
        answers = await self._redis.read(*counts.full_commands(key))
        found = counts.full(name, answers)
        if not found.is_present:
            return found
        active, waiting, prioritized = (replies.ids(answer) for answer in answers[-_ENDS:])
        again = before.without_lock
        if still := (again or frozenset()).intersection(active):
            again = await self._without_lock(name, sorted(still))
        added, begun = await self._ages(key, [*waiting, *prioritized], active[-1:])
        is_seen = not isinstance(answers[-_ENDS], ClientError)
        return replace(
            found,
            active=await self._all_active(key) if is_seen and found.active is None else found.active,
            oldest_waiting_at=min((at for at in added if at), default=None),
            oldest_active_at=begun,
            active_without_lock=len(again) if is_seen and again is not None else None,
            ended_between=len(set(before.active) - set(active)) if is_seen else None,
        )

    async def beside(self, *names: str, spare: int) -> tuple[QueueCounts, ...]:
        """Queues beside the main ones (1 command, 3 for each that was ever used, 6 more where more than that is there).

        `spare`: commands this may cost; states that are not counted for its sake are `None`.
        """
        last_ids = dict(zip(names, await self.last_ids(*names), strict=True))
        used = [name for name in names if last_ids[name] != 0]
        commands = [command for name in used for command in counts.brief_commands(self._key(name))]
        answers = await self._redis.read(*commands) if commands else []
        spare -= 1 + len(commands)
        found = {name: QueueCounts(name=name, is_present=False) for name in names}
        for number, name in enumerate(used):
            size = len(commands) // len(used)
            found[name], has_more = counts.brief(name, last_ids[name], answers[number * size : (number + 1) * size])
            more = counts.rare_commands(self._key(name))
            if has_more and len(more) <= spare:
                spare -= len(more)
                found[name] = counts.with_rare(found[name], await self._redis.read(*more))
        return tuple(found.values())

    async def last_ids(self, *names: str) -> tuple[int | None, ...]:
        """How many jobs were ever added to each queue: 0 to one that was never used (1 command for all)."""
        (answer,) = await self._redis.read(("MGET", *(f"{self._key(name)}id" for name in names)))
        if isinstance(answer, ClientError):
            return (None,) * len(names)
        return tuple(map(replies.count, answer))

    async def rows(self, name: str) -> JobRows:
        """The newest jobs of each state (4 commands by the usual way)."""
        return await rows.read_rows(self._redis, name, self._key(name))

    async def events(self, name: str, *, count: int) -> QueueEvents:
        """The newest steps of the event stream (1 command, or 2)."""
        return await events.read_events(self._redis, name, self._key(name), count=count)

    async def history(self, name: str, reach: Reach) -> JobHistory | None:
        """Many finished jobs, within the commands and the time of `reach`."""
        return await history.read_history(self._redis, name, self._key(name), reach)

    async def keyspace(self, *, known: Iterable[str]) -> Keyspace:
        """Which queues and which other keys a bounded scan meets (1 to 4 commands)."""
        return await keyspace.read_keyspace(self._redis, self._prefix, known=known)

    async def _without_lock(self, name: str, jobs: Sequence[str]) -> frozenset[str] | None:
        """Those of `jobs` whose lock is gone (1 command); `None` when that cannot be read. Tokens are dropped here."""
        if not jobs:
            return frozenset()
        (held,) = await self._redis.read(("MGET", *(f"{self._key(name)}{job}:lock" for job in jobs)))
        if isinstance(held, ClientError):
            return None
        return frozenset(job for job, token in zip(jobs, held, strict=True) if token is None)

    async def _all_active(self, key: str) -> int | None:
        return replies.count((await self._redis.read(("LLEN", f"{key}active")))[0])

    async def _ages(self, key: str, waiting: Sequence[str], active: Sequence[str]) -> tuple[list[Any], Any]:
        """When the waiting jobs were added and the active one began (1 command each)."""
        fields = [(job, "timestamp") for job in waiting] + [(job, "processedOn") for job in active]
        commands: list[Command] = [("HGET", key + job, field) for job, field in fields]
        found = [replies.time(answer) for answer in await self._redis.read(*commands)] if commands else []
        return found[: len(waiting)], found[len(waiting)] if active else None

    def _key(self, queue: str) -> str:
        return f"{self._prefix}:{queue}:"
