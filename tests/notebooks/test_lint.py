"""The notebooks as data: their shape, without running them."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import nbformat
import papermill
import pytest

from diagnostics.runbooks import RUNBOOKS, TRIAGE, by_slug
from oncall.question import PARAMETERS

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
PATHS = sorted([*FOLDER.glob("[0-9]*.ipynb"), *FOLDER.glob("ru/[0-9]*.ipynb")])
HEADINGS = [
    "Symptom and impact",
    "Parameters",
    "Verdict",
    "Evidence",
    "Trends",
    "What to do",
    "Escalate",
    "Postmortem record",
]
TAGS = {"parameters", "remediation", "skip-execution", "hide-input"}
FORBIDDEN = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.Lambda)
LINES = {
    "worker-not-processing": "D1 D2 D3 A1 A2 A3 B1 B2 B3 E1 E2 E3".split(),
    "database-unavailable": "D1 D2 D3 A1 A2 B1 B2 C1 C2 C3".split(),
    "queue-overflow": "D1 D2 A1 A2 A3 L1 L2 L3".split(),
    "triage": "E1 E2 E3".split(),
    "frontend-unavailable": "D1 D2 D3 A1 A2 B1 B2 B3 C1 C2".split(),
    "high-error-rate": "D1 D2 D3 A1 A2 B1 B2 B3 C1 C2 C3".split(),
}

pytestmark = pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path.relative_to(FOLDER)))


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def code(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def prose(path: Path) -> str:
    return "\n\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")


def tags(cell: nbformat.NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def test_it_is_a_valid_notebook_without_outputs(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code(path))


def test_its_kernel_is_the_plain_one_and_it_declares_no_side_effects(path):
    metadata = read(path).metadata
    assert metadata.kernelspec.name == "python3"
    assert metadata.side_effects is False
    assert "papermill" not in metadata
    assert metadata.runbook.slug in {r.slug for r in (*RUNBOOKS, TRIAGE)}


def test_its_ids_are_unique_and_speak(path):
    ids = [cell.id for cell in read(path).cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", name) for name in ids)


def test_its_headings_are_the_eight_in_order(path):
    found = re.findall(r"^## (.+)$", prose(path), flags=re.MULTILINE)
    assert len(found) == len(HEADINGS)
    assert path.parent.name == "ru" or found == HEADINGS


def test_its_cells_are_short_and_define_nothing(path):
    for cell in code(path):
        assert len(cell.source.splitlines()) <= 8, cell.id
        tree = compile(cell.source, cell.id, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        assert not [node for node in ast.walk(tree) if isinstance(node, FORBIDDEN)], cell.id
        assert "asyncio.run" not in cell.source
        assert not cell.source.lstrip().startswith(("%", "!"))


def test_its_tags_are_known_and_one_cell_holds_the_parameters(path):
    cells = code(path)
    assert {tag for cell in cells for tag in tags(cell)} <= TAGS
    assert [tags(cell) for cell in cells].count(["parameters"]) == 1
    assert not any("raises-exception" in tags(cell) for cell in cells)


def test_only_the_last_cell_is_skipped_without_a_screen(path):
    cells = code(path)
    assert [c for c in cells if "skip-execution" in tags(c)] == [cells[-1]]
    assert cells[-1].source.startswith("console(")


def test_papermill_understands_every_parameter(path):
    """Stock papermill infers name, type, default and help of each from the cell."""
    known = papermill.inspect_notebook(str(path))
    assert tuple(known) == PARAMETERS
    assert all(p["inferred_type_name"] in {"str", "int", "float"} and len(p["help"]) > 10 for p in known.values())
    assert all(p["default"] in {'""', "None", "180", '"outputs"', '"ru"'} for p in known.values())


def test_the_verdict_comes_before_the_evidence_and_names_its_own_runbook(path):
    sources = [cell.source for cell in code(path)]
    opened = next(i for i, s in enumerate(sources) if "open_session(" in s)
    assert f'open_session("{read(path).metadata.runbook.slug}"' in sources[opened]
    assert "view.verdict()" in sources[opened + 1]


def test_it_has_every_line_of_the_written_runbook_in_its_order(path):
    slug = read(path).metadata.runbook.slug
    # Triage has none of its own: its escalation is that of the first incident, which the others share.
    number = path.name[:2].lstrip("0") or "1"
    wanted = [f"{number}.{line}" for line in LINES[slug]]
    begun = re.findall(r"^(?:#+ |- )?\**(\d\.[A-Z]\d)\b", prose(path), flags=re.MULTILINE)
    steps = [step.line for step in by_slug(slug).steps]
    shown = re.findall(r'view\.step\("(.+?)"\)', "\n".join(cell.source for cell in code(path)))
    assert [line for line in begun if ".S" not in line] == wanted
    assert shown == steps


def test_links_are_the_vendors_own(path):
    links = re.findall(r"https?://[^\s)`>]+", prose(path))
    assert links
    vendors = r"https://(railway\.app|vercel\.com|supabase\.com|console\.upstash\.com|[a-z.-]*sentry\.io|status\.[a-z]+\.(com|ai)|www\.vercel-status\.com)"
    platform = ("https://gpt-agent-platform-production.up.railway.app", "https://gpt-agent-kwid.vercel.app")
    assert not [found for found in links if not (re.match(vendors, found) or found.startswith(platform))]


def test_it_holds_no_machine_path_and_no_threshold_in_code(path):
    text = path.read_text("utf-8")
    assert not re.search(r"/(home|work|tmp|Users)/", text)
    assert not re.search(r"\b(500|1000)\b", "\n".join(cell.source for cell in code(path)))


def test_the_file_is_in_its_canonical_form(path):
    """One way to write it, so that a change of one word is a change of one line."""
    text = path.read_text("utf-8")
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=1) + "\n"
