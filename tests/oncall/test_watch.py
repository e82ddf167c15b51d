"""The real watcher on a real server: killed at any moment, clocks set, two at once, stopped, without a disk."""

from __future__ import annotations

import os
import random
import re
import resource
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
import redis
from tests.oncall.conftest import Runbook
from tests.oncall.support import command, environment, until
from tests.valkey import valkey

from diagnostics.clients.history import FIVE_MINUTES, HOUR, OVERTAKEN
from oncall.history.clock import Clock
from oncall.history.rollup import Bucket, Point, merged, rolled
from oncall.history.store import Store
from oncall.question import Wish, checked
from oncall.watch import Watcher

KILLS = int(os.environ.get("WATCH_KILLS", "12"))
"""Lives of the watcher; `WATCH_KILLS=400` is about a day at 100 times its speed."""
SPEED = 100
LOST = re.compile(r"sample (\d+)\.(\d+) IS LOST")
LINE = re.compile(r"sample (\d+)\.(\d+) at (\S+): queue\.depth=(\S+)")


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A queue of seven waiting jobs, a profile that names it, and the environment to watch it in."""
    (tmp_path / "watched.toml").write_text(
        f'name = "watched"\n[redis]\n[history]\npath = "{tmp_path / "history.sqlite3"}"\n', "utf-8"
    )
    with valkey() as server, redis.Redis(port=server.port) as client:
        client.hset("bull:agent-jobs:meta", "version", "bullmq:5")
        client.set("bull:agent-jobs:id", 7)
        for job in range(7):
            client.lpush("bull:agent-jobs:wait", job)
            client.hset(f"bull:agent-jobs:{job}", "timestamp", round(time.time() * 1000))
        yield environment(tmp_path, REDIS_URL=f"redis://127.0.0.1:{server.port}")


@dataclass
class Life:
    """One process, and what it said while it lived."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    def listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)

    def samples(self) -> list[tuple[int, int]]:
        return [(int(m[1]), int(m[2])) for line in list(self.said) if (m := LINE.search(line))]

    def lost(self) -> list[tuple[int, int]]:
        return [(int(m[1]), int(m[2])) for line in list(self.said) if (m := LOST.search(line))]


def born(tmp_path: Path, env: dict[str, str], *options: object) -> tuple[Life, threading.Thread]:
    arguments = command("watch", "--profile", tmp_path / "watched.toml", *options)
    life = Life(subprocess.Popen(arguments, env=env, stderr=subprocess.PIPE, text=True))
    thread = threading.Thread(target=life.listen)
    thread.start()
    return life, thread


def rows(tmp_path: Path, query: str) -> list[tuple]:
    with sqlite3.connect(tmp_path / "history.sqlite3") as db:
        return db.execute(query).fetchall()


def kept(tmp_path: Path) -> list[tuple[int, int]]:
    """Rounds on the disk as run and sequence; none while the store is being made."""
    try:
        return rows(tmp_path, "SELECT run, sequence FROM round ORDER BY id")
    except sqlite3.OperationalError:
        return []


def buckets(tmp_path: Path, width_ms: int) -> dict[int, list[Bucket]]:
    names = "start_ms, count, gaps, low, high, total, last, last_ms"
    found: dict[int, list[Bucket]] = {}
    for series, *row in rows(
        tmp_path, f"SELECT series, {names} FROM rollup WHERE width_ms = {width_ms} ORDER BY start_ms"
    ):
        found.setdefault(series, []).append(Bucket(**dict(zip(names.split(", "), row, strict=True))))
    return found


def assert_whole(tmp_path: Path) -> None:
    """The file is sound, no round is half, and the rollups say exactly what the samples say."""
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]
    sizes = rows(tmp_path, "SELECT COUNT(*) FROM sample GROUP BY round")
    assert len(set(sizes)) == 1
    assert len(sizes) == rows(tmp_path, "SELECT COUNT(*) FROM round")[0][0]
    points: dict[int, list[Point]] = {}
    for series, at_ms, number, value in rows(
        tmp_path,
        "SELECT s.series, r.at_ms, r.id, s.value FROM sample s JOIN round r ON r.id = s.round"
        f" JOIN run a ON a.id = r.run WHERE NOT {OVERTAKEN}",
    ):
        points.setdefault(series, []).append(Point(at_ms=at_ms, round=number, value=value))
    fine = {series: rolled(of, width_ms=FIVE_MINUTES.width_ms) for series, of in points.items()}
    assert buckets(tmp_path, FIVE_MINUTES.width_ms) == fine
    coarse = {series: merged(of, width_ms=HOUR.width_ms) for series, of in fine.items()}
    assert buckets(tmp_path, HOUR.width_ms) == coarse


def test_no_sample_is_lost_or_doubled_by_kills_and_clocks(tmp_path: Path, platform: dict[str, str]) -> None:
    """SIGKILL at random moments, the clock set between lives: all that was told is there, at most one more a life."""
    dice = random.Random(20261124)
    origin = round(time.time())
    lives: list[Life] = []
    for _ in range(KILLS):
        offset = dice.choice([0, 0, 0, -3600, -600, 7200])
        life, thread = born(tmp_path, platform, "--every", 30, "--clock", f"{SPEED}@{origin}{offset:+d}")
        try:
            # A busy machine may take long to start it; a whole day of lives must not end for that.
            until(lambda life=life: bool(life.samples()), timeout_s=120)
            time.sleep(dice.random() * 1.2)
        finally:
            life.process.kill()
            life.process.wait()
        thread.join()
        lives.append(life)
    found = kept(tmp_path)
    assert len(found) == len(set(found))
    told = [sample for life in lives for sample in life.samples()]
    assert len(told) >= KILLS
    assert set(told) <= set(found)
    assert len(found) - len(told) <= KILLS
    by_life = [{run for run, _ in life.samples()} for life in lives]
    assert all(a.isdisjoint(b) for i, a in enumerate(by_life) for b in by_life[i + 1 :])
    for (run, sequence), (next_run, next_sequence) in pairwise(found):
        assert next_sequence == sequence + 1 or next_run > run
    values = rows(
        tmp_path,
        "SELECT DISTINCT s.value FROM sample s JOIN series n ON n.id = s.series WHERE n.metric = 'queue.depth'",
    )
    assert values == [(7.0,)]
    assert_whole(tmp_path)


class Settable(Clock):
    """A clock whose hands a test moves; it runs as fast as it is asked."""

    def __init__(self) -> None:
        object.__setattr__(self, "now", [1_760_000_000_000, 0.0])

    speed = 1.0

    def wall_ms(self) -> int:
        return self.now[0]

    def steady_s(self) -> float:
        return self.now[1]

    def really_s(self, seconds: float) -> float:
        self.now[0] += round(1000 * seconds)
        self.now[1] += seconds
        return 0.0


@pytest.mark.parametrize(("by_ms", "runs"), [(0, 1), (900, 1), (-900, 1), (-7_200_000, 2), (86_400_000, 2)])
async def test_a_clock_that_is_set_begins_a_new_run(
    tmp_path: Path, platform: dict[str, str], monkeypatch: pytest.MonkeyPatch, by_ms: int, runs: int
) -> None:
    """A step is noticed against the steady clock and told with its size; a small trim is none."""
    monkeypatch.setenv("REDIS_URL", platform["REDIS_URL"])
    question = checked(Wish(slug="triage", profile=str(tmp_path / "watched.toml")))
    clock = Settable()
    store = Store(tmp_path / "history.sqlite3")
    watcher = Watcher(question, store, clock=clock, every_s=30)
    number = 0
    async for _ in watcher.samples():
        number += 1
        if number == 5:
            clock.now[0] += by_ms
        if number == 10:
            break
    store.close()
    told = rows(tmp_path, "SELECT why FROM run ORDER BY id")
    assert len(told) == runs
    assert told[0] == ("started",)
    if runs == 2:
        assert told[1][0].startswith(f"the clock was set by {by_ms / 1000:+.0f}")
    assert rows(tmp_path, "SELECT sequence FROM round ORDER BY id") == [(n,) for n in range(1, 11)]
    assert_whole(tmp_path)


def test_a_second_watcher_stands_by_and_takes_over(tmp_path: Path, platform: dict[str, str]) -> None:
    """No work is done twice; when the first is killed the second goes on."""
    options = ("--every", 30, "--clock", f"{SPEED}@{round(time.time())}")
    first, heard_first = born(tmp_path, platform, *options)
    until(lambda: len(first.samples()) > 1)
    second, heard_second = born(tmp_path, platform, *options)
    until(lambda: any("standing by" in line for line in second.said))
    until(lambda: len(first.samples()) > 4)
    assert second.samples() == []
    first.process.kill()
    until(lambda: len(second.samples()) > 1)
    second.process.terminate()
    assert second.process.wait(20) == 0
    first.process.wait()
    heard_first.join()
    heard_second.join()
    writers = rows(tmp_path, "SELECT COUNT(DISTINCT writer) FROM run")
    assert writers == [(2,)]
    assert_whole(tmp_path)


def test_a_full_disk_costs_the_samples_that_find_it_full(tmp_path: Path, platform: dict[str, str]) -> None:
    """Each is told as lost; where there is room again the next one is kept, in the same run and a sound file."""
    life, thread = born(tmp_path, platform, "--every", 30, "--quiet", "--clock", f"{SPEED}@{round(time.time())}")
    until(lambda: (tmp_path / "history.sqlite3").exists() and len(kept(tmp_path)) > 1)
    limit = partial(resource.prlimit, life.process.pid, resource.RLIMIT_FSIZE)
    _, hard = limit()
    limit((0, hard))
    until(lambda: len(life.lost()) > 2)
    limit((hard, hard))
    until(lambda: kept(tmp_path)[-1] > life.lost()[-1])
    life.process.terminate()
    assert life.process.wait(20) == 0
    thread.join()
    assert "cannot be written" in next(line for line in life.said if "IS LOST" in line)
    found = kept(tmp_path)
    assert {run for run, _ in found} == {found[0][0]}
    assert sorted([*found, *life.lost()]) == [(found[0][0], n) for n in range(1, found[-1][1] + 1)]
    assert_whole(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path: Path, platform: dict[str, str], number: signal.Signals) -> None:
    """Exit code 0, and everything is in the one file."""
    life, thread = born(tmp_path, platform, "--every", 1)
    until(lambda: len(life.samples()) > 0)
    life.process.send_signal(number)
    assert life.process.wait(20) == 0
    thread.join()
    assert not (tmp_path / "history.sqlite3-wal").exists()
    assert f"stopped by {number.name}" in life.said[-1]


def test_a_dead_platform_is_a_gap_with_its_reason(tmp_path: Path, platform: dict[str, str]) -> None:
    """Nothing is read, nothing is zero, and the watcher goes on."""
    life, thread = born(tmp_path, {**platform, "REDIS_URL": "redis://127.0.0.1:9"}, "--every", 1)
    until(lambda: len(life.samples()) > 1)
    life.process.terminate()
    assert life.process.wait(20) == 0
    thread.join()
    assert rows(tmp_path, "SELECT DISTINCT value FROM sample") == [(None,)]
    (reason,) = {row[0] for row in rows(tmp_path, "SELECT DISTINCT reason FROM sample")}
    assert "no connection" in reason


def test_a_sample_costs_what_the_documents_say(tmp_path: Path, platform: dict[str, str]) -> None:
    """At most 18 commands for a queue, 2 for the server, one for AUTH where there is a password."""
    life, thread = born(tmp_path, platform, "--every", 1)
    until(lambda: len(life.samples()) > 0)
    life.process.terminate()
    life.process.wait(20)
    thread.join()
    told = next(line for line in life.said if LINE.search(line))
    # No password and nothing active, whose time would be asked for.
    assert "(19 Redis commands, 0 requests" in told


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--every", 0.5), "--every 0.5 must be from 1 to 300"),
        (("--every", "nan"), "--every nan must be from 1 to 300"),
        (("--clock", "fast"), "must look like"),
        (("--clock", "0"), "speed"),
    ],
)
def test_what_makes_no_sense_is_refused(
    tmp_path: Path, platform: dict[str, str], runbook: Runbook, options: tuple[object, ...], said: str
) -> None:
    """One line, exit code 3, nothing written."""
    done = runbook("watch", "--profile", tmp_path / "watched.toml", *options)
    assert (done.returncode, done.stdout) == (3, "")
    assert said in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "history.sqlite3").exists()


def test_a_profile_without_history_is_told_what_to_add(profile: Path, runbook: Runbook) -> None:
    """The section is the consent to write."""
    done = runbook("watch", "--profile", profile)
    assert done.returncode == 3
    assert "add the section [history]" in done.stderr


@pytest.mark.parametrize("obstacle", ["folder", "garbage"])
def test_a_store_that_cannot_be_written_is_one_line(
    tmp_path: Path, platform: dict[str, str], runbook: Runbook, obstacle: str
) -> None:
    """Exit code 3, no traceback."""
    path = tmp_path / "history.sqlite3"
    if obstacle == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"something else entirely" * 500)
    done = runbook("watch", "--profile", tmp_path / "watched.toml", env={"REDIS_URL": platform["REDIS_URL"]})
    assert done.returncode == 3
    assert "history store history.sqlite3 cannot be written" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
