"""From findings to ranked causes: evidence for, evidence against, consequences under their root."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from diagnostics.causes import RULES
from diagnostics.causes.observer import if_deaf, why_blind
from diagnostics.causes.rule import DATABASE, ERRORS, FRONTEND, INCIDENT, OVERFLOW, Rule
from diagnostics.model import Cause, Evidence, Finding
from diagnostics.severity import Severity
from diagnostics.text import text

ASSERTED = 0.5
"""Confidence from which a run asserts its first cause."""
_CAP = 0.97
"""No evidence from outside makes us surer than this."""
_MASKED = 0.3
"""What is left of a cause that is a mere consequence of an asserted one."""
_NAMED = 0.15
"""Below this a cause is not worth a line."""
_ABNORMAL = (Severity.WARNING, Severity.CRITICAL)


def rank(
    findings: tuple[Finding, ...],
    evidence: tuple[Evidence, ...],
    *,
    severity: Severity,
    essential: tuple[str, ...],
) -> tuple[Cause, ...]:
    """Causes, best first. Healthy is exactly one cause `none`; abnormal without an asserted cause is `unexplained`."""
    by_id = {f.id: f for f in findings}
    abnormal = tuple(f for f in findings if f.severity in _ABNORMAL)
    blind = tuple(f for f in findings if f.severity is Severity.UNKNOWN)
    if severity is Severity.OK:
        return (_none(by_id, essential),)
    causes = _masked([_judge(rule, by_id, abnormal) for rule in RULES if rule.applies(by_id)])
    if not abnormal:
        observer = why_blind(evidence, blind)
        return (observer or _unseen(blind),)
    deaf = if_deaf(evidence, abnormal)
    if deaf is not None:
        causes = [deaf, *map(_weaker, causes)]
    elif not causes or causes[0].confidence < ASSERTED:
        causes = [_unexplained(abnormal, 0.5), *causes]
    return tuple(c for c in causes if c.confidence >= _NAMED)


def consequences(cause_id: str) -> tuple[str, ...]:
    """Causes that are mere parts or consequences of this one, where it stands."""
    return next((rule.masks for rule in RULES if rule.id == cause_id), ())


def _judge(rule: Rule, findings: Mapping[str, Finding], abnormal: tuple[Finding, ...]) -> Cause:
    signs = {s: None for s in (*rule.needs, *rule.supports) if s.holds(findings)}
    against = [s for s in rule.against if s.holds(findings)]
    confidence = (1 - prod(1 - s.weight for s in signs)) * prod(1 - s.weight for s in against)
    # What decided comes first, so that the first of them is what a reader looks at to see the cause.
    deciding = [s.finding for s in sorted(signs, key=lambda s: -s.weight)]
    explained = [*deciding, *(f.id for f in abnormal if f.id in rule.explains)]
    return Cause(
        id=rule.id,
        confidence=round(min(_CAP, confidence), 3),
        title=rule.title,
        component=rule.component,
        runbook=rule.runbook,
        branch=rule.branch,
        explains=tuple(name for name in dict.fromkeys(explained) if findings[name] in abnormal),
        against=tuple(dict.fromkeys(s.finding for s in against)),
        remediations=rule.remediations,
        steps=rule.steps,
    )


def _masked(causes: list[Cause]) -> list[Cause]:
    """Causes with consequences put under their root, best first. What is hidden itself hides nothing."""
    masks = {rule.id: rule.masks for rule in RULES}
    hidden: set[str] = set()
    for cause in sorted(causes, key=_order):
        if cause.confidence >= ASSERTED and cause.id not in hidden:
            hidden.update(masks.get(cause.id, ()))
    weakened = [_weaker(c) if c.id in hidden else c for c in causes]
    return sorted(weakened, key=_order)


def _order(cause: Cause) -> tuple[float, int, str]:
    return -cause.confidence, -len(cause.explains), cause.id


def _weaker(cause: Cause) -> Cause:
    fields = {name: getattr(cause, name) for name in Cause.__slots__}
    return Cause(**{**fields, "confidence": round(cause.confidence * _MASKED, 3)})


def _none(findings: Mapping[str, Finding], essential: tuple[str, ...]) -> Cause:
    seen = sum(1 for name in essential if name in findings and findings[name].severity is Severity.OK)
    return Cause(
        id="none",
        confidence=round(min(_CAP, 0.5 + 0.47 * seen / max(1, len(essential))), 3),
        title=text("Nothing abnormal is seen"),
        component="none",
        runbook=None,
        branch="",
        steps=(text("Nothing to mend here. If somebody reported a symptom, note its time and run again then."),),
    )


def _unseen(blind: tuple[Finding, ...]) -> Cause:
    return Cause(
        id="unexplained",
        confidence=0.5,
        title=text("Nothing abnormal is seen, but too little was seen to call it healthy"),
        component="none",
        runbook=None,
        branch="",
        explains=tuple(f.id for f in blind),
        steps=(text("Regain sight of what is listed under the blind spots, then run again."),),
    )


_ROUTES = {"queue": OVERFLOW, "capacity": OVERFLOW, "database": DATABASE, "frontend": FRONTEND, "errors": ERRORS}
"""The runbook of a symptom, where no cause leads to one; everything else is the worker's."""


def _unexplained(findings: tuple[Finding, ...], confidence: float) -> Cause:
    worst = next((f for f in findings if f.severity is Severity.CRITICAL), findings[0])
    return Cause(
        id="unexplained",
        confidence=confidence,
        title=text("Something is abnormal, and no known cause fits it well enough"),
        component="none",
        runbook=_ROUTES.get(worst.id.partition(".")[0], INCIDENT),
        branch="1.E1",
        explains=tuple(f.id for f in findings),
        remediations=("report-to-sentry", "notify-team"),
        steps=(text("Escalate with this report; the abnormal findings below say what is known."),),
    )
