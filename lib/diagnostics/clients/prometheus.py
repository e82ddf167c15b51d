"""Prometheus: `query_range` of the worker's counters, and of the depth where somebody exports it.

Source: Prometheus HTTP API, "Range queries"; metric names are those the worker registers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import Field

from diagnostics.clients.http import expect_ok, parse
from diagnostics.clients.payload import Payload
from diagnostics.clients.systems import Systems
from diagnostics.errors import SchemaError
from diagnostics.profile import PrometheusSection
from diagnostics.samples import HistoryColumn, HistorySamples
from diagnostics.settings import shown

POINTS = 480
_STEPS_S = (15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600)
_LABELS = ("instance", "pod", "replica")
Point = tuple[float, str]


class _Row(Payload):
    metric: dict[str, str]
    values: list[Point]


class _Data(Payload):
    resultType: Literal["matrix"]
    result: Annotated[list[_Row], Field(max_length=1000)]


class _Answer(Payload):
    status: Literal["success"]
    data: _Data


async def read_range(systems: Systems, section: PrometheusSection, token: str | None) -> HistorySamples | None:
    """The window at a step of at most `POINTS` instants, one request a metric; `None` when nothing is stored.

    Raises: ClientError; SchemaError also for a query that Prometheus refuses (status 400, 422).
    """
    window = systems.scope.window
    since, until = window.since.timestamp(), window.until.timestamp()
    step = next((s for s in _STEPS_S if (until - since) / s <= POINTS), _STEPS_S[-1] * 4)
    # A grid of whole steps, the same for every query and run.
    grid = (int(since // step + 1) * step, int(until // step) * step, step)
    queries = {"worker.completed": section.completed, "worker.failed": section.failed}
    if section.depth:
        queries["queue.depth"] = section.depth
    found: dict[tuple[str, str], dict[int, float]] = {}
    for metric, query in queries.items():
        for row in await _query(systems, section, token, query=query, grid=grid):
            label = systems.scope.facts.queue_names[0] if metric == "queue.depth" else _label(row.metric)
            found.setdefault((metric, label), {}).update(_points(row))
    at = sorted({instant for points in found.values() for instant in points})
    if not at:
        return None
    columns = tuple(
        HistoryColumn(metric=metric, label=label, value=tuple(found[metric, label].get(a) for a in at))
        for metric, label in sorted(found)
    )
    return HistorySamples(store="prometheus", every_ms=step * 1000, at_ms=tuple(at), columns=columns)


async def _query(
    systems: Systems, section: PrometheusSection, token: str | None, *, query: str, grid: tuple[int, int, int]
) -> list[_Row]:
    start, end, step = grid
    address = f"{section.base_url}/api/v1/query_range"
    where = f"GET {shown(address)}"
    parameters = urlencode({"query": query, "start": start, "end": end, "step": step, "timeout": "5s"})
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = await systems.http.get(f"{address}?{parameters}", timeout_s=systems.timeout_s, headers=headers)
    if answer.status_code in (400, 422):
        raise SchemaError(f"{where}: Prometheus refuses the query that the profile gives", path="query")
    return parse(_Answer, expect_ok(answer, where).json(where), where).data.result


def _label(metric: dict[str, str]) -> str:
    return next((metric[name] for name in _LABELS if name in metric), "")


def _points(row: _Row) -> Iterator[tuple[int, float]]:
    """Instants (epoch ms) and finite values; `NaN` and infinities are no measurement."""
    for at, told in row.values:
        try:
            value = float(told)
        except ValueError:
            continue
        if value - value == 0:
            yield round(at * 1000), value
