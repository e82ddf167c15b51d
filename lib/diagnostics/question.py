"""From what a person asked to a `Scope`: every parameter checked, each refusal one line that names it."""

from __future__ import annotations

import platform
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from diagnostics.errors import SettingsError
from diagnostics.runbooks import by_slug
from diagnostics.scope import Scope, Window
from diagnostics.settings import Settings

DEFAULT_WINDOW_MINUTES = 180.0
_LONGEST_WINDOW_MINUTES = 31 * 24 * 60.0
_EARLIEST_YEAR = 2000


def ask(  # noqa: PLR0913 - one argument for each thing a person may ask
    slug: str,
    settings: Settings,
    *,
    now: datetime,
    window_minutes: float | None = None,
    since: str | None = None,
    until: str | None = None,
    deadline_s: float | None = None,
    redis_commands: int | None = None,
    response_started_at: datetime | None = None,
) -> Scope:
    """The question of one run.

    Args:
        window_minutes: look-back from `until`, unless `since` is given. Default 180.
        since, until: ISO 8601; without a zone they are UTC. `until` defaults to `now`.

    Raises: SettingsError naming the parameter, its value and what it may be.
    """
    by_slug(slug)
    budget = settings.profile.budget
    deadline = _number("deadline_s", budget.deadline_s if deadline_s is None else deadline_s, 0.5, 600)
    commands = _number("redis_commands", budget.redis_commands if redis_commands is None else redis_commands, 1, 5000)
    return Scope(
        slug=slug,
        profile=settings.profile.name,
        facts=settings.facts(),
        now=now,
        window=_window(now, window_minutes, since, until),
        started_at=now,
        response_started_at=response_started_at or now,
        deadline_s=deadline,
        thresholds=settings.thresholds(),
        contacts=settings.contacts(),
        redis_command_limit=int(commands),
        versions=(
            ("gpt-agent-runbooks", version("gpt-agent-runbooks")),
            ("python", platform.python_version()),
        ),
    )


def _window(now: datetime, minutes: float | None, since: str | None, until: str | None) -> Window:
    end = _instant("until", until) if until else now
    if end.year < _EARLIEST_YEAR:
        raise SettingsError(f"until ({_z(end)}) is before the platform was there")
    if since:
        start = _instant("since", since)
    else:
        span = DEFAULT_WINDOW_MINUTES if minutes is None else minutes
        start = end - timedelta(minutes=_number("window_minutes", span, 1, _LONGEST_WINDOW_MINUTES))
    if start >= end:
        raise SettingsError(f"since ({_z(start)}) must be before until ({_z(end)})")
    if end - start > timedelta(minutes=_LONGEST_WINDOW_MINUTES):
        raise SettingsError(f"since ({_z(start)}) is more than 31 days before until ({_z(end)})")
    if end > now + timedelta(minutes=5):
        raise SettingsError(f"until ({_z(end)}) is in the future")
    return Window(since=start, until=end)


def _instant(name: str, value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, AttributeError, OverflowError):
        raise SettingsError(f"{name}={value!r} is not a time; write it like 2026-01-31T03:00:00Z") from None


def _number(name: str, value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        # NaN fails the comparison too.
        raise SettingsError(f"{name}={value!r} must be a number from {low:g} to {high:g}")
    return float(value)


def _z(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
