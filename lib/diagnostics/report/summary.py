"""What the reader must know first, rendered once for the terminal, the report and the notebook."""

from __future__ import annotations

import re
from dataclasses import dataclass

from diagnostics.causes.ranking import ASSERTED, consequences
from diagnostics.checks.finding import NOT_JUDGED
from diagnostics.model import BlindSpot, Cause, Diagnosis, Finding
from diagnostics.severity import Severity
from diagnostics.text import moment
from diagnostics.wording import Wording, plain

_CALLED = 2
"""Contacts on the first page; the report lists all."""
_REASONS = 2
"""Addresses told of one missing sight; the evidence has all."""
_ORDER = (Severity.CRITICAL, Severity.WARNING, Severity.UNKNOWN, Severity.OK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """What one missing sight hides: the checks it blinds, why, and how to regain it."""

    checks: str
    why: str
    regain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The first screen. Every field is ready to print; empty means nothing to say."""

    profile: str
    incident: str
    severity: Severity
    severity_word: str
    headline: str
    """The asserted cause, or what we can say without one."""
    confidence: str
    since: str
    next_step: str
    also: tuple[str, ...]
    """Each further cause that stands beside the first, with its first step."""
    command: str
    """The command that shows what decided for the cause."""
    next_probe: str
    unseen: tuple[Unseen, ...]
    escalation: str
    partial: str


def summarise(diagnosis: Diagnosis, wording: Wording) -> Summary:
    """The first screen of `diagnosis` in the reader's language."""
    _ = wording.translate
    cause = asserted(diagnosis)
    return Summary(
        profile=plain(diagnosis.scope.profile),
        incident=diagnosis.scope.slug,
        severity=diagnosis.severity,
        severity_word=wording.severity(diagnosis.severity),
        headline=wording.say(cause.title) if cause else _no_cause(diagnosis, wording),
        confidence=wording.confidence(cause.confidence) if cause else "",
        since=_since(diagnosis, wording),
        next_step=wording.say(diagnosis.next_step),
        also=tuple(_also(other, wording) for other in standing(diagnosis)[1:]),
        command=_command(diagnosis, cause),
        next_probe=wording.say(diagnosis.next_probe),
        unseen=unseen(diagnosis, wording),
        escalation=_escalation(diagnosis, wording),
        partial=_("Partial: the deadline ended the look before every probe answered.") if diagnosis.partial else "",
    )


def unseen(diagnosis: Diagnosis, wording: Wording) -> tuple[Unseen, ...]:
    """Blind spots, those of one kind and remedy as one: eight probes cut off by one deadline are one line."""
    grouped: dict[tuple[str, str], list[BlindSpot]] = {}
    for spot in diagnosis.blind_spots:
        grouped.setdefault((_kind(spot, wording), wording.say(spot.regain)), []).append(spot)
    return tuple(_together(spots, wording) for spots in grouped.values())


def _kind(spot: BlindSpot, wording: Wording) -> str:
    """What two reasons share: their template, unless that says nothing by itself."""
    is_wordless = not re.search(r"\w", re.sub(r"\{[^}]*\}", "", spot.why.msgid))
    return wording.say(spot.why) if is_wordless else spot.why.msgid


def _together(spots: list[BlindSpot], wording: Wording) -> Unseen:
    _ = wording.translate
    reasons = list(dict.fromkeys(wording.say(spot.why) for spot in spots))
    why = "; ".join(reasons[:_REASONS])
    if len(reasons) > _REASONS:
        why = _("{why}, and {count} more likewise").format(why=why, count=len(reasons) - _REASONS)
    checks = ", ".join(dict.fromkeys(plain(spot.check) for spot in spots))
    return Unseen(checks=checks, why=why, regain=wording.say(spots[0].regain))


def asserted(diagnosis: Diagnosis) -> Cause | None:
    """The cause the run stands by: the first, with confidence of at least 0.5."""
    best = diagnosis.causes[0] if diagnosis.causes else None
    return best if best and best.confidence >= ASSERTED else None


def standing(diagnosis: Diagnosis) -> tuple[Cause, ...]:
    """The asserted cause, then those as sure that explain what none before them does: two troubles at once."""
    first = asserted(diagnosis)
    found, explained = ([first], set(first.explains)) if first else ([], set[str]())
    for cause in diagnosis.causes[1:]:
        if found and cause.confidence >= ASSERTED and not explained.issuperset(cause.explains):
            found.append(cause)
            explained.update(cause.explains)
    return tuple(found)


def is_part(cause: Cause, diagnosis: Diagnosis) -> bool:
    """Whether it is a mere part or consequence of a cause that stands."""
    stands = standing(diagnosis)
    return cause not in stands and any(cause.id in consequences(other.id) for other in stands)


def how_sure(cause: Cause, diagnosis: Diagnosis, wording: Wording) -> str:
    """The confidence in words; of what is only part of a cause that stands, just that."""
    _ = wording.translate
    return _("part of the cause above") if is_part(cause, diagnosis) else wording.confidence(cause.confidence)


def _also(cause: Cause, wording: Wording) -> str:
    title, sure = wording.say(cause.title), wording.confidence(cause.confidence)
    return f"{title} ({sure}). {wording.say(cause.steps[0]) if cause.steps else ''}".strip()


def is_in_order(finding: Finding) -> bool:
    """Judged and found well."""
    return finding.severity is Severity.OK and finding.state not in NOT_JUDGED


def worst_first(findings: tuple[Finding, ...]) -> list[Finding]:
    """Findings by severity, critical first, otherwise in their order."""
    return sorted(findings, key=lambda f: _ORDER.index(f.severity))


def _no_cause(diagnosis: Diagnosis, wording: Wording) -> str:
    _ = wording.translate
    if not diagnosis.causes:
        return _("No cause could be determined")
    guess = wording.say(diagnosis.causes[0].title)
    return _("No cause is certain; the best guess is: {guess} ({confidence})").format(
        guess=guess, confidence=wording.confidence(diagnosis.causes[0].confidence)
    )


def _since(diagnosis: Diagnosis, wording: Wording) -> str:
    _ = wording.translate
    now = diagnosis.scope.now
    if diagnosis.onset_at is None:
        return "" if diagnosis.severity is Severity.OK else _("not known")
    if is_older(diagnosis):
        at = wording.time(diagnosis.onset_at, near=now)
        return _("before {time}: no source reaches further back").format(time=at)
    age = wording.duration((now - diagnosis.onset_at).total_seconds())
    since = _("{time}, {age} before this run").format(time=wording.time(diagnosis.onset_at, near=now), age=age)
    if diagnosis.onset_interval is None:
        return since
    early, late = diagnosis.onset_interval
    if (late - early).total_seconds() < 90:
        return since
    return _("{since} (between {early} and {late} UTC)").format(
        since=since, early=moment(early, now), late=moment(late, now)
    )


def is_older(diagnosis: Diagnosis) -> bool:
    """Whether the trouble began before all that we could see of it."""
    interval = diagnosis.onset_interval
    return interval is not None and interval[0] <= diagnosis.scope.window.since


def _command(diagnosis: Diagnosis, cause: Cause | None) -> str:
    """The command behind what decided for the cause; the worst finding's where it explains none with a command.

    None where the cause is on our own side: what we lack, the command would lack too.
    """
    if cause and cause.component == "observer":
        return ""
    findings = {f.id: f for f in diagnosis.findings if f.command and f.severity is not Severity.OK}
    explained = [findings[name] for name in (cause.explains if cause else ()) if name in findings]
    told = explained or worst_first(tuple(findings.values()))
    return plain(told[0].command) if told else ""


def _escalation(diagnosis: Diagnosis, wording: Wording) -> str:
    _ = wording.translate
    clock = diagnosis.clock
    if diagnosis.severity is Severity.OK and not clock.overdue:
        return ""
    told = [f"{plain(c.name)} {plain(c.url).removeprefix('mailto:')}".strip() for c in clock.contacts[:_CALLED]]
    contacts = "; ".join(told) or _("no contact in the profile")
    at = wording.time(clock.escalate_at, near=diagnosis.scope.now)
    left = (clock.escalate_at - diagnosis.finished_at).total_seconds()
    if clock.overdue or left <= 0:
        when = _("NOW: due since {time}").format(time=at)
    else:
        when = _("at {time}, {left} left").format(time=at, left=wording.duration(left))
    return f"{when} → {contacts}"
