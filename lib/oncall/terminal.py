"""The verdict on a terminal: readable at 80 columns, in black and white, at 03:00."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from textwrap import wrap
from typing import TextIO

from rich.console import Console
from rich.text import Text as Rich

from diagnostics.model import Diagnosis, Finding
from diagnostics.report.handoff import handoff
from diagnostics.report.metrics import metrics, told
from diagnostics.report.summary import Summary, summarise, worst_first
from diagnostics.severity import Severity
from diagnostics.wording import Wording
from oncall import project

STYLES = {
    Severity.OK: "bold green",
    Severity.WARNING: "bold yellow",
    Severity.CRITICAL: "bold white on red",
    Severity.UNKNOWN: "bold magenta",
}
_WIDEST = 100
_SHOWN = 6
_TRIAGE = "triage"
_LABEL = 16


def print_verdict(
    diagnosis: Diagnosis,
    *,
    language: str,
    timezone: str,
    stream: TextIO,
    width: int | None = None,
    runbook: str | None = None,
) -> None:
    """Write the verdict to `stream`, at most 100 columns wide. `runbook` is the command to go on with, if any."""
    wording = Wording(language, timezone)
    summary = summarise(diagnosis, wording)
    console = page(stream, width)
    _head(console, summary, wording)
    _facts(console, summary, wording, runbook)
    _findings(console, diagnosis, wording)
    _unseen(console, summary, wording)
    if diagnosis.scope.slug == _TRIAGE:
        _metrics(console, diagnosis, wording)
        if diagnosis.clock.overdue:
            _handoff(console, diagnosis, wording)
    if summary.command:
        _ = wording.translate
        title(console, _("See it yourself"))
        verbatim(console, summary.command)


def print_place(place: Path, *, language: str, stream: TextIO) -> None:
    """Say where the report is, or where everything else is when there was no time for it."""
    _ = Wording(language).translate
    console = page(stream, None)
    has_report = (place / "report.html").is_file()
    unmade = _("Artifact, without its report; `runbook seal` on it makes that")
    title(console, _("Report, and the postmortem to finish") if has_report else unmade)
    for path in (place / "report.html", place / "postmortem.md") if has_report else (place,):
        verbatim(console, project.shown(path))


def page(stream: TextIO, width: int | None = None) -> Console:
    """A console that prints what it is given, at most 100 columns wide."""
    return Console(
        file=stream,
        width=min(width or _columns(), _WIDEST),
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )


def _columns() -> int:
    return shutil.get_terminal_size((80, 24)).columns if not os.environ.get("CI") else 80


def _head(console: Console, summary: Summary, wording: Wording) -> None:
    _ = wording.translate
    console.print(Rich(_("profile {profile} · {incident}").format(profile=summary.profile, incident=summary.incident)))
    word = (f" {summary.severity_word} ", STYLES[summary.severity])
    console.print(Rich.assemble(word, " ", (summary.headline, "bold")))
    if summary.partial:
        console.print(Rich(summary.partial))


def _facts(console: Console, summary: Summary, wording: Wording, runbook: str | None) -> None:
    _ = wording.translate
    for label, value in (
        (_("how sure"), summary.confidence),
        (_("since"), summary.since),
        (_("next step"), summary.next_step),
        *((_("also wrong"), other) for other in summary.also),
        (_("next probe"), summary.next_probe),
        (_("go on with"), runbook),
        (_("escalate"), summary.escalation),
    ):
        if value:
            row(console, label, value)


def _findings(console: Console, diagnosis: Diagnosis, wording: Wording) -> None:
    _ = wording.translate
    bad = [f for f in worst_first(diagnosis.findings) if f.severity in (Severity.CRITICAL, Severity.WARNING)]
    if not bad:
        return
    title(console, _("What is wrong"))
    for finding in bad[:_SHOWN]:
        row(console, wording.severity(finding.severity), _told(finding, wording), style=STYLES[finding.severity])
    if len(bad) > _SHOWN:
        row(console, "", _("and {count} more, see the report").format(count=len(bad) - _SHOWN))


def _told(finding: Finding, wording: Wording) -> str:
    sentence = wording.say(finding.sentence)
    if finding.threshold is None or finding.value is None:
        return sentence
    _ = wording.translate
    limit = wording.value(finding.threshold, finding.unit)
    return _("{sentence}; limit {limit}").format(sentence=sentence, limit=limit)


def _unseen(console: Console, summary: Summary, wording: Wording) -> None:
    _ = wording.translate
    if not summary.unseen:
        return
    title(console, _("What we could not see"))
    for spot in summary.unseen[:_SHOWN]:
        paragraph(console, spot.why, indent=2)
        paragraph(console, "→ " + spot.regain, indent=4)
        paragraph(console, _("hides {checks}").format(checks=spot.checks), indent=4)
    if len(summary.unseen) > _SHOWN:
        paragraph(console, _("and {count} more, see the report").format(count=len(summary.unseen) - _SHOWN), indent=2)


def _metrics(console: Console, diagnosis: Diagnosis, wording: Wording) -> None:
    """The thirteen metrics, a line each; those that nobody saw in one."""
    _ = wording.translate
    title(console, _("The runbook's critical metrics"))
    found = metrics(diagnosis)
    for metric in found:
        if metric.is_told:
            row(console, f"{metric.line} {metric.component}", f"{wording.say(metric.what)}: {told(metric, wording)}")
    unseen = [metric.line for metric in found if not metric.is_told]
    if unseen:
        row(console, _("not seen"), ", ".join(unseen))


def _handoff(console: Console, diagnosis: Diagnosis, wording: Wording) -> None:
    """What to hand over, once the clock has run out."""
    _ = wording.translate
    title(console, _("To hand over"))
    for part in handoff(diagnosis, wording):
        for number, line in enumerate(part.lines):
            row(console, part.heading if number == 0 else "", line)


def title(console: Console, words: str) -> None:
    """A heading after an empty line."""
    console.print()
    console.print(Rich(words, style="bold"))


def row(console: Console, label: str, value: str, *, style: str = "") -> None:
    """A label and its text with a hanging indent; a label too long for its column gets a line of its own."""
    if len(label) >= _LABEL:
        console.print(Rich(f"  {label}", style=style))
        label = ""
    for number, line in enumerate(_wrapped(console, value, indent=_LABEL + 2)):
        start = Rich("  ")
        start.append(label if number == 0 else "", style=style)
        start.append(" " * (_LABEL - (len(label) if number == 0 else 0)))
        console.print(start + line, soft_wrap=True)


def paragraph(console: Console, value: str, *, indent: int) -> None:
    """A text, all its lines indented."""
    for line in _wrapped(console, value, indent=indent):
        console.print(Rich(" " * indent) + line, soft_wrap=True)


def _wrapped(console: Console, value: str, *, indent: int) -> list[Rich]:
    """`value` cut at spaces to fit beside `indent`; what has none, such as an address, stays whole."""
    lines = wrap(value, max(console.width - indent, 20), break_long_words=False, break_on_hyphens=False)
    return [Rich(line) for line in lines or [""]]


def verbatim(console: Console, line: str) -> None:
    """A line to copy: never wrapped by us, so that pasting it yields one command."""
    console.print(Rich(f"  {line}"), soft_wrap=True)
