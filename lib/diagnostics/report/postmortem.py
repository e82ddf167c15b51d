"""`postmortem.md`: the facts already written, the questions open. `report/merging.py` refreshes it later."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from diagnostics import trends
from diagnostics.model import Cause, Diagnosis
from diagnostics.report.actions import sheet
from diagnostics.report.handoff import handoff, sentry_event
from diagnostics.report.markdown import block, cell, code, escape, link
from diagnostics.report.merging import generated, headed, merge_postmortem
from diagnostics.report.metrics import metrics, metrics_table
from diagnostics.report.summary import (
    asserted,
    how_sure,
    is_in_order,
    is_older,
    standing,
    summarise,
    unseen,
    worst_first,
)
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.trends import Series
from diagnostics.wording import Wording

__all__ = ["merge_postmortem", "render_postmortem"]

_SITE = ("M5", "M7")
"""Metrics of the runbook that visitors feel."""
Render = Callable[[Diagnosis, Wording], list[str]]


def render_postmortem(diagnosis: Diagnosis, *, language: str, timezone: str) -> str:
    """The postmortem's first draft, in Markdown: one generated section per subject, then the open questions."""
    wording = Wording(language, timezone)
    _ = wording.translate
    title = _("Postmortem: {incident} on {profile}, {date}").format(
        incident=escape(diagnosis.scope.slug),
        profile=escape(diagnosis.scope.profile),
        date=f"{diagnosis.scope.now:%Y-%m-%d}",
    )
    hint = _("Write anywhere: what you change or add stays when the facts are refreshed. Times are UTC.")
    parts = [headed(language), f"# {title}", hint]
    for name, heading, render in _sections(wording):
        body = "\n".join(render(diagnosis, wording)) or _("none")
        parts += [f"## {heading}", generated(name, body)]
    parts += ["## " + _("What only people know"), "\n".join(f"- [ ] {q}" for q in _questions(wording))]
    return "\n\n".join(parts) + "\n"


def _sections(wording: Wording) -> tuple[tuple[str, str, Render], ...]:
    _ = wording.translate
    return (
        ("summary", _("Summary"), _summary),
        ("impact", _("Impact in numbers"), _impact),
        ("metrics", _("The runbook's critical metrics"), _metrics),
        ("clock", _("Clock"), _clock),
        ("timeline", _("Timeline"), _timeline),
        ("causes", _("Cause, and what was ruled out"), _causes),
        ("blind-spots", _("What we could not see"), _blind_spots),
        ("actions", _("Actions proposed"), _actions),
        ("handoff", _("To hand over"), _handoff),
    )


def _summary(diagnosis: Diagnosis, wording: Wording) -> list[str]:
    _ = wording.translate
    summary = summarise(diagnosis, wording)
    lines = [f"**{summary.severity_word}** {escape(summary.headline)}"]
    for label, value in (
        (_("How sure"), summary.confidence),
        (_("Since"), summary.since),
        (_("Next step"), summary.next_step),
        *((_("Also wrong"), other) for other in summary.also),
        (_("This run"), summary.partial),
    ):
        lines += [f"- {label}: {escape(value)}"] if value else []
    if summary.command:
        lines.append("- " + _("See it yourself") + f": {code(summary.command)}")
    bad = [f for f in worst_first(diagnosis.findings) if f.severity in (Severity.CRITICAL, Severity.WARNING)]
    told = [f"- {wording.severity(f.severity)} {escape(wording.say(f.sentence))}{_ids(f.evidence)}" for f in bad]
    # A line between the lists: two lists in a row are one, with gaps between its items.
    return [*lines, "", "**" + _("What is wrong") + "**", "", *told] if told else lines


def _impact(diagnosis: Diagnosis, wording: Wording) -> list[str]:
    _ = wording.translate
    seen, scope = Seen(diagnosis.evidence), diagnosis.scope
    depth = trends.depth(seen, scope, trends.main_queue(seen, scope))
    failures = trends.failure_ratio(seen, scope)
    completed, added = trends.throughput(seen, scope, trends.MINUTES), trends.arrivals(seen, scope, trends.MINUTES)
    waits = trends.wait_percentiles(seen, scope)
    rows = [
        (_("Lasted at least"), _lasted(diagnosis, wording), _("from its first sign to the end of this run")),
        *_site(diagnosis, wording),
        (_("Jobs waiting at the end"), _last(depth, wording), wording.say(depth.source)),
        (_("Jobs waiting at most"), _highest(depth, wording), wording.say(depth.source)),
        (_("Highest failed share of jobs"), _highest(failures, wording), wording.say(failures.source)),
        _lately(_("Completed per minute"), completed, wording),
        _lately(_("Added per minute"), added, wording),
        (
            _("Waited, 95th percentile of the jobs that started"),
            wording.value(waits.p95_s if waits else None, "s"),
            wording.say(waits.source if waits else None),
        ),
    ]
    head = (_("What"), _("How much"), _("Source"))
    return [_table_row(head), "|---|---|---|", *(_table_row(tuple(map(cell, row))) for row in rows)]


def _site(diagnosis: Diagnosis, wording: Wording) -> list[tuple[str, str, str]]:
    """What visitors of the site met; nothing where the profile has no site."""
    seen = [(m, m.measured) for m in metrics(diagnosis) if m.line in _SITE and m.measured]
    return [
        (f"{m.component}: {wording.say(m.what)}", wording.value(found.value, found.unit), wording.say(found.source))
        for m, found in seen
    ]


def _lasted(diagnosis: Diagnosis, wording: Wording) -> str:
    if diagnosis.onset_at is None:
        return "–"
    return wording.duration((diagnosis.finished_at - diagnosis.onset_at).total_seconds())


def _lately(what: str, series: Series, wording: Wording) -> tuple[str, str, str]:
    """The row of a rate: a mean over the last minute, or over what there is."""
    _ = wording.translate
    value, span_s = trends.lately(series)
    source = wording.say(series.source)
    if value is not None:
        what = _("{what}, mean of the last {span}").format(what=what, span=wording.duration(span_s))
    elif not series.is_empty:
        source = _("{source}; too short, too long or too old for a rate of late").format(source=source)
    return what, wording.value(value, series.unit), source


def _last(series: Series, wording: Wording) -> str:
    known = series.value[np.isfinite(series.value)]
    return wording.value(float(known[-1]) if len(known) else None, series.unit)


def _highest(series: Series, wording: Wording) -> str:
    known = series.value[np.isfinite(series.value)]
    return wording.value(float(known.max()) if len(known) else None, series.unit)


def _clock(diagnosis: Diagnosis, wording: Wording) -> list[str]:
    _ = wording.translate
    clock, scope = diagnosis.clock, diagnosis.scope
    rows = [
        (_("Began"), _began(diagnosis, wording)),
        (_("Response started"), wording.time(clock.response_started_at)),
        (_("This run"), f"{wording.time(scope.started_at)} – {wording.time(diagnosis.finished_at)}"),
        (_("Escalation overdue since") if clock.overdue else _("Escalation due"), wording.time(clock.escalate_at)),
    ]
    label = _("Contact")
    contacts = [f"- {label}: {link(c.name, c.url)}" for c in clock.contacts]
    return [*(f"- {label}: {escape(value)}" for label, value in rows), *contacts]


def _began(diagnosis: Diagnosis, wording: Wording) -> str:
    _ = wording.translate
    if diagnosis.onset_at is None:
        return _("not known")
    at = wording.time(diagnosis.onset_at)
    return _("before {time}: no source reaches further back").format(time=at) if is_older(diagnosis) else at


def _timeline(diagnosis: Diagnosis, wording: Wording) -> list[str]:
    return [
        f"- {escape(wording.time(event.at))}: {escape(wording.say(event.what))}{_ids(event.evidence)}"
        for event in diagnosis.timeline
    ]


def _causes(diagnosis: Diagnosis, wording: Wording) -> list[str]:
    _ = wording.translate
    told = {f.id: wording.say(f.sentence) for f in diagnosis.findings}
    lines = [line for cause in diagnosis.causes for line in _cause(cause, told, diagnosis, wording)]
    calm = [f for f in diagnosis.findings if f.severity is Severity.OK] if asserted(diagnosis) else []
    for label, found in (
        (_("Looked at and in order"), [f for f in calm if is_in_order(f)]),
        (_("Looked at, settles nothing"), [f for f in calm if not is_in_order(f)]),
    ):
        lines += [f"- **{label}**:", *(f"    - {code(f.id)} {escape(told[f.id])}" for f in found)] if found else []
    return lines


def _cause(cause: Cause, told: dict[str, str], diagnosis: Diagnosis, wording: Wording) -> list[str]:
    _, stands = wording.translate, standing(diagnosis)
    word = _("Considered") if cause not in stands else _("The cause") if cause is stands[0] else _("Also a cause")
    title, sure = escape(wording.say(cause.title)), escape(how_sure(cause, diagnosis, wording))
    lines = [f"- **{word}**: {title} ({code(cause.id)}), {sure}"]
    for label, ids in ((_("explains"), cause.explains), (_("speaks against it"), cause.against)):
        lines += [f"    - {label}: {code(i)} {escape(told.get(i, ''))}" for i in ids]
    return lines


def _blind_spots(diagnosis: Diagnosis, wording: Wording) -> list[str]:
    spots = [f"- {code(u.checks)}: {escape(u.why)} → {escape(u.regain)}" for u in unseen(diagnosis, wording)]
    return spots + [f"- {link(wording.say(limit.what), limit.link)}" for limit in diagnosis.limits]


def _actions(diagnosis: Diagnosis, wording: Wording) -> list[str]:
    _ = wording.translate
    lines = []
    for action in dict.fromkeys(action for cause in standing(diagnosis) for action in cause.remediations):
        found = sheet(action)
        title = escape(wording.say(found.title)) if found else ""
        lines.append(f"- {code(action)} {title}".rstrip())
        if found:
            for label, told in ((_("Changes"), found.changes), (_("Undo"), found.undo)):
                lines.append(f"    - {label}: {escape(wording.say(told))}")
    return lines


def _metrics(diagnosis: Diagnosis, wording: Wording) -> list[str]:
    table = metrics_table(diagnosis, wording)
    rows = [(*map(cell, row[:-1]), link(row[-1].removeprefix("https://"), row[-1])) for row in table.rows]
    return [_table_row(tuple(map(cell, table.head))), "|" + "---|" * len(table.head), *map(_table_row, rows)]


def _handoff(diagnosis: Diagnosis, wording: Wording) -> list[str]:
    _ = wording.translate
    lines: list[str] = []
    for part in handoff(diagnosis, wording):
        lines += [f"- **{escape(part.heading)}**:", *(f"    - {escape(line)}" for line in part.lines)]
    label = _("The event for Sentry, prepared; nothing is sent until you run it")
    return [*lines, "", f"{label}:", "", block(sentry_event(diagnosis))]


def _questions(wording: Wording) -> list[str]:
    _ = wording.translate
    return [
        _("Who noticed, when and how? Would an alert have been earlier?"),
        _("Which customers noticed, and what did they see?"),
        _("What was done, by whom, in which order, and which of it helped?"),
        _("Why did the cause come about, and why did nothing stop it?"),
        _("What was luck?"),
        _("What changes so that it does not happen again: what, who, by when?"),
    ]


def _ids(evidence: tuple[str, ...]) -> str:
    return f" ({', '.join(map(code, evidence))})" if evidence else ""


def _table_row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"
