"""Every sentence is written so that babel finds it; one that is not found stays English for ever."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

LIB = Path(__file__).resolve().parents[2] / "lib"
MODULES = sorted(path for package in ("diagnostics", "oncall") for path in (LIB / package).rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(LIB)))
def test_labels_are_literal_arguments_of_the_two_names_babel_looks_for(path):
    """Babel reads calls of `_` and `text`; it does not look into f-strings, nor at other names."""
    tree = ast.parse(path.read_text("utf-8"))
    hidden = [node.lineno for node in ast.walk(tree) if _is_hidden(node)]
    assert hidden == []


def _is_hidden(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr):
        return any(_calls(inner, "_", "text") for inner in ast.walk(node))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "translate":
        return bool(node.args) and isinstance(node.args[0], ast.Constant)
    return False


def _calls(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
