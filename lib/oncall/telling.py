"""Putting verdicts where they belong: a page for people, or one JSON line each for programs."""

# ruff: noqa: PLC0415 - what a command does not need is not imported: triage must be quick

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import dataclass
from typing import TextIO, cast

from diagnostics.model import Diagnosis
from diagnostics.report.summary import asserted
from diagnostics.report.verdict import verdict_document
from diagnostics.runbooks import RUNBOOKS, TRIAGE
from oncall.artifact import Artifact
from oncall.cleaning import CleanStream, clean_tree
from oncall.log import Log
from oncall.question import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """How this command answers on stdout. Progress goes to stderr, in the reader's language."""

    is_json: bool
    language: str
    timezone: str
    profile: str = ""
    """What the next command has to be told; empty where nobody asked for one by name."""

    @property
    def log(self) -> Log:
        """One line per step."""
        return Log(language=self.language)

    def verdict(self, diagnosis: Diagnosis, artifact: Artifact) -> None:
        """Show the verdict now; whoever reads it may be waiting."""
        if self.is_json:
            self._json(diagnosis, artifact)
            return
        from oncall.terminal import print_verdict

        print_verdict(
            diagnosis,
            language=self.language,
            timezone=self.timezone,
            stream=cast(TextIO, sys.stdout),
            runbook=self._goes_on(diagnosis),
        )
        sys.stdout.flush()

    def place(self, artifact: Artifact) -> None:
        """Show where the artifact is, once all that there is time for has been written."""
        if self.is_json or artifact.folder is None:
            return
        from oncall.terminal import print_place

        print_place(artifact.folder, language=self.language, stream=cast(TextIO, sys.stdout))
        sys.stdout.flush()

    def _json(self, diagnosis: Diagnosis, artifact: Artifact) -> None:
        document = clean_tree(verdict_document(diagnosis), artifact.redactor)
        line = json.dumps(document, ensure_ascii=False) + "\n"
        if isinstance(sys.stdout, CleanStream):
            sys.stdout.pass_through(line)
        else:
            sys.stdout.write(line)
        sys.stdout.flush()

    def _goes_on(self, diagnosis: Diagnosis) -> str | None:
        """After triage, the command that runs the runbook of the cause; `None` where there is no such notebook."""
        cause = asserted(diagnosis)
        if cause is None or cause.runbook is None or diagnosis.scope.slug != TRIAGE.slug:
            return None
        if cause.runbook not in {runbook.slug for runbook in RUNBOOKS}:
            return None
        words = ["runbook", "run", cause.runbook, *(["--profile", self.profile] if self.profile else [])]
        return shlex.join(words)


def teller_for(question: Question, *, is_json: bool, profile: str | None = None) -> Teller:
    """The teller of one command. `profile` as the person gave it."""
    return Teller(is_json=is_json, language=question.language, timezone=question.timezone, profile=profile or "")
