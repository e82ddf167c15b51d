"""From a slug and parameters to a notebook ready to execute, through papermill."""

# ruff: noqa: PLC0415 - what a command does not need is not imported: triage must be quick

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from diagnostics.errors import SettingsError
from oncall import project


def import_quickly() -> None:
    """Keep `rfc3987_syntax` from being imported: a second of grammar building for a check notebooks never use.

    To be called before `nbformat` is imported for the first time.
    """
    if "nbformat" not in sys.modules:
        sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def notebook(slug: str, *, language: str, parameters: Mapping[str, Any]) -> NotebookNode:
    """The notebook of incident `slug` with `parameters` injected.

    Raises: SettingsError when there is no such notebook, or it does not know a parameter.
    """
    path = project.notebook(slug, language)
    if path is None:
        raise SettingsError(f"incident {slug!r} has no notebook in this installation")
    import papermill  # type: ignore[import-untyped]
    from papermill.exceptions import PapermillException  # type: ignore[import-untyped]

    logging.getLogger("papermill").setLevel(logging.WARNING)
    try:
        known = papermill.inspect_notebook(path)
        unknown = [name for name in parameters if name not in known]
        if unknown:
            raise SettingsError(f"{path.name} has no parameter {unknown[0]!r}; it knows: {', '.join(known)}")
        prepared: NotebookNode = papermill.execute_notebook(
            path, None, parameters=dict(parameters), prepare_only=True, progress_bar=False
        )
    except (PapermillException, OSError, ValueError) as error:
        raise SettingsError(f"{path.name} cannot be prepared: {error}") from error
    prepared.metadata.papermill["input_path"] = _shown(path)
    prepared.metadata.papermill["output_path"] = None
    return prepared


def _shown(path: Path) -> str:
    """The notebook's place in the project, not on this machine."""
    return path.relative_to(path.parents[1 if path.parent.name == "notebooks" else 2]).as_posix()
