"""Is the database there: its project, its REST interface, its SQL."""

from __future__ import annotations

from statistics import median

from diagnostics.checks.asking import management, rest
from diagnostics.checks.finding import BLIND, blind, unread
from diagnostics.checks.jobs import ended_attempts
from diagnostics.model import FailureKind, Finding
from diagnostics.readings import PostgresActivity, RestAnswer, SupabaseProject, SupabaseRest, Symptom
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

GONE = (Symptom.DATABASE_DOWN, Symptom.TIMED_OUT)
"""Answers that say that nobody is behind the REST interface."""
_OUT_OF_REACH = (FailureKind.UNREACHABLE, FailureKind.UNRESOLVED, FailureKind.TIMEOUT)
_PAUSED = ("INACTIVE", "PAUSING", "PAUSE_FAILED")
_GONE_PROJECT = ("REMOVED", "GOING_DOWN")
_CHANGING = ("COMING_UP", "RESTORING", "RESTARTING", "RESIZING", "UPGRADING")
_SICK = ("ACTIVE_UNHEALTHY", "INIT_FAILED", "RESTORE_FAILED")
_ESSENTIAL = ("db", "rest")
"""Services without which the platform has no database."""
NOT_TOLD = "not_told"
_BLAMING = 3
"""Newest failures in a row of one job type that blame the database, before it counts as lost for the worker too."""


def check_database_reachable(seen: Seen, scope: Scope) -> Finding:
    """Judge whether the database answers, from whichever side it was asked.

    Out of reach for us alone says something about us: a blind spot. The project's or the server's own word counts.
    Source: runbook 4.D1, 4.D2; `value` is the middle latency of the REST answers (seconds).
    """
    told, activity, project = seen.reading(SupabaseRest), seen.reading(PostgresActivity), seen.reading(SupabaseProject)
    answers = told.answers if told else ()
    command = rest(scope.facts, "service")
    state = _state(answers, activity, project) or _from_afar(seen)
    probes = ("supabase.rest", "postgres.activity", "supabase.project")
    if state is None:
        lost = unread if _is_silent(answers) and activity is None else blind
        return lost("database.reachable", seen, *probes, command=command)
    latency = median(a.latency_s for a in answers) if answers else activity.connect_s if activity else None
    return Finding(
        id="database.reachable",
        severity=Severity.OK if state == "answers" else Severity.CRITICAL,
        state=state,
        sentence=_REACHED[state] if state != "answers" else _answers(answers, activity),
        value=latency,
        unit="s" if latency is not None else "",
        evidence=seen.ids(*(p for p in probes if seen.failed_as(p) is not FailureKind.NOT_CONFIGURED)),
        command=command,
    )


_REACHED: dict[str, Text] = {
    "paused": text("the database's project is paused: nothing is served until somebody restores it"),
    "removed": text("the database's project is removed or going down"),
    "quota_exceeded": text("Supabase restricts the project: a limit of its plan is exceeded (402)"),
    "starting": text("the database server is starting, stopping or recovering and takes no connection yet (57P03)"),
    "slots_full": text("the database server takes no further connection: all slots are used (53300)"),
    "rest_silent": text(
        "SQL answers; the REST interface that the platform uses takes requests and lets them wait, as with a used-up "
        "connection pool"
    ),
    "rest_down": text("SQL answers, the REST interface that the platform uses does not"),
    "down": text("the database does not answer"),
    "unreachable": text("the database is out of reach from this machine, and the worker's jobs blame it too"),
}


def _state(
    answers: tuple[RestAnswer, ...], activity: PostgresActivity | None, project: SupabaseProject | None
) -> str | None:
    symptoms = [a.symptom for a in answers]
    refused = activity.refused_code if activity else ""
    is_sql_there = activity is not None and not refused
    # Where rows came by REST, whatever refuses our own connection is no state of the database.
    code = "" if has_rows(answers) else refused
    # A connection that SQL gives us now outweighs a word about the project.
    if Symptom.DATABASE_PAUSED in symptoms or _says(project, _PAUSED, is_sql_there):
        return "paused"
    if _says(project, _GONE_PROJECT, is_sql_there):
        return "removed"
    if Symptom.DATABASE_QUOTA in symptoms:
        return "quota_exceeded"
    if code == "53300" or Symptom.DATABASE_SLOTS in symptoms:
        return "slots_full"
    if code.startswith("57P"):
        return "starting"
    # The interface's description of itself needs no connection: rows decide.
    rows = [a.symptom for a in answers if a.table] or symptoms
    if rows and all(s in GONE for s in rows):
        if _is_silent(answers):
            # Silence for us alone says something about us.
            return "rest_silent" if is_sql_there else None
        return "rest_down" if is_sql_there else "down"
    return "answers" if answers or is_sql_there else None


def _is_silent(answers: tuple[RestAnswer, ...]) -> bool:
    rows = [a.symptom for a in answers if a.table] or [a.symptom for a in answers]
    return bool(rows) and all(s is Symptom.TIMED_OUT for s in rows)


def has_rows(answers: tuple[RestAnswer, ...]) -> bool:
    """Whether a table was read by REST; the interface's description of itself needs no database."""
    return any(a.symptom is None and a.table for a in answers)


def _says(project: SupabaseProject | None, statuses: tuple[str, ...], is_sql_there: bool) -> bool:
    return project is not None and project.status in statuses and not is_sql_there


def _from_afar(seen: Seen) -> str | None:
    """Nobody let us in. Where the worker's newest jobs blame the database as well, it is not our network."""
    tried = [kind for probe in ("supabase.rest", "postgres.activity") if (kind := seen.failed_as(probe))]
    told = seen.reading(SupabaseRest)
    is_cut_off = any(kind in _OUT_OF_REACH for kind in tried) or (told is not None and _is_silent(told.answers))
    ended, _ = ended_attempts(seen)
    newest = [a for a in ended or () if a.symptom is not None or not a.has_failed][-_BLAMING:]
    is_blamed = len(newest) == _BLAMING and all(a.symptom is Symptom.DATABASE_DOWN for a in newest)
    return "unreachable" if is_cut_off and is_blamed else None


def _answers(answers: tuple[RestAnswer, ...], activity: PostgresActivity | None) -> Text:
    if not answers:
        return text("the database answers to SQL")
    ms = median(a.latency_s for a in answers) * 1000
    if activity is None or activity.refused_code:
        return text("the database answers by REST in {ms:.0f} ms; SQL was not asked or not to be had", ms=ms)
    return text("the database answers by REST in {ms:.0f} ms and to SQL", ms=ms)


def check_database_project(seen: Seen, scope: Scope) -> Finding:
    """Judge the project's status and its services, as Supabase tells them. Source: runbook 4.D2."""
    project, command = seen.reading(SupabaseProject), management(scope.facts)
    if project is None:
        return blind("database.project", seen, "supabase.project", command=command)
    state = _project_state(project)
    sick = ", ".join(s.name for s in project.services or () if not s.is_healthy)
    severity = {"healthy": Severity.OK, "changing": Severity.WARNING, BLIND: Severity.UNKNOWN}
    severity[NOT_TOLD] = Severity.UNKNOWN
    return Finding(
        id="database.project",
        severity=severity.get(state, Severity.CRITICAL),
        state=state,
        sentence=_not_told_sentence(project) if state == NOT_TOLD else _project_sentence(state, project.status, sick),
        evidence=seen.ids("supabase.project"),
        command=management(scope.facts, "/health?services=db&services=rest") if sick else command,
    )


def _project_state(project: SupabaseProject) -> str:
    status = project.status
    for state, statuses in (
        ("paused", _PAUSED),
        ("removed", _GONE_PROJECT),
        ("changing", _CHANGING),
        ("unhealthy", _SICK),
    ):
        if status in statuses:
            return state
    if status != "ACTIVE_HEALTHY" or project.services is None:
        return BLIND
    told = {s.name: s.is_healthy for s in project.services if s.name in _ESSENTIAL}
    if not all(told.values()):
        return "unhealthy"
    if project.is_read_only:
        return "read_only"
    return NOT_TOLD if _untold(project) else "healthy"


def _untold(project: SupabaseProject) -> list[str]:
    """What must be known to call the project healthy and was not to be had."""
    told = {s.name for s in project.services or ()}
    return [name for name in _ESSENTIAL if name not in told] + ["read-only mode"] * (project.is_read_only is None)


def _not_told_sentence(project: SupabaseProject) -> Text:
    return text(
        "Supabase says that the project is healthy; not seen: {parts}{why}",
        parts=", ".join(_untold(project)),
        why=f" ({'; '.join(project.why_unread)})" if project.why_unread else "",
    )


def _project_sentence(state: str, status: str, sick: str) -> Text:
    match state:
        case "healthy" if sick:
            return text("Supabase says that the project is healthy, but not {sick}", sick=sick)
        case "healthy":
            return text("Supabase says that the project and its services are healthy")
        case "unhealthy":
            return text("Supabase says {status}; not healthy: {sick}", status=status, sick=sick or "?")
        case "read_only":
            return text("Supabase has set the project read-only; this follows from a full disk")
        case "paused" | "removed" | "changing":
            return text("Supabase says that the project is {status}", status=status)
        case _:
            return text("Supabase says {status}, which tells too little about its services", status=status)


CHECKS = (check_database_reachable, check_database_project)
