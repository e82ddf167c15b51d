"""The notebooks under tools that know nothing of us, from any directory, against a platform that refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest
from tests.oncall.support import environment, write_profile

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
SOURCES = sorted(FOLDER.glob("[0-9]*.ipynb"))
FIRST = FOLDER / "01_worker_not_processing.ipynb"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that has nothing to do with the project, the platform chosen by variable."""
    profile = write_profile(tmp_path)
    for name, value in environment(tmp_path, RUNBOOK_PROFILE=str(profile)).items():
        monkeypatch.setenv(name, value)
    place = tmp_path / "elsewhere"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def with_outputs_here(source: Path, place: Path) -> Path:
    """A copy of the notebook whose artifact goes to `place`."""
    copied = place / source.name
    text = source.read_text("utf-8").replace(r"output_dir: str = \"outputs\"", rf"output_dir: str = \"{place}\"")
    copied.write_text(text, "utf-8")
    return copied


def texts(notebook: nbformat.NotebookNode) -> str:
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return "\n".join(output.get("data", {}).get("text/plain", "") + output.get("text", "") for output in outputs)


def verdict(place: Path) -> dict:
    (found,) = place.glob("*/verdict.json")
    return json.loads(found.read_text("utf-8"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_nbclient_runs_it_top_to_bottom(source, elsewhere):
    notebook = nbformat.read(with_outputs_here(source, elsewhere), as_version=4)
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    told = texts(notebook)
    assert "UNKNOWN" in told
    assert "Artifact:" in told
    assert str(FOLDER.parent) not in told
    assert notebook.cells[-1].outputs == []
    assert verdict(elsewhere)["severity"] == "unknown"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_stock_papermill_runs_it_with_parameters(source, elsewhere):
    command = [sys.executable, "-m", "papermill", str(source), "out.ipynb", "--log-level", "ERROR"]
    command += ["-p", "window_minutes", "60", "-p", "output_dir", str(elsewhere), "-p", "deadline_s", "5"]
    done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "unknown" not in done.stderr.lower()
    made = verdict(elsewhere)
    assert made["deadline_s"] == 5
    assert made["incident"] == nbformat.read(source, as_version=4).metadata.runbook.slug


def test_a_chart_of_a_real_kernel_is_a_picture(elsewhere):
    notebook = nbformat.read(with_outputs_here(FIRST, elsewhere), as_version=4)
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    pictures = [
        o.data["image/png"]
        for c in notebook.cells
        if c.cell_type == "code"
        for o in c.outputs
        if "image/png" in o.get("data", {})
    ]
    assert len(pictures) == 2


KERNEL = [
    pytest.param(
        source, ("--kernel",), id=f"{source.name}-stock kernel", marks=[] if source == FIRST else pytest.mark.long
    )
    for source in SOURCES
]


@pytest.mark.parametrize(
    ("source", "option"), [*(pytest.param(source, (), id=f"{source.name}-fork") for source in SOURCES), *KERNEL]
)
def test_it_runs_headless_in_both_ways(source, option, elsewhere):
    slug = nbformat.read(source, as_version=4).metadata.runbook.slug
    # A busy machine may need most of ten seconds to start a kernel.
    words = ("run", slug, "--json", "--deadline", "60", "--output-dir", str(elsewhere / "out"), *option)
    command = [sys.executable, "-m", "oncall", *words]
    done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 3, done.stderr[-2000:]
    (folder,) = (elsewhere / "out").iterdir()
    status = json.loads((folder / "status.json").read_text("utf-8"))
    assert status["state"] == "done", status
    assert {cell["state"] for cell in status["cells"]} == {"done", "skipped"}
    assert json.loads(done.stdout)["incident"] == slug
