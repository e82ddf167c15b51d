"""The host through Railway's API and the public address: variables, restarts, scale, logs, the edge's own pages."""

import asyncio
from collections.abc import Iterator

import pytest
from tests.sandbox.running import Running, eventually, running

SCOPE = "$projectId:String!,$environmentId:String!,$serviceId:String!"
DEPLOYMENTS = (
    f"query({SCOPE}){{deployments(first:3,input:{{projectId:$projectId,environmentId:$environmentId,"
    "serviceId:$serviceId}){edges{node{id status meta}}}}"
)
UPSERT = (
    f"mutation({SCOPE},$name:String!,$value:String!){{variableUpsert(input:{{projectId:$projectId,"
    "environmentId:$environmentId,serviceId:$serviceId,name:$name,value:$value})}"
)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("host")) as found:
        yield found


async def _deployments(one: Running) -> list[dict[str, str]]:
    return [edge["node"] for edge in (await one.railway(DEPLOYMENTS))["deployments"]["edges"]]


async def _concurrencies(one: Running) -> set[int]:
    answers = [await one.get("/health") for _ in range(4)]
    return {answer.json()["worker"]["concurrency"] for answer in answers if answer and answer.status_code == 200}


async def test_a_variable_upsert_restarts_the_replicas_with_it(one: Running) -> None:
    """A new deployment takes over, the old one is removed."""
    before = (await _deployments(one))[0]["id"]
    await one.railway(UPSERT, name="JOB_CONCURRENCY", value="7")

    async def has_changed() -> bool:
        return await _concurrencies(one) == {7}

    await eventually(has_changed)

    async def has_taken_over() -> bool:
        newest, older = (await _deployments(one))[:2]
        return (newest["status"], older["status"], older["id"]) == ("SUCCESS", "REMOVED", before)

    await eventually(has_taken_over)


async def test_a_bad_variable_uses_up_the_restarts_and_a_good_one_mends_it(one: Running) -> None:
    """Eleven starts per replica, then CRASHED; the edge answers in the application's place."""
    await one.railway(UPSERT, name="ENCRYPTION_KEY", value="short")

    async def has_crashed() -> bool:
        return (await _deployments(one))[0]["status"] == "CRASHED"

    await eventually(has_crashed)
    answer = await one.get("/health")
    assert answer is not None and answer.status_code == 502
    body = answer.json()
    assert (body["status"], body["code"], body["message"]) == ("error", 502, "Application failed to respond")
    assert answer.headers["x-railway-fallback"] == "true"
    page = await one.get("/health", accept="text/html")
    assert page is not None and "<h1>Application failed to respond</h1>" in page.text
    assert await one.said("❌ Environment validation error:")
    assert await one.said('"ENCRYPTION_KEY"') or await one.said('\\"ENCRYPTION_KEY\\"')
    assert {each["status"] for each in one.status()["worker"]["replicas"]} == {"CRASHED"}
    await one.railway(UPSERT, name="ENCRYPTION_KEY", value="e" * 64)

    async def is_well() -> bool:
        answer = await one.get("/health")
        return answer is not None and answer.status_code == 200

    await eventually(is_well)


async def test_a_killed_replica_comes_back(one: Running) -> None:
    """ON_FAILURE: one restart, nothing more."""
    import os
    import signal

    replica = one.status()["worker"]["replicas"][0]
    os.kill(replica["pid"], signal.SIGKILL)

    async def is_back() -> bool:
        now = next(each for each in one.status()["worker"]["replicas"] if each["id"] == replica["id"])
        return now["status"] == "RUNNING" and now["restarts"] == replica["restarts"] + 1

    await eventually(is_back)


async def test_requests_go_round_and_are_never_refused_while_one_replica_lives(one: Running) -> None:
    """Stopping a replica costs no request."""
    await one.fault("scaled-to-three")
    assert len(one.status()["worker"]["replicas"]) == 3
    asking = [asyncio.create_task(one.get("/metrics")) for _ in range(30)]
    await one.heal()
    answers = await asyncio.gather(*asking)
    assert {answer.status_code for answer in answers if answer} == {200}
    assert len(one.status()["worker"]["replicas"]) == 2
