"""The queue's present, as BullMQ itself made it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from bullmq import FlowProducer
from tests.diagnostics.clients.queues import KEY, QUEUE, Place

from diagnostics.clients.reader import ALLOWED
from diagnostics.readings import QueueCounts


def states(found: QueueCounts) -> dict[str, int | None]:
    """Our counts under BullMQ's names."""
    names = "wait paused active delayed prioritized completed failed waiting-children".split()
    return {name: getattr(found, name.replace("-", "_")) for name in names}


async def test_every_state_is_counted(place: Place) -> None:
    """One job and more in each state BullMQ knows: our counts are those of its own library."""
    for number in range(9):
        await place.queue.add("good", {}, {})
        if number < 2:
            await place.queue.add("bad", {}, {"attempts": 1})
    await place.work(11)
    for _ in range(5):
        await place.queue.add("good", {}, {})
    await place.take(2)
    await place.queue.add("later", {}, {"delay": 60_000})
    await place.queue.add("urgent", {}, {"priority": 3})
    flow = FlowProducer(place.url)
    await flow.add({"name": "parent", "queueName": QUEUE, "children": [{"name": "child", "queueName": "other"}]})
    await flow.close()
    found = await place.counted()
    theirs = await place.queue.getJobCounts(
        "wait", "paused", "active", "delayed", "prioritized", "completed", "failed", "waiting-children"
    )
    assert states(found) == states(await place.bullmq.counts(QUEUE)) == theirs
    assert (found.wait, found.active, found.delayed, found.prioritized) == (3, 2, 1, 1)
    assert (found.completed, found.failed, found.waiting_children) == (9, 2, 1)
    assert (found.depth, found.script_depth) == (4, 5)


async def test_an_absent_queue_has_no_counts(place: Place) -> None:
    """A queue that does not exist is not an empty one."""
    absent = QueueCounts(name=QUEUE, is_present=False)
    assert await place.counted() == await place.bullmq.counts(QUEUE) == absent


async def test_counts_alone_know_what_they_could_not_read(place: Place) -> None:
    """A state that is refused is `None`; the queue does not pass as absent for it."""
    found = await (await place.refuse("ZCARD")).counts(QUEUE)
    assert found.is_present
    assert (found.wait, found.failed) == (0, None)


async def test_a_paused_queue_of_the_5_layout(place: Place) -> None:
    """BullMQ 5 renames `wait` to `paused`: the depth stays what it was."""
    for _ in range(3):
        await place.queue.add("good", {}, {})
    await place.queue.pause()
    found = await place.counted()
    assert (found.is_paused, found.wait, found.paused, found.depth) == (True, 0, 3, 3)
    await place.queue.resume()
    assert (await place.counted()).is_paused is False


async def test_a_paused_queue_of_the_6_layout(place: Place) -> None:
    """BullMQ 6 sets the flag alone: its jobs stay in `wait`."""
    for _ in range(3):
        await place.queue.add("good", {}, {})
    await place.client.hset(f"{KEY}meta", mapping={"paused": 1, "version": "bullmq:6.7.0"})
    found = await place.counted()
    assert (found.is_paused, found.wait, found.paused, found.depth) == (True, 3, 0, 3)


async def test_a_job_without_a_lock_counts_when_it_is_seen_twice(place: Place) -> None:
    """Two of three held jobs lose their lock; one of them ends before the second look."""
    for _ in range(3):
        await place.queue.add("good", {}, {})
    jobs = await place.take(3)
    assert (await place.counted()).active_without_lock == 0
    await place.client.delete(f"{KEY}{jobs[0].id}:lock", f"{KEY}{jobs[1].id}:lock")
    before = await place.bullmq.glance(QUEUE)
    assert before.without_lock == {jobs[0].id, jobs[1].id}
    await place.client.lrem(f"{KEY}active", 0, jobs[1].id)
    found = await place.bullmq.full(QUEUE, before=before)
    assert (found.active_without_lock, found.ended_between, found.active) == (1, 1, 2)


async def test_a_job_that_gets_its_lock_back_is_not_stalled(place: Place) -> None:
    """Lockless at the first look, locked at the second: somebody took it up again."""
    await place.queue.add("good", {}, {})
    (job,) = await place.take()
    await place.client.delete(f"{KEY}{job.id}:lock")
    before = await place.bullmq.glance(QUEUE)
    await place.client.set(f"{KEY}{job.id}:lock", "another", px=30_000)
    assert (await place.bullmq.full(QUEUE, before=before)).active_without_lock == 0


async def test_unreadable_locks_are_unknown(place: Place) -> None:
    """Where MGET is refused nobody knows who stalled: `None`, and never zero."""
    await place.queue.add("good", {}, {})
    await place.take()
    less = await place.refuse("MGET")
    found = await less.full(QUEUE, before=await less.glance(QUEUE))
    assert (found.active, found.active_without_lock) == (1, None)


@pytest.mark.parametrize("refused", ["LLEN", "ZCARD", "MGET", "PTTL", "LRANGE", "ZRANGE"])
async def test_a_refused_read_is_unknown_and_never_zero(place: Place, refused: str) -> None:
    """Each kind of read may be forbidden: what it counts is `None`, the rest is there."""
    await place.queue.add("good", {}, {})
    less = await place.refuse(refused)
    found = await less.full(QUEUE, before=await less.glance(QUEUE))
    assert found.is_present
    lost = {
        "LLEN": (found.wait, found.paused),
        "ZCARD": (found.prioritized, found.delayed, found.completed, found.failed, found.waiting_children),
        "MGET": (found.last_id, found.limiter_jobs),
        "PTTL": (found.limiter_ms,),
        "LRANGE": (found.active, found.active_without_lock, found.ended_between, found.oldest_waiting_at),
        "ZRANGE": (found.newest_completed_at, found.newest_failed_at),
    }
    assert set(lost.pop(refused)) == {None}
    assert lost["LLEN" if refused != "LLEN" else "ZCARD"][0] is not None


async def test_oldest_and_newest_jobs(place: Place) -> None:
    """The oldest ready job is the older of the list's tail and the first by priority; the oldest active began first."""
    for number in range(4):
        await place.queue.add("good", {}, {})
        await place.client.hset(f"{KEY}{number + 1}", "timestamp", 1_700_000_000_000 + number * 1000)
    jobs = await place.take(2)
    await place.client.hset(KEY + jobs[0].id, "processedOn", 1_700_000_100_000)
    found = await place.counted()
    assert found.oldest_waiting_at == datetime.fromtimestamp(1_700_000_002, UTC)
    assert found.oldest_active_at == datetime.fromtimestamp(1_700_000_100, UTC)
    await place.queue.add("urgent", {}, {"priority": 7})
    await place.client.hset(f"{KEY}5", "timestamp", 1_700_000_001_500)
    assert (await place.counted()).oldest_waiting_at == datetime.fromtimestamp(1_700_000_001.5, UTC)


async def test_the_rate_limit_of_the_queue(place: Place) -> None:
    """A real limit of two jobs in a minute: the third waits, and our counts say why."""
    await place.queue.setGlobalRateLimit(2, 60_000)
    for _ in range(3):
        await place.queue.add("good", {}, {})
    await place.work(2)
    found = await place.counted()
    assert (found.rate_max_jobs, found.rate_window_ms, found.limiter_jobs, found.wait) == (2, 60_000, 2, 1)
    assert found.limiter_ms is not None
    assert 50_000 < found.limiter_ms <= 60_000


async def test_without_limits_nothing_is_limited(place: Place) -> None:
    """No window is open and no limit is set."""
    await place.queue.add("good", {}, {})
    found = await place.counted()
    assert (found.limiter_ms, found.limiter_jobs) == (0, 0)
    assert (found.rate_max_jobs, found.rate_window_ms, found.concurrency_limit) == (None, None, None)


async def test_the_global_concurrency(place: Place) -> None:
    """A real limit of one active job."""
    await place.queue.setGlobalConcurrency(1)
    for _ in range(3):
        await place.queue.add("good", {}, {})
    await place.take(2)
    found = await place.counted()
    assert (found.concurrency_limit, found.active, found.wait) == (1, 1, 2)


async def test_more_active_jobs_than_are_looked_at(place: Place) -> None:
    """Of a thousand active jobs the 200 oldest are looked at; all are counted."""
    await place.client.set(f"{KEY}id", 1000)
    await place.client.lpush(f"{KEY}active", *range(1, 1001))
    before = await place.bullmq.glance(QUEUE)
    assert before.active == tuple(str(n) for n in range(200, 0, -1))
    assert before.counts.active is None
    found = await place.bullmq.full(QUEUE, before=before)
    assert (found.active, found.active_without_lock) == (1000, 200)


async def test_queues_beside(place: Place) -> None:
    """Rare states are counted only where there are any, and are unknown where the budget forbids it."""
    await place.client.zadd("bull:letters:prioritized", {"a": 1, "b": 2})
    await place.client.zadd("bull:letters:failed", {"c": 1})
    await place.client.set("bull:letters:id", 3)
    await place.client.lpush("bull:orphans:wait", "x")
    await place.client.set("bull:orphans:id", 7)
    letters, orphans, nothing = await place.bullmq.beside("letters", "orphans", "nothing", spare=13)
    assert (letters.prioritized, letters.failed, letters.wait, letters.active) == (2, 1, 0, 0)
    assert (orphans.depth, orphans.active, orphans.last_id) == (1, 0, 7)
    assert not nothing.is_present
    (poor,) = await place.bullmq.beside("letters", spare=9)
    assert (poor.prioritized, poor.failed, poor.depth) == (2, None, None)


async def test_what_a_look_costs(place: Place) -> None:
    """The commands promised in the docstrings are those the server counts."""
    for _ in range(3):
        await place.queue.add("good", {}, {})
    await place.queue.add("urgent", {}, {"priority": 2})
    await place.take(2)
    await place.client.config_resetstat()
    look = await place.bullmq.glance(QUEUE)
    assert place.budget.redis_commands == 6
    await place.bullmq.full(QUEUE, before=look)
    assert place.budget.redis_commands == 6 + 15 + 3
    calls = {name: told["calls"] for name, told in (await place.client.info("commandstats")).items()}
    reads = [calls.get(f"cmdstat_{name.lower()}", 0) for name in ALLOWED - {"INFO"}]
    assert sum(reads) == place.budget.redis_commands


async def test_counts_stay_cheap_with_many_jobs(place: Place) -> None:
    """A hundred thousand waiting and as many finished jobs: no command holds the server for five milliseconds."""
    ids = range(100_000)
    for start in range(0, len(ids), 10_000):
        part = ids[start : start + 10_000]
        await place.client.lpush(f"{KEY}wait", *part)
        await place.client.zadd(f"{KEY}completed", {f"c{n}": n for n in part})
    await place.client.set(f"{KEY}id", len(ids))
    await place.client.config_resetstat()
    await place.client.execute_command("SLOWLOG", "RESET")
    await place.client.config_set("slowlog-log-slower-than", 5000)
    started = time.monotonic()
    assert (await place.counted()).depth == 100_000
    assert (await place.bullmq.keyspace(known=(QUEUE,))).queues == (QUEUE,)
    assert time.monotonic() - started < 5
    assert await place.client.execute_command("SLOWLOG", "LEN") == 0
