"""Looking at the platform: evidence as it comes, then the diagnosis. Notebook and command line share it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from diagnostics import engine, records
from diagnostics.model import Diagnosis, Evidence
from diagnostics.records import Trailer
from diagnostics.runbooks import by_slug
from diagnostics.scope import Scope
from oncall.question import Question

_RESERVE_S = 0.4
"""Kept back from the deadline: to let go of late probes, judge, and put the verdict on the screen."""
_LEAST_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A diagnosis and how the looking ended: together all that is recorded."""

    diagnosis: Diagnosis
    trailer: Trailer

    def lines(self) -> list[str]:
        """The lines of `evidence.jsonl`."""
        return records.write(self.diagnosis.scope, self.diagnosis.evidence, self.trailer)


async def look(question: Question, *, started_s: float, hear: Callable[[str], None]) -> Found:
    """Run all probes and judge.

    Args:
        started_s: when the deadline began to run, on the monotonic clock; starting up counts.
        hear: takes each line of evidence as it arrives.
    """
    scope = question.scope
    left_s = scope.deadline_s - (time.monotonic() - started_s) - _RESERVE_S
    hurried = replace(scope, deadline_s=round(max(_LEAST_S, left_s), 1))
    hear(records.header_line(scope))
    evidence, trailer = await engine.collect(
        question.runbook,
        question.settings,
        hurried,
        redactor=question.redactor,
        on_evidence=lambda item: hear(records.evidence_line(item)),
    )
    return _judged(scope, evidence, trailer)


def judged(lines: list[str]) -> Found | None:
    """The same from recorded lines; `None` when looking had not ended. Raises: SettingsError."""
    seen = records.read("\n".join(lines) + "\n")
    return None if seen.trailer is None else _judged(seen.scope, seen.evidence, seen.trailer)


def judged_by(slug: str, found: Found) -> Found:
    """The same look, judged by another runbook. All runbooks run the same probes."""
    seen = found.diagnosis
    return _judged(replace(seen.scope, slug=slug), seen.evidence, found.trailer)


def _judged(scope: Scope, evidence: tuple[Evidence, ...], trailer: Trailer) -> Found:
    return Found(diagnosis=engine.judge(by_slug(scope.slug), scope, evidence, trailer), trailer=trailer)
