"""Which key is refused, and on whose side: the frontend's public key, the worker's, or only ours."""

from __future__ import annotations

from diagnostics.checks.asking import rest
from diagnostics.checks.finding import TOO_LITTLE, blind
from diagnostics.checks.jobs import ended_attempts
from diagnostics.model import Finding
from diagnostics.readings import FrontendHealth, RailwayService, SupabaseRest, Symptom, Trouble
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

FEWEST = 3
"""Newest failures of the worker for a refused key from which its key counts as refused."""
_UNTOLD = (
    Symptom.DATABASE_KEY,
    Symptom.DATABASE_DOWN,
    Symptom.DATABASE_PAUSED,
    Symptom.DATABASE_QUOTA,
    Symptom.DATABASE_POOL,
    Symptom.TIMED_OUT,
    Symptom.DATABASE,
)
"""Answers that do not say that the key is good."""
_SEVERITY = {
    "accepted": Severity.OK,
    TOO_LITTLE: Severity.OK,
    "anon_rejected": Severity.WARNING,
    "own_rejected": Severity.UNKNOWN,
    "unasked": Severity.UNKNOWN,
}
"""Every other state is critical: the worker, or the whole platform, is locked out."""


def check_database_keys(seen: Seen, scope: Scope) -> Finding:
    """Judge both keys apart, and whether the worker's is the one that we hold.

    The anon key is the one the frontend's health page uses, the service-role key the one the work is done with.
    Source: runbook 4.A1; sides are told apart by fingerprint and by who fails.
    """
    told = seen.reading(SupabaseRest)
    state = _state(told, is_worker_refused(seen), worker_key(seen, scope))
    if state in ("accepted", "unasked", TOO_LITTLE, None) and site_refused(seen):
        state = "frontend_rejected" if state == "accepted" else "frontend_refused"
    if state is None:
        return blind("database.keys", seen, "supabase.rest", command=rest(scope.facts, "service"))
    return Finding(
        id="database.keys",
        severity=_SEVERITY.get(state, Severity.CRITICAL),
        state=state,
        sentence=_sentence(state, worker_key(seen, scope), told),
        evidence=seen.ids("supabase.rest", "railway.service", "worker.log", "frontend.health"),
        command=rest(scope.facts, "anon" if state == "anon_rejected" else "service"),
    )


def is_worker_refused(seen: Seen) -> bool:
    """Whether the worker's newest failures say that its key is refused."""
    ended, _ = ended_attempts(seen)
    reasons = [a.symptom for a in ended or () if a.has_failed and a.symptom is not None][-FEWEST:]
    return len(reasons) == FEWEST and all(r is Symptom.DATABASE_KEY for r in reasons)


def site_refused(seen: Seen) -> tuple[str, ...]:
    """Which of its own keys the site says are refused: `anon`, `service`."""
    health = seen.reading(FrontendHealth)
    told = {"anon": health.database, "service": health.service_database} if health else {}
    return tuple(role for role, each in told.items() if each is not None and each.trouble is Trouble.KEY_REJECTED)


def worker_key(seen: Seen, scope: Scope) -> str:
    """`same` as ours, `differs`, or empty where one of the two is not known."""
    service, ours = seen.reading(RailwayService), scope.facts.supabase_keys[1]
    name = scope.facts.supabase_service_variable
    theirs = next((v.fingerprint for v in (service.variables or () if service else ()) if v.name == name), "")
    return "" if not ours or not theirs else "same" if ours == theirs else "differs"


def _state(told: SupabaseRest | None, is_worker_out: bool, key: str) -> str | None:
    anon, service = _judged(told, "anon"), _judged(told, "service")
    if service is False:
        if not is_worker_out and key == "differs":
            return "own_rejected"
        return "both_rejected" if anon is False else "service_rejected"
    if is_worker_out:
        return "worker_rejected" if service else "service_rejected"
    if anon is False:
        return "anon_rejected"
    if told is None:
        return None
    is_told = anon is not None and service is not None
    return "accepted" if is_told else "unasked" if told.unset else TOO_LITTLE


def _judged(told: SupabaseRest | None, role: str) -> bool | None:
    """Whether the key of `role` is good; `None` when no answer says so."""
    symptoms = [a.symptom for a in told.answers if a.role == role] if told else []
    if Symptom.DATABASE_KEY in symptoms:
        return False
    return True if any(s not in _UNTOLD for s in symptoms) else None


def _sentence(state: str, key: str, told: SupabaseRest | None) -> Text:
    if state == "unasked":
        return text("not every key was tried: {names}", names=", ".join(told.unset if told else ()) or "?")
    return _SAID.get((state, key), _SAID[state, ""])


_SAID: dict[tuple[str, str], Text] = {
    ("accepted", ""): text("the anon key and the service-role key are accepted"),
    ("accepted", "differs"): text("both keys are accepted; the worker's service-role key is another one than ours"),
    (TOO_LITTLE, ""): text("not every answer tells whether the keys are good: the database itself does not answer"),
    ("anon_rejected", ""): text(
        "the anon key is refused, the service-role key accepted: the frontend's public side fails"
    ),
    ("service_rejected", ""): text(
        "the service-role key is refused: the worker and the frontend's server cannot work with it"
    ),
    ("service_rejected", "same"): text(
        "the service-role key is refused; the worker has the same one, so its jobs fail too"
    ),
    ("both_rejected", ""): text("both keys are refused: keys were rotated, or belong to another project"),
    ("worker_rejected", ""): text(
        "our service-role key is accepted, the worker's is refused: rotated on one side only"
    ),
    ("frontend_rejected", ""): text(
        "our keys are accepted, the frontend's is refused: rotated on one side only, or baked in when it was built"
    ),
    ("frontend_refused", ""): text("the frontend's key is refused; whether ours are accepted is not known"),
    ("own_rejected", ""): text("our service-role key is refused, the worker's is another one and works: replace ours"),
}
"""By state, and by whether the worker's key is `same` as ours or `differs`."""


CHECKS = (check_database_keys,)
