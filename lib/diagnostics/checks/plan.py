"""Judgement about the Redis plan: the database's state and its usage against what the plan allows."""

from __future__ import annotations

from diagnostics.checks.finding import blind, unread
from diagnostics.checks.redis import MEMORY_SHARE
from diagnostics.model import Finding
from diagnostics.readings import RedisPlan
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

QUOTA_SHARE = 0.9
"""Used share of the plan's commands from which the limit is near. Source: runbook 1.A2, our own limit."""
_IDLE = ("suspended", "passive")


def check_redis_plan(seen: Seen, scope: Scope) -> Finding:
    """Judge Upstash's account of our database. Source: runbook 1.A2, M11, M13.

    The vendor does not say whether the request limit is a day's or a month's: today's commands are within either, the
    month's share warns at most.
    """
    plan = seen.reading(RedisPlan)
    command = _command(scope)
    if plan is None:
        return blind("redis.plan", seen, "redis.plan", command=command)
    if plan.state not in ("active", *_IDLE):
        return unread("redis.plan", seen, "redis.plan", command=command)
    quota, memory = _share(plan.commands_today, plan.request_limit), _share(plan.used_bytes, plan.memory_limit_bytes)
    if plan.state == "active" and (quota is None or memory is None):
        return unread("redis.plan", seen, "redis.plan", command=command)
    month = _share(plan.commands_month, plan.request_limit) or 0.0
    state = "suspended" if plan.state in _IDLE else _state(quota or 0.0, memory or 0.0, month)
    share = memory if state == "memory_full" or (memory or 0.0) > (quota or 0.0) else quota
    if state == "quota_near":
        share = quota if quota and quota > QUOTA_SHARE else month
    return Finding(
        id="redis.plan",
        severity=_SEVERITY.get(state, Severity.OK),
        state=state,
        sentence=_sentence(state, plan, quota, memory),
        value=None if share is None or state == "suspended" else round(share, 4),
        unit="ratio",
        threshold=MEMORY_SHARE if state == "memory_full" else QUOTA_SHARE,
        evidence=seen.ids("redis.plan"),
        command=command,
    )


_SEVERITY = {
    "suspended": Severity.CRITICAL,
    "quota_exhausted": Severity.CRITICAL,
    "quota_near": Severity.WARNING,
    "memory_full": Severity.WARNING,
}


def _share(used: int | None, limit: int | None) -> float | None:
    """Used share of the limit; 0 where the plan has no limit, `None` where either was not told."""
    if used is None or limit is None:
        return None
    return used / limit if limit else 0.0


def _state(quota: float, memory: float, month: float) -> str:
    if quota >= 1:
        return "quota_exhausted"
    if memory > MEMORY_SHARE:
        return "memory_full"
    return "quota_near" if max(quota, month) > QUOTA_SHARE else "room"


def _sentence(state: str, plan: RedisPlan, quota: float | None, memory: float | None) -> Text:
    if state == "suspended":
        return text("Upstash has the database as {state}: it serves nobody", state=plan.state)
    used = text("{share:.0%} of its memory", share=memory or 0.0)
    if not plan.request_limit:
        return text("the Redis plan has no limit of commands; the database uses {memory}", memory=used)
    return text(
        "of the {limit} commands that the Redis plan allows, {used} are spent today ({share:.0%}); if the limit is a "
        "month's, {month} of it; the database uses {memory}",
        limit=plan.request_limit,
        used=plan.commands_today or 0,
        share=quota or 0.0,
        month=_percent(_share(plan.commands_month, plan.request_limit)),
        memory=used,
    )


def _percent(share: float | None) -> str:
    return "?" if share is None else f"{share:.0%}"


def _command(scope: Scope) -> str:
    facts = scope.facts
    email, key = facts.upstash_api_variables
    address = facts.upstash_api_url or "https://api.upstash.com/v2"
    database = facts.upstash_database or "$RUNBOOK_UPSTASH_API__DATABASE_ID"
    return f'curl -sS -u "${email}:${key}" "{address}/redis/stats/{database}"'


CHECKS = (check_redis_plan,)
