"""From a diagnosis to the files people read, within a bound in time."""

# ruff: noqa: PLC0415 - what a command does not need is not imported: triage must be quick

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from diagnostics import records
from diagnostics.model import Diagnosis, Runbook
from diagnostics.report.summary import asserted
from diagnostics.report.verdict import verdict_document
from diagnostics.runbooks import RUNBOOKS, TRIAGE, by_slug
from oncall import status
from oncall.artifact import MANIFEST, Artifact, create
from oncall.exits import UNKNOWN, Ending
from oncall.limits import OutOfTime, time_limit
from oncall.look import Found
from oncall.question import Question
from oncall.status import State, Status

if TYPE_CHECKING:
    from diagnostics.picture import Chart

EVIDENCE = "evidence.jsonl"
VERDICT = "verdict.json"
REPORT = "report.html"
POSTMORTEM = "postmortem.md"
RENDER_LIMIT_S = 30.0
"""How long `run` may render after its verdict is on the screen."""
_LEAST_S = 0.05
"""Less than this is not worth starting."""


def hear(artifact: Artifact, line: str) -> None:
    """Keep one line of evidence as it arrives; a header begins the file anew."""
    body = json.loads(line)
    if body["line"] == "header":
        artifact.put_lines(EVIDENCE, [line])
    else:
        artifact.append(EVIDENCE, [body])


def keep_facts(artifact: Artifact, found: Found) -> None:
    """Write what everything else can be made from again: the evidence and the verdict."""
    artifact.put_lines(EVIDENCE, found.lines())
    artifact.put_json(VERDICT, verdict_document(found.diagnosis))


@dataclass(slots=True)
class Rendering:
    """Charts, report and postmortem of one diagnosis. What cannot be made is noted, the rest is."""

    artifact: Artifact
    diagnosis: Diagnosis
    limit_s: float | None
    """Seconds for everything together; `None` without a bound."""
    notes: list[str] = field(default_factory=list)
    _until: float = 0.0

    def run(self) -> tuple[str, ...]:
        """Render; return what is missing and why, in English."""
        self._until = time.monotonic() + (self.limit_s or 0.0)
        charts: dict[str, Chart] = {}
        # The postmortem first: it needs no plotting library, so it is there even when time is short.
        for name, make in ((POSTMORTEM, self._postmortem), ("charts", lambda: self._charts(charts))):
            self._attempt(name, make)
        self._attempt(REPORT, lambda: self._report(charts))
        return tuple(self.notes)

    def _attempt(self, name: str, make: Callable[[], None]) -> None:
        try:
            left_s = self._left()
            if left_s is not None and left_s < _LEAST_S:
                raise OutOfTime
            with time_limit(left_s):
                make()
        except OutOfTime:
            self.notes.append(f"{name}: no time left; `runbook seal` on this folder makes it")
        # The one place that catches everything: a bug in one rendering costs that file, never the artifact.
        except Exception as error:  # noqa: BLE001
            self.notes.append(f"{name}: could not be rendered: {type(error).__name__}")
            traceback.print_exc(file=sys.stderr)

    def _left(self) -> float | None:
        return None if self.limit_s is None else self._until - time.monotonic()

    def _charts(self, made: dict[str, Chart]) -> None:
        from diagnostics.charts import diagnosis_charts

        now = self.artifact.status
        for name, chart in diagnosis_charts(self.diagnosis, language=now.language, timezone=now.timezone).items():
            self.artifact.put_bytes(f"charts/{name}.png", chart.png())
            made[name] = chart

    def _report(self, charts: Mapping[str, Chart]) -> None:
        from diagnostics.report.html import render_report

        now = self.artifact.status
        page = render_report(
            self.diagnosis,
            language=now.language,
            timezone=now.timezone,
            charts=charts,
            artifact_files=(VERDICT, EVIDENCE, POSTMORTEM, *(f"charts/{name}.png" for name in sorted(charts))),
            runbook=procedure(self.diagnosis),
        )
        self.artifact.put_text(REPORT, page)

    def _postmortem(self) -> None:
        from diagnostics.report.postmortem import merge_postmortem, render_postmortem

        now = self.artifact.status
        fresh = render_postmortem(self.diagnosis, language=now.language, timezone=now.timezone)
        existing = self.artifact.read_text(POSTMORTEM)
        folder = self.artifact.folder
        if existing is None and folder is not None and (folder / POSTMORTEM).exists():
            # Somebody's words are in it, in whatever encoding: they are not ours to replace.
            self.notes.append(f"{POSTMORTEM} cannot be read as text; it is left as it is")
            return
        self.artifact.put_text(POSTMORTEM, fresh if existing is None else merge_postmortem(existing, fresh))


def procedure(diagnosis: Diagnosis) -> Runbook:
    """The runbook whose steps a report shows: the run's own; after triage, that of the cause it asserts, if any."""
    own, cause = by_slug(diagnosis.scope.slug), asserted(diagnosis)
    if own is not TRIAGE or cause is None:
        return own
    return next((runbook for runbook in RUNBOOKS if runbook.slug == cause.runbook), own)


def finish(
    artifact: Artifact,
    diagnosis: Diagnosis,
    *,
    state: State = State.DONE,
    reason: str | None = None,
    notes: tuple[str, ...] = (),
) -> Ending:
    """Close the artifact: final status and manifest. Returns how the run ended.

    A run that is not done, or whose artifact has a hole, ends no better than unknown.
    """
    is_whole = state is State.DONE and not artifact.problems
    ending = Ending(severity=diagnosis.severity, is_whole=is_whole)
    final = replace(
        artifact.status,
        state=state,
        reason=reason,
        severity=diagnosis.severity.value,
        exit_code=ending.code,
        finished_at=status.stamp(datetime.now(UTC)),
        notes=(*notes, *artifact.problems),
    )
    if not artifact.commit(final, versions=dict(diagnosis.scope.versions), budget=_budget(diagnosis)):
        ending = Ending(severity=diagnosis.severity, is_whole=False)
        # A small file may still find room, and a status without a manifest is no lie.
        artifact.update(replace(final, exit_code=ending.code, notes=(*notes, *artifact.problems)))
    return ending


def reopen(artifact: Artifact, question: Question) -> None:
    """Make a sealed artifact one of a running run again, without the files that new facts would contradict.

    Whenever it dies from here on, `runbook seal` makes the rest from the evidence.
    """
    artifact.problems.clear()
    artifact.update(begun(question))
    for name in (MANIFEST, VERDICT, REPORT):
        artifact.remove(name)


@contextmanager
def truthful(artifact: Artifact | None) -> Iterator[None]:
    """Should the body raise, say so in the status before the error goes on its way."""
    try:
        yield
    except BaseException as error:
        if artifact is None:
            raise
        reason = f"an error of this program ended it: {type(error).__name__}"
        artifact.update(replace(artifact.status, state=State.DIED, reason=reason, exit_code=UNKNOWN))
        raise


def _budget(diagnosis: Diagnosis) -> dict[str, float]:
    spent = diagnosis.spent
    return {
        "redis_commands": spent.redis_commands,
        "redis_commands_limit": diagnosis.scope.redis_command_limit,
        "http_requests": spent.http_requests,
        "sql_statements": spent.sql_statements,
        "elapsed_s": diagnosis.elapsed_s,
        "deadline_s": diagnosis.scope.deadline_s,
    }


def begun(question: Question) -> Status:
    """The status of a run that starts now in this process."""
    scope = question.scope
    return status.begun(
        incident=scope.slug,
        profile=scope.profile,
        started_at=scope.started_at,
        language=question.language,
        timezone=question.timezone,
        pid=os.getpid(),
    )


def begin_artifact(question: Question) -> Artifact:
    """The folder of that run, with its question written down."""
    scope = question.scope
    artifact = create(question.output_dir, begun=begun(question), now=scope.started_at, redactor=question.redactor)
    hear(artifact, records.header_line(scope))
    return artifact
