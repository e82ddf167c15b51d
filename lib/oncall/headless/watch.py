"""What the parent does with a child's records: journal, notebook, verdict, artifact."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from nbformat import NotebookNode

from diagnostics import records
from diagnostics.model import Diagnosis
from diagnostics.redaction import Redactor
from oncall import lost, project, sealing
from oncall.artifact import Artifact
from oncall.exits import Ending
from oncall.headless.channel import Record, frame
from oncall.headless.document import as_stored
from oncall.headless.recorder import Recorder
from oncall.look import Found, judged, judged_by
from oncall.question import Question, Wish, checked
from oncall.status import State

NOTEBOOK = "notebook.ipynb"
_JOURNALLED = ("started", "output", "ended")
_OVER_S = 0.5
"""How long after the deadline a verdict may still arrive, before what was heard has to do."""

_LOOK_S = 3.0
"""A look that would have less time than this sees too little to be worth it."""

Begin = Callable[[Question], Artifact]
Tell = Callable[[Diagnosis], None]


@dataclass(slots=True, kw_only=True)
class Watch:
    """One notebook run, from its parsed notebook to its sealed artifact."""

    nb: NotebookNode
    redactor: Redactor
    started_s: float = field(default_factory=time.monotonic)
    """When the deadline began to run, on the monotonic clock."""
    question: Question | None = None
    artifact: Artifact | None = None
    begin: Begin | None = None
    """Makes the artifact when the notebook asks its question; `None` where it is made beforehand."""
    tell: Tell | None = None
    """Called once, as soon as something is found."""
    recorder: Recorder = field(init=False)
    found: Found | None = None
    state: State = State.RUNNING
    reason: str | None = None
    is_waiting: bool = False
    """Whether another run of the command looks for this one, too: until it has, this one is not to start."""
    _others: Sequence[Watch] = ()
    """Runs that wait for what this one sees."""
    _heard: list[str] = field(default_factory=list)
    _is_given: bool = False
    """Whether `found` is another run's look: the notebook need not look again."""
    _is_torn: bool = False
    """Whether the evidence on disk is the beginning of a later look than `found`."""
    _unwritten: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.recorder = Recorder(self.nb)
        self._journal([{"kind": "notebook", "nb": self.nb}])

    def look_for(self, others: Sequence[Watch]) -> None:
        """Let this run look for `others`, which put the same question to other runbooks, too."""
        self._others = others
        self.is_waiting = False
        for other in others:
            other.is_waiting = True

    def take(self, arrived: list[Record]) -> Iterator[bytes]:
        """Handle records in their order; yields the answers to send back."""
        self._journal([record for record in arrived if record["kind"] in _JOURNALLED])
        for record in arrived:
            self.recorder.record(record)
            match record["kind"]:
                case "opened":
                    yield frame(self._opened(record))
                case "heard":
                    self._hear(record["line"])
                case "diagnosed":
                    self._diagnosed(record["line"])
                case "lost":
                    self.reason = record["reason"]
        if self.artifact and any(record["kind"] in ("started", "ended") for record in arrived):
            self.artifact.update(replace(self.artifact.status, cells=self.recorder.cells()))

    @property
    def due_at(self) -> float:
        """Until when whoever waits at a screen waits for a verdict, on the monotonic clock."""
        if self.tell is None or self.question is None or self.found is not None:
            return math.inf
        return self.started_s + self.question.scope.deadline_s + _OVER_S

    def end(self, state: State, reason: str | None) -> None:
        """The child is gone. A run whose cells are all done is done, however its process ended afterwards.

        Without a diagnosis the verdict is now what had been heard by then.
        """
        if self.recorder.is_complete:
            state, reason = State.DONE, None
        self.state, self.reason = state, reason
        self.recorder.finish(state, reason)
        if self.found is None and self.question is not None:
            self._hand_on(self.question, self._lost(self.question))

    def seal(self, *, limit_s: float | None) -> Ending | None:
        """Write the artifact, a run without a diagnosis included; `None` where the notebook asked no question."""
        if self.artifact is None or self.question is None:
            return None
        kept = self.artifact
        assert self.found is not None, "end comes first"
        if self._is_torn:
            sealing.keep_facts(kept, self.found)
        kept.put_json(NOTEBOOK, as_stored(self.recorder.nb, self.redactor), indent=1)
        notes = sealing.Rendering(kept, self.found.diagnosis, limit_s=limit_s).run()
        kept.status = replace(kept.status, cells=self.recorder.cells())
        return sealing.finish(kept, self.found.diagnosis, state=self.state, reason=self.reason, notes=notes)

    def _opened(self, record: Record) -> Record:
        if self.question is None and self.begin is not None:
            self.question = checked(Wish(**record["wish"]))
            self.redactor = self.question.redactor
            self.artifact = self.begin(self.question)
            self._journal([])
        folder = self.artifact.folder if self.artifact else None
        place = project.shown(folder) if folder else "nowhere"
        seen = self.found.lines() if self.found and self._is_given else None
        return {"place": place, "started_s": self.started_s, "seen": seen}

    def _hear(self, line: str) -> None:
        if json.loads(line)["line"] == "header":
            self._heard.clear()
            self._is_torn = True
        self._heard.append(line)
        if self.artifact:
            sealing.hear(self.artifact, line)

    def _diagnosed(self, trailer: str) -> None:
        found = judged([*self._heard, trailer])
        if found:
            # Every verdict is told before anything is written: a disk may be slow.
            self._learn(found)
            given = self._share(found)
            for run in (self, *given):
                run._write()

    def _share(self, found: Found) -> list[Watch]:
        """Tell what the runbooks of those that wait make of `found`; returns them."""
        given = [other for other in self._others if other.found is None]
        for other in given:
            assert other.question is not None, "runs of one command have their questions"
            other.is_waiting, other._is_given = False, True
            other._learn(judged_by(other.question.scope.slug, found))
        return given

    def _hand_on(self, question: Question, found: Found) -> None:
        """After an end without a diagnosis the next run looks, with what was heard until it does.

        With too little left of the deadline for that, what was heard is everybody's look.
        """
        left_s = self.started_s + question.scope.deadline_s - time.monotonic()
        if left_s < _LOOK_S:
            for other in self._share(found):
                other._write()
        elif self._others:
            following, *rest = self._others
            following._heard = list(self._heard)
            following.look_for(rest)

    def _lost(self, question: Question) -> Found:
        """The notebook ended without a diagnosis: judge what it had heard by then."""
        heard = records.read("\n".join(self._heard) + "\n") if self._heard else None
        # What was heard may be what a run before this one heard.
        scope = replace(heard.scope, slug=question.scope.slug) if heard else question.scope
        reason = self.reason or "the notebook made no diagnosis"
        found = lost.found(scope, heard.evidence if heard else (), reason=reason, at=datetime.now(UTC))
        self._learn(found)
        self._write()
        return found

    def _learn(self, found: Found) -> None:
        self.found = found
        if self.tell:
            self.tell(found.diagnosis)

    def _write(self) -> None:
        if self.artifact and self.found:
            sealing.keep_facts(self.artifact, self.found)
        self._is_torn = False

    def _journal(self, entries: list[Record]) -> None:
        """Write down `entries`, and those that came before there was an artifact to write them into."""
        self._unwritten += entries
        if self.artifact and self._unwritten:
            self.artifact.note(self._unwritten)
            self._unwritten = []
