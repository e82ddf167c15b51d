"""Notebooks made by tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

Cell = str | tuple[str, str]


def notebook(cells: Sequence[Cell], **metadata: object) -> NotebookNode:
    """A notebook of code cells; a pair is a source and its tag."""
    parts = [(cell, None) if isinstance(cell, str) else cell for cell in cells]
    nb = new_notebook(cells=[new_code_cell(source, metadata={"tags": [tag]} if tag else {}) for source, tag in parts])
    nb.metadata.update(
        kernelspec={"name": "python3", "language": "python", "display_name": "Python 3"},
        language_info={"name": "python"},
        **metadata,
    )
    return nb


def write(path: Path, cells: Sequence[Cell], **metadata: object) -> Path:
    """Write such a notebook to `path`."""
    nbformat.write(notebook(cells, **metadata), path)
    return path


def incident(
    profile: Path, *, before: str = "", after: str = "", within: str = "", slug: str = "worker-not-processing"
) -> list[Cell]:
    """Cells as in the project's notebooks, with a test's own lines around and before the diagnosis."""
    return [
        ('profile = ""\ndeadline_s = None', "parameters"),
        "from oncall.session import open_session\n"
        f"session = open_session({slug!r}, profile={str(profile)!r}, deadline_s=deadline_s)",
        before or "1",
        f"{within}\ndiagnosis = await session.diagnose()",
        after or "2",
        "session.save()",
    ]
