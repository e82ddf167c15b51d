"""One notebook run inside somebody else's program, papermill's: it prints and writes its own things."""

from __future__ import annotations

import os

from nbformat import NotebookNode

from diagnostics.redaction import redactor_for
from diagnostics.text import text
from oncall import project
from oncall.artifact import Artifact
from oncall.cleaning import clean_tree
from oncall.headless import launching
from oncall.headless.document import node
from oncall.headless.live import Bounds
from oncall.headless.stopping import Stop
from oncall.headless.watch import Watch
from oncall.log import Log, clean_streams
from oncall.question import Question
from oncall.sealing import RENDER_LIMIT_S, begin_artifact


def execute(nb: NotebookNode, *, kernel_name: str | None, cell_s: float | None) -> NotebookNode:
    """Execute `nb` and write its artifact; `cell_s` bounds each cell (seconds). Returns it redacted."""
    project.keep_caches_out_of_home()
    watch = Watch(nb=nb, redactor=redactor_for(None, os.environ), begin=_begin)
    with Stop() as stop:
        bounds = Bounds(cell_s=cell_s) if cell_s else Bounds()
        launching.run([watch], stop=stop, bounds=bounds, kernel_name=kernel_name, ended=_seal)
    return node(clean_tree(watch.recorder.nb, watch.redactor))


def _begin(question: Question) -> Artifact:
    artifact = begin_artifact(question)
    if artifact.folder:
        Log(language=question.language).step(text("artifact: {place}", place=project.shown(artifact.folder)))
    return artifact


def _seal(watch: Watch) -> None:
    with clean_streams(watch.redactor):
        ending = watch.seal(limit_s=RENDER_LIMIT_S)
    if ending and watch.question:
        Log(language=watch.question.language).step(
            text("verdict: {severity}, exit code {code}", severity=ending.severity.value, code=ending.code)
        )
