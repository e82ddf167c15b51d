"""The worker's HTTP contract and log, against running replicas."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.sandbox.running import Running, eventually, running


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("contract")) as found:
        yield found


async def test_health_has_the_fields_of_head(one: Running) -> None:
    """Pretty-printed with two spaces, in the order of the code."""
    answer = await one.get("/health")
    assert answer is not None
    payload = answer.json()
    assert answer.text == json.dumps(payload, indent=2)
    assert list(payload) == ["status", "service", "timestamp", "uptime", "redis", "worker", "deadLetterQueue"]
    assert payload["redis"] == {"connected": True, "error": None}
    assert payload["worker"].keys() == {"concurrency", "queueName", "jobsProcessing"}
    assert (payload["worker"]["concurrency"], payload["worker"]["queueName"]) == (25, "agent-jobs")
    assert payload["deadLetterQueue"] == {"waiting": 0, "completed": 0, "failed": 0, "total": 0}


async def test_metrics_count_each_replica_for_itself(one: Running) -> None:
    """Consecutive answers come from different replicas; both work."""

    async def both_work() -> bool:
        found = [await one.get("/metrics") for _ in range(4)]
        uptimes = {answer.json()["worker"]["uptime"] for answer in found if answer}
        return len(uptimes) == 4 and all(answer and answer.json()["jobs"]["completed"] > 0 for answer in found)

    await eventually(both_work)
    answer = await one.get("/metrics")
    assert answer is not None
    payload = answer.json()
    assert payload.keys() == {"jobs", "redis", "worker", "performance"}
    assert payload["jobs"].keys() == {"total", "completed", "failed", "processing", "byType"}
    kind = next(iter(payload["jobs"]["byType"].values()))
    assert kind.keys() == {"completed", "failed", "totalTime", "avgTime"}
    assert payload["redis"] == {"connected": True, "lastError": None, "reconnectAttempts": 0}


@pytest.mark.parametrize("path", ["/", "/health/", "/health?x=1", "/metrics?format=json", "/nothing"])
async def test_only_exact_paths_exist(one: Running, path: str) -> None:
    """A slash or a query string too many is another path."""
    answer = await one.get(path)
    assert answer is not None and answer.status_code == 404
    assert answer.text == '{"error":"Not Found"}'


async def test_prometheus_never_answers_and_says_so_in_the_log(one: Running) -> None:
    """One unhandled rejection per scrape."""
    assert await one.get("/metrics/prometheus", within_s=0.7) is None

    async def is_logged() -> bool:
        return await one.said("ERR_HTTP_HEADERS_SENT")

    await eventually(is_logged)


async def test_log_lines_arrive_as_railway_shows_them(one: Running) -> None:
    """pino's number became a severity, `msg` the message, the rest attributes."""

    async def has_completed() -> bool:
        return await one.said("Job completed: ")

    await eventually(has_completed)
    for text in ("Starting Worker service", "Worker started successfully", "Redis connection ready", "job.start"):
        assert await one.said(text)


async def test_job_rows_are_bullmqs(one: Running) -> None:
    """The v5 layout, with what the producer asked to keep."""
    async with one.redis() as redis:

        async def has_rows() -> bool:
            return bool(await redis.zcard("bull:agent-jobs:completed"))

        await eventually(has_rows)
        job = (await redis.zrange("bull:agent-jobs:completed", 0, 0))[0]
        row = await redis.hgetall(f"bull:agent-jobs:{job}")
        options = json.loads(row["opts"])
        assert (options["removeOnComplete"], options["removeOnFail"]) == (100, 100)
        assert options["backoff"] == {"type": "exponential", "delay": 5000}
        assert await redis.zcard("bull:app-jobs:prioritized") == 3
        names = {each["name"] for each in await redis.client_list()}
        assert "bull:agent-jobs" in names


async def test_what_the_producer_wrote_down_is_what_it_added(one: Running) -> None:
    """Its log names queue and job of every add."""
    lines = [json.loads(line) for line in (one.folder / "producer.jsonl").read_text().splitlines()]
    assert [line["queue"] for line in lines[:3]] == ["app-jobs"] * 3
    assert all(line["id"] for line in lines[3:])
    async with one.redis() as redis:
        assert int(await redis.get("bull:agent-jobs:id")) >= len(lines) - 3


async def test_the_seeds_payload_is_smaller(tmp_path: Path) -> None:
    """No dead letters in /health; /metrics/prometheus answers; the log has string levels."""
    with running(tmp_path, "--release", "seed", "--replicas", "1") as seed:
        answer = await seed.get("/health")
        assert answer is not None and "deadLetterQueue" not in answer.json()
        answer = await seed.get("/metrics/prometheus")
        assert answer is not None and "worker_jobs_total " in answer.text
        assert await seed.said("Worker started successfully")
