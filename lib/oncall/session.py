"""What a notebook holds: one question, its diagnosis, and the artifact it is saved to.

The same notebook runs in JupyterLab, under stock papermill and under `runbook run`. In the first two the
session writes the artifact itself; in the third it hands records to the parent, which does.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from typing import Protocol

from diagnostics.errors import SettingsError
from diagnostics.model import Diagnosis
from diagnostics.scope import Scope
from oncall import project, sealing
from oncall.artifact import Artifact
from oncall.headless import channel
from oncall.headless.channel import Channel
from oncall.look import Found, judged, look
from oncall.question import Question, Wish, checked
from oncall.tracebacks import clean_tracebacks

_HEARTBEAT_S = 0.1


@dataclass(frozen=True, slots=True)
class Saved:
    """Where the artifact is; shows itself as one line."""

    place: str
    problems: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([f"Artifact: {self.place}", *self.problems])

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": str(self)}


class Keeper(Protocol):
    """Who writes the artifact down."""

    def seen(self) -> Found | None:
        """What another run of the same command has just seen and this runbook makes of it, if there is one."""

    def begin(self, question: Question) -> float:
        """A diagnosis starts. Returns when its deadline began to run, on the monotonic clock."""

    def hear(self, line: str) -> None:
        """A line of evidence has arrived; the first of a diagnosis is the header."""

    def diagnosed(self, found: Found) -> None:
        """The diagnosis is there."""

    def save(self, question: Question, found: Found) -> Saved:
        """Make the artifact whole."""


class Session:
    """One question put to one platform. `repr` shows no secret."""

    def __init__(self, wish: Wish, question: Question, keeper: Keeper) -> None:
        self._wish = wish
        self._question = question
        self._keeper = keeper
        self._found: Found | None = None

    def __repr__(self) -> str:
        return f"<Session {self.scope.slug} on {self.scope.profile}>"

    @property
    def scope(self) -> Scope:
        """The question as it will be recorded."""
        return self._question.scope

    @property
    def language(self) -> str:
        """`en` or `ru`."""
        return self._question.language

    @property
    def timezone(self) -> str:
        """The reader's, by the profile; everything recorded is UTC."""
        return self._question.timezone

    async def diagnose(self) -> Diagnosis:
        """Look and judge, within the deadline.

        Awaiting it again looks again. Such a later look, one of the console for instance, is in memory until
        `save()`: what has been written stays true whether it ends, is cancelled, or dies with the kernel.
        """
        question = self._question
        if self._found is None and (seen := self._keeper.seen()):
            self._question, self._found = replace(question, scope=seen.diagnosis.scope), seen
            return seen.diagnosis
        if self._found is not None:
            question = checked(self._wish, response_started_at=self.scope.response_started_at)
        started_s = self._keeper.begin(question)
        async with _heartbeat():
            found = await look(question, started_s=started_s, hear=self._keeper.hear)
        self._question, self._found = question, found
        self._keeper.diagnosed(found)
        return found.diagnosis

    def save(self) -> Saved:
        """Write the artifact with the latest diagnosis. Doing it again writes the same folder.

        Raises: SettingsError before the first diagnosis.
        """
        if self._found is None:
            raise SettingsError("there is nothing to save yet: run the cell with `await session.diagnose()` first")
        return self._keeper.save(self._question, self._found)


def open_session(  # noqa: PLR0913 - the parameters cell of a notebook, name by name
    slug: str,
    *,
    profile: str | None = None,
    window_minutes: float | None = None,
    since: str | None = None,
    until: str | None = None,
    deadline_s: float | None = None,
    redis_commands: int | None = None,
    language: str | None = None,
    output_dir: str | None = None,
) -> Session:
    """Check all parameters and open a session. Nothing is read from the platform and nothing written yet.

    Args:
        slug: the incident, such as `queue-overflow`.
        profile: name or TOML file; empty means the variable RUNBOOK_PROFILE.
        window_minutes: how far back to look, up to `until`.
        since, until: ISO-8601 times instead; `until` empty means now.
        deadline_s: seconds within which a verdict must be there.
        redis_commands: most commands the Redis server may receive from this run.
        language: `en` or `ru`; empty means the profile's.
        output_dir: where artifacts go; relative paths start at the project.

    Raises: SettingsError, one line naming the parameter.
    """
    wish = Wish(
        slug=slug,
        profile=profile,
        window_minutes=window_minutes,
        since=since,
        until=until,
        deadline_s=deadline_s,
        redis_commands=redis_commands,
        language=language,
        output_dir=output_dir,
    )
    question = checked(wish)
    parent = channel.current()
    if parent is None:
        clean_tracebacks(question.redactor)
    return Session(wish, question, _Reporter(parent, wish) if parent else _Writer())


class _Writer:
    """Nobody else writes here: the session does. The first look as it comes, a later one when it is saved."""

    def __init__(self) -> None:
        self._artifact: Artifact | None = None
        self._has_verdict = False

    def seen(self) -> Found | None:
        return None

    def begin(self, question: Question) -> float:
        if self._artifact is None:
            self._artifact = sealing.begin_artifact(question)
        return time.monotonic()

    def hear(self, line: str) -> None:
        if not self._has_verdict:
            sealing.hear(self._kept, line)

    def diagnosed(self, found: Found) -> None:
        if not self._has_verdict:
            sealing.keep_facts(self._kept, found)
            self._has_verdict = True

    def save(self, question: Question, found: Found) -> Saved:
        if self._kept.folder is None:
            # Perhaps the disk has room by now.
            self._artifact = sealing.begin_artifact(question)
        sealing.reopen(self._kept, question)
        sealing.keep_facts(self._kept, found)
        notes = sealing.Rendering(self._kept, found.diagnosis, limit_s=None).run()
        sealing.finish(self._kept, found.diagnosis, notes=notes)
        folder = self._kept.folder
        return Saved(project.shown(folder) if folder else "nowhere", (*notes, *self._kept.problems))

    @property
    def _kept(self) -> Artifact:
        assert self._artifact is not None, "begin comes first"
        return self._artifact


class _Reporter:
    """The headless parent writes; it is told."""

    def __init__(self, parent: Channel, wish: Wish) -> None:
        self._parent = parent
        answer = parent.ask({"kind": "opened", "wish": asdict(wish)})
        self._place = str(answer["place"])
        self._started_s = float(answer["started_s"])
        self._seen: list[str] | None = answer["seen"]

    def seen(self) -> Found | None:
        return judged(self._seen) if self._seen else None

    def begin(self, question: Question) -> float:
        started_s, self._started_s = self._started_s, math.inf
        # Only the first diagnosis of a run races against the command's deadline.
        return min(started_s, time.monotonic())

    def hear(self, line: str) -> None:
        self._parent.send({"kind": "heard", "line": line})

    def diagnosed(self, found: Found) -> None:
        self._parent.send({"kind": "diagnosed", "line": found.lines()[-1]})

    def save(self, question: Question, found: Found) -> Saved:
        return Saved(self._place)


@asynccontextmanager
async def _heartbeat() -> AsyncIterator[None]:
    """Wake the loop ten times a second: an idle loop does not notice the Stop button."""

    async def beat() -> None:
        while True:  # noqa: ASYNC110 - there is nothing to wait for: the waking is the point
            await asyncio.sleep(_HEARTBEAT_S)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
