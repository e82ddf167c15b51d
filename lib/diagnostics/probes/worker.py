"""Looks at the worker: its endpoints, its host and its log lines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from diagnostics.clients.railway import RailwayAnswer
from diagnostics.clients.systems import Systems
from diagnostics.clients.worker import read_health, read_metrics
from diagnostics.model import Evidence, Probe
from diagnostics.probes.look import absent, look, unset
from diagnostics.readings import Answer, RailwayService, Reading, ReplicaSample, WorkerLog, WorkerMetrics
from diagnostics.settings import shown

SAMPLE_GAP_S = 2.0
"""Two looks at the same counter are this far apart (design: jobs take 15-20 s, so this alone proves little)."""


async def probe_worker_health(systems: Systems) -> Evidence:
    """One `GET /health`."""
    url = _url(systems)
    if url is None:
        return absent("worker.health", "GET /health", unset("RUNBOOK_WORKER__BASE_URL"))
    return await look(
        "worker.health",
        f"GET {shown(url)}/health",
        lambda: read_health(systems.http, url, timeout_s=systems.timeout_s),
    )


async def probe_worker_metrics(systems: Systems) -> Evidence:
    """Several `GET /metrics`, enough to meet every replica, twice within about two seconds."""
    url = _url(systems)
    if url is None:
        return absent("worker.metrics", "GET /metrics", unset("RUNBOOK_WORKER__BASE_URL"))
    return await look("worker.metrics", f"GET {shown(url)}/metrics", lambda: _metrics(systems, url))


async def probe_railway_service(systems: Systems) -> Evidence:
    """Service, deployments and variables, as Railway shows them."""
    return await _railway(systems, "railway.service", lambda answer: answer.service)


async def probe_worker_log(systems: Systems) -> Evidence:
    """Classified log lines of the window, from the same request."""
    return await _railway(systems, "worker.log", lambda answer: answer.log)


PROBES = (
    Probe(name="worker.health", system="worker", look=probe_worker_health),
    Probe(name="worker.metrics", system="worker", look=probe_worker_metrics, looks_twice=True),
    Probe(name="railway.service", system="railway", look=probe_railway_service),
    Probe(name="worker.log", system="railway", look=probe_worker_log),
)


def _url(systems: Systems) -> str | None:
    section = systems.settings.profile.worker
    return section.base_url if section else None


async def _metrics(systems: Systems, url: str) -> Reading:
    section = systems.settings.profile.worker
    replicas = (section.expected_replicas if section else None) or 2
    each = min(4, replicas) + 1
    samples: list[ReplicaSample] = []
    for round_number in range(2):
        if round_number:
            await asyncio.sleep(min(SAMPLE_GAP_S, systems.scope.deadline_s / 4))
        for _ in range(each):
            sample = await read_metrics(systems.http, url, timeout_s=systems.timeout_s)
            if not isinstance(sample, ReplicaSample):
                # One replica may be gone while another answers: keep what was seen.
                if samples:
                    return WorkerMetrics(answer=sample[0], status_code=sample[1], samples=tuple(samples))
                return WorkerMetrics(answer=sample[0], status_code=sample[1])
            samples.append(sample)
    return WorkerMetrics(answer=Answer.OK, status_code=200, samples=tuple(samples))


async def _railway(
    systems: Systems, probe: str, pick: Callable[[RailwayAnswer], RailwayService | WorkerLog | None]
) -> Evidence:
    section = systems.settings.profile.railway
    assert section is not None
    source = f"POST {shown(section.base_url)} WorkerService"
    token = systems.settings.secret(section.token_env)
    missing = [
        name
        for name, value in (
            (section.token_env, token),
            ("RUNBOOK_RAILWAY__PROJECT_ID", section.project_id),
            ("RUNBOOK_RAILWAY__ENVIRONMENT_ID", section.environment_id),
            ("RUNBOOK_RAILWAY__SERVICE_ID", section.service_id),
        )
        if not value
    ]
    if missing or token is None:
        return absent(probe, source, unset(*missing))

    async def read() -> RailwayService | WorkerLog | None:
        return pick(await systems.railway(token))

    return await look(probe, source, read)
