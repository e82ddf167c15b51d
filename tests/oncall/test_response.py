"""The escalation clock starts with the first run of the incident that is going on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from oncall import response, status

NOW = datetime(2026, 1, 31, 3, 0, tzinfo=UTC)


def ran(outputs: Path, minutes_ago: float, severity: str | None = "critical", profile: str = "production") -> datetime:
    """One run that began so long ago and ended so."""
    at = NOW - timedelta(minutes=minutes_ago)
    begun = status.begun(incident="triage", profile=profile, started_at=at, language="en", timezone="UTC", pid=1)
    folder = outputs / f"{at:%Y%m%dT%H%M%SZ}_triage_{profile}"
    folder.mkdir(parents=True)
    (folder / status.NAME).write_text(replace(begun, severity=severity).to_json(), "utf-8")
    return at


def began(outputs: Path) -> datetime:
    return response.started_at(outputs, profile="production", now=NOW)


def test_the_first_run_starts_it(tmp_path: Path) -> None:
    """Nothing ran before: now."""
    assert began(tmp_path) == began(tmp_path / "missing") == NOW


@pytest.mark.parametrize("severity", ["critical", "warning", "unknown", None])
def test_later_runs_do_not_start_it_again(tmp_path: Path, severity: str | None) -> None:
    """However the earlier runs ended, or died."""
    first = ran(tmp_path, 70, severity)
    ran(tmp_path, 40)
    ran(tmp_path, 5)
    assert began(tmp_path) == first


@pytest.mark.parametrize(
    ("minutes_ago", "severity", "profile"),
    [(20, "ok", "production"), (71, "critical", "production"), (20, "critical", "sandbox")],
    ids=["all was well since", "an hour without a run", "another platform"],
)
def test_another_incident_has_its_own_clock(tmp_path: Path, minutes_ago: float, severity: str, profile: str) -> None:
    """Runs before a good one, before a long pause, or of another platform belong elsewhere."""
    ran(tmp_path, minutes_ago + 3) if severity == "ok" else None
    ran(tmp_path, minutes_ago, severity, profile)
    first = ran(tmp_path, 10)
    assert began(tmp_path) == first


def test_what_is_no_artifact_is_passed_over(tmp_path: Path) -> None:
    """A folder somebody made, a file cut short."""
    first = ran(tmp_path, 30)
    (tmp_path / "20260131T025000Z_mine").mkdir()
    (tmp_path / "20260131T025100Z_triage_production").mkdir()
    (tmp_path / "20260131T025100Z_triage_production" / status.NAME).write_text("{", "utf-8")
    assert began(tmp_path) == first
