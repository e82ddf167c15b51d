"""What the notebooks show: each method returns an object that Jupyter, VS Code and a plain terminal can render."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from diagnostics.charts import diagnosis_charts
from diagnostics.model import Cause, Diagnosis, Finding, Runbook
from diagnostics.picture import Chart
from diagnostics.platform_map import platform_map
from diagnostics.report import errors, room
from diagnostics.report import markdown as md
from diagnostics.report.actions import sheet
from diagnostics.report.handoff import handoff, sentry_event
from diagnostics.report.metrics import metrics_table
from diagnostics.report.summary import how_sure, standing, summarise, unseen, worst_first
from diagnostics.wording import Wording, plain

_SHORT = 16
_COLOURS = {"ok": "#1d6b35", "warning": "#b07400", "critical": "#c00024", "unknown": "#7a3fb0"}


@dataclass(frozen=True, slots=True)
class Shown:
    """One rendered piece in three forms; Jupyter picks the richest it can show."""

    plain: str
    markdown: str
    html: str

    def _repr_html_(self) -> str:
        return self.html

    def _repr_markdown_(self) -> str:
        return self.markdown

    def __repr__(self) -> str:
        return self.plain


class View:
    """A finished diagnosis, piece by piece, in the reader's language. Fetches nothing."""

    def __init__(self, diagnosis: Diagnosis, *, language: str = "en", timezone: str = "UTC") -> None:
        self._diagnosis = diagnosis
        self._wording = Wording(language, timezone)

    def verdict(self) -> Shown:
        """The first screen: severity, cause, how sure, since when, next step, what was not seen."""
        wording, summary = self._wording, summarise(self._diagnosis, self._wording)
        _ = wording.translate
        rows = [
            (_("How sure"), summary.confidence),
            (_("Since"), summary.since),
            (_("Next step"), summary.next_step),
            *((_("Also wrong"), other) for other in summary.also),
            (_("Cheapest next probe"), summary.next_probe),
            (_("Escalate"), summary.escalation),
            *((_("What we could not see"), f"{u.checks}: {u.why}") for u in summary.unseen),
            (_("This run"), summary.partial),
        ]
        title = f"{summary.severity_word}: {summary.headline}"
        facts = _("profile {profile} · {incident}").format(profile=summary.profile, incident=summary.incident)
        return _sheet(title, [(k, v) for k, v in rows if v], note=facts, colour=_COLOURS[summary.severity.value])

    def findings(self, *ids: str) -> Shown:
        """These findings with value, limit and the command to see it oneself; all of them without ids."""
        known = {f.id: f for f in self._diagnosis.findings}
        chosen = [known[i] for i in ids if i in known] if ids else worst_first(self._diagnosis.findings)
        absent = [i for i in ids if i not in known]
        return self._findings(chosen, absent)

    def step(self, line: str) -> Shown:
        """The findings that execute one line of the written runbook, such as `1.D1`."""
        runbook = _runbook(self._diagnosis.scope.slug)
        step = next((s for s in runbook.steps if s.line == line), None) if runbook else None
        if step is None or not step.findings:
            _ = self._wording.translate
            told = _("{line}: no finding covers this line; do it by hand").format(line=line)
            return Shown(told, md.escape(told), f"<p>{html.escape(told)}</p>")
        return self.findings(*step.findings)

    def depth_chart(self) -> Chart:
        """Queue depth over the window."""
        return self._chart("queue-depth")

    def failure_chart(self) -> Chart:
        """Failed share of finished work over the window."""
        return self._chart("error-rate")

    def flow_chart(self) -> Chart:
        """Arrivals, throughput and capacity over the window."""
        return self._chart("flow")

    def types_chart(self) -> Chart:
        """Processing time of each job type."""
        return self._chart("job-types")

    def connections_chart(self) -> Chart:
        """Connections of the database by state."""
        return self._chart("connections")

    def statements_chart(self) -> Chart:
        """What the costliest statements of the database take."""
        return self._chart("statements")

    def failures_by_cause_chart(self) -> Chart:
        """Failed jobs over the window: the database and everything else."""
        return self._chart("failures-by-cause")

    def site_errors_chart(self) -> Chart:
        """Share of the site's requests that failed over the window."""
        return self._chart("site-errors")

    def site_times_chart(self) -> Chart:
        """Response time of each page and endpoint."""
        return self._chart("site-times")

    def sentry_errors_chart(self) -> Chart:
        """Errors per minute, as Sentry counts them."""
        return self._chart("sentry-errors")

    def issues(self) -> Shown:
        """The most frequent issues in Sentry."""
        return _shown(errors.issues_table(self._diagnosis, self._wording))

    def event(self) -> Shown:
        """The newest event of the issue that is most frequent of late, with its innermost frames."""
        return _shown(errors.event_table(self._diagnosis, self._wording))

    def log_match(self) -> Shown:
        """Log lines beside the minutes with errors in Sentry."""
        return _shown(errors.match_table(self._diagnosis, self._wording))

    def capacity(self) -> Shown:
        """Slots, arrivals, capacity, drain and limits, each with its interval and how it was computed."""
        return _shown(room.capacity_table(self._diagnosis, self._wording))

    def what_ifs(self) -> Shown:
        """What more slots, a paused producer or a mended job type would do, harm included."""
        return _shown(room.what_if_table(self._diagnosis, self._wording))

    def percentiles(self) -> Shown:
        """How long jobs waited and took: p50, p95, p99."""
        return _shown(room.percentile_table(self._diagnosis, self._wording))

    def job_types(self) -> Shown:
        """The types of jobs by the slot time they hold."""
        return _shown(room.type_table(self._diagnosis, self._wording))

    def rate_limits(self) -> Shown:
        """Which type is limited by what."""
        return _shown(room.rate_limit_table(self._diagnosis, self._wording))

    def priorities(self) -> Shown:
        """What priority queues would change."""
        return _shown(room.priority_table(self._diagnosis, self._wording))

    def causes(self) -> Shown:
        """All causes considered, with what each explains and what speaks against it."""
        wording = self._wording
        _ = wording.translate
        rows = [
            (
                f"{wording.say(c.title)} ({c.id})",
                how_sure(c, self._diagnosis, wording),
                ", ".join(c.explains),
                ", ".join(c.against),
            )
            for c in self._diagnosis.causes
        ]
        return _table((_("Cause"), _("How sure"), _("explains"), _("speaks against it")), rows)

    def blind_spots(self) -> Shown:
        """What we tried to see and could not, and how to regain sight."""
        wording = self._wording
        _ = wording.translate
        rows = [(u.checks, u.why, u.regain) for u in unseen(self._diagnosis, wording)]
        if not rows:
            told = _("No blind spot, besides the standing limits.")
            return Shown(told, md.escape(told), f"<p>{html.escape(told)}</p>")
        return _table((_("What we could not see"), _("Why"), _("To regain sight")), rows)

    def actions(self) -> Shown:
        """The remedies of the causes that stand as plans: exact steps, what each changes, how to undo it."""
        wording, stands = self._wording, standing(self._diagnosis)
        _ = wording.translate
        if not any(cause.steps or cause.remediations for cause in stands):
            told = wording.say(self._diagnosis.next_step)
            return Shown(told, md.escape(told), f"<p>{html.escape(told)}</p>")
        pieces = [
            _sheet(
                _("In order") if len(stands) == 1 else wording.say(cause.title),
                [(str(n), wording.say(s)) for n, s in enumerate(cause.steps, start=1)],
            )
            for cause in stands
        ]
        for action in dict.fromkeys(action for cause in stands for action in cause.remediations):
            found = sheet(action)
            rows = [(str(n), wording.say(c)) for n, c in enumerate(found.clicks, start=1)] if found else []
            rows += [(_("Changes"), wording.say(found.changes)), (_("Undo"), wording.say(found.undo))] if found else []
            pieces.append(_sheet(wording.say(found.title) if found else action, rows, note=action))
        return _joined(pieces)

    def escalation(self) -> Shown:
        """The clock and whom to call."""
        wording, clock = self._wording, self._diagnosis.clock
        _ = wording.translate
        summary = summarise(self._diagnosis, wording)
        runbook = _runbook(self._diagnosis.scope.slug)
        rows = [
            (_("Response started"), wording.time(clock.response_started_at)),
            (_("Escalate"), summary.escalation or wording.time(clock.escalate_at)),
            *((str(n), wording.say(e)) for n, e in enumerate(runbook.escalation if runbook else (), start=1)),
            *((plain(c.name), plain(c.url).removeprefix("mailto:")) for c in clock.contacts),
        ]
        parts = handoff(self._diagnosis, wording)
        event = [(_("Command"), sentry_event(self._diagnosis))]
        return _joined(
            [
                _sheet(_("Escalation"), rows),
                _sheet(_("To hand over"), [(part.heading, line) for part in parts for line in part.lines]),
                _sheet(_("The event for Sentry, prepared; nothing is sent until you run it"), event),
            ]
        )

    def platform(self) -> Chart:
        """Six systems and what they depend on, with the worst that was found in each."""
        wording = self._wording
        return platform_map(self._diagnosis, language=wording.language, timezone=wording.timezone)

    def routes(self) -> Shown:
        """The notebooks that the causes of this run lead to, the likeliest first."""
        wording = self._wording
        _ = wording.translate
        led: dict[str, list[Cause]] = {}
        for cause in self._diagnosis.causes:
            led.setdefault(cause.runbook or "", []).append(cause)
        rows = [
            (f"runbook run {slug}", wording.say(causes[0].title), wording.confidence(causes[0].confidence))
            for slug, causes in led.items()
            if slug
        ]
        if not rows:
            return _told(_("No cause leads to one of the five runbooks: choose by the symptom, below."))
        return _table((_("Go on with"), _("because"), _("How sure")), rows)

    def metrics(self) -> Shown:
        """The runbook's thirteen critical metrics, each with its source, age and span."""
        return _shown(metrics_table(self._diagnosis, self._wording))

    def record(self) -> Shown:
        """The timeline with its evidence: what the postmortem will start from."""
        wording = self._wording
        _ = wording.translate
        rows = [(wording.time(e.at), wording.say(e.what), ", ".join(e.evidence)) for e in self._diagnosis.timeline]
        return _table((_("Time"), _("What happened"), _("Evidence")), rows)

    def _chart(self, name: str) -> Chart:
        wording = self._wording
        return diagnosis_charts(self._diagnosis, language=wording.language, timezone=wording.timezone)[name]

    def _findings(self, findings: Sequence[Finding], absent: Iterable[str]) -> Shown:
        wording = self._wording
        _ = wording.translate
        rows = [
            (
                wording.severity(f.severity),
                wording.say(f.sentence),
                wording.value(f.value, f.unit),
                wording.value(f.threshold, f.unit),
                plain(f.command),
            )
            for f in findings
        ]
        rows += [(_("not run"), i, "–", "–", "") for i in absent]
        head = (_("Severity"), _("Finding"), _("Value"), _("Limit"), _("See it yourself"))
        colours = [_COLOURS[f.severity.value] for f in findings]
        return _table(head, rows, colours=colours, is_code_last=True)


def _runbook(slug: str) -> Runbook | None:
    """The procedure of `slug`. Imported late: it brings the probes, which a picture of past evidence never needs."""
    from diagnostics.runbooks import RUNBOOKS, TRIAGE  # noqa: PLC0415

    return next((r for r in (*RUNBOOKS, TRIAGE) if r.slug == slug), None)


def _told(sentence: str) -> Shown:
    """One sentence."""
    return Shown(sentence, md.escape(sentence), f"<p>{html.escape(sentence)}</p>")


def _sheet(title: str, rows: list[tuple[str, str]], *, note: str = "", colour: str = "#777777") -> Shown:
    width = max((len(k) for k, _ in rows), default=0)
    lines = [title, *([note] if note else []), *(f"  {k:<{width}}  {v}" for k, v in rows)]
    marked = [f"**{md.escape(title)}**", *([md.code(note)] if note else [])]
    marked += ["", *(f"- **{md.escape(k)}:** {md.escape(v)}" for k, v in rows)]
    body = "".join(
        f"<tr><td style='text-align:left;opacity:.75;vertical-align:top;white-space:nowrap'>{html.escape(k)}</td>"
        f"<td style='text-align:left'>{html.escape(v)}</td></tr>"
        for k, v in rows
    )
    box = f"border-left:6px solid {colour};padding:2px 0 2px 12px;margin:6px 0"
    small = f"<div style='opacity:.75'>{html.escape(note)}</div>" if note else ""
    head = f"<div style='font-size:1.15em;font-weight:bold'>{html.escape(title)}</div>{small}"
    return Shown("\n".join(lines), "\n".join(marked), f"<div style='{box}'>{head}<table>{body}</table></div>")


def _table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    colours: Sequence[str] = (),
    is_code_last: bool = False,
) -> Shown:
    lines = ["  ".join(c for c in row if c) for row in rows] or ["–"]
    marked = ["| " + " | ".join(map(md.cell, head)) + " |", "|" + "---|" * len(head)]
    for row in rows:
        last = md.code(row[-1]).replace("|", "\\|") if is_code_last else md.cell(row[-1])
        marked.append("| " + " | ".join([*map(md.cell, row[:-1]), last]) + " |")
    top = "".join(f"<th style='text-align:left'>{html.escape(h)}</th>" for h in head)
    body = "".join(_row(row, colours[n] if n < len(colours) else "", is_code_last) for n, row in enumerate(rows))
    return Shown(
        "\n".join(lines),
        "\n".join(marked),
        f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>",
    )


def _row(row: Sequence[str], colour: str, is_code_last: bool) -> str:
    cells = [html.escape(c) for c in row]
    if colour:
        cells[0] = f"<b style='border-left:4px solid {colour};padding-left:6px;white-space:nowrap'>{cells[0]}</b>"
    if is_code_last and cells[-1]:
        cells[-1] = f"<code>{cells[-1]}</code>"
    return "<tr>" + "".join(f"<td style='{_cell_style(c)}'>{c}</td>" for c in cells) + "</tr>"


def _cell_style(content: str) -> str:
    """Short values stay on one line; sentences and commands wrap."""
    wrapping = ";white-space:nowrap" if len(content) <= _SHORT else ""
    return f"text-align:left;vertical-align:top{wrapping}"


def _shown(table: room.Table) -> Shown:
    """A table, or the sentence that stands in its place."""
    if not table.rows:
        return Shown(table.note, md.escape(table.note), f"<p>{html.escape(table.note)}</p>")
    shown = _table(table.head, table.rows)
    if not table.note:
        return shown
    note = Shown(table.note, md.escape(table.note), f"<p style='opacity:.75'>{html.escape(table.note)}</p>")
    return _joined([shown, note])


def _joined(pieces: list[Shown]) -> Shown:
    return Shown(
        "\n\n".join(p.plain for p in pieces),
        "\n\n".join(p.markdown for p in pieces),
        "".join(p.html for p in pieces),
    )
