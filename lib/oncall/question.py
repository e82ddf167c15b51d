"""What a person asks for, checked before anything runs.

Every refusal is one line that names the parameter, in the notebook and on the command line alike.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from diagnostics import settings as profiles
from diagnostics.errors import SettingsError
from diagnostics.language import LANGUAGES, translator
from diagnostics.model import Runbook
from diagnostics.question import ask
from diagnostics.redaction import Redactor, redactor_for
from diagnostics.runbooks import by_slug
from diagnostics.scope import Scope
from diagnostics.settings import Settings
from oncall import project, response

DEFAULT_OUTPUT = "outputs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The parameters as given; `None` and empty texts mean: the profile's or the default."""

    slug: str
    profile: str | None = None
    window_minutes: float | None = None
    since: str | None = None
    until: str | None = None
    deadline_s: float | None = None
    redis_commands: int | None = None
    language: str | None = None
    output_dir: str | None = None


PARAMETERS = tuple(field.name for field in fields(Wish) if field.name != "slug")
"""The names a notebook's `parameters` cell and `-p` know."""
_NUMBERS = ("window_minutes", "deadline_s", "redis_commands")
_WHOLE = ("redis_commands",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A wish that makes sense: everything one run needs to know."""

    runbook: Runbook
    settings: Settings
    scope: Scope
    redactor: Redactor
    language: str
    timezone: str
    output_dir: Path


def checked(wish: Wish, *, response_started_at: datetime | None = None) -> Question:
    """Turn a wish into a question.

    Raises: SettingsError, one line naming the parameter and, for a misspelt name, the nearest match.
    """
    runbook = by_slug(wish.slug)
    values = {name: _typed(name, getattr(wish, name)) for name in PARAMETERS}
    settings = profiles.load(
        values["profile"], environ=os.environ, root=project.root(), folders=project.profile_folders()
    )
    language = values["language"] or settings.profile.language
    _require_language(language)
    now = datetime.now(UTC)
    outputs = _folder(values["output_dir"])
    began = response_started_at or response.started_at(outputs, profile=settings.profile.name, now=now)
    scope = ask(
        runbook.slug,
        settings,
        now=now,
        window_minutes=values["window_minutes"],
        since=values["since"],
        until=values["until"],
        deadline_s=values["deadline_s"],
        redis_commands=values["redis_commands"],
        response_started_at=began,
    )
    return Question(
        runbook=runbook,
        settings=settings,
        scope=scope,
        redactor=redactor_for(settings, os.environ),
        language=language,
        timezone=settings.profile.timezone,
        output_dir=outputs,
    )


def wish_from(slug: str, given: Mapping[str, str]) -> Wish:
    """A wish from texts, as a command line gives them.

    Raises: SettingsError for a name no notebook knows, or a number that is none.
    """
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in PARAMETERS:
            raise SettingsError(f"parameter {name!r} is not known{_near(name, PARAMETERS)}")
        values[name] = _number(name, value) if name in _NUMBERS else value
    return Wish(slug=slug, **values)


def _require_language(language: str) -> None:
    if language not in LANGUAGES:
        raise SettingsError(f"language {language!r} is not available{_near(language, LANGUAGES)}")
    try:
        translator(language)
    except FileNotFoundError:
        raise SettingsError(f"language {language!r} has no catalogue here: run `make translations`") from None


def _typed(name: str, value: Any) -> Any:
    """`value` of parameter `name`, `None` where it says nothing; papermill hands over what it parsed from text."""
    if value is None or value == "":
        return None
    if name in _WHOLE and isinstance(value, float) and not value.is_integer():
        raise SettingsError(f"{name}={value!r} must be a whole number")
    if name not in _NUMBERS and not isinstance(value, str | Path):
        raise SettingsError(f"{name}={value!r} must be text")
    return value if name in _NUMBERS else str(value)


def _number(name: str, value: str) -> float | None:
    if not value:
        return None
    try:
        return float(value)
    except ValueError:
        raise SettingsError(f"{name}={value!r} must be a number") from None


def _folder(output_dir: str | None) -> Path:
    return (project.root() / (output_dir or DEFAULT_OUTPUT)).resolve()


def _near(word: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; choose one of: {', '.join(known)}"
