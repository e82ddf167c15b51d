"""`runbook queue`: the queue at a glance, in place of the old script. Looks at Redis and the worker, writes no file.

Its arguments are the old script's in the old script's order: critical first.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TextIO, cast

from diagnostics.errors import SettingsError
from diagnostics.report.glance import glance
from diagnostics.report.verdict import verdict_document
from diagnostics.text import text
from diagnostics.thresholds import Limits
from oncall.cleaning import CleanStream, clean_tree
from oncall.exits import Ending
from oncall.headless.stopping import Stop
from oncall.log import clean_streams
from oncall.look import Found
from oncall.question import Question, Wish, checked
from oncall.telling import teller_for
from oncall.triage import in_time

NAMES = ("critical", "warning")


def queue(wish: Wish, given: Sequence[str], *, is_json: bool, started_s: float) -> int:
    """Look, print and return the exit code. `given`: at most the critical and the warning number of jobs.

    Raises: SettingsError before anything is read.
    """
    numbers = [_jobs(name, value) for name, value in zip(NAMES, given, strict=False)]
    if len(given) > len(NAMES):
        raise SettingsError(f"{given[2]!r} is one number too many: runbook queue [CRITICAL [WARNING]]")
    question = _limited(checked(wish), numbers)
    with clean_streams(question.redactor), Stop() as stop:
        teller = teller_for(question, is_json=is_json)
        scope = question.scope
        teller.log.step(text("profile {profile}, queue, deadline {s:g} s", profile=scope.profile, s=scope.deadline_s))
        found, reason = in_time(question, stop, hear=lambda _: None, started_s=started_s)
        if is_json:
            _print_json(found, question)
        else:
            _print_page(found, question)
        return Ending(severity=found.diagnosis.severity, is_whole=reason is None).code


def _jobs(name: str, value: str) -> float:
    """A number of jobs as typed. Raises: SettingsError, also for NaN and what is below zero."""
    try:
        number = float(value)
    except ValueError:
        raise SettingsError(f"{name}={value!r} must be a number of jobs") from None
    if not math.isfinite(number) or number < 0:
        raise SettingsError(f"{name}={value!r} must be a number of jobs from 0 up")
    return number


def _limited(question: Question, numbers: Sequence[float]) -> Question:
    """The question with these limits in place of the profile's."""
    limits = question.scope.thresholds.queue_depth_jobs
    critical = numbers[0] if numbers else limits.critical
    warning = numbers[1] if len(numbers) > 1 else limits.warning
    if warning is not None and critical <= warning:
        raise SettingsError(f"critical ({critical:g}) must be above warning ({warning:g}); critical comes first")
    thresholds = replace(question.scope.thresholds, queue_depth_jobs=Limits(warning, critical))
    return replace(question, scope=replace(question.scope, thresholds=thresholds))


def _print_json(found: Found, question: Question) -> None:
    document = {**verdict_document(found.diagnosis), "queue": glance(found.diagnosis).document()}
    line = json.dumps(clean_tree(document, question.redactor), ensure_ascii=False) + "\n"
    if isinstance(sys.stdout, CleanStream):
        sys.stdout.pass_through(line)
    else:
        sys.stdout.write(line)
    sys.stdout.flush()


def _print_page(found: Found, question: Question) -> None:
    from oncall.glance import print_glance  # noqa: PLC0415 - programs do not pay for rich

    print_glance(
        found.diagnosis,
        language=question.language,
        timezone=question.timezone,
        stream=cast(TextIO, sys.stdout),
    )
    sys.stdout.flush()
