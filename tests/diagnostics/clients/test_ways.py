"""Which way a run takes to Redis, and when it takes the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.diagnostics.clients.answering import answering, http
from tests.sandbox.edge.field import Field, open_field

from diagnostics.budget import Budget
from diagnostics.clients.detour import Detour
from diagnostics.clients.redis import RedisReader
from diagnostics.clients.systems import Systems, connect
from diagnostics.clients.upstash import UpstashReader
from diagnostics.errors import ConnectFailed, Unauthorized
from diagnostics.model import Evidence, FailureKind, Status
from diagnostics.probes.queue import PROBES
from diagnostics.question import ask
from diagnostics.settings import Settings, load

PROFILE = 'name = "two ways"\n[redis]\nca_file = "ca.pem"\n'
NOBODY = "rediss://default:canary@127.0.0.1:9"
CONNECTION = next(probe for probe in PROBES if probe.name == "redis.connection")


@pytest.fixture
async def field() -> AsyncIterator[Field]:
    async with open_field() as one:
        yield one


def settings(folder: Path, **environ: str) -> Settings:
    (folder / "two.toml").write_text(PROFILE, "utf-8")
    return load(str(folder / "two.toml"), environ=environ, root=folder, folders=())


def rest(field: Field, token: str = "operator-token") -> dict[str, str]:
    return {
        "UPSTASH_REDIS_REST_URL": f"https://localhost:{field.edge.port}",
        "UPSTASH_REDIS_REST_TOKEN": token,
    }


def tcp(field: Field, token: str = "operator-token") -> dict[str, str]:
    return {"REDIS_URL": f"rediss://default:{token}@localhost:{field.edge.port}"}


@asynccontextmanager
async def connected(folder: Path, *, deadline_s: float = 5, **environ: str) -> AsyncIterator[Systems]:
    own = settings(folder, **environ)
    scope = ask("triage", own, now=datetime.now(UTC), deadline_s=deadline_s)
    async with connect(own, scope, Budget()) as systems:
        yield systems


async def look(folder: Path, **environ: str) -> Evidence:
    async with connected(folder, **environ) as systems:
        return await CONNECTION.look(systems)


async def test_the_variables_decide(field: Field) -> None:
    """TCP where its address is set, REST where only the two are, the one behind the other where all are."""
    for environ, kind in (
        (tcp(field), RedisReader),
        (rest(field), UpstashReader),
        ({**tcp(field), **rest(field)}, Detour),
        ({**tcp(field), "UPSTASH_REDIS_REST_TOKEN": "alone"}, RedisReader),
        ({"REDIS_URL": "no address", **rest(field)}, UpstashReader),
        ({}, type(None)),
    ):
        async with connected(field.folder, **environ) as systems:
            assert type(systems.way.redis) is kind
            assert systems.way.fault is None


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({}, "neither UPSTASH_REDIS_REST_URL with UPSTASH_REDIS_REST_TOKEN nor REDIS_URL is set"),
        ({"UPSTASH_REDIS_REST_TOKEN": "x"}, "UPSTASH_REDIS_REST_URL is not: Upstash REST needs both"),
        ({"REDIS_URL": "no address", "UPSTASH_REDIS_REST_TOKEN": "x"}, "must look like rediss://"),
    ],
)
async def test_what_leads_nowhere_is_a_blind_spot_with_a_remedy(
    tmp_path: Path, environ: dict[str, str], why: str
) -> None:
    """It says which variables would do."""
    (tmp_path / "ca.pem").touch()
    for probe in PROBES:
        async with connected(tmp_path, **environ) as systems:
            item = await probe.look(systems)
        assert item.status is Status.SKIPPED
        assert item.failure is not None and item.failure.kind is FailureKind.CREDENTIALS_MISSING
        assert why in str(item.failure.why)
        assert str(item.failure.regain)


async def test_evidence_names_the_way_that_answered(field: Field) -> None:
    """Scheme, host and port; the detour's too."""
    port = field.edge.port
    assert (await look(field.folder, **tcp(field), **rest(field))).source == f"rediss://localhost:{port} EXISTS"
    assert (await look(field.folder, **rest(field))).source == f"https://localhost:{port} EXISTS"
    assert (await look(field.folder, **rest(field), REDIS_URL=NOBODY)).source == f"https://localhost:{port} EXISTS"


@pytest.mark.parametrize("url", [NOBODY, "rediss://default:canary@nowhere.invalid"])
async def test_where_tcp_does_not_connect_rest_does(field: Field, url: str) -> None:
    """Refused and unresolved: tried once for the whole run, and only what was received is counted."""
    async with connected(field.folder, **rest(field), REDIS_URL=url) as systems:
        assert systems.way.redis is not None
        found = await asyncio.gather(*(systems.way.redis.read(("LLEN", "x")) for _ in range(3)))
        assert found == [[0]] * 3
        assert field.gate.commands["operator"] == 3
        assert systems.budget.redis_commands == 3 + 1, "and the handshake that reached nobody"


async def test_a_port_that_swallows_everything_leaves_time_for_rest(field: Field) -> None:
    """A firewall that drops: the TLS handshake is never answered, REST still answers within the look's time."""
    async with (
        answering(None) as silent,
        connected(field.folder, deadline_s=2, **rest(field), REDIS_URL=silent.url.replace("http", "rediss")) as systems,
    ):
        item = await CONNECTION.look(systems)
        assert item.status is Status.OBSERVED
        assert item.source.startswith("https://")


async def test_a_refused_token_is_no_reason_for_a_detour(field: Field) -> None:
    """The server answered: what it said is told."""
    async with connected(field.folder, **tcp(field, "stale"), **rest(field)) as systems:
        assert systems.way.redis is not None
        with pytest.raises(Unauthorized):
            await systems.way.redis.read(("LLEN", "x"))
        assert systems.way.redis.where.startswith("rediss://")
        assert field.gate.commands["operator"] == 0


async def test_a_way_that_answered_and_broke_is_told(field: Field) -> None:
    """Redis dying in the middle of a run is not papered over."""
    async with connected(field.folder, **tcp(field), **rest(field)) as systems:
        assert systems.way.redis is not None
        await systems.way.redis.read(("LLEN", "x"))
        field.edge.reset()
        with pytest.raises(ConnectFailed):
            await systems.way.redis.read(("LLEN", "x"))


async def test_where_neither_connects_redis_is_out_of_reach(field: Field) -> None:
    """The same failure as with one way: the check may call it an outage."""
    environ = {**tcp(field), **rest(field)}
    field.edge.refuse()
    item = await look(field.folder, **environ)
    assert item.failure is not None and item.failure.kind is FailureKind.UNREACHABLE


async def test_an_own_authority_vouches_for_its_address_alone(field: Field) -> None:
    """Without it the edge is not trusted, with it no other server is."""
    async with connected(field.folder, **rest(field)) as systems:
        assert await systems.way.redis.read(("LLEN", "x")) == [0]  # type: ignore[union-attr]
        other = f"https://127.0.0.1:{field.edge.port}/get/a"
        with pytest.raises(ConnectFailed):
            await systems.http.get(other, timeout_s=5)
    (field.folder / "ca.pem").write_bytes(b"")
    item = await look(field.folder, **rest(field))
    assert item.failure is not None and item.failure.kind is FailureKind.UNREACHABLE


async def test_tcp_hears_a_timeout_of_the_handshake_as_no_connection() -> None:
    """redis-py words it as a timeout; nothing was said, so it is out of reach. A reply that never comes is a timeout."""
    async with answering(None) as silent:
        url = silent.url.replace("http", "rediss")
        reader = RedisReader(url, budget=Budget(), timeout_s=5, connect_timeout_s=0.2)
        with pytest.raises(ConnectFailed, match="no connection in time"):
            await reader.read(("LLEN", "x"))
        await reader.close()


async def test_an_answer_of_another_service_is_drift(tmp_path: Path) -> None:
    """A captive portal on the REST address: a web page is not Redis."""
    (tmp_path / "ca.pem").touch()
    async with answering(http(200, b"<html>", kind="text/html")) as portal:
        item = await look(tmp_path, UPSTASH_REDIS_REST_URL=portal.url, UPSTASH_REDIS_REST_TOKEN="canary")
    assert item.failure is not None and item.failure.kind is FailureKind.SCHEMA
    assert "canary" not in repr(item)
    assert item.cost.http_requests == item.cost.redis_commands == 1
