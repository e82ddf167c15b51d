"""`runbook run` with several incidents: one look, five verdicts, five artifacts."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from tests.oncall.conftest import Runbook
from tests.oncall.headless.notebooks import incident, write
from tests.oncall.support import Folder, artifacts, driven, environment, until
from tests.sandbox.running import PATIENT, running

from diagnostics.runbooks import RUNBOOKS, TRIAGE

ALL = {runbook.slug for runbook in RUNBOOKS}


def facts(folder: Folder) -> list[dict[str, Any]]:
    """What a run saw, without the line that says what it was asked."""
    whole = (folder.path / "evidence.jsonl").read_text("utf-8").rpartition("\n")[0]
    return [json.loads(line) for line in whole.split("\n")[1:]]


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
    for each in folders:
        drawn = [name for name in each.names() if name.startswith("charts/")]
        assert len(drawn) == (each.path / "report.html").read_text("utf-8").count("data:image/png") > 0


def kinds(folder: Folder) -> dict[str, str]:
    """Why each look failed, by probe."""
    return {each["probe"]: each["failure"]["kind"] for each in facts(folder) if each.get("failure")}


def started(tmp_path: Path, profile: Path, *options: object, **first: str) -> subprocess.Popen[str]:
    """A run of two incidents, the first notebook with a test's own lines."""
    for slug in ("worker-not-processing", "queue-overflow"):
        lines = first if slug == "worker-not-processing" else {}
        write(tmp_path / f"{slug}.ipynb", incident(profile, slug=slug, **lines))
    words = ("run", "worker-not-processing", "queue-overflow", "--profile", profile, "--json", *options)
    return subprocess.Popen(
        driven(tmp_path / "queue-overflow.ipynb", *words, "--output-dir", tmp_path / "out"),
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str], tmp_path: Path) -> dict[str, str]:
    """The state of each run; each told one verdict, that of its artifact."""
    out, err = process.communicate(timeout=120)
    told = {each["incident"]: each for each in map(json.loads, out.splitlines())}
    folders = artifacts(tmp_path / "out")
    assert len(out.splitlines()) == len(folders) == 2, err
    assert {each.status["incident"]: each.json("verdict.json") for each in folders} == told, err
    return {each.status["incident"]: each.status["state"] for each in folders}


def is_refused(folder: Folder) -> bool:
    """Whether an answer of the look has come, and it is the platform's refusal."""
    return "evidence.jsonl" in folder.names() and "unreachable" in kinds(folder).values()


SLOW_LOOK = "from diagnostics import engine\nasync def hold(*_):\n    import asyncio\n    await asyncio.sleep(60)\nengine._cancel = hold"
"""All answers are there, and the look never ends."""


@pytest.mark.parametrize("options", [(), ("--kernel",)])
def test_two_incidents_share_one_look(tmp_path: Path, profile: Path, options: tuple[str, ...]) -> None:
    """In a fork and in a stock kernel."""
    process = started(tmp_path, profile, "--deadline", 60, *options)
    assert set(ended(process, tmp_path).values()) == {"done"}
    first, second = artifacts(tmp_path / "out")
    assert facts(first) == facts(second) != []


def test_a_first_notebook_that_dies_leaves_the_next_its_own_look(tmp_path: Path, profile: Path) -> None:
    """It has seen nothing for the others: the next one looks."""
    process = started(tmp_path, profile, "--deadline", 60, before="import os\nos._exit(9)")
    assert ended(process, tmp_path) == {"worker-not-processing": "died", "queue-overflow": "done"}
    assert process.returncode == 3


def test_a_first_notebook_that_hangs_costs_the_others_no_deadline(tmp_path: Path, profile: Path) -> None:
    """What it has heard by the deadline is everybody's verdict, told then; each notebook is executed all the same."""
    began = time.monotonic()
    process = started(tmp_path, profile, "--deadline", 12, within=SLOW_LOOK)
    assert process.stdout is not None
    process.stdout.readline()
    second = json.loads(process.stdout.readline())
    assert time.monotonic() - began < 12 + 3
    assert second["incident"] == "queue-overflow"
    assert second["blind_spots"]
    process.communicate(timeout=60)
    states = {each.status["incident"]: each.status["state"] for each in artifacts(tmp_path / "out")}
    assert states == {"worker-not-processing": "timed_out", "queue-overflow": "done"}


def test_a_first_notebook_that_hangs_after_its_verdict_holds_up_nobody(tmp_path: Path, profile: Path) -> None:
    """The second is done while the first still sleeps."""
    process = started(tmp_path, profile, "--deadline", 60, after="import time\ntime.sleep(60)")
    until(lambda: any(set(each.fates()) == {"done"} for each in artifacts(tmp_path / "out")), timeout_s=40)
    process.terminate()
    assert ended(process, tmp_path) == {"worker-not-processing": "died", "queue-overflow": "done"}


def test_a_signal_while_the_first_looks_leaves_all_what_it_has_heard(tmp_path: Path, profile: Path) -> None:
    """Two verdicts from the answers that had come."""
    process = started(tmp_path, profile, "--deadline", 60, within=SLOW_LOOK)
    until(lambda: any(map(is_refused, artifacts(tmp_path / "out"))))
    process.terminate()
    assert set(ended(process, tmp_path).values()) == {"died"}
    assert process.returncode == 3
    first, second = (kinds(each) for each in artifacts(tmp_path / "out"))
    assert first == second
    assert "unreachable" in first.values()


def test_what_the_first_has_seen_is_kept_for_all_before_the_others_begin(
    tmp_path: Path, profile: Path, runbook: Runbook
) -> None:
    """Killed outright after the verdicts, each run has its facts and can be sealed."""
    process = started(tmp_path, profile, "--deadline", 60, after="import time\ntime.sleep(60)")
    try:
        until(lambda: [each for each in artifacts(tmp_path / "out") if "verdict.json" in each.names()][1:] != [])
    finally:
        process.kill()
        process.communicate()
    first, second = artifacts(tmp_path / "out")
    assert facts(first) == facts(second) != []
    for each in (first, second):
        verdict = each.json("verdict.json")
        sealed = runbook("seal", each.path, "--json")
        assert json.loads(sealed.stdout) == verdict, sealed.stderr


def test_all_runbooks_run_the_same_probes() -> None:
    """What one has seen can be judged by any other: ADR 6 rests on it."""
    assert {each.probes for each in RUNBOOKS} == {TRIAGE.probes}
