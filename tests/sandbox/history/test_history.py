"""A past cannot be told from the present: same fields, same types, same retention."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.sandbox.running import Running, eventually, running

PREFIX = "bull:agent-jobs"
NODES = "edges{node{id status createdAt}}"
SCOPE = "$projectId:String!,$environmentId:String!,$serviceId:String!"
DEPLOYMENTS = (
    f"query({SCOPE}){{deployments(input:{{projectId:$projectId,environmentId:$environmentId,"
    f"serviceId:$serviceId}}){{{NODES}}}}}"
)
LOGS = (
    "query($id:String!,$start:DateTime,$end:DateTime){deploymentLogs(deploymentId:$id,limit:5000,startDate:$start,"
    "endDate:$end){timestamp message severity attributes{key value}}}"
)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("history"), "--history", "3h") as found:
        yield found


def _shape(row: dict[str, str]) -> dict[str, str]:
    """Field → kind of its value."""
    return {name: "number" if value.isdecimal() else _kind(value) for name, value in row.items()}


def _kind(value: str) -> str:
    try:
        found = json.loads(value)
    except ValueError:
        return "text"
    return type(found).__name__


async def _rows(redis: Any, state: str, since_ms: int, until_ms: float) -> list[dict[str, str]]:
    ids = await redis.zrangebyscore(f"{PREFIX}:{state}", since_ms, until_ms)
    return [await redis.hgetall(f"{PREFIX}:{job}") for job in ids]


async def test_past_rows_have_the_shape_of_real_ones(one: Running) -> None:
    """Completed and failed jobs: the same fields with the same kinds of values, the same options."""
    started_ms = round(datetime.fromisoformat(one.address["started_at"]).timestamp() * 1000) - 3000
    async with one.redis() as redis:
        past = {state: await _rows(redis, state, 0, started_ms) for state in ("completed", "failed")}
        await one.fault("openrouter-down")

        async def has_failures() -> bool:
            return bool(await redis.zcount(f"{PREFIX}:failed", started_ms, "+inf"))

        await eventually(has_failures)
        real = {state: await _rows(redis, state, started_ms + 3000, float("inf")) for state in ("completed", "failed")}
    await one.heal()
    assert past["failed"] and past["completed"]
    for state in ("completed", "failed"):
        shapes = {tuple(sorted(_shape(row).items())) for row in real[state] if row["ats"] == "1" or state == "failed"}
        clean = [row for row in past[state] if row["ats"] == "1" or state == "failed"]
        assert {tuple(sorted(_shape(row).items())) for row in clean} <= shapes
    options = {frozenset(json.loads(row["opts"])) for rows in real.values() for row in rows}
    assert {frozenset(json.loads(row["opts"])) for rows in past.values() for row in rows} <= options


async def test_retention_keeps_a_hundred_of_either_end(one: Running) -> None:
    """However long the past, the rows are few and the counter knows better."""
    async with one.redis() as redis:
        assert await redis.zcard(f"{PREFIX}:completed") == 100
        assert 0 < await redis.zcard(f"{PREFIX}:failed") <= 100
        assert int(await redis.get(f"{PREFIX}:id")) > 15_000
        ids = [entry[0] for entry in await redis.xrange(f"{PREFIX}:events")]
    assert 9_000 < len(ids) < 11_500
    stamps = [tuple(map(int, entry.split("-"))) for entry in ids]
    assert stamps == sorted(stamps)


async def test_the_log_store_covers_the_span(one: Running) -> None:
    """Starts and completions all along, at the producer's pace, each line with its fields."""
    nodes = [edge["node"] for edge in (await one.railway(DEPLOYMENTS))["deployments"]["edges"]]
    assert [node["status"] for node in nodes] == ["SUCCESS", "REMOVED"]
    now = datetime.now(UTC)
    for hours in (2.5, 1.0):
        start = now - timedelta(hours=hours)
        found = (
            await one.railway(
                LOGS, id=nodes[0]["id"], start=start.isoformat(), end=(start + timedelta(minutes=5)).isoformat()
            )
        )["deploymentLogs"]
        completed = [line for line in found if line["message"].startswith("Job completed: ")]
        assert 500 < len(completed) < 700, "two per second for five minutes"
        keys = {each["key"] for each in completed[0]["attributes"]}
        assert keys >= {"time", "service", "jobId", "jobName", "duration", "event"}
        assert [line["timestamp"] for line in found] == sorted(line["timestamp"] for line in found)


async def test_past_lines_have_the_fields_of_real_ones(one: Running) -> None:
    """The same attributes for starts and completions, whenever they were."""
    nodes = [edge["node"] for edge in (await one.railway(DEPLOYMENTS))["deployments"]["edges"]]
    now = datetime.now(UTC)
    old, new = now - timedelta(hours=1), datetime.fromisoformat(one.address["started_at"]) + timedelta(seconds=2)

    async def keys(start: datetime, end: datetime, prefix: str) -> set[frozenset[str]]:
        query = {"id": nodes[0]["id"], "start": start.isoformat(), "end": end.isoformat()}
        found = (await one.railway(LOGS, **query))["deploymentLogs"]
        return {
            frozenset(each["key"] for each in line["attributes"])
            for line in found
            if line["message"].startswith(prefix)
        }

    for prefix in ("Job started: ", "Job completed: "):

        async def has_real(prefix: str = prefix) -> bool:
            return bool(await keys(new, datetime.now(UTC) + timedelta(minutes=1), prefix))

        await eventually(has_real)
        real = await keys(new, datetime.now(UTC) + timedelta(minutes=1), prefix)
        assert await keys(old, old + timedelta(minutes=1), prefix) == real
