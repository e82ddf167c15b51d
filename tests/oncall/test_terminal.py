"""The verdict on a terminal."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.cells import cell_len
from tests.diagnostics.diagnoses import diagnosis, finding

from diagnostics.model import BlindSpot
from diagnostics.severity import Severity
from diagnostics.text import text
from oncall.terminal import print_place, print_verdict

LONG = "curl -sS https://gpt-agent-platform-production.up.railway.app/health --header 'x: " + "y" * 60 + "'"


def shown(made=None, *, width: int = 80, runbook: str | None = None) -> str:
    stream = io.StringIO()
    print_verdict(
        made or diagnosis(), language="en", timezone="Europe/Moscow", stream=stream, width=width, runbook=runbook
    )
    return stream.getvalue()


def test_the_first_line_names_the_profile_and_the_second_the_verdict():
    lines = shown().splitlines()
    assert lines[0] == "profile production · worker-not-processing"
    assert lines[1].split() == "CRITICAL The worker cannot resolve the Redis host name".split()


def test_it_holds_everything_the_reader_needs():
    page = " ".join(shown(runbook="runbook run queue-overflow").split())
    for told in (
        "almost certain, 93 %",
        "02:34:00 UTC (05:34 Europe/Moscow)",
        "Compare the host in Railway with the Upstash console",
        "11 min left → Railway Support support@railway.app",
        "1204 jobs ready and not started in agent-jobs; limit 1000 jobs",
        "Railway refused the token",
        "set RAILWAY_TOKEN to a token of this project",
        'redis-cli -u "$REDIS_URL" LLEN bull:agent-jobs:wait',
        "go on with runbook run queue-overflow",
    ):
        assert told in page


@pytest.mark.parametrize("width", [40, 80, 100, 200])
def test_no_line_but_the_ones_to_copy_exceeds_the_width(width):
    spots = tuple(
        BlindSpot(check=f"a.check{n}", why=text("reason {n} " + "word " * 30, n=n), regain=text("do this"))
        for n in range(3)
    )
    long = finding(sentence=text("{w}", w="many words " * 20))
    lines = shown(diagnosis(blind_spots=spots, findings=(long,)), width=width).splitlines()
    copied = [line for line in lines if "redis-cli" in line]
    assert all(cell_len(line) <= min(width, 100) for line in lines if line not in copied)


@pytest.mark.parametrize(("made", "told"), [(True, "run/report.html"), (False, "`runbook seal` on it makes that")])
def test_the_place_of_a_report_is_told_only_when_it_is_there(tmp_path, monkeypatch, made, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    if made:
        (tmp_path / "run" / "report.html").touch()
    stream = io.StringIO()
    print_place(tmp_path / "run", language="en", stream=stream)
    assert told in stream.getvalue()
    assert ("run/postmortem.md" in stream.getvalue()) is made
    assert stream.getvalue().splitlines()[-1].startswith("  run")


def test_a_command_is_one_line_to_paste_however_long():
    made = diagnosis(findings=(finding(command=LONG),))
    assert f"  {LONG}" in shown(made).splitlines()


def test_without_colour_nothing_is_lost_and_no_escape_is_written():
    assert "\x1b" not in shown()


def test_evidence_cannot_command_the_terminal():
    evil = "\x1b]0;owned\x07\x1b[2J[red]x[/red] :boom:"
    made = diagnosis(findings=(finding(sentence=text("{e}", e=evil), command=evil),), next_step=text("{e}", e=evil))
    page = shown(made)
    assert "\x1b" not in page
    assert "\x07" not in page
    assert "[red]x[/red] :boom:" in page


@pytest.mark.parametrize("severity", list(Severity))
def test_every_severity_is_a_word(severity):
    bare = diagnosis(severity=severity, causes=(), findings=(), blind_spots=(), onset_at=None)
    assert severity.value.upper() in shown(bare)


def test_the_worst_comes_first_and_the_rest_is_counted():
    many = tuple(finding(f"a.f{n}", Severity.WARNING) for n in range(9))
    page = shown(diagnosis(findings=(*many, finding("a.worst", sentence=text("the worst")))))
    assert page.index("the worst") < page.index("1204 jobs ready")
    assert "and 4 more" in page


def test_all_in_order_is_short():
    calm = diagnosis(
        severity=Severity.OK, causes=(), findings=(finding(severity=Severity.OK),), blind_spots=(), onset_at=None
    )
    assert len(shown(replace(calm, next_step=text("Nothing to mend here."))).splitlines()) <= 6


@pytest.mark.parametrize("is_overdue", [False, True])
def test_triage_shows_the_metrics_and_once_overdue_what_to_hand_over(is_overdue):
    """A run of one incident shows neither; triage shows the numbers, and the hand-off when its time has come."""
    made = diagnosis()
    asked = replace(made.scope, slug="triage")
    page = shown(replace(made, scope=asked, clock=replace(made.clock, overdue=is_overdue)))
    assert "M4 Worker" in page
    assert ("To hand over" in page) is is_overdue
    assert "M4 Worker" not in shown(made)
