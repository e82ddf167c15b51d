"""The queue at a glance: refusals, deadline, exit codes, and the old script's number beside ours."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from tests.diagnostics.healthy import (
    SCOPE,
    TRAILER,
    Changes,
    ago,
    collected,
    counts,
    queue,
    unanswered,
)
from tests.diagnostics.trends.test_capacity import loaded
from tests.oncall.conftest import Runbook
from tests.oncall.support import driven, environment, write_profile
from tests.oncall.test_triage import DEADLINE_S, LOOP, RESOLVER, dripping

from diagnostics.judgement import conclude
from diagnostics.model import Diagnosis, FailureKind
from diagnostics.readings import Answer
from diagnostics.report.glance import glance
from diagnostics.runbooks import GLANCE
from diagnostics.severity import Severity
from diagnostics.thresholds import Limits
from oncall import __main__
from oncall.glance import print_glance

__all__ = ["dripping"]

REFUSED = [
    ("-5", "critical='-5' must be a number of jobs from 0 up"),
    ("nan", "critical='nan' must be a number of jobs from 0 up"),
    ("inf", "critical='inf' must be a number of jobs from 0 up"),
    ("many", "critical='many' must be a number of jobs"),
    ("1000 nan", "warning='nan' must be a number of jobs"),
    ("1000 -1", "warning='-1' must be a number of jobs"),
    ("500 1000", "critical (500) must be above warning (1000); critical comes first"),
    ("500 500", "critical (500) must be above warning (500)"),
    ("400", "critical (400) must be above warning (500)"),
    ("3 2 1", "'1' is one number too many"),
    ("--jsn", "critical='--jsn' must be a number of jobs"),
]


@pytest.mark.parametrize(("line", "told"), REFUSED, ids=[line for line, _ in REFUSED])
def test_bad_limits_are_refused_in_one_line(
    line: str, told: str, profile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3, before anything is read."""
    assert __main__.run(["queue", "--profile", str(profile), *line.split()]) == 3
    said = capsys.readouterr()
    assert told in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)


def test_it_writes_no_file_and_an_unseen_queue_is_unknown(tmp_path: Path, profile: Path, runbook: Runbook) -> None:
    """A platform that refuses everything: exit code 3, question marks, never a zero."""
    (tmp_path / "here").mkdir()
    done = runbook("queue", "2000", "100", "--profile", profile, cwd=tmp_path / "here")
    assert done.returncode == 3
    assert done.stdout.splitlines()[0] == "profile dead · queue"
    assert "? jobs ready and not started (critical > 2000, warning > 100)" in " ".join(done.stdout.split())
    assert "? = wait + active, which it calls UNKNOWN" in done.stdout
    assert list((tmp_path / "here").iterdir()) == []


def test_json_is_one_verdict_with_the_numbers_of_the_queue(profile: Path, runbook: Runbook) -> None:
    """The common document, and `queue` besides; what is not known is null."""
    done = runbook("queue", "--profile", profile, "--json")
    document = json.loads(done.stdout)
    assert (done.stdout.count("\n"), document["schema"], document["incident"]) == (1, "verdict/1", "queue")
    assert document["queue"]["old_script"] is document["queue"]["depth"] is None
    assert "profile dead" in done.stderr.splitlines()[0]


@pytest.mark.parametrize(("patch", "address"), [(RESOLVER, "http://worker.example"), (LOOP, None), ("", "dripping")])
def test_it_ends_by_the_deadline(tmp_path: Path, dripping: str, patch: str, address: str | None) -> None:
    """A name server that never answers, a blocked event loop, a dripping server: deadline + 1 s."""
    worker = {"dripping": dripping, None: "http://127.0.0.1:9"}.get(address, address)
    profile = write_profile(tmp_path, worker=str(worker))
    started = time.monotonic()
    done = subprocess.run(
        driven(Path("-"), "queue", "--profile", profile, "--deadline", DEADLINE_S, "--json"),
        env=environment(tmp_path, DRIVER_PATCH=patch),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    took = time.monotonic() - started
    assert took < DEADLINE_S + 1.0, done.stderr
    assert json.loads(done.stdout)["blind_spots"]
    assert done.returncode == 3


def test_it_imports_nothing_heavy(tmp_path: Path, profile: Path) -> None:
    """A second of imports is a second of the deadline."""
    program = (
        "import os, sys\n"
        "from oncall import __main__\n"
        "code = __main__.run(sys.argv[1:])\n"
        "heavy = ('pandas', 'matplotlib', 'nbformat', 'papermill', 'IPython')\n"
        "sys.stderr.write('heavy: ' + repr([m for m in heavy if m in sys.modules]))\n"
        "sys.stderr.flush()\n"
        "os._exit(code)\n"
    )
    options = ["queue", "--profile", str(profile)]
    done = subprocess.run([sys.executable, "-c", program, *options], capture_output=True, text=True, check=False)
    assert "heavy: []" in done.stderr
    assert done.returncode == 3


def seen(changes: Changes = {}, limits: Limits | None = None) -> Diagnosis:
    """What a glance concludes from a platform healthy but for `changes`."""
    thresholds = replace(SCOPE.thresholds, queue_depth_jobs=limits or SCOPE.thresholds.queue_depth_jobs)
    names = {probe.name for probe in GLANCE.probes}
    evidence = tuple(item for item in collected(changes) if item.probe in names)
    return conclude(GLANCE, replace(SCOPE, slug="queue", thresholds=thresholds), evidence, TRAILER, raise_bugs=True)


def page(diagnosis: Diagnosis, *, width: int = 80, language: str = "en") -> str:
    """The page as printed."""
    stream = io.StringIO()
    print_glance(diagnosis, language=language, timezone="UTC", stream=stream, width=width)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("wait", "limits", "severity", "script"),
    [
        (500, None, Severity.OK, Severity.WARNING),
        (501, None, Severity.WARNING, Severity.WARNING),
        (1000, None, Severity.WARNING, Severity.CRITICAL),
        (1001, None, Severity.CRITICAL, Severity.CRITICAL),
        (100, Limits(50.0, 99.0), Severity.CRITICAL, Severity.CRITICAL),
        (100, Limits(0.0, 200.0), Severity.WARNING, Severity.WARNING),
    ],
)
def test_both_numbers_are_judged_by_the_same_limits(
    wait: int, limits: Limits | None, severity: Severity, script: Severity
) -> None:
    """The old one counts the ten running jobs as backlog."""
    diagnosis = seen({"queue.state": queue(counts(wait=wait))}, limits)
    view = glance(diagnosis)
    depth = next(f for f in diagnosis.findings if f.id == "queue.depth")
    assert (depth.severity, view.script_severity, view.script_jobs) == (severity, script, wait + 10)
    assert f"{wait} jobs ready and not started" in page(diagnosis)
    assert f"{wait + 10} = wait + active" in page(diagnosis)


def test_what_the_old_script_does_not_see_is_said() -> None:
    """A pause, priorities, delays, failures, orphans and dead letters."""
    state = queue(counts(wait=0, paused=700, is_paused=True, prioritized=3, delayed=44, failed=5))
    orphan, dead = counts(name="app-jobs", wait=0, prioritized=9), counts(name="agent-jobs-dlq", wait=2)
    state = replace(state, first=(*state.first, orphan, dead))
    told = " ".join(page(seen({"queue.state": state})).split())
    for words in (
        "that the queue is paused: 703 jobs wait in it",
        "3 jobs prioritized",
        "44 jobs delayed",
        "5 jobs failed",
        "9 jobs in app-jobs, which no worker consumes",
        "2 dead letters in agent-jobs-dlq",
        "10 = wait + active, which it calls OK",
        "prints 0 and calls the queue normal",
    ):
        assert words in told


def test_flow_and_forecast_show_their_numbers() -> None:
    """In and out per minute with their doubt, slots, and the formula."""
    told = " ".join(page(seen(loaded(oldest_waiting_at=ago(240)))).split())
    assert "wait 1000 oldest for 4 min" in told
    assert "50 of 50 in use (2 replicas x 25)" in told
    assert "drains in 2 min" in told
    assert "1000 jobs / (" in told


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"limiter_ms": 2500, "limiter_jobs": 9}, "set by a worker: 9 jobs begun, the next window begins in 2.5 s"),
        (
            {"limiter_ms": 400, "limiter_jobs": 2**53 - 1, "rate_max_jobs": 10, "rate_window_ms": 1000},
            "10 of at most 10 jobs in 1 s are begun; the next window begins in 0.4 s",
        ),
        ({"rate_max_jobs": 10, "rate_window_ms": 1000}, "at most 10 jobs in 1 s; no window is open"),
        ({"concurrency_limit": 12, "active": 11}, "11 of at most 12 jobs, all workers together"),
    ],
)
def test_the_queue_s_own_limits_are_shown_with_what_is_used_of_them(limits: dict[str, int], told: str) -> None:
    """Workers wait for them, and slots do not help."""
    assert told in " ".join(page(seen({"queue.state": queue(counts(**limits))})).split())
    plain = page(seen({"queue.state": queue(counts(limiter_ms=0))}))
    assert "rate limit" not in plain
    assert "at once" not in plain


CASES: list[Changes] = [
    {},
    loaded(),
    loaded(enter_per_s=12),
    {"queue.state": FailureKind.TIMEOUT},
    {"queue.state": queue(counts(wait=None, active=None))},
    {"worker.health": unanswered(Answer.SILENT), "worker.metrics": FailureKind.TIMEOUT, "queue.events": None},
]


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("changes", CASES)
def test_no_line_is_wider_than_the_terminal(changes: Changes, width: int) -> None:
    """At 80 columns and on half a screen, and without an escape in black and white."""
    told = page(seen(changes), width=width)
    assert all(cell_len(line.rstrip()) <= width for line in told.splitlines())
    assert "\x1b" not in told
    assert "None" not in told


@pytest.mark.parametrize("changes", CASES)
def test_the_document_is_json_without_nan(changes: Changes) -> None:
    """Infinite is null, and `grows` says so."""
    document = glance(seen(changes)).document()
    json.dumps(document, allow_nan=False)
    if document["depth"] is None:
        assert document["old_script"] is None
