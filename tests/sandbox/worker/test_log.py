"""The worker's three log formats."""

import json

import pytest

from sandbox.worker.log import make_log


def test_production_writes_one_json_object_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Numeric level, context before the event, the error as pino serialises it; no debug lines."""
    log = make_log(has_pino=True, is_production=True, level="")
    log("debug", "redis.retry", "hidden")
    log("error", "job.failed", "Job failed: x", error="LLM API error: 429", jobId="8841", duration=2114)
    line = json.loads(capsys.readouterr().out)
    assert list(line) == ["level", "time", "service", "jobId", "duration", "event", "err", "msg"]
    assert (line["level"], line["service"], line["msg"]) == (50, "worker", "Job failed: x")
    assert list(line["err"]) == ["type", "message", "stack", "name"]
    assert line["err"]["message"] == "LLM API error: 429"


def test_outside_production_it_is_pretty_and_shows_debug(capsys: pytest.CaptureFixture[str]) -> None:
    """A coloured line, indented fields below."""
    log = make_log(has_pino=True, is_production=False, level="")
    log("debug", "redis.retry", "Redis retry attempt 1, delay: 50ms", attempt=1)
    first, *fields = capsys.readouterr().out.splitlines()
    assert first.endswith("Redis retry attempt 1, delay: 50ms\x1b[39m") and "DEBUG" in first
    assert fields == ['    service: "worker"', "    attempt: 1", '    event: "redis.retry"']


def test_the_seed_has_a_format_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    """Level names, errors on stderr, and plain console lines at every retry."""
    log = make_log(has_pino=False, is_production=True, level="debug")
    log("error", "redis.error", "Redis error", error="connect ETIMEDOUT")
    log("debug", "redis.retry", "…", attempt=3, delay=150)
    captured = capsys.readouterr()
    line = json.loads(captured.err)
    assert (line["level"], line["message"], line["error"]["message"]) == ("error", "Redis error", "connect ETIMEDOUT")
    assert captured.out.splitlines()[-1] == "[worker] Redis retry attempt 3, delay: 150ms"
