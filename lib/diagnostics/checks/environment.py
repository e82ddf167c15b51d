"""Judgements about the worker's environment variables: presence and form, never values."""

from __future__ import annotations

from diagnostics.checks.capacity import USUAL_CONCURRENCY
from diagnostics.checks.finding import blind, curl
from diagnostics.model import Finding
from diagnostics.readings import Answer, RailwayService, Variable, WorkerHealth
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

_SHORTEST = {"ENCRYPTION_KEY": 32, "KOMMO_WEBHOOK_SECRET": 16}
"""Characters below which the worker refuses to start. Source: the worker's environment schema."""
COMMAND = 'railway variables --service "$RUNBOOK_RAILWAY__SERVICE_ID" --kv | cut -d= -f1'


def check_worker_environment(seen: Seen, scope: Scope) -> Finding:
    """Judge the worker's variables against the profile's list. Source: runbook 1.A1.

    Sealed variables are never returned by the API, so an absent one is a WARNING while the worker runs.
    """
    service = seen.reading(RailwayService)
    if service is None or service.variables is None:
        return blind("worker.environment", seen, "railway.service", command=COMMAND)
    known = {v.name: v for v in service.variables}
    missing = [name for name in scope.facts.required_variables if name not in known]
    malformed = [f"{v.name} ({why})" for v in service.variables if (why := _defect(v, scope))]
    state = "malformed" if malformed else "missing" if missing else _host_state(known, scope)
    health = seen.reading(WorkerHealth)
    # A worker that answers has accepted its variables.
    worst = Severity.WARNING if health and health.answer is Answer.OK else Severity.CRITICAL
    severity = {"malformed": worst, "missing": Severity.WARNING}.get(state, Severity.OK)
    return Finding(
        id="worker.environment",
        severity=severity,
        state=state,
        sentence=_sentence(state, missing, malformed, len(known)),
        value=float(len(missing) + len(malformed)),
        unit="variables",
        threshold=0.0,
        evidence=seen.ids("railway.service"),
        command=COMMAND,
    )


def check_worker_concurrency(seen: Seen, scope: Scope) -> Finding:
    """Judge JOB_CONCURRENCY as the worker tells it, else as Railway has it, against the usual 25 (jobs per replica).

    Another value is no fault of its own; what it leads to is judged elsewhere. Source: runbook 1.B2.
    """
    health, service = seen.reading(WorkerHealth), seen.reading(RailwayService)
    command = curl(scope.facts, "/health", jq=".worker.concurrency")
    if health is None and service is None:
        return blind("worker.concurrency", seen, "worker.health", "railway.service", command=command)
    set_to = [v.value for v in (service.variables or () if service else ()) if v.name == "JOB_CONCURRENCY"]
    told = health.concurrency if health and health.concurrency else None
    value = told if told is not None else next((int(v) for v in set_to if v.isdigit()), None)
    state = "not_told" if value is None else _compared(value)
    return Finding(
        id="worker.concurrency",
        severity=Severity.OK,
        state=state,
        sentence=text("the worker's concurrency is not known")
        if value is None
        else text("each replica takes {value} jobs at once, {usual} is usual", value=value, usual=USUAL_CONCURRENCY),
        value=None if value is None else float(value),
        unit="jobs" if value is not None else "",
        evidence=seen.ids("worker.health", "railway.service"),
        command=command,
    )


def _compared(value: int) -> str:
    return "raised" if value > USUAL_CONCURRENCY else "lowered" if value < USUAL_CONCURRENCY else "usual"


def _defect(variable: Variable, scope: Scope) -> str:
    """What is wrong with the form of one variable, in a word; empty for nothing."""
    shape, *defects = variable.shape.split(":")
    is_known = variable.name in (*scope.facts.required_variables, *_SHORTEST, "JOB_CONCURRENCY")
    if defects and (is_known or variable.name.endswith(("REST_URL", "REST_TOKEN", "SUPABASE_URL"))):
        return ", ".join(defects)
    if variable.name in scope.facts.required_variables and shape in ("empty", "placeholder"):
        return shape
    if variable.name == "JOB_CONCURRENCY" and (shape != "integer" or not variable.value or int(variable.value) < 1):
        return "not a positive integer"
    if variable.name.endswith("REST_URL") and shape != "url":
        return "not a URL"
    if 0 < variable.length < _SHORTEST.get(variable.name, 0):
        return f"shorter than {_SHORTEST[variable.name]} characters"
    return ""


def _host_state(known: dict[str, Variable], scope: Scope) -> str:
    """Whether the worker's Redis host is the operator's. Names may differ for one server, so this alone is no fault."""
    worker = known.get("UPSTASH_REDIS_REST_URL")
    if worker is None or not worker.host or not scope.facts.redis_host:
        return "complete"
    return "complete" if worker.host == scope.facts.redis_host else "host_differs"


def _sentence(state: str, missing: list[str], malformed: list[str], count: int) -> Text:
    match state:
        case "malformed":
            return text("malformed on Railway: {names}", names=", ".join(malformed))
        case "missing":
            return text("not among Railway's variables (or sealed): {names}", names=", ".join(missing))
        case "host_differs":
            return text("all required variables are present; the worker's Redis host is not the one we look at")
        case _:
            return text("all required variables are present and well formed ({count} variables seen)", count=count)


CHECKS = (check_worker_environment, check_worker_concurrency)
