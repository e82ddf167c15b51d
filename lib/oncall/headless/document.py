"""nbformat's documents, with types."""

from __future__ import annotations

import json
from typing import Any, cast

import nbformat
from nbformat import NotebookNode

from diagnostics.redaction import Redactor
from oncall.cleaning import clean_tree


def node(value: Any) -> NotebookNode:
    """`value` (nested dicts) as nbformat's attribute-style dict, copied."""
    return cast(NotebookNode, nbformat.from_dict(value))  # type: ignore[no-untyped-call]


def as_stored(nb: NotebookNode, redactor: Redactor) -> Any:
    """`nb` as a file holds it, every text cleaned first and then cut into lines."""
    return json.loads(nbformat.writes(node(clean_tree(nb, redactor))))  # type: ignore[no-untyped-call]
