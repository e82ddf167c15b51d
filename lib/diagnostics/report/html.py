"""`report.html`: one file, no script, no network request, for a screen, a phone and A4."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from diagnostics.model import Cause, Diagnosis, Evidence, Finding, Runbook
from diagnostics.report.actions import sheet
from diagnostics.report.handoff import handoff, sentry_event
from diagnostics.report.labels import labels
from diagnostics.report.metrics import metrics_table
from diagnostics.report.room import in_depth
from diagnostics.report.summary import asserted, how_sure, standing, summarise, worst_first
from diagnostics.severity import Severity
from diagnostics.wording import Wording, plain, plain_lines

if TYPE_CHECKING:
    from diagnostics.picture import Chart

_LINKS = ("https", "http", "mailto")


def render_report(
    diagnosis: Diagnosis,
    *,
    language: str,
    timezone: str,
    charts: Mapping[str, Chart],
    artifact_files: Sequence[str] = (),
    runbook: Runbook | None = None,
) -> str:
    """The whole report as one HTML document.

    Args:
        charts: the pictures, by name; see `diagnosis_charts`. Without any the report says so.
        artifact_files: names of the files beside the report, to be listed and linked.
        runbook: the incident's procedure, for its steps in the written order and its escalation.
    """
    wording = Wording(language, timezone)
    template = _environment().get_template("report.html.jinja")
    return template.render(
        L=labels(wording),
        language=language,
        summary=summarise(diagnosis, wording),
        charts=_charts(charts),
        tables=in_depth(diagnosis, wording),
        steps=_steps(diagnosis, runbook, wording),
        escalation=[wording.say(line) for line in runbook.escalation] if runbook else [],
        files=list(artifact_files),
        metrics=metrics_table(diagnosis, wording),
        handoff=handoff(diagnosis, wording),
        sentry_event=sentry_event(diagnosis),
        **_findings(diagnosis, wording),
        **_causes(diagnosis, wording),
        **_circumstances(diagnosis, wording),
    )


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("diagnostics.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _findings(diagnosis: Diagnosis, wording: Wording) -> dict[str, Any]:
    ordered = worst_first(diagnosis.findings)
    return {
        "bad": [_finding(f, wording) for f in ordered if f.severity is not Severity.OK],
        "good": [_finding(f, wording) for f in ordered if f.severity is Severity.OK],
    }


def _causes(diagnosis: Diagnosis, wording: Wording) -> dict[str, Any]:
    stands = standing(diagnosis)
    return {
        "causes": [_cause(c, diagnosis, wording) for c in diagnosis.causes],
        "todo": [wording.say(line) for cause in stands for line in cause.steps],
        "actions": _actions(stands, diagnosis.scope.facts.supabase_ref, wording),
    }


def _circumstances(diagnosis: Diagnosis, wording: Wording) -> dict[str, Any]:
    return {
        "facts": _facts(diagnosis, wording),
        "contacts": [(plain(c.name), link(c.url)) for c in diagnosis.clock.contacts],
        "limits": [(wording.say(x.what), plain(x.link), link(x.link)) for x in diagnosis.limits],
        "timeline": [(wording.time(e.at), wording.say(e.what), e.evidence) for e in diagnosis.timeline],
        "evidence": [_evidence(e, wording) for e in diagnosis.evidence],
    }


def link(url: str) -> str:
    """`url` if a browser may follow it from a report, else nothing: evidence must not smuggle `javascript:`."""
    return url if urlsplit(url).scheme in _LINKS else ""


def anchor(evidence: str) -> str:
    """The id of an evidence entry within the page."""
    return "e-" + "".join(c if c.isalnum() else "-" for c in evidence)


def _facts(diagnosis: Diagnosis, wording: Wording) -> dict[str, str]:
    scope, spent = diagnosis.scope, diagnosis.spent
    _ = wording.translate
    return {
        _("Made"): wording.time(diagnosis.finished_at),
        _("Window"): f"{wording.time(scope.window.since)} – {wording.time(scope.window.until)}",
        _("Response started"): wording.time(scope.response_started_at),
        _("Time taken"): _("{spent} s of {deadline} s").format(
            spent=f"{diagnosis.elapsed_s:.1f}", deadline=f"{scope.deadline_s:g}"
        ),
        _("Redis commands"): _("{spent} of {limit}").format(
            spent=spent.redis_commands, limit=scope.redis_command_limit
        ),
        _("HTTP requests"): str(spent.http_requests),
        _("SQL statements"): str(spent.sql_statements),
        _("Versions"): ", ".join(f"{name} {version}" for name, version in scope.versions),
    }


def _charts(charts: Mapping[str, Chart]) -> list[tuple[str, str]]:
    return [("data:image/png;base64," + base64.b64encode(c.png()).decode("ascii"), c.alt) for c in charts.values()]


def _finding(finding: Finding, wording: Wording) -> dict[str, Any]:
    return {
        "id": finding.id,
        "severity": finding.severity.value,
        "word": wording.severity(finding.severity),
        "sentence": wording.say(finding.sentence),
        "value": wording.value(finding.value, finding.unit),
        "limit": wording.value(finding.threshold, finding.unit),
        "evidence": [(e, anchor(e)) for e in finding.evidence],
        "command": plain(finding.command),
    }


def _cause(cause: Cause, diagnosis: Diagnosis, wording: Wording) -> dict[str, Any]:
    told = {f.id: wording.say(f.sentence) for f in diagnosis.findings}
    return {
        "id": cause.id,
        "title": wording.say(cause.title),
        "confidence": how_sure(cause, diagnosis, wording),
        "branch": cause.branch,
        "explains": [(i, told.get(i, "")) for i in cause.explains],
        "against": [(i, told.get(i, "")) for i in cause.against],
        "is_asserted": cause in standing(diagnosis),
    }


def _actions(causes: tuple[Cause, ...], ref: str, wording: Wording) -> list[dict[str, Any]]:
    actions = dict.fromkeys(action for cause in causes for action in cause.remediations)
    sheets = [(action, sheet(action, supabase_ref=ref)) for action in actions]
    return [
        {
            "id": action,
            "title": wording.say(found.title) if found else action,
            "clicks": [wording.say(click) for click in found.clicks] if found else [],
            "changes": wording.say(found.changes) if found else "",
            "undo": wording.say(found.undo) if found else "",
            "link": link(found.link) if found else "",
        }
        for action, found in sheets
    ]


def _steps(diagnosis: Diagnosis, runbook: Runbook | None, wording: Wording) -> list[dict[str, Any]]:
    if runbook is None:
        return []
    known = {f.id: f for f in diagnosis.findings}
    cause = asserted(diagnosis)
    return [
        {
            "line": step.line,
            "what": wording.say(step.what),
            "link": link(step.link),
            "findings": [_finding(known[i], wording) for i in step.findings if i in known],
            "is_branch": bool(cause and step.line in cause.branch),
        }
        for step in runbook.steps
    ]


def _evidence(item: Evidence, wording: Wording) -> dict[str, Any]:
    failure = item.failure
    return {
        "id": item.id,
        "anchor": anchor(item.id),
        "source": plain(item.source),
        "at": wording.time(item.observed_at),
        "status": _status(item, wording),
        "why": f"{wording.say(failure.why)} → {wording.say(failure.regain)}" if failure else "",
        "excerpt": plain_lines(item.excerpt),
        "cost": f"{item.cost.elapsed_s:.2f} s",
    }


def _status(item: Evidence, wording: Wording) -> str:
    _ = wording.translate
    words = {
        "observed": _("observed"),
        "no_data": _("no data"),
        "failed": _("failed"),
        "skipped": _("skipped"),
    }
    return words[item.status.value]
