"""Judgements about variables over both sides: the worker's, as Railway has them, beside those we use ourselves.

Values are never seen: hosts of addresses that hold no user part, and fingerprints, are all there is to compare.
What is baked into the frontend's build, and Vercel's values, cannot be compared: no API returns them.
"""

from __future__ import annotations

from fnmatch import fnmatch

from diagnostics.checks.environment import COMMAND
from diagnostics.checks.finding import TOO_LITTLE, blind
from diagnostics.model import Finding
from diagnostics.readings import RailwayService, Variable
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

HOSTS = ("UPSTASH_REDIS_REST_URL", "SUPABASE_URL")
"""Addresses of the worker whose host the profile may expect, in the order of `_patterns`."""


def check_variables_hosts(seen: Seen, scope: Scope) -> Finding:
    """Judge the hosts of addresses, the worker's and ours, against the profile's `expected_host` (value: others).

    Only a pattern makes a host wrong: without one nothing is judged. Source: runbook 1.A1, 4.A1.
    """
    service = seen.reading(RailwayService)
    if service is None or service.variables is None:
        return blind("variables.hosts", seen, "railway.service", command=COMMAND)
    patterns = _patterns(scope)
    known = {v.name: v for v in service.variables}
    pairs = [(name, known[name].host, patterns[name]) for name in HOSTS if name in known and known[name].host]
    pairs += [(f"{name} (ours)", host, patterns[name]) for name, host in _ours(scope) if host]
    judged = [(name, host, pattern) for name, host, pattern in pairs if pattern]
    outside = [f"{name}: {host}" for name, host, pattern in judged if not fnmatch(host.lower(), pattern.lower())]
    state = "outside" if outside else "expected" if judged else TOO_LITTLE
    return Finding(
        id="variables.hosts",
        severity=Severity.WARNING if outside else Severity.OK,
        state=state,
        sentence=_hosts(outside, len(judged), sorted({p for _, _, p in judged})),
        value=float(len(outside)) if judged else None,
        unit="variables" if judged else "",
        threshold=0.0 if judged else None,
        evidence=seen.ids("railway.service"),
        command=COMMAND,
    )


def check_variables_secrets(seen: Seen, scope: Scope) -> Finding:
    """Judge whether the worker's secrets are those we use ourselves, by their fingerprints.

    Two good tokens may be in use at once, and ours may be read-only: a difference is told, it is no fault of its own.
    Source: runbook 1.A1, 4.A1.
    """
    service = seen.reading(RailwayService)
    if service is None or service.variables is None:
        return blind("variables.secrets", seen, "railway.service", command=COMMAND)
    known = {v.name: v for v in service.variables}
    compared = [(name, known[name], ours) for name, ours in _secrets(scope) if ours and _is_told(known.get(name))]
    differing = [name for name, theirs, ours in compared if theirs.fingerprint != ours]
    return Finding(
        id="variables.secrets",
        severity=Severity.OK,
        state="differing" if differing else "same" if compared else TOO_LITTLE,
        sentence=_same(differing, [name for name, _, _ in compared]),
        value=float(len(differing)) if compared else None,
        unit="variables" if compared else "",
        evidence=seen.ids("railway.service"),
        command=COMMAND,
    )


def _patterns(scope: Scope) -> dict[str, str]:
    return dict(zip(HOSTS, (scope.facts.expected_host, scope.facts.supabase_expected_host), strict=True))


def _ours(scope: Scope) -> tuple[tuple[str, str], ...]:
    address = scope.facts.supabase_data_url.split("://")[-1].split("/")[0].rsplit(":", maxsplit=1)[0]
    return tuple(zip(HOSTS, (scope.facts.redis_host, address), strict=True))


def _secrets(scope: Scope) -> tuple[tuple[str, str], ...]:
    facts = scope.facts
    return (
        ("UPSTASH_REDIS_REST_TOKEN", facts.redis_token),
        ("SUPABASE_SERVICE_ROLE_KEY", facts.supabase_keys[1]),
        ("OPENROUTER_API_KEY", facts.openrouter_key),
    )


def _is_told(variable: Variable | None) -> bool:
    return variable is not None and bool(variable.fingerprint)


def _hosts(outside: list[str], judged: int, patterns: list[str]) -> Text:
    told = ", ".join(patterns)
    if outside:
        return text(
            "not the host that the profile expects ({patterns}): {names}", patterns=told, names="; ".join(outside)
        )
    if not judged:
        return text("the profile expects no host, so none is wrong")
    return text(
        "all {count} addresses have the host that the profile expects ({patterns})", count=judged, patterns=told
    )


def _same(differing: list[str], compared: list[str]) -> Text:
    if differing:
        return text(
            "the worker has another value than this machine: {names}; in order only if both values are valid",
            names=", ".join(differing),
        )
    if not compared:
        return text("this machine uses none of the worker's secrets, so none can be compared")
    return text("the worker's secrets are those that this machine uses: {names}", names=", ".join(compared))


CHECKS = (check_variables_hosts, check_variables_secrets)
