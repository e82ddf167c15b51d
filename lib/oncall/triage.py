"""`runbook triage`: every probe, no notebook, and an end by the deadline whatever hangs.

Nothing here waits for a thread: a name server that never answers blocks one of asyncio's, and
waiting for it would cost minutes. The caller leaves by `os._exit`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from diagnostics import records
from diagnostics.text import text
from oncall import lost, project, sealing
from oncall.headless.stopping import Stop
from oncall.limits import OutOfTime, time_limit
from oncall.log import clean_streams
from oncall.look import Found, look
from oncall.question import Question, Wish, checked
from oncall.status import State
from oncall.telling import teller_for

_OVER_S = 1.0
"""How long after the deadline the command may still be writing."""
_MARGIN_S = 0.5
"""Kept of that for the last two files and the end of the process, on a machine that is busy with the incident."""


def triage(wish: Wish, *, is_json: bool, started_s: float) -> int:
    """Run and return the exit code. `started_s` is when the command began, on the monotonic clock.

    Raises: SettingsError before anything is read or written.
    """
    question = checked(wish)
    with clean_streams(question.redactor), Stop() as stop:
        teller = teller_for(question, is_json=is_json, profile=wish.profile)
        deadline_s = question.scope.deadline_s
        teller.log.step(
            text("profile {profile}, triage, deadline {s:g} s", profile=question.scope.profile, s=deadline_s)
        )
        artifact = sealing.begin_artifact(question)
        with sealing.truthful(artifact):
            found, reason = in_time(question, stop, hear=partial(sealing.hear, artifact), started_s=started_s)
            teller.verdict(found.diagnosis, artifact)
            sealing.keep_facts(artifact, found)
            project.keep_caches_out_of_home()
            left_s = started_s + deadline_s + _OVER_S - _MARGIN_S - time.monotonic()
            notes = sealing.Rendering(artifact, found.diagnosis, limit_s=left_s).run()
            state = State.DIED if reason else State.DONE
            ending = sealing.finish(artifact, found.diagnosis, state=state, reason=reason, notes=notes)
        teller.place(artifact)
        teller.log.ended(ending, artifact)
        return ending.code


def in_time(
    question: Question, stop: Stop, *, hear: Callable[[str], None], started_s: float
) -> tuple[Found, str | None]:
    """Look; where that is cut short, judge what was heard and say why. `hear` takes each line of evidence."""
    heard: list[str] = []

    def keep(line: str) -> None:
        heard.append(line)
        hear(line)

    loop = asyncio.new_event_loop()
    task = loop.create_task(look(question, started_s=started_s, hear=keep))
    loop.add_reader(stop.end.fileno(), task.cancel)
    left_s = started_s + question.scope.deadline_s + _OVER_S / 2 - time.monotonic()
    try:
        # The looking keeps its deadline itself; the limit is for what blocks the loop.
        with time_limit(max(1.0, left_s)):
            return loop.run_until_complete(task), None
    except asyncio.CancelledError:
        reason = f"stopped by {stop.name}"
    except OutOfTime:
        reason = "something blocked the event loop beyond the deadline"
    evidence = records.read("\n".join(heard) + "\n").evidence if heard else ()
    return lost.found(question.scope, evidence, reason=reason, at=datetime.now(UTC)), reason
