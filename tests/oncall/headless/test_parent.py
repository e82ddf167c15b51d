"""Whatever happens to the process that supervises: no orphan, a true status, and a run that can be finished."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from tests.oncall.conftest import Runbook
from tests.oncall.headless.notebooks import incident, write
from tests.oncall.support import Folder, driven, environment, only, until

from oncall import status
from oncall.status import State

# Tells the test who runs the cell, then stays where it is.
REPORT = (
    "import os, time\nwith open({fifo!r}, 'w') as told: told.write(f'{{os.getpid()}} {{os.getppid()}}')\ntime.sleep(60)"
)
HOLD = "def hold(*_, **__):\n    {indented}\nsealing.Rendering.run = hold"
PLACES = {
    "before the diagnosis": {"before": "{report}"},
    "after the diagnosis": {"after": "{report}"},
    "while looking": {
        "within": "from diagnostics import engine\ndef hold(*_, **__):\n    {indented}\n"
        "engine._late = engine.judge = hold"
    },
    "while rendering": {},
}

_AT = {"before the diagnosis": 3, "while looking": 4, "after the diagnosis": 5, "while rendering": 7}
Started = tuple[subprocess.Popen[str], list[int]]


@contextmanager
def started(
    tmp_path: Path, profile: Path, place: str, *options: str
) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A run that has come to `place`, and the pids of the processes below it that execute the cell."""
    fifo = tmp_path / "told"
    os.mkfifo(fifo)
    report = REPORT.format(fifo=str(fifo))
    lines = {"report": report, "indented": report.replace("\n", "\n    ")}
    cells = incident(profile, **{name: source.format(**lines) for name, source in PLACES[place].items()})
    notebook = write(tmp_path / "in.ipynb", cells)
    arguments = ("run", "worker-not-processing", "--profile", profile, "--output-dir", tmp_path / "out", *options)
    patch = HOLD.format(**lines) if place == "while rendering" else ""
    process = subprocess.Popen(
        driven(notebook, *arguments),
        env=environment(tmp_path, DRIVER_RENDER_S="0", DRIVER_PATCH=patch),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        # The child is ahead of its parent by what the parent still has to write down.
        pids = [int(pid) for pid in fifo.read_text().split()]
        until(lambda: place == "while rendering" or "running" in only(tmp_path / "out").fates()[_AT[place] :])
        yield process, pids if options else pids[:1]
    finally:
        process.kill()
        process.communicate()


def wait_gone(pid: int) -> None:
    """Wait for the end of somebody else's child."""
    try:
        ending = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    assert select.select([ending], [], [], 10)[0], f"{pid} is an orphan"
    os.close(ending)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_kills_the_child_and_seals_the_run(tmp_path: Path, profile: Path, number: signal.Signals) -> None:
    """SIGTERM, Ctrl-C and a closed terminal end in a sealed artifact and exit code 3."""
    with started(tmp_path, profile, "after the diagnosis") as (process, pids):
        process.send_signal(number)
        process.wait(20)
        assert process.returncode == 3
        for pid in pids:
            wait_gone(pid)
    folder = only(tmp_path / "out")
    assert folder.fates() == ["done"] * 5 + ["died", "never_run"]
    assert (folder.status["state"], folder.status["reason"]) == ("died", f"stopped by {number.name}")
    assert {"manifest.json", "verdict.json", "notebook.ipynb"} <= folder.names()


@pytest.mark.parametrize("place", PLACES)
def test_a_killed_parent_leaves_a_journal_that_can_be_sealed(
    tmp_path: Path, profile: Path, runbook: Runbook, place: str
) -> None:
    """After SIGKILL the status reads as died; `runbook seal` makes the artifact whole, with the same truth."""
    with started(tmp_path, profile, place) as (process, pids):
        process.kill()
        for pid in pids:
            wait_gone(pid)
    folder = only(tmp_path / "out")
    assert folder.status["state"] == "running"
    assert status.read(folder.path).now_true().state is State.DIED
    assert "journal.jsonl" in folder.names()

    sealed = runbook("seal", folder.path, "--json")

    assert sealed.returncode == 3, sealed.stderr
    assert json.loads(sealed.stdout) == folder.json("verdict.json")
    died = _AT[place]
    assert folder.fates() == [*["done"] * died, "died", *["never_run"] * 6][:7]
    assert (folder.status["state"], folder.status["exit_code"]) == ("died", 3)
    nbformat.validate(nbformat.read(folder.path / "notebook.ipynb", as_version=4))
    assert {"report.html", "postmortem.md", "manifest.json"} <= folder.names()
    assert "journal.jsonl" not in folder.names()


def test_sealing_twice_changes_no_verdict_and_keeps_what_was_written(
    tmp_path: Path, profile: Path, runbook: Runbook
) -> None:
    """The postmortem belongs to people once it is there."""
    with started(tmp_path, profile, "after the diagnosis") as (process, _):
        process.kill()
    folder = only(tmp_path / "out")
    runbook("seal", folder.path)
    before = (folder.path / "verdict.json").read_bytes()
    postmortem = folder.path / "postmortem.md"
    postmortem.write_text(postmortem.read_text("utf-8") + "\nWe were asleep.\n", "utf-8")

    assert runbook("seal", folder.path).returncode == 3

    assert (folder.path / "verdict.json").read_bytes() == before
    assert "We were asleep." in postmortem.read_text("utf-8")


def test_a_run_that_still_runs_is_not_sealed(tmp_path: Path, profile: Path, runbook: Runbook) -> None:
    """Two writers would make one lie."""
    with started(tmp_path, profile, "after the diagnosis"):
        folder: Folder = only(tmp_path / "out")
        refused = runbook("seal", folder.path)
        assert refused.returncode == 3
        assert "still being written by process" in refused.stderr


def test_a_run_of_a_host_that_is_gone_is_sealed_on_a_persons_word(
    tmp_path: Path, profile: Path, runbook: Runbook
) -> None:
    """A container that was started anew has another name, and cannot see whether the old one still writes."""
    with started(tmp_path, profile, "after the diagnosis") as (process, _):
        process.kill()
    folder = only(tmp_path / "out")
    body = folder.status | {"host": "old-pod", "pid": 1}
    (folder.path / "status.json").write_text(json.dumps(body), "utf-8")
    refused = runbook("seal", folder.path)
    assert refused.returncode == 3
    assert (
        "by process 1 on old-pod, which cannot be seen from here; once that is gone for good, add --dead"
        in " ".join(refused.stderr.split())
    )
    assert folder.status == body

    assert runbook("seal", folder.path, "--dead").returncode == 3

    assert (folder.status["state"], folder.status["exit_code"]) == ("died", 3)
    assert folder.fates() == ["done"] * 5 + ["died", "never_run"]
    assert "manifest.json" in folder.names()


def test_a_run_that_lives_here_is_never_sealed_on_a_persons_word(
    tmp_path: Path, profile: Path, runbook: Runbook
) -> None:
    """We can see that it lives."""
    with started(tmp_path, profile, "after the diagnosis"):
        refused = runbook("seal", only(tmp_path / "out").path, "--dead")
        assert refused.returncode == 3
        assert "still being written by process" in refused.stderr


def test_a_killed_parent_takes_its_kernel_along(tmp_path: Path, profile: Path) -> None:
    """The stock kernel and the program that drives it die with the parent."""
    with started(tmp_path, profile, "after the diagnosis", "--kernel") as (process, pids):
        process.kill()
        for pid in pids:
            wait_gone(pid)


def test_a_killed_driver_takes_its_kernel_along(tmp_path: Path, profile: Path) -> None:
    """And the parent seals the run."""
    with started(tmp_path, profile, "after the diagnosis", "--kernel") as (process, (kernel, driver)):
        os.kill(driver, signal.SIGKILL)
        wait_gone(kernel)
        process.wait(20)
        assert process.returncode == 3
    assert only(tmp_path / "out").fates()[5] == "died"
