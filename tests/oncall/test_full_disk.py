"""Nothing can be written: the verdict still reaches the screen, and nothing is left half-written."""

from __future__ import annotations

import json
import resource
import subprocess
from functools import partial
from pathlib import Path

import pytest
from tests.oncall.conftest import Runbook
from tests.oncall.support import Folder, artifacts, command, environment, only

LINES = {"triage": ("triage",), "run": ("run", "worker-not-processing")}


NOTHING = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (0, 0))
Done = tuple[int, str, str]


def ask(words: tuple[str, ...], tmp_path: Path, profile: Path, outputs: Path, **options: object) -> Done:
    """The command's exit code, verdict and log. Caches go elsewhere: the limit must not spoil those of others."""
    apart = {"PYTHONDONTWRITEBYTECODE": "1", "MPLCONFIGDIR": str(tmp_path / "matplotlib")}
    done = subprocess.run(
        command(*words, "--profile", profile, "--json", "--output-dir", outputs),
        env=environment(tmp_path, **apart),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,  # type: ignore[call-overload]
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("words", LINES.values(), ids=LINES)
@pytest.mark.parametrize("largest", [0, 1500, 8000])
def test_a_disk_that_is_full_costs_files_never_the_verdict(
    tmp_path: Path, profile: Path, words: tuple[str, ...], largest: int
) -> None:
    """A limit on file sizes stands for the full disk; it strikes at the first, a middle and a late file."""
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (largest, largest))
    code, told, log = ask(words, tmp_path, profile, tmp_path / "out", preexec_fn=limit)
    assert code == 3
    assert json.loads(told)["severity"] == "unknown"
    assert "written" in log
    for folder in artifacts(tmp_path / "out"):
        assert_whole(folder)


def assert_whole(folder: Folder) -> None:
    """Every file that is there is complete."""
    assert not [name for name in folder.names() if name.endswith(".partial")]
    for name in folder.names():
        if name.endswith((".json", ".ipynb")):
            folder.json(name)
        if name.endswith(".jsonl"):
            [json.loads(line) for line in (folder.path / name).read_text("utf-8").splitlines()]
    assert "status.json" in folder.names()


@pytest.mark.parametrize("words", LINES.values(), ids=LINES)
def test_a_folder_that_cannot_be_made_costs_the_artifact_never_the_verdict(
    tmp_path: Path, profile: Path, words: tuple[str, ...]
) -> None:
    """A file is in the way of the output folder."""
    (tmp_path / "file").write_text("in the way")
    code, told, log = ask(words, tmp_path, profile, tmp_path / "file" / "out")
    assert code == 3
    assert json.loads(told)["severity"] == "unknown"
    assert "nothing could be written" in log
    assert (tmp_path / "file").read_text() == "in the way"


def test_sealing_where_nothing_can_be_written_shows_the_verdict_and_ends_as_unknown(
    tmp_path: Path, profile: Path, runbook: Runbook
) -> None:
    """One line for each thing that could not be done, and no traceback."""
    runbook("triage", "--profile", profile, "--output-dir", tmp_path / "out")
    folder = only(tmp_path / "out")
    (folder.path / ".verdict.json.partial").mkdir()
    before = {name: (folder.path / name).read_bytes() for name in folder.names()}
    sealed = runbook("seal", folder.path, "--json", preexec_fn=NOTHING, env={"MPLCONFIGDIR": str(tmp_path / "mpl")})
    assert sealed.returncode == 3
    assert json.loads(sealed.stdout) == folder.json("verdict.json")
    assert "status.json could not be written" in sealed.stderr
    assert ".verdict.json.partial could not be removed" in sealed.stderr
    assert "Traceback" not in sealed.stderr
    assert {name: (folder.path / name).read_bytes() for name in folder.names()} == before


def test_a_journal_that_cannot_be_read_is_not_an_empty_one(tmp_path: Path, profile: Path, runbook: Runbook) -> None:
    """Sealing without it would lose the notebook."""
    runbook("triage", "--profile", profile, "--output-dir", tmp_path / "out")
    folder = only(tmp_path / "out")
    (folder.path / "journal.jsonl").mkdir()
    sealed = runbook("seal", folder.path)
    assert sealed.returncode == 3
    assert sealed.stderr.count("\n") == 1
    assert "journal.jsonl cannot be read: Is a directory" in sealed.stderr
