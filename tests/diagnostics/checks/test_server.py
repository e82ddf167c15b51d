"""Which Redis the worker is connected to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.diagnostics.healthy import (
    FACTS,
    SCOPE,
    Changes,
    ago,
    counts,
    found,
    health,
    queue,
    rows,
    service,
    unanswered,
)

from diagnostics.readings import Answer, RailwayService, Variable
from diagnostics.severity import Severity

STUCK = queue(counts(wait=900, active=0, newest_completed_at=ago(600), oldest_waiting_at=ago(590)))
LEFT: Changes = {"queue.state": STUCK, "queue.jobs": rows()}


def at(host: str, port: int | None = None) -> RailwayService:
    """A worker whose Redis has this address."""
    variable = Variable(
        name="UPSTASH_REDIS_REST_URL", length=30, shape="url", fingerprint="0b0b0b0b", host=host, port=port
    )
    return service(variables=(variable,))


@pytest.mark.parametrize(
    ("address", "left", "state"),
    [
        (("redis.example", None), {}, "same"),
        (("redis.example", 6379), LEFT, "same"),
        (("redis.example", 6380), {}, "other_name"),
        (("redis.example", 6380), LEFT, "elsewhere"),
        (("other.example", None), {}, "other_name"),
        (("other.example", None), LEFT, "elsewhere"),
        (("", None), LEFT, "not_told"),
    ],
)
def test_another_address_counts_when_jobs_are_left_here(
    address: tuple[str, int | None], left: Changes, state: str
) -> None:
    """One server may have two names: only a worker that is well while our jobs wait is elsewhere."""
    finding = found("queue.server", {"railway.service": at(*address), **left})
    assert finding.state == state
    assert finding.severity is (Severity.CRITICAL if state == "elsewhere" else Severity.OK)


@pytest.mark.parametrize("answer", [unanswered(Answer.SILENT), unanswered(Answer.EDGE_ERROR, 502)])
def test_a_worker_that_is_not_well_is_not_elsewhere(answer: object) -> None:
    """What leaves the jobs behind is then the worker's own trouble."""
    changes = {"railway.service": at("other.example"), **LEFT, "worker.health": answer}
    assert found("queue.server", changes).state == "other_name"  # type: ignore[arg-type]


def test_the_operators_port_is_compared() -> None:
    """Two databases of one host differ by their port."""
    scope = replace(SCOPE, facts=replace(FACTS, redis_port=7000))
    changes = {"railway.service": at("redis.example", 7000), **LEFT, "worker.health": health()}
    assert found("queue.server", changes, scope).state == "same"
