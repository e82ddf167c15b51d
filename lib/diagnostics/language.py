"""Languages: the gettext catalogue behind every sentence and label."""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

from diagnostics.errors import SettingsError
from diagnostics.text import Translate, english

LANGUAGES = ("en", "ru")
_LOCALE = Path(__file__).parent / "locale"


@cache
def translator(language: str) -> Translate:
    """The function that maps English templates to `language` (`en` or `ru`).

    Raises: SettingsError for a language without a catalogue.
    """
    if language == "en":
        return english
    if language not in LANGUAGES:
        raise SettingsError(f"language {language!r} is not available; choose one of: {', '.join(LANGUAGES)}")
    return gettext.translation("runbook", _LOCALE, languages=[language], fallback=True).gettext
