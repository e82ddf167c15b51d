"""A queue with any number of finished jobs as the platform leaves them: real names, data and options, in bulk."""

from __future__ import annotations

import json
import random
import socket
import time
from collections.abc import Iterator, Sequence

from hiredis import Reader, pack_command

from sandbox.producer.jobs import MIX, choose, make_job

KEY = "bull:agent-jobs:"
FAILED_EVERY = 25
"""One finished job in so many has failed: 4 %."""
_CHUNK = 2000
_DISTINCT = 997
"""Different jobs made; the rows of all others are these again, with their own id and times."""
_SCRIPTED = 20_000
_SCRIPT = """
local key, since, every = ARGV[1], tonumber(ARGV[4]), tonumber(ARGV[5])
for n = tonumber(ARGV[2]), tonumber(ARGV[3]) do
  local id, at = string.format('%d', n), since + 1000 * n
  local function ms(value) return string.format('%.0f', value) end
  redis.call('HSET', key .. id, 'name', ARGV[6 + n % (#ARGV - 5)], 'timestamp', ms(at - 900),
    'processedOn', ms(at - 500), 'finishedOn', ms(at), 'atm', '1')
  redis.call('ZADD', key .. (n % every == 0 and 'failed' or 'completed'), ms(at), id)
end
"""
Words = tuple[str | int, ...]


def link_to(port: int) -> socket.socket:
    """A connection to a server of this machine that asks for no password."""
    return socket.create_connection(("127.0.0.1", port))


def fill(link: socket.socket, count: int, first: int = 0) -> None:
    """Add finished jobs `first` to `first + count`, one a second until now, and close the connection."""
    now, rows = round(time.time() * 1000), _rows()
    with link:
        for start in range(first, first + count, _CHUNK):
            numbers = range(start, min(start + _CHUNK, first + count))
            send(link, [w for n in numbers for w in _job(n, now - (first + count - n) * 1000, rows[n % len(rows)])])
        _found(link, first + count)


def fill_small(link: socket.socket, count: int) -> None:
    """The same with times and a name alone, made by the server itself: for numbers that whole rows would not fit.

    A job takes a quarter of the memory so, and a tenth of the time.
    """
    now = round(time.time() * 1000)
    with link:
        for start in range(0, count, _SCRIPTED):
            span = (start, min(start + _SCRIPTED, count) - 1)
            send(link, [("EVAL", _SCRIPT, 0, KEY, *span, now - count * 1000, FAILED_EVERY, *MIX)])
        _found(link, count)


def _found(link: socket.socket, count: int) -> None:
    """What a queue has beside its jobs."""
    send(link, [("SET", f"{KEY}id", count), ("HSET", f"{KEY}meta", "opts.maxLenEvents", 10_000)])


def _job(number: int, at: int, row: Words) -> Iterator[Words]:
    is_failed = number % FAILED_EVERY == 0
    end: Words = ("failedReason", "timed out", "stacktrace", "[]") if is_failed else ("returnvalue", "null")
    times: Words = ("timestamp", at - 900, "processedOn", at - 500, "finishedOn", at)
    yield ("HSET", f"{KEY}{number}", *row, *times, "ats", 1, "atm", 1, *end)
    yield ("ZADD", KEY + ("failed" if is_failed else "completed"), at, number)


def _rows() -> Sequence[Words]:
    """What a job's hash says beside its times."""
    chance = random.Random(1)
    jobs = [make_job(choose(MIX, chance), {}, chance, at_ms=0) for _ in range(_DISTINCT)]
    return [
        (
            *("name", job.name, "data", json.dumps(job.data, separators=(",", ":"))),
            *("opts", json.dumps(job.options, separators=(",", ":")), "delay", 0, "priority", 0),
        )
        for job in jobs
    ]


def send(link: socket.socket, commands: Sequence[Words]) -> None:
    """All at once; every reply is read, and an error ends it."""
    link.sendall(b"".join(map(pack_command, commands)))
    replies, seen = Reader(), 0
    while seen < len(commands):
        replies.feed(link.recv(1 << 16))
        while (reply := replies.gets()) is not False:
            if isinstance(reply, Exception):
                raise reply
            seen += 1
