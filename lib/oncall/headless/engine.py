"""The papermill engine `runbook`: `papermill --engine runbook IN.ipynb OUT.ipynb`.

papermill keeps the parameters and writes its own output file; this engine executes, tells the truth about
every cell and writes the artifact. The exit code is papermill's, ours is in `status.json`.

papermill imports this module while it is being imported itself, in every run of every engine: hence the
imports inside, and hence `import papermill` before anything is taken from here.
"""

# ruff: noqa: PLC0415 - what a command does not need is not imported: triage must be quick

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from papermill.engines import Engine  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from nbformat import NotebookNode


class RunbookEngine(Engine):  # type: ignore[misc]
    """Executes each notebook in a child of its own.

    It overrides `execute_notebook` itself: papermill's own wrapper marks dead and never-run cells `completed`,
    writes the notebook unredacted after every cell and starts a progress bar before we can fork.
    """

    @classmethod
    def execute_notebook(
        cls,
        nb: NotebookNode,
        kernel_name: str | None,
        output_path: str | None = None,
        execution_timeout: float | None = None,
        **_: Any,
    ) -> NotebookNode:
        """Execute `nb`; return it redacted, with every cell's fate in its metadata."""
        from oncall.headless import hosted

        return hosted.execute(nb, kernel_name=kernel_name, cell_s=execution_timeout)
