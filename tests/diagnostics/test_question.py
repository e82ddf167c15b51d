"""From what a person asked to a question: every refusal one line that names the parameter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.errors import SettingsError
from diagnostics.question import ask
from diagnostics.scope import Scope
from diagnostics.settings import Settings, load

NOW = datetime(2026, 1, 31, 3, 0, tzinfo=UTC)


def settings(tmp_path: Path, text: str = "") -> Settings:
    """A small profile."""
    (tmp_path / "p.toml").write_text('name = "p"\n' + text)
    return load("p", environ={}, root=tmp_path, folders=(tmp_path,))


@pytest.fixture
def plain(tmp_path: Path) -> Settings:
    """A profile of defaults."""
    return settings(tmp_path)


def test_defaults(plain: Settings) -> None:
    """Three hours back, ten seconds, fifty commands; the response starts now."""
    scope = ask("triage", plain, now=NOW)
    assert scope.window.since == NOW - timedelta(hours=3)
    assert scope.window.until == scope.started_at == scope.response_started_at == NOW
    assert (scope.deadline_s, scope.redis_command_limit) == (10, 50)
    assert dict(scope.versions).keys() == {"gpt-agent-runbooks", "python"}


def test_the_profile_s_budget_is_the_default(tmp_path: Path) -> None:
    """An option goes before the profile."""
    own = settings(tmp_path, "[budget]\ndeadline_s = 7\nredis_commands = 70\n")
    scope = ask("triage", own, now=NOW)
    assert (scope.deadline_s, scope.redis_command_limit) == (7, 70)
    scope = ask("triage", own, now=NOW, deadline_s=3, redis_commands=30)
    assert (scope.deadline_s, scope.redis_command_limit) == (3, 30)


@pytest.mark.parametrize(
    ("asked", "since", "until"),
    [
        ({"window_minutes": 60}, -60, 0),
        ({"window_minutes": 60, "until": "2026-01-31T02:00:00Z"}, -120, -60),
        ({"since": "2026-01-31T01:00:00Z"}, -120, 0),
        ({"since": "2026-01-31 01:00"}, -120, 0),
        ({"since": "2026-01-31T04:00:00+03:00", "until": "2026-01-31T05:00:00+03:00"}, -120, -60),
        ({"since": "2026-01-31T01:00:00Z", "window_minutes": 5}, -120, 0),
    ],
)
def test_windows(plain: Settings, asked: dict[str, Any], since: int, until: int) -> None:
    """Minutes back from `until`, unless `since` is given; times without a zone are UTC."""
    window = ask("triage", plain, now=NOW, **asked).window
    assert (window.since, window.until) == (NOW + timedelta(minutes=since), NOW + timedelta(minutes=until))
    assert window.since.tzinfo is UTC


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({"window_minutes": 0}, "window_minutes=0 must be a number from 1 to 44640"),
        ({"window_minutes": -5}, "window_minutes=-5 must be a number from 1 to 44640"),
        ({"window_minutes": 44641}, "window_minutes=44641 must be a number from 1 to 44640"),
        ({"window_minutes": float("nan")}, "window_minutes=nan must be a number"),
        ({"window_minutes": float("inf")}, "window_minutes=inf must be a number"),
        ({"window_minutes": True}, "window_minutes=True must be a number"),
        ({"window_minutes": "60"}, "window_minutes='60' must be a number"),
        ({"since": "yesterday"}, "since='yesterday' is not a time; write it like 2026-01-31T03:00:00Z"),
        ({"until": "25:00"}, "until='25:00' is not a time"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "since='0001-01-01T00:00:00+14:00' is not a time"),
        ({"since": "2026-01-31T04:00:00Z"}, "since (2026-01-31T04:00:00Z) must be before until (2026-01-31T03:00:00Z)"),
        ({"since": "2026-01-31T03:00:00Z"}, "since (2026-01-31T03:00:00Z) must be before until"),
        ({"until": "0001-01-01"}, "until (0001-01-01T00:00:00Z) is before the platform was there"),
        ({"until": "2026-01-31T03:06:00Z"}, "until (2026-01-31T03:06:00Z) is in the future"),
        ({"since": "2020-01-01"}, "since (2020-01-01T00:00:00Z) is more than 31 days before until"),
        ({"deadline_s": 0.4}, "deadline_s=0.4 must be a number from 0.5 to 600"),
        ({"deadline_s": 601}, "deadline_s=601 must be a number from 0.5 to 600"),
        ({"deadline_s": float("nan")}, "deadline_s=nan must be a number"),
        ({"redis_commands": 0}, "redis_commands=0 must be a number from 1 to 5000"),
        ({"redis_commands": 5001}, "redis_commands=5001 must be a number from 1 to 5000"),
    ],
)
def test_refusals(plain: Settings, asked: dict[str, Any], line: str) -> None:
    """The parameter, its value and what it may be, in one line."""
    with pytest.raises(SettingsError) as refused:
        ask("triage", plain, now=NOW, **asked)
    assert str(refused.value).startswith(line)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("slug", "line"),
    [
        ("worker-not-procesing", "incident 'worker-not-procesing' is not known; did you mean 'worker-not-processing'?"),
        ("triag", "incident 'triag' is not known; did you mean 'triage'?"),
        ("zzz", "incident 'zzz' is not known; known incidents: worker-not-processing"),
        ("", "incident '' is not known; known incidents: worker-not-processing"),
    ],
)
def test_misspelt_incidents(plain: Settings, slug: str, line: str) -> None:
    """Refused with the nearest match before anything runs."""
    with pytest.raises(SettingsError) as refused:
        ask(slug, plain, now=NOW)
    assert str(refused.value).startswith(line)


def test_the_incident_s_response_start_is_kept(plain: Settings) -> None:
    """A later run of the same night escalates from the first one's start."""
    started = NOW - timedelta(minutes=14)
    assert ask("triage", plain, now=NOW, response_started_at=started).response_started_at == started


@given(
    since=st.none() | st.text(max_size=30) | st.datetimes().map(str),
    until=st.none() | st.text(max_size=30) | st.datetimes().map(str),
    minutes=st.none() | st.floats() | st.integers(),
)
def test_anything_asked_is_a_question_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, since: str | None, until: str | None, minutes: float | None
) -> None:
    """No parameter crashes; a question's window is well formed."""
    folder = tmp_path_factory.getbasetemp()
    try:
        scope: Scope = ask("triage", settings(folder), now=NOW, since=since, until=until, window_minutes=minutes)
    except SettingsError as refused:
        assert len(str(refused).splitlines()) == 1
    else:
        assert scope.window.since < scope.window.until <= NOW + timedelta(minutes=5)
