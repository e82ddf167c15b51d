"""Rows, steps and keys, read by whatever way is granted."""

from __future__ import annotations

import asyncio

import pytest
from tests.diagnostics.clients.queues import KEY, QUEUE, Place

from diagnostics.clients import reader as client
from diagnostics.clients.bullmq import Reach
from diagnostics.clients.bullmq.keyspace import KEYS


async def some_jobs(place: Place) -> None:
    """Six completed, two failed, one active and one delayed job."""
    for _ in range(6):
        await place.queue.add("good", {"secret": "canary"}, {})
    for _ in range(2):
        await place.queue.add("bad", {"secret": "canary"}, {"attempts": 1})
    await place.work(8)
    await place.queue.add("good", {}, {})
    await place.take()
    await place.queue.add("later", {}, {"delay": 60_000})


@pytest.mark.parametrize(
    ("refused", "method", "commands"),
    [((), "SORT_RO", 4), (("SORT_RO",), "EVAL_RO", 5)],
)
async def test_rows_are_the_same_by_either_way(
    place: Place, refused: tuple[str, ...], method: str, commands: int
) -> None:
    """All states, newest first, and none of the jobs' data."""
    await some_jobs(place)
    bullmq = await place.refuse(*refused)
    before = place.budget.redis_commands
    rows = await bullmq.rows(QUEUE)
    # The refused user signs in with one command.
    assert place.budget.redis_commands - before - 1 == commands
    assert (rows.method, rows.is_sample) == (method, False)
    assert [row.state for row in rows.rows] == ["active", *["completed"] * 6, *["failed"] * 2, "delayed"]
    finished = [row.finished_ms for row in rows.rows if row.state == "completed"]
    assert finished == sorted(finished, reverse=True)
    assert "canary" not in repr(rows)


async def test_a_few_rows_where_neither_way_is_granted(place: Place) -> None:
    """At most three of each state by HMGET, said to be a sample, in at most a dozen commands beside the two refusals."""
    await some_jobs(place)
    less = await place.refuse("SORT_RO", "EVAL_RO")
    before = place.budget.redis_commands
    rows = await less.rows(QUEUE)
    assert place.budget.redis_commands - before <= 1 + 2 + 12
    assert (rows.method, rows.is_sample) == ("HMGET", True)
    assert [row.state for row in rows.rows] == ["active", *["completed"] * 3, *["failed"] * 2]


@pytest.mark.parametrize("command", sorted(client.ALLOWED - {"INFO", "EVAL_RO"}))
async def test_the_allow_list_holds_only_what_plus_read_grants(place: Place, command: str) -> None:
    """A token of `+@read` alone may send every command but the two whose loss is a limit."""
    assert command.lower() in await place.client.execute_command("ACL", "CAT", "read")


async def test_steps_and_refusals(place: Place) -> None:
    """A finished job holds its id: adding it again is refused, and BullMQ's stream tells."""
    await place.queue.add("bad", {}, {"jobId": "same", "attempts": 1})
    await place.work(1)
    for _ in range(6):
        await place.queue.add("bad", {}, {"jobId": "same"})
    events = await place.bullmq.events(QUEUE, count=1000)
    assert (events.refused_most, events.refused_by, events.refused_name) == (6, "finished", "bad")
    assert events.kind.count("duplicated") == 6
    assert "failed" in events.kind
    assert list(events.at_ms) == sorted(events.at_ms)


async def test_refusals_of_a_waiting_job(place: Place) -> None:
    """The first of them has not begun: that is what fixed ids are for."""
    for _ in range(7):
        await place.queue.add("good", {}, {"jobId": "same"})
    events = await place.bullmq.events(QUEUE, count=1000)
    assert (events.refused_most, events.refused_by) == (6, "unfinished")


async def test_few_refusals_cost_no_command(place: Place) -> None:
    """Below five nobody is asked who holds the id."""
    for _ in range(5):
        await place.queue.add("good", {}, {"jobId": "same"})
    before = place.budget.redis_commands
    events = await place.bullmq.events(QUEUE, count=1000)
    assert (events.refused_most, events.refused_by, place.budget.redis_commands - before) == (4, "", 1)


async def test_the_newest_steps_of_a_long_stream(place: Place) -> None:
    """Of five hundred steps the newest hundred: what came before their first one is not vouched for."""
    for _ in range(250):
        await place.queue.add("good", {}, {})
    events = await place.bullmq.events(QUEUE, count=100)
    assert len(events.kind) == 100
    assert events.complete_since_ms == events.at_ms[0]


async def test_keys_of_nobody(place: Place) -> None:
    """Queues, dead letters beside their queue, and keys that belong to no queue are told apart."""
    await place.queue.add("good", {}, {"jobId": "a:b:c"})
    await place.client.set("bull:cache:user:1", "x")
    await place.client.set("bull:lonely", "x")
    await place.client.set("dlq:fallback:9:1", "x")
    await place.client.set("session:1", "x")
    space = await place.bullmq.keyspace(known=())
    assert (space.queues, space.foreign, space.fallback) == ((QUEUE,), 2, 1)
    assert (space.is_complete, space.scanned) == (True, space.total)


async def test_a_scan_says_how_much_it_saw(place: Place) -> None:
    """Of many keys a part is looked at; jobs of a queue whose settings were not met are not taken for strangers."""
    async with place.client.pipeline(transaction=False) as pipe:
        for number in range(20_000):
            pipe.hset(f"bull:deep:{number}", "name", "x")
        pipe.set("bull:deep:id", 20_000)
        await pipe.execute()
    before = place.budget.redis_commands
    space = await place.bullmq.keyspace(known=())
    assert not space.is_complete
    assert space.total == 20_001
    assert space.scanned is not None
    assert KEYS * 0.9 < space.scanned < KEYS * 1.5
    assert space.foreign == 0
    assert place.budget.redis_commands - before <= 4


async def test_a_refused_scan_is_unknown(place: Place) -> None:
    """No key was looked at: neither letters nor strangers are zero."""
    await place.queue.add("good", {}, {})
    space = await (await place.refuse("SCAN")).keyspace(known=())
    assert (space.queues, space.foreign, space.fallback, space.scanned) == ((), None, None, None)
    assert space.is_refused


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 2500])
async def test_history_holds_every_finished_job(place: Place, count: int) -> None:
    """Columns rebuilt to rows are the rows that were written, across the borders of batches."""
    ends = [1_700_000_000_000 + 37 * number for number in range(count)]
    failed = [1_700_000_000_005 + 1000 * number for number in range(count // 10)]
    await place.write_finished(ends)
    await place.write_finished(failed, "failed")
    history = await place.bullmq.history(QUEUE, Reach(250, 0, 10))
    assert history is not None
    at, rebuilt = history.newest_ms, []
    for step, has_failed in zip(history.step_ms, history.has_failed, strict=True):
        rebuilt.append((at, has_failed))
        at -= step
    wanted = [(t, False) for t in ends] + [(t, True) for t in failed]
    assert sorted(rebuilt) == sorted(wanted)
    assert [t for t, _ in rebuilt] == sorted([t for t, _ in rebuilt], reverse=True)
    assert set(history.wait_ms) <= {200}
    assert set(history.run_ms) <= {500}
    assert (history.kept_jobs, history.is_cut) == (len(wanted), False)


async def test_history_stops_at_the_window_and_at_the_budget(place: Place) -> None:
    """Older than the window is left out; what the commands do not reach is said to be missing."""
    ends = [1_700_000_000_000 + number for number in range(5000)]
    await place.write_finished(ends)
    late = await place.bullmq.history(QUEUE, Reach(250, ends[4500], 10))
    assert late is not None
    assert (len(late.step_ms), late.is_cut, late.since_ms) == (500, False, ends[4500])
    before = place.budget.redis_commands
    poor = await place.bullmq.history(QUEUE, Reach(4, 0, 10))
    assert poor is not None
    assert place.budget.redis_commands - before <= 4
    assert (len(poor.step_ms), poor.is_cut, poor.since_ms) == (2000, True, ends[3000])


async def test_history_stops_in_time(place: Place) -> None:
    """With no time left the first batch is all there is, and the reading says so; the connection stays usable."""
    ends = [1_700_000_000_000 + number for number in range(5000)]
    await place.write_finished(ends)
    hasty = await place.bullmq.history(QUEUE, Reach(250, 0, 0))
    assert hasty is not None
    assert (len(hasty.step_ms), hasty.is_cut, hasty.since_ms) == (1000, True, ends[4000])
    assert (await place.counted()).completed == 5000


async def test_history_counts_no_job_twice_while_jobs_end(place: Place) -> None:
    """Jobs that end between two batches push the others down the ranks: none is read twice."""
    ends = [1_700_000_000_000 + number for number in range(4000)]
    await place.write_finished(ends)

    async def finish_more() -> None:
        for number in range(400):
            await place.write_finished([1_700_000_100_000 + number], f"completed-late-{number}")
            await place.client.zadd(f"{KEY}completed", {f"late-{number}": 1_700_000_100_000 + number})
            await place.client.hset(
                f"{KEY}late-{number}", mapping={"name": "late", "finishedOn": 1_700_000_100_000 + number}
            )

    more = asyncio.create_task(finish_more())
    for _ in range(20):
        history = await place.bullmq.history(QUEUE, Reach(250, 0, 10))
        assert history is not None
        # Those that end meanwhile have no beginning.
        assert history.run_ms.count(500) == 4000
    await more


async def test_rows_removed_while_they_are_read_are_unknown(place: Place) -> None:
    """A job whose hash is gone has no times: -1, never a time of zero."""
    ids = await place.write_finished([1_700_000_000_000, 1_700_000_001_000])
    await place.client.hdel(KEY + ids[0], "processedOn")
    history = await place.bullmq.history(QUEUE, Reach(250, 0, 10))
    assert history is not None
    assert (history.wait_ms, history.run_ms) == ((200, -1), (500, -1))


@pytest.mark.parametrize("odd", ["", "170000000000", "17000000000000", "1700000000.00", "-700000000000", "/:@17000000"])
async def test_a_time_that_is_no_time_is_unknown(place: Place, odd: str) -> None:
    """Anything but thirteen digits is -1, in that row alone."""
    ids = await place.write_finished([1_700_000_000_000, 1_700_000_001_000, 1_700_000_002_000])
    await place.client.hset(KEY + ids[1], "processedOn", odd)
    history = await place.bullmq.history(QUEUE, Reach(250, 0, 10))
    assert history is not None
    assert (history.wait_ms, history.run_ms) == ((200, -1, 200), (500, -1, 500))


@pytest.mark.parametrize("refused", ["SORT_RO", "ZCARD"])
async def test_history_needs_both_its_reads(place: Place, refused: str) -> None:
    """Where one of them is refused there is no history, rather than one with a state missing."""
    await place.write_finished([1_700_000_000_000])
    less = await place.refuse(refused)
    assert await less.history(QUEUE, Reach(250, 0, 10)) is None
