"""Cells in a forked child behave as in a kernel, and papermill gets what it expects."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from tests.oncall.headless.notebooks import Cell, incident, write
from tests.oncall.support import environment, only

CELLS: list[Cell] = [
    ("x = 1  # a number", "parameters"),
    "import sys\nprint('out')\nprint('err', file=sys.stderr)\nx + 1",
    "import asyncio\ntask = asyncio.create_task(asyncio.sleep(0.05, 'later'))\nawait asyncio.sleep(0)",
    "await task",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2, x]);",
    "from IPython.display import HTML, clear_output, display\nh = display(HTML('<b>old</b>'), display_id='h')\n'shown'",
    "h.update(HTML('<b>new</b>'))",
    "print('gone')\nclear_output(wait=True)\nprint('kept')",
    "class Chart:\n"
    "    def _repr_mimebundle_(self, **_):\n"
    "        return {'text/plain': 'chart', 'image/png': b'\\x89PNG'}\n"
    "Chart()",
    "import ipywidgets\nipywidgets.IntSlider()",
    "!echo from a shell",
    "%%capture told\nprint('captured')",
    "told.stdout;",
    ("undefined()", "skip-execution"),
    "   ",
]


def papermill(home: Path, notebook: Path, *options: str, engine: bool = True) -> tuple[int, str, NotebookNode]:
    """papermill's command line, from another folder."""
    elsewhere, output = home / "elsewhere", home / "executed.ipynb"
    elsewhere.mkdir(exist_ok=True)
    chosen = ["--engine", "runbook"] if engine else []
    done = subprocess.run(
        [sys.executable, "-m", "papermill", *chosen, str(notebook), str(output), *options],
        cwd=elsewhere,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert output.is_file(), done.stderr
    return done.returncode, done.stderr, nbformat.read(output, as_version=4)


def states(nb: NotebookNode) -> list[str]:
    """Our word on each code cell; papermill's own error notes have none."""
    return [cell.metadata.runbook.state for cell in nb.cells if "runbook" in cell.metadata]


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> list[list[Any]]:
    """The outputs of CELLS, by cell, the injected parameters left out."""
    home = tmp_path_factory.mktemp("engine")
    code, log, nb = papermill(home, write(home / "in.ipynb", CELLS), "-p", "x", "5")
    assert code == 0, log
    nbformat.validate(nb)
    assert states(nb) == ["done"] * 14 + ["skipped"] * 2
    return [cell.outputs for cell in nb.cells[:1] + nb.cells[2:]]


def test_what_a_cell_prints_and_its_value_are_kept_apart(executed: list[list[Any]]) -> None:
    """Streams by name, the value last, with the parameter papermill injected."""
    assert [(o.get("name"), o.get("text")) for o in executed[1][:2]] == [("stdout", "out\n"), ("stderr", "err\n")]
    assert executed[1][2].data["text/plain"] == "6"
    assert executed[1][2].execution_count == 3


def test_top_level_await_shares_one_loop_between_cells(executed: list[list[Any]]) -> None:
    """A task started in one cell can be awaited in the next."""
    assert executed[3][0].data["text/plain"] == "'later'"


def test_pyplot_figures_are_shown_after_the_cell(executed: list[list[Any]]) -> None:
    """With their picture."""
    assert executed[4][0].output_type == "display_data"
    assert executed[4][0].data["image/png"].startswith("iVBOR")


def test_displays_can_be_updated_and_cleared(executed: list[list[Any]]) -> None:
    """An update changes what an earlier cell shows."""
    assert executed[5][0].data["text/html"] == "<b>new</b>"
    assert executed[6] == []
    assert [o.text for o in executed[7]] == ["kept\n"]


def test_rich_representations_are_stored_as_notebooks_store_them(executed: list[list[Any]]) -> None:
    """Bytes in base64; a live widget, which nobody can bring to life again, by its text."""
    assert executed[8][0].data == {"text/plain": "chart", "image/png": "iVBORw=="}
    assert set(executed[9][0].data) == {"text/plain"}


def test_magics_and_shell_lines_work(executed: list[list[Any]]) -> None:
    """As in any notebook."""
    assert "from a shell" in executed[10][0].text
    assert executed[11] == executed[12] == []


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("def broken(:", "SyntaxError"),
        ("import sys; sys.exit(0)", "SystemExit"),
        ("exit()", "SystemExit"),
        ("raise ExceptionGroup('two', [ValueError(1)])", "ExceptionGroup"),
        ("%no_such_magic", "UsageError"),
        ("import asyncio; asyncio.run(asyncio.sleep(0))", "RuntimeError"),
        ("input()", "EOFError"),
    ],
)
def test_a_failing_cell_fails_the_run(tmp_path: Path, profile: Path, source: str, name: str) -> None:
    """papermill exits with an error, `sys.exit(0)` included, and our status says failed and 3."""
    cells = incident(profile, after=source)
    cells[1] = str(cells[1]).replace("profile=", f"output_dir={str(tmp_path / 'out')!r}, profile=")
    code, _, nb = papermill(tmp_path, write(tmp_path / "in.ipynb", cells))
    assert code != 0
    assert states(nb) == ["done"] * 4 + ["failed", "never_run"]
    failed = next(cell for cell in nb.cells if cell.metadata.get("runbook", {}).get("state") == "failed")
    assert failed.outputs[-1].ename == name
    status = only(tmp_path / "out").status
    assert (status["state"], status["exit_code"]) == ("failed", 3)
    assert name in status["reason"]


def test_a_cell_that_takes_too_long_is_marked_timed_out(tmp_path: Path, profile: Path) -> None:
    """papermill's own option bounds it; the artifact has the verdict that was there by then."""
    cells = incident(profile, after="print('still here')\nwhile True: pass")
    cells[1] = str(cells[1]).replace("profile=", f"output_dir={str(tmp_path / 'out')!r}, profile=")
    code, _, nb = papermill(tmp_path, write(tmp_path / "in.ipynb", cells), "--execution-timeout", "2")
    assert code != 0
    assert states(nb) == ["done"] * 4 + ["timed_out", "never_run"]
    folder = only(tmp_path / "out")
    assert (folder.status["state"], folder.status["exit_code"]) == ("timed_out", 3)
    assert folder.status["reason"] == "the cell took longer than 2 s"
    assert folder.json("verdict.json")["findings"]
    late = folder.json("notebook.ipynb")["cells"][4]["outputs"]
    assert [late[0]["text"], late[1]["ename"]] == [["still here\n"], "CellTimedOut"]


def test_a_notebook_that_asks_nothing_leaves_no_artifact(tmp_path: Path) -> None:
    """The engine is papermill's for any notebook; its cells are still told truthfully."""
    cells: list[Cell] = ["1", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "2"]
    code, _, nb = papermill(tmp_path, write(tmp_path / "in.ipynb", cells))
    assert code != 0
    assert states(nb) == ["done", "died", "never_run"]
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize("engine", [True, False], ids=["runbook", "stock"])
def test_the_project_notebook_runs_under_papermill_from_anywhere(tmp_path: Path, profile: Path, engine: bool) -> None:
    """With our engine and with papermill's own; both leave the same kind of artifact."""
    from oncall import project

    notebook = project.notebook("worker-not-processing", "en")
    assert notebook is not None
    options = ["-p", "profile", str(profile), "-p", "output_dir", str(tmp_path / "out")]
    code, log, _ = papermill(tmp_path, notebook, *options, engine=engine)
    assert code == 0, log
    folder = only(tmp_path / "out")
    assert (folder.status["state"], folder.status["exit_code"]) == ("done", 3)
    assert {"verdict.json", "evidence.jsonl", "report.html", "postmortem.md", "manifest.json"} <= folder.names()
    assert ("notebook.ipynb" in folder.names()) is engine
    assert json.loads((folder.path / "manifest.json").read_text())["schema"] == "manifest/1"
