"""What is handed over when the clock runs out: state, vendors, tried, ruled out, not seen, next, whom to call.

And the event for Sentry, prepared and not sent: there is no way to create an incident there but to report an event.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from diagnostics.model import Diagnosis
from diagnostics.report.summary import asserted, is_in_order, is_part, standing, summarise, worst_first
from diagnostics.severity import Severity
from diagnostics.wording import Wording, plain

_SHOWN = 8
_BAD = (Severity.CRITICAL, Severity.WARNING)


@dataclass(frozen=True, slots=True)
class Part:
    """One heading and its lines; never empty."""

    heading: str
    lines: tuple[str, ...]


def handoff(diagnosis: Diagnosis, wording: Wording) -> tuple[Part, ...]:
    """The hand-off in the reader's language, ready to paste into a chat or a mail."""
    _ = wording.translate
    return (
        Part(_("State"), _state(diagnosis, wording)),
        Part(_("Vendors, by their own pages"), vendors(diagnosis, wording)),
        Part(_("Tried"), (_("nothing is recorded here: say what was changed, by whom and when"),)),
        Part(_("Ruled out, or less likely"), _ruled_out(diagnosis, wording)),
        Part(_("Not seen"), _unseen(diagnosis, wording)),
        Part(_("Next"), _next(diagnosis, wording)),
        Part(_("Contacts"), contacts(diagnosis, wording)),
    )


def vendors(diagnosis: Diagnosis, wording: Wording) -> tuple[str, ...]:
    """What each vendor says of itself, the loud ones first."""
    _ = wording.translate
    pages = [f for f in diagnosis.findings if f.id.startswith("provider.")]
    loud = sorted(pages, key=lambda f: f.state in ("none", "not_configured"))
    return tuple(wording.say(f.sentence) for f in loud) or (_("no status page is in the profile"),)


def contacts(diagnosis: Diagnosis, wording: Wording) -> tuple[str, ...]:
    """Whom to call, in the profile's order; that nobody is known is said."""
    _ = wording.translate
    told = [f"{plain(c.name)} {plain(c.url).removeprefix('mailto:')}".strip() for c in diagnosis.clock.contacts]
    return tuple(told) or (_("none known: the profile names nobody"),)


def sentry_event(diagnosis: Diagnosis) -> str:
    """The command that reports this incident to Sentry, for a person to send. English, as all events are.

    Runs that concern one cause fall into one issue: the fingerprint names runbook and cause, not the time.
    """
    cause = asserted(diagnosis)
    told = "; and ".join(str(each.title) for each in standing(diagnosis)) if cause else "no cause is certain"
    scope = diagnosis.scope
    message = f"{diagnosis.severity.value.upper()} {scope.slug} on {plain(scope.profile)}: {plain(told)}"
    known = cause.id if cause else "unexplained"
    level = "fatal" if diagnosis.severity is Severity.CRITICAL else "warning"
    words = ["sentry-cli", "send-event", "--level", level, "--message", message]
    words += ["--tag", f"runbook:{scope.slug}", "--tag", f"cause:{known}"]
    words += ["--fingerprint", "runbook", "--fingerprint", known]
    return f'SENTRY_DSN="${scope.facts.sentry_dsn_variable}" {shlex.join(words)}'


def _state(diagnosis: Diagnosis, wording: Wording) -> tuple[str, ...]:
    _ = wording.translate
    summary = summarise(diagnosis, wording)
    first = f"{summary.severity_word} {summary.headline}"
    lines = [f"{first} ({summary.confidence})" if summary.confidence else first]
    if summary.since:
        lines.append(_("since {since}").format(since=summary.since))
    bad = [f for f in worst_first(diagnosis.findings) if f.severity in _BAD]
    lines += [_("also wrong: {other}").format(other=other) for other in summary.also]
    lines += [f"{wording.severity(f.severity)} {wording.say(f.sentence)}" for f in bad[:_SHOWN]]
    lines += [_("and {count} more, see the report").format(count=len(bad) - _SHOWN)] if len(bad) > _SHOWN else []
    return tuple(lines)


def _ruled_out(diagnosis: Diagnosis, wording: Wording) -> tuple[str, ...]:
    """Causes that were considered and do not stand, nor follow from one that does, and the systems seen in order."""
    _, stands = wording.translate, standing(diagnosis)
    rivals = [c for c in diagnosis.causes if c not in stands and c.id not in ("none", "unexplained")]
    weak = [c for c in rivals if not is_part(c, diagnosis)]
    lines = [
        _("{title}: {sure}").format(title=wording.say(c.title), sure=wording.confidence(c.confidence)) for c in weak
    ]
    # Vendors' pages stand under their own heading.
    good = [f.id for f in diagnosis.findings if is_in_order(f) and not f.id.startswith("provider.")]
    if good:
        lines.append(_("in order: {ids}").format(ids=", ".join(good)))
    return tuple(lines) or (_("nothing yet"),)


def _unseen(diagnosis: Diagnosis, wording: Wording) -> tuple[str, ...]:
    _ = wording.translate
    spots = summarise(diagnosis, wording).unseen
    return tuple(f"{u.checks}: {u.why} → {u.regain}" for u in spots) or (
        _("No blind spot, besides the standing limits."),
    )


def _next(diagnosis: Diagnosis, wording: Wording) -> tuple[str, ...]:
    steps = [wording.say(step) for cause in standing(diagnosis) for step in cause.steps]
    lines = steps or [wording.say(diagnosis.next_step)]
    return (*lines, *([wording.say(diagnosis.next_probe)] if diagnosis.next_probe else []))
