"""Every line of the written runbook is executed, or linked with a reason, and proved by a test that exists."""

from __future__ import annotations

import ast
import re

import pytest

from diagnostics.runbooks import RUNBOOKS
from diagnostics.runbooks.lines import LINES
from oncall import coverage
from oncall.coverage import ROOT, TARGET, Row, page, rows

COUNTS = {"C": 5, "M": 13, "T": 4, "K": 5, "P": 4}
INCIDENTS = {
    "1": {"S": 3, "D": 3, "A": 3, "B": 3, "E": 3},
    "2": {"S": 3, "D": 2, "A": 3, "L": 3},
    "3": {"S": 3, "D": 3, "A": 2, "B": 3, "C": 2},
    "4": {"S": 3, "D": 3, "A": 2, "B": 2, "C": 3},
    "5": {"S": 3, "D": 3, "A": 2, "B": 3, "C": 3},
}


def test_the_list_is_the_whole_runbook() -> None:
    """Counted in the written runbook by hand: nothing is left out, nothing added."""
    wanted = [f"{kind}{n}" for kind, count in COUNTS.items() for n in range(1, count + 1)]
    wanted += [
        f"{incident}.{kind}{n}"
        for incident, kinds in INCIDENTS.items()
        for kind, count in kinds.items()
        for n in range(1, count + 1)
    ]
    assert sorted(line.id for line in LINES) == sorted(wanted)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.line.id)
def test_no_row_is_empty(row: Row) -> None:
    """Something executes each line, or a link with its reason stands for it, and a test proves it."""
    assert row.executed, f"{row.line.id} {row.line.title}: nothing executes it"
    assert row.proof, f"{row.line.id} {row.line.title}: no test speaks of {row.findings}"


def test_the_proofs_are_tests_that_exist() -> None:
    """A renamed test is looked for again, not remembered."""
    for row in (row for row in rows() if row.proof):
        file, name = row.proof.split("::")
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        names = [n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        assert name in names, row.proof


def test_every_link_and_contact_leads_there() -> None:
    """K and P: each address of the runbook is reached from a step, a remedy or the profile's contacts."""
    listed = [row for row in rows() if re.fullmatch(r"[KP]\d", row.line.id)]
    assert [row.link for row in listed] == [row.line.link for row in listed]


def test_every_step_is_a_line_of_the_runbook() -> None:
    """A step with a mistyped line would be executed under no name."""
    known = {line.id for line in LINES}
    assert {step.line for runbook in RUNBOOKS for step in runbook.steps} <= known


def test_losing_the_code_empties_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its checks and rules a line has nothing left to stand on."""
    monkeypatch.setattr(coverage, "_checks", frozenset)
    monkeypatch.setattr(coverage, "RULES", ())
    lost = {row.line.id for row in rows() if not (row.executed and row.proof)}
    assert {"1.S2", "T2", "C1", "1.E1"} <= lost


def test_the_page_is_fresh() -> None:
    """`make coverage` writes it."""
    assert TARGET.read_text("utf-8") == page(), "run `make coverage`"
