"""Progress for people: one line per step on stderr, and the streams that let no secret through."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO, cast

from diagnostics.language import translator
from diagnostics.redaction import Redactor
from diagnostics.text import Text, text
from oncall import project
from oncall.artifact import Artifact
from oncall.cleaning import CleanStream
from oncall.exits import Ending

_LOGGERS = ("oncall", "diagnostics", "remediation")


class Log:
    """What a run says while it runs."""

    def __init__(self, *, language: str = "en", stream: TextIO | None = None) -> None:
        self._translate = translator(language)
        self._stream = stream

    def step(self, sentence: Text) -> None:
        """One line."""
        print(f"runbook: {sentence.render(self._translate)}", file=self._stream or sys.stderr, flush=True)

    def ended(self, ending: Ending, artifact: Artifact | None) -> None:
        """How a run ended and where it is written down, with all that could not be written."""
        for note in dict.fromkeys((*artifact.status.notes, *artifact.problems)) if artifact else ():
            self.step(text("{note}", note=note))
        folder = artifact.folder if artifact else None
        told = text("{severity}, exit code {code}", severity=ending.severity.value, code=ending.code)
        if folder:
            self.step(text("{told}; artifact {place}", told=told, place=project.shown(folder)))
        else:
            self.step(text("{told}; nothing could be written", told=told))


@contextmanager
def clean_streams(redactor: Redactor) -> Iterator[None]:
    """Send everything this process prints through `redactor`.

    Should the body raise, it stays so: whoever prints the error last knows fewer secrets than `redactor`.
    """
    before = sys.stdout, sys.stderr
    sys.stdout = cast(TextIO, CleanStream(sys.stdout, redactor))
    sys.stderr = cast(TextIO, CleanStream(sys.stderr, redactor))
    yield
    sys.stdout.flush()
    sys.stderr.flush()
    sys.stdout, sys.stderr = before


def set_up_logging(*, is_verbose: bool) -> None:
    """Let our own packages, and only they, log to stderr: a library's log may quote whole URLs."""
    handler = _ToStderr()
    handler.setFormatter(logging.Formatter("runbook: %(levelname)s %(name)s: %(message)s"))
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(logging.DEBUG if is_verbose else logging.WARNING)


class _ToStderr(logging.StreamHandler[TextIO]):
    """Looks `sys.stderr` up at every line, because it is replaced by a clean one later."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)
