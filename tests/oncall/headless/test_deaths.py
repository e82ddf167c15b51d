"""However a notebook's process dies, the artifact tells which cell it was and what was known by then."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from tests.oncall.headless.notebooks import Cell, incident, write
from tests.oncall.support import Folder, artifacts, environment, write_profile

from diagnostics import records

KILL = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"
LATER = "import os, signal, threading\nthreading.Timer(0.05, os.kill, (os.getpid(), signal.SIGKILL)).start()\n"
MANY = Path(__file__).parent / "many.py"

SHOWN = f"class Shown:\n    def _repr_html_(self):\n        {KILL.strip().replace(chr(10), '; ')}\nShown()"
SOON = "import asyncio, os, signal\nasyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGKILL)\n"

# name → index of the cell that dies, its source, whether the verdict was there by then
INSTANTS: dict[str, tuple[int, str, bool]] = {
    "in the first line": (0, KILL, False),
    "with half a line printed": (2, "print('whole')\nprint('half', end='')\n" + KILL, False),
    "in a thread while a cell computes": (2, LATER + "while True: pass", False),
    "in a thread while a cell sleeps": (2, LATER + "import time; time.sleep(60)", False),
    "while a value is shown": (2, SHOWN, False),
    "while looking": (3, SOON + "await session.diagnose()", False),
    "right after the diagnosis": (4, KILL, True),
    "by exit without a word": (4, "import os; os._exit(0)", True),
    "while printing without end": (4, LATER + "while True: print('x' * 500)", True),
    "while looking again": (4, SOON + "await session.diagnose()", True),
    "after saving": (5, "session.save()\n" + KILL, True),
}


def cells(profile: Path, instant: str) -> list[Cell]:
    index, source, _ = INSTANTS[instant]
    made = incident(profile)
    made[index] = source
    return made


@pytest.fixture(scope="module", params=["fork", "kernel"])
def dead(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Folder]:
    """All deaths, one artifact each, under one parent."""
    home = tmp_path_factory.mktemp(request.param)
    profile, notebooks, outputs = write_profile(home), home / "notebooks", home / "outputs"
    notebooks.mkdir()
    for number, instant in enumerate(INSTANTS):
        write(notebooks / f"{number}.ipynb", cells(profile, instant), instant=instant)
    arguments = [notebooks, profile, outputs, request.param, 30]
    done = subprocess.run(
        [sys.executable, MANY, *map(str, arguments)],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(verdicts) == len(INSTANTS)
    return {folder.json("notebook.ipynb")["metadata"]["instant"]: folder for folder in artifacts(outputs)}


@pytest.mark.parametrize("instant", INSTANTS)
def test_a_killed_cell_is_marked_died_and_the_rest_never_run(dead: dict[str, Folder], instant: str) -> None:
    """What was done stays done, the cell at the time of death is the one that died."""
    folder, (index, _, _) = dead[instant], INSTANTS[instant]
    assert folder.fates() == ["done"] * index + ["died"] + ["never_run"] * (5 - index)
    nb = nbformat.read(folder.path / "notebook.ipynb", as_version=4)
    nbformat.validate(nb)
    assert [cell.metadata.runbook.state for cell in nb.cells] == folder.fates()
    assert nb.cells[index].outputs[-1].ename == "CellDied"


@pytest.mark.parametrize("instant", INSTANTS)
def test_the_status_of_a_killed_run_is_died_and_three(dead: dict[str, Folder], instant: str) -> None:
    """A scheduler must not take a dead run for a verdict."""
    status = dead[instant].status
    assert (status["state"], status["exit_code"]) == ("died", 3)
    assert "died" in status["reason"] or "killed by SIGKILL" in status["reason"] or "exit code 0" in status["reason"]


@pytest.mark.parametrize("instant", INSTANTS)
def test_a_killed_run_has_a_verdict_with_what_was_seen(dead: dict[str, Folder], instant: str) -> None:
    """The verdict found before the death is kept; without one it is unknown and says that the run ended."""
    folder, (_, _, was_there) = dead[instant], INSTANTS[instant]
    verdict = folder.json("verdict.json")
    assert verdict["severity"] == "unknown"
    assert any("the run ended before" in spot["why"] for spot in verdict["blind_spots"]) is not was_there
    assert records.read((folder.path / "evidence.jsonl").read_text("utf-8")).trailer is not None


@pytest.mark.parametrize("instant", INSTANTS)
def test_a_killed_run_is_sealed(dead: dict[str, Folder], instant: str) -> None:
    """The manifest matches every file, and no journal is left over."""
    folder = dead[instant]
    sealed = folder.json("manifest.json")["sha256"]
    assert set(sealed) == folder.names() - {"manifest.json", "postmortem.md"}
    for name, digest in sealed.items():
        assert hashlib.sha256((folder.path / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("dead", ["fork"], indirect=True)
def test_whole_lines_printed_before_a_death_are_kept(dead: dict[str, Folder]) -> None:
    """The last words are often the reason. (A stock kernel sends its output five times a second.)"""
    nb = dead["with half a line printed"].json("notebook.ipynb")
    assert nb["cells"][2]["outputs"][0]["text"][0] == "whole\n"
