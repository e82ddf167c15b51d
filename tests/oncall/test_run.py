"""`runbook run` with several incidents: one look, five verdicts, five artifacts."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.oncall.conftest import Runbook
from tests.oncall.headless.notebooks import incident, write
from tests.oncall.support import Folder, artifacts, driven, environment, until
from tests.sandbox.running import PATIENT, running

from diagnostics.runbooks import RUNBOOKS

ALL = {runbook.slug for runbook in RUNBOOKS}


def facts(folder: Folder) -> list[object]:
    """What a run saw, without the line that says what it was asked."""
    return [json.loads(line) for line in (folder.path / "evidence.jsonl").read_text("utf-8").splitlines()[1:]]


@pytest.mark.parametrize("past", [(), ("--history", "3h")])
def test_all_runbooks_find_a_healthy_platform_healthy(tmp_path: Path, runbook: Runbook, past: tuple[str, ...]) -> None:
    """Five whole artifacts, exit code 0, nothing unseen but the standing limits, and one look between them."""
    with running(tmp_path, *past) as platform:
        options = ("--profile", "sandbox", "--deadline", 60, "--json", "--output-dir", tmp_path / "out")
        done = runbook("run", "all", *options, env={**os.environ, **PATIENT, **platform.settings}, timeout=240)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    folders = artifacts(tmp_path / "out")
    assert done.returncode == 0, done.stdout
    assert {each["incident"] for each in told} == {each.json("verdict.json")["incident"] for each in folders} == ALL
    assert [(each["severity"], each["blind_spots"]) for each in told] == [("ok", [])] * len(ALL)
    assert all(each.is_sealed() and set(each.fates()) == {"done", "skipped"} for each in folders)
    assert all(facts(each) == facts(folders[0]) for each in folders)


def test_a_first_notebook_that_dies_leaves_the_others_their_own_look(tmp_path: Path, profile: Path) -> None:
    """It has seen nothing for them: they look themselves, and the command still ends with all artifacts."""
    cells = incident(
        profile,
        before="import os, pathlib\nmark = pathlib.Path({!r})\nif not mark.exists():\n"
        "    mark.touch()\n    os._exit(9)".format(str(tmp_path / "died")),
    )
    done = subprocess.run(
        driven(
            write(tmp_path / "in.ipynb", cells),
            "run",
            "worker-not-processing",
            "queue-overflow",
            "--profile",
            profile,
            "--json",
            "--output-dir",
            tmp_path / "out",
        ),
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    states = {each.status["incident"]: each.status["state"] for each in artifacts(tmp_path / "out")}
    assert done.returncode == 3
    assert states == {"worker-not-processing": "died", "queue-overflow": "done"}
    assert len(done.stdout.splitlines()) == len(states)


def test_what_the_first_has_seen_is_kept_for_all_before_the_others_begin(
    tmp_path: Path, profile: Path, runbook: Runbook
) -> None:
    """Killed outright right after the first verdict, each run has its facts and can be sealed."""
    cells = incident(profile, after="import time\ntime.sleep(60)")
    arguments = (
        "run",
        "worker-not-processing",
        "queue-overflow",
        "--profile",
        profile,
        "--output-dir",
        tmp_path / "out",
    )
    process = subprocess.Popen(
        driven(write(tmp_path / "in.ipynb", cells), *arguments),
        env=environment(tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: [each for each in artifacts(tmp_path / "out") if "verdict.json" in each.names()][1:] != [])
    finally:
        process.kill()
        process.wait()
    first, second = artifacts(tmp_path / "out")
    assert facts(first) == facts(second) != []
    for each in (first, second):
        verdict = each.json("verdict.json")
        sealed = runbook("seal", each.path, "--json")
        assert (sealed.returncode, json.loads(sealed.stdout)) == (3, verdict), sealed.stderr
