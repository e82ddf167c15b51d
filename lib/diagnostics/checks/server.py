"""Judgements about which Redis the worker uses: the producers', or another one."""

from __future__ import annotations

from diagnostics.checks.finding import blind
from diagnostics.checks.progress import check_queue_progress
from diagnostics.model import Finding
from diagnostics.readings import Answer, RailwayService, Variable, WorkerHealth
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

REDIS_PORT = 6379
"""Port of the worker's TCP connection where the URL names none. Source: the platform's 1.1."""
COMMAND = """railway variables --service "$RUNBOOK_RAILWAY__SERVICE_ID" --kv | grep -o 'REDIS_REST_URL=https://[^/]*'"""


def check_queue_server(seen: Seen, scope: Scope) -> Finding:
    """Judge whether the worker's Redis is the one we look at, where producers put their jobs.

    One server may have two names, so another address alone is no fault: it is one when the worker is well and
    connected there, while here jobs wait and none is taken. Source: the platform's row 1.13.
    """
    service = seen.reading(RailwayService)
    if service is None or service.variables is None:
        return blind("queue.server", seen, "railway.service", command=COMMAND)
    state = _state(service.variables, seen, scope)
    return Finding(
        id="queue.server",
        severity=Severity.CRITICAL if state == "elsewhere" else Severity.OK,
        state=state,
        sentence=_SAID[state],
        evidence=seen.ids("railway.service", "queue.state", "worker.health"),
        command=COMMAND,
    )


_SAID: dict[str, Text] = {
    "same": text("the worker's Redis is the one we look at"),
    "other_name": text("the worker's Redis has another address than ours; jobs are not seen to be left behind"),
    "elsewhere": text("the worker is connected to another Redis address than ours, and takes no job from here"),
    "not_told": text("which Redis the worker uses cannot be compared"),
}


def _state(variables: tuple[Variable, ...], seen: Seen, scope: Scope) -> str:
    worker = next((v for v in variables if v.name == "UPSTASH_REDIS_REST_URL" and v.host), None)
    if worker is None or not scope.facts.redis_host:
        return "not_told"
    ours = scope.facts.redis_host, scope.facts.redis_port or REDIS_PORT
    if (worker.host, worker.port or REDIS_PORT) == ours:
        return "same"
    health = seen.reading(WorkerHealth)
    is_well = health is not None and health.answer is Answer.OK
    return "elsewhere" if is_well and check_queue_progress(seen, scope).state == "stuck" else "other_name"


CHECKS = (check_queue_server,)
