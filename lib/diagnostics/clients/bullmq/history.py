"""Many finished jobs as columns: SORT_RO in batches, the next ones asked for before the last is parsed.

A batch of 800 holds the server for 1.5 ms (measured); numpy parses the columns while it works on the next.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import chain, islice
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from diagnostics.clients.bullmq.replies import count
from diagnostics.clients.reader import Command, Reader
from diagnostics.errors import ClientError
from diagnostics.readings import JobHistory

BATCH = 800
"""Rows. Redis sends 64 KB of a reply at once: the rest of a larger one would wait until the next batch is made."""
AHEAD = 3
"""Batches under way while one is parsed; as many may have been asked for in vain at the end."""
STATES = ("completed", "failed")
_FIELDS = ("timestamp", "processedOn", "finishedOn")
_WIDTH = 1 + len(_FIELDS)
_DIGITS = 13
"""Epoch milliseconds have thirteen digits until the year 2286."""
_POWERS = 10.0 ** np.arange(_DIGITS - 1, -1, -1)
"""As floats, which hold every such number exactly and multiply ten times faster."""
_NO_DIGITS = b"-" * _DIGITS
_UNKNOWN = -1

Column = NDArray[np.int64]


class Batch(NamedTuple):
    """Rows of one state, newest first; times in epoch ms, -1 where there is none."""

    ids: Sequence[bytes]
    added: Column
    started: Column
    finished: Column


class Reach(NamedTuple):
    """How far back a history may go."""

    commands: int
    since_ms: int
    """Jobs that ended before this instant are left out."""
    within_s: float
    """No batch is asked for later than this after the first."""


async def read_history(redis: Reader, name: str, key: str, reach: Reach) -> JobHistory | None:
    """Finished jobs, newest first, within `reach`; `None` where SORT_RO or ZCARD is not granted.

    What is not reached is the oldest; `since_ms` of the reading says from where on none is missing.
    """
    give_up_at = time.monotonic() + reach.within_s
    kept = [count(answer) for answer in await redis.read(*(("ZCARD", key + state) for state in STATES))]
    sizes = [number for number in kept if number is not None]
    if len(sizes) < len(STATES):
        return None
    batches: list[tuple[bool, Batch]] = []
    missed: list[int] = []
    for state, size, share in zip(STATES, sizes, _shares(sizes, reach.commands - len(STATES)), strict=True):
        found = await _read_state(_asking(redis, key + state, key), batches=share, stop=_stop(reach, give_up_at))
        if found is None:
            return None
        batches += [(state == "failed", batch) for batch in found]
        if sum(len(batch.finished) for batch in found) < size:
            missed.append(_oldest(found[-1]) if found else reach.since_ms)
    since_ms = max([reach.since_ms, *missed])
    return JobHistory(
        **_columns(batches, since_ms),
        queue=name,
        kept_jobs=sum(sizes),
        since_ms=since_ms,
        is_cut=since_ms > reach.since_ms,
    )


def _stop(reach: Reach, give_up_at: float) -> Callable[[Batch], bool]:
    """Whether nothing older than a batch is wanted, or can be had in time."""
    return lambda batch: _oldest(batch) < reach.since_ms or time.monotonic() > give_up_at


def _shares(sizes: Sequence[int], commands: int) -> list[int]:
    """Batches for each state: what it needs, and of a scarce budget its proportion."""
    # One more than there are: jobs that end meanwhile push the oldest beyond the last batch.
    needed = [-(-size // BATCH) + 1 if size else 0 for size in sizes]
    if sum(needed) <= commands:
        return needed
    return [max(1, commands * need // sum(needed)) if need else 0 for need in needed]


async def _read_state(
    ask: Callable[[int], asyncio.Task[list[Any]]], *, batches: int, stop: Callable[[Batch], bool]
) -> list[Batch] | None:
    """Batches of one state until one is the last or `stop` says so; `None` where the read is refused."""
    found: list[Batch] = []
    numbers = iter(range(batches))
    ahead = deque(ask(number) for number in islice(numbers, AHEAD))
    try:
        while ahead:
            (answer,) = await ahead.popleft()
            if isinstance(answer, ClientError):
                return None
            is_last = len(answer) < BATCH * _WIDTH
            if not is_last:
                ahead.extend(ask(number) for number in islice(numbers, 1))
                # The command leaves before its predecessor is parsed: the server is never without one.
                await asyncio.sleep(0)
            found.append(_parsed(answer, after=found[-1].ids if found else ()))
            if is_last or stop(found[-1]):
                break
    finally:
        for asked in ahead:
            asked.cancel()
        await asyncio.gather(*ahead, return_exceptions=True)
    return found


def _asking(redis: Reader, zset: str, key: str) -> Callable[[int], asyncio.Task[list[Any]]]:
    return lambda number: asyncio.ensure_future(redis.read(_command(zset, key, number)))


def _command(zset: str, key: str, number: int) -> Command:
    gets = [part for field in _FIELDS for part in ("GET", f"{key}*->{field}")]
    return ("SORT_RO", zset, "BY", "nosort", "LIMIT", number * BATCH, BATCH, "GET", "#", *gets, "DESC")


def _parsed(answer: Sequence[Any], *, after: Sequence[bytes]) -> Batch:
    """Columns of one answer without the rows of the batch before: jobs that ended meanwhile have pushed them down."""
    known = _overlap(answer, after)
    ids, *times = (answer[known * _WIDTH + column :: _WIDTH] for column in range(_WIDTH))
    added, started, finished = _milliseconds(list(chain(*times))).reshape(len(times), -1)
    return Batch(ids, added, started, finished)


def _overlap(answer: Sequence[Any], after: Sequence[bytes]) -> int:
    """How many rows of `answer` were the last of the batch before: both are in order of their end (count)."""
    if not answer or answer[0] not in after:
        return 0
    return len(after) - after.index(answer[0])


def _oldest(batch: Batch) -> int:
    """The earliest end in a batch (epoch ms); jobs removed while they were read have none."""
    known = batch.finished[batch.finished >= 0]
    return int(known.min()) if len(known) else _UNKNOWN


def _milliseconds(cells: Sequence[Any]) -> Column:
    """Thirteen digits each, or -1."""
    if not _are_plain(cells):
        cells = [cell if cell is not None and len(cell) == _DIGITS else _NO_DIGITS for cell in cells]
    joined = b"".join(cells)
    digits = np.frombuffer(joined, dtype=np.uint8).reshape(len(cells), _DIGITS) - ord("0")
    # What is no digit has wrapped round to more than nine.
    return np.where((digits <= 9).all(axis=1), digits @ _POWERS, _UNKNOWN).astype(np.int64)


def _are_plain(cells: Sequence[Any]) -> bool:
    """Whether every cell is there and of the usual length; much the fastest way to know."""
    try:
        return set(map(len, cells)) <= {_DIGITS}
    except TypeError:
        return False


def _columns(batches: list[tuple[bool, Batch]], since_ms: int) -> dict[str, Any]:
    """The parallel columns of all batches, newest first."""
    none = [np.zeros(0, dtype=np.int64)]
    added, started, finished = (
        np.concatenate([column(batch) for _, batch in batches] or none)
        for column in (attrgetter(field) for field in ("added", "started", "finished"))
    )
    failed = np.concatenate([np.full(len(b.finished), f) for f, b in batches] or none).astype(np.bool_)
    order = np.argsort(-finished, kind="stable")
    order = order[finished[order] >= since_ms]
    added, started, finished = added[order], started[order], finished[order]
    return dict(
        newest_ms=int(finished[0]) if len(finished) else since_ms,
        step_ms=tuple(np.append(finished[:-1] - finished[1:], [0])[: len(finished)].tolist()),
        wait_ms=tuple(_between(added, started).tolist()),
        run_ms=tuple(_between(started, finished).tolist()),
        has_failed=tuple(failed[order].tolist()),
    )


def _between(begin: Column, end: Column) -> Column:
    return np.where((begin < 0) | (end < 0), _UNKNOWN, np.maximum(end - begin, 0))
