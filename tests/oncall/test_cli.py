"""What the command line refuses, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.oncall.conftest import Runbook
from tests.oncall.support import artifacts, only

from oncall import __main__
from oncall.cli import normalised

REFUSED = [
    ("run worker-not-procesing --profile P", "did you mean 'worker-not-processing'?"),
    ("run nothing-like-it --profile P", "incident 'nothing-like-it' is not known"),
    ("run all worker-not-procesing --profile P", "did you mean 'worker-not-processing'?"),
    ("run worker-not-processing --profile sandbx", "did you mean 'sandbox'?"),
    ("run worker-not-processing --profile missing.toml", "missing.toml does not exist"),
    ("run worker-not-processing --profile P -p window_minuets 60", "did you mean 'window_minutes'?"),
    ("run worker-not-processing --profile P -p window_minutes=an-hour", "window_minutes='an-hour' must be a number"),
    ("run worker-not-processing --profile P -p window_minutes -5", "window_minutes=-5.0"),
    ("run worker-not-processing --profile P -p window_minutes nan", "window_minutes=nan"),
    ("run worker-not-processing --profile P -p redis_commands 2.5", "redis_commands=2.5 must be a whole number"),
    ("run worker-not-processing --profile P -p deadline_s", "-p deadline_s has no value"),
    ("run worker-not-processing --profile P -p since yesterday", "since='yesterday' is not a time"),
    ("run worker-not-processing --profile P --since 2026-01-02T00:00 --until 2026-01-01T00:00", "must be before until"),
    ("run worker-not-processing --profile P --language fr", "language 'fr' is not available"),
    ("run worker-not-processing --profile P --deadline nan", "deadline_s=nan"),
    ("run worker-not-processing --profile P --deadline soon", "--deadline"),
    ("run --profile P", "INCIDENT"),
    ("triage --profile P --language englisch", "language 'englisch' is not available"),
    ("triage --profile P --since 12:99", "since='12:99' is not a time"),
    ("triage --profile P --deadline -1", "deadline_s=-1.0"),
    ("triage --profile P --redis-commands 0", "redis_commands=0"),
    ("triage --profil P", "--profile"),
    ("triage", "--profile NAME or set RUNBOOK_PROFILE"),
    ("run worker-not-processing", "--profile NAME or set RUNBOOK_PROFILE"),
    ("triag --profile P", "triage"),
    ("seal nowhere", "nowhere is not an artifact"),
]


@pytest.mark.parametrize(("line", "told"), REFUSED, ids=[line for line, _ in REFUSED])
def test_bad_input_is_refused_before_anything_runs(
    line: str,
    told: str,
    tmp_path: Path,
    profile: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 3, a line that names what is wrong and the nearest match, and nothing on the disk."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNBOOK_PROFILE", raising=False)
    before = set(tmp_path.rglob("*"))
    words = [str(profile) if word == "P" else word for word in line.split()]
    if words[0] != "seal":
        words += ["--output-dir", str(tmp_path / "out")]

    assert __main__.run(words) == 3

    said = capsys.readouterr()
    assert told in " ".join(said.err.split())
    assert said.out == ""
    assert "Traceback" not in said.err
    assert set(tmp_path.rglob("*")) == before


def test_parameters_are_given_as_papermill_takes_them_or_with_an_equals_sign() -> None:
    """`-p NAME VALUE` and `-p NAME=VALUE` are one."""
    words = "run x -p a 1 -p b=2 -p c -3 -p d=e=f --json".split()
    assert normalised(words) == "run x -p a=1 -p b=2 -p c=-3 -p d=e=f --json".split()


def test_json_leaves_nothing_but_one_verdict_on_stdout(tmp_path: Path, profile: Path, runbook: Runbook) -> None:
    """A program reads stdout; the line that names the profile goes to stderr."""
    done = runbook("triage", "--profile", profile, "--json", "--output-dir", tmp_path / "out")
    folder = only(tmp_path / "out")
    assert json.loads(done.stdout) == folder.json("verdict.json")
    assert done.stdout.count("\n") == 1
    assert "profile dead" in done.stderr.splitlines()[0]
    assert done.returncode == folder.status["exit_code"] == 3


def test_the_first_line_for_people_names_the_profile(tmp_path: Path, profile: Path, runbook: Runbook) -> None:
    """At night nobody should have to guess which platform this is about."""
    done = runbook("triage", "--profile", profile, "--output-dir", tmp_path / "out")
    assert "dead" in done.stdout.splitlines()[0]


def test_a_relative_output_folder_is_meant_from_here(tmp_path: Path, profile: Path, runbook: Runbook) -> None:
    """As with any command."""
    runbook("triage", "--profile", profile, "--output-dir", "there", cwd=tmp_path)
    assert only(tmp_path / "there").names() >= {"verdict.json", "report.html", "status.json", "manifest.json"}
    report = (only(tmp_path / "there").path / "report.html").read_text("utf-8")
    assert "1.E1" in report and "Create an incident in Sentry" in report


def test_the_parameters_reach_the_notebook(tmp_path: Path, profile: Path, runbook: Runbook) -> None:
    """`run` says what was asked in the injected cell, and asks it."""
    options = ["--profile", profile, "--output-dir", tmp_path / "out", "-p", "window_minutes", "60"]
    done = runbook("run", "worker-not-processing", *options, "--deadline", "7", "--json")
    folder = only(tmp_path / "out")
    assert folder.status["state"] == "done", done.stderr
    assert json.loads(done.stdout)["deadline_s"] == 7
    injected = next(c for c in folder.json("notebook.ipynb")["cells"] if "injected-parameters" in c["metadata"]["tags"])
    assert {"window_minutes = 60.0\n", "deadline_s = 7.0\n"} <= {f"{line.strip()}\n" for line in injected["source"]}
    assert folder.fates()[-1] == "skipped"
    assert set(folder.fates()) == {"done", "skipped"}


def test_runs_of_one_second_get_folders_of_their_own(tmp_path: Path, profile: Path) -> None:
    """Two people are paged at once."""
    line = [sys.executable, "-m", "oncall", "triage", "--profile", str(profile), "--output-dir", str(tmp_path / "out")]
    running = [subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(3)]
    assert [process.wait(30) for process in running] == [3, 3, 3]
    assert len(artifacts(tmp_path / "out")) == 3


def test_help_is_quick(runbook: Runbook) -> None:
    """Nothing heavy is imported to print a page of help."""
    started = time.monotonic()
    done = runbook("--help")
    assert done.returncode == 0
    assert "triage" in done.stdout
    assert time.monotonic() - started < 2.0


def test_triage_imports_nothing_heavy_before_its_verdict(tmp_path: Path, profile: Path) -> None:
    """A second of imports is a second of the deadline."""
    program = (
        "import sys\n"
        "from oncall import __main__, telling\n"
        "heavy = ('pandas', 'matplotlib', 'nbformat', 'papermill', 'IPython')\n"
        "told = telling.Teller.verdict\n"
        "def verdict(*a, **k):\n"
        "    told(*a, **k)\n"
        "    sys.stderr.write('heavy: ' + repr([m for m in heavy if m in sys.modules]))\n"
        "telling.Teller.verdict = verdict\n"
        "__main__.main()\n"
    )
    options = ["triage", "--profile", str(profile), "--output-dir", str(tmp_path / "out")]
    done = subprocess.run([sys.executable, "-c", program, *options], capture_output=True, text=True, check=False)
    assert "heavy: []" in done.stderr


def test_an_uncaught_error_ends_as_three_with_its_traceback(
    monkeypatch: pytest.MonkeyPatch, profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """1 would read as a warning."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("oncall.sealing.keep_facts", broken)
    options = ["triage", "--profile", str(profile), "--output-dir", str(tmp_path / "out")]
    assert __main__.run(options) == 3
    assert "RuntimeError: a bug" in capsys.readouterr().err
    assert (only(tmp_path / "out").status["state"], only(tmp_path / "out").status["exit_code"]) == ("died", 3)
