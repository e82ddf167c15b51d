"""The engine: every probe under one deadline, a bug costs one probe, order and bills are kept."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from diagnostics import engine
from diagnostics.model import Evidence, FailureKind, Probe, Runbook, Status
from diagnostics.probes.look import look
from diagnostics.question import ask
from diagnostics.readings import RedisConnection
from diagnostics.redaction import Redactor
from diagnostics.settings import Settings, load
from diagnostics.text import text

READING = RedisConnection(latency_s=0.1, commands=1)


def settings(folder: Path) -> Settings:
    profile = folder / "p.toml"
    profile.write_text('name = "p"\n[worker]\nbase_url = "http://127.0.0.1:9"\n', "utf-8")
    return load(str(profile), environ={}, root=folder, folders=())


def probe(name: str, act, system: str = "worker") -> Probe:
    async def run(_systems: object) -> Evidence:
        return await look(name, "somewhere", act)

    return Probe(name=name, system=system, look=run)


async def seen() -> RedisConnection:
    return READING


async def collect(folder: Path, *probes: Probe, deadline_s: float = 5.0, hear=lambda _: None):
    runbook = Runbook(slug="triage", title=text("x"), probes=probes, checks=(), essential=())
    own = settings(folder)
    scope = ask("triage", own, now=datetime.now(UTC), deadline_s=deadline_s)
    return await engine.collect(runbook, own, scope, redactor=Redactor(()), on_evidence=hear)


async def test_evidence_keeps_the_runbooks_order_and_is_heard_as_it_arrives(tmp_path: Path) -> None:
    """The slow one, which waits until the quick one is heard, stands first all the same."""
    gate = asyncio.Event()
    heard: list[str] = []

    async def slow() -> RedisConnection:
        await gate.wait()
        return READING

    def hear(item: Evidence) -> None:
        heard.append(item.probe)
        gate.set()

    evidence, trailer = await collect(tmp_path, probe("slow", slow), probe("quick", seen), hear=hear)
    assert [e.probe for e in evidence] == ["slow", "quick"]
    assert heard == ["quick", "slow"]
    assert not trailer.partial
    assert all(e.observed_at.utcoffset() == timedelta(0) for e in evidence)


async def test_what_is_late_is_cancelled_and_said(tmp_path: Path) -> None:
    """A probe that hangs, and one that clings to life when cancelled, cost themselves and no other."""
    cancelled = asyncio.Event()
    over = asyncio.Event()

    async def hangs() -> RedisConnection:
        try:
            await over.wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return READING

    async def clings() -> RedisConnection:
        while not over.is_set():
            try:
                await over.wait()
            except asyncio.CancelledError:
                continue
        return READING

    started = time.monotonic()
    evidence, trailer = await collect(
        tmp_path, probe("hangs", hangs), probe("clings", clings), probe("quick", seen), deadline_s=0.5
    )
    took = time.monotonic() - started
    over.set()
    assert cancelled.is_set()
    assert [e.failure.kind if e.failure else None for e in evidence] == [
        FailureKind.DEADLINE,
        FailureKind.DEADLINE,
        None,
    ]
    assert trailer.partial
    assert took < 5


async def test_a_bug_costs_one_probe_and_is_loud(tmp_path: Path, monkeypatch, capsys) -> None:
    """The others are seen; the bug is a failure with its name, its traceback goes to stderr."""
    monkeypatch.setattr(engine, "RAISE_BUGS", False)

    async def broken() -> RedisConnection:
        raise ZeroDivisionError

    evidence, trailer = await collect(tmp_path, probe("broken", broken), probe("fine", seen))
    assert [e.status for e in evidence] == [Status.FAILED, Status.OBSERVED]
    assert evidence[0].failure is not None and evidence[0].failure.kind is FailureKind.INTERNAL_ERROR
    assert trailer.internal_errors == ("broken",)
    assert "ZeroDivisionError" in capsys.readouterr().err


async def test_a_bug_raises_under_tests(tmp_path: Path) -> None:
    """No test passes over a bug."""

    async def broken() -> RedisConnection:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await collect(tmp_path, probe("broken", broken))


async def test_a_system_that_the_profile_does_not_name_is_not_asked(tmp_path: Path) -> None:
    """It is skipped with the reason, which is a limit and no blind spot."""
    asked: list[str] = []

    async def act() -> RedisConnection:
        asked.append("redis")
        return READING

    (item,), _ = await collect(tmp_path, probe("elsewhere", act, system="redis"))
    assert (item.status, item.failure.kind, asked) == (Status.SKIPPED, FailureKind.NOT_CONFIGURED, [])


async def test_what_looks_twice_begins_first(tmp_path: Path) -> None:
    """The others look in its pause; the evidence keeps the runbook's order."""
    begun: list[str] = []

    def named(name: str) -> Probe:
        async def act() -> RedisConnection:
            begun.append(name)
            return READING

        return probe(name, act)

    probes = (named("a"), replace(named("b"), looks_twice=True), named("c"))
    evidence, _ = await collect(tmp_path, *probes)
    assert begun == ["b", "a", "c"]
    assert [item.probe for item in evidence] == ["a", "b", "c"]
