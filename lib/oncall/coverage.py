"""`docs/coverage.md`: every line of the written runbook, where it is executed, and the test that proves it.

Usage: python -m oncall.coverage [--check]. Rows come from the runbooks, the rules, the metrics and the profile
themselves, proofs from the tests as they stand: what is lost in the code is lost here, and a test compares.
"""

from __future__ import annotations

import argparse
import ast
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from diagnostics.causes import RULES
from diagnostics.checks import CHECKS
from diagnostics.report.actions import SHEETS
from diagnostics.report.metrics import LINE_FINDINGS
from diagnostics.runbooks import RUNBOOKS, TRIAGE
from diagnostics.runbooks.lines import LINES, Line

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "docs" / "coverage.md"
_HEAD = """# Coverage

Every line of the team's runbook, where it is executed, and the test that proves it. Made by `make coverage` from the
runbooks, rules, metrics and tests themselves; a test fails when a row is empty or this page is stale. A finding is
named `like.this`, a remedy `verb-object`; what no API does is a link, with the reason.

| line | what | executed by | proved by |
|---|---|---|---|
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the page. Both cells are empty where nothing executes or proves it."""

    line: Line
    findings: tuple[str, ...]
    remedies: tuple[str, ...]
    link: str
    proof: str

    @property
    def executed(self) -> str:
        """What does it, in one cell."""
        told = [*(f"`{name}`" for name in self.findings), *(f"`{name}`" for name in self.remedies)]
        if self.line.why_linked:
            told.append(f"[by hand]({self.link}): {self.line.why_linked}")
        elif self.link and not told:
            told.append(f"<{self.link.removeprefix('mailto:')}>" if "@" in self.link else f"[link]({self.link})")
        return ", ".join(told)


def rows() -> tuple[Row, ...]:
    """One for each line of the written runbook, in its order."""
    return tuple(_row(line) for line in LINES)


def page() -> str:
    """The whole document."""
    return _HEAD + "".join(f"| {r.line.id} | {r.line.title} | {r.executed} | {_shown(r.proof)} |\n" for r in rows())


def _row(line: Line) -> Row:
    steps = [step for runbook in (*RUNBOOKS, TRIAGE) for step in runbook.steps if step.line == line.id]
    named = [*(f for step in steps for f in step.findings), *line.findings, *LINE_FINDINGS.get(line.id, ())]
    findings = tuple(name for name in dict.fromkeys(named) if name in _checks())
    remedies = tuple(
        dict.fromkeys(r for rule in RULES if line.id in rule.branch.split(", ") for r in rule.remediations)
    )
    link = _reached(line.link) if line.link else next((step.link for step in steps if step.link), "")
    return Row(line=line, findings=findings, remedies=remedies, link=link, proof=_proof(line, findings))


@cache
def _checks() -> frozenset[str]:
    """Ids of the findings that the code makes."""
    return frozenset(check.__name__.removeprefix("check_").replace("_", ".", 1) for check in CHECKS)


def _reached(link: str) -> str:
    """`link` if a step, a remedy, a metric or a contact really leads there, else nothing."""
    steps = [step.link for runbook in RUNBOOKS for step in runbook.steps]
    profile = tomllib.loads((ROOT / "profiles" / "production.toml").read_text("utf-8"))
    contacts = [contact.get("url", "") for contact in profile["contacts"]]
    known = [*steps, *(s.link for s in SHEETS), *contacts, "profiles/production.toml"]
    return link if any(target.startswith(link) for target in known) else ""


_WORDS = (
    ('found("{}"', "tests/diagnostics/checks/"),
    ('"{}"', "tests/diagnostics/checks/"),
    ('"{}"', "tests/"),
)
_BY_HAND = {
    "1.E2": ("tests/diagnostics/report/test_handoff.py", "sentry_event"),
    "1.E3": ("tests/diagnostics/report/test_handoff.py", "Contacts"),
}
"""Lines without a finding: the file and the word that its proof mentions."""


def _proof(line: Line, findings: tuple[str, ...]) -> str:
    """The id of the first test that speaks of the line's findings; of its metric, contact or link elsewise."""
    if line.id in _BY_HAND:
        file, word = _BY_HAND[line.id]
        return next((test for test, source in _tests() if test.startswith(file) and word in source), "")
    if line.id.startswith("M"):
        return _speaking(f'"{line.id}"', "tests/diagnostics/report/")
    if line.id.startswith(("K", "P")):
        return _speaking("every_link_and_contact_leads_there", "tests/oncall/")
    # Best where a test asks for the very judgement; else where it names it beside others.
    proofs = (_speaking(word.format(finding), folder) for word, folder in _WORDS for finding in findings)
    return next(filter(None, proofs), "")


def _speaking(word: str, folder: str) -> str:
    return next((name for name, source in _tests() if name.startswith(folder) and word in source), "")


@cache
def _tests() -> tuple[tuple[str, str], ...]:
    """Each test of the suite with its source, decorators included, and what its module defines above it."""
    return tuple(_found())


def _found() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if path.name == "test_every_check.py":
            continue
        text = path.read_text("utf-8")
        tree = ast.parse(text)
        shared = "\n".join(
            ast.get_source_segment(text, node) or "" for node in tree.body if not isinstance(node, _FUNCTIONS)
        )
        for node in tree.body:
            if isinstance(node, _FUNCTIONS) and node.name.startswith("test_"):
                own = "\n".join(text.splitlines()[_first(node) - 1 : node.end_lineno])
                used = shared if any(name.id.isupper() for name in ast.walk(node) if isinstance(name, ast.Name)) else ""
                yield f"{path.relative_to(ROOT).as_posix()}::{node.name}", own + used


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _first(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min([node.lineno, *(d.lineno for d in node.decorator_list)])


def _shown(proof: str) -> str:
    file, _, name = proof.partition("::")
    return f"`{file.removeprefix('tests/')}` {name.removeprefix('test_').replace('_', ' ')}" if proof else ""


def main() -> int:
    """Write the page, or with `--check` say whether it is as it should be: 0, else 1."""
    parser = argparse.ArgumentParser(prog="python -m oncall.coverage", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args()
    fresh = page()
    if options.check:
        return int(not TARGET.is_file() or TARGET.read_text("utf-8") != fresh)
    TARGET.write_text(fresh, "utf-8")
    empty = [row.line.id for row in rows() if not (row.executed and row.proof)]
    if empty:
        sys.stderr.write(f"nothing executes or proves: {', '.join(empty)}\n")
    return int(bool(empty))


if __name__ == "__main__":
    sys.exit(main())
