"""Words, numbers and times as the reader sees them: one place for all renderings."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from diagnostics.language import translator
from diagnostics.russian import russian
from diagnostics.severity import Severity
from diagnostics.text import Text, moment

# Texts come from systems under diagnosis: no control character (a terminal would obey it) and no
# mark that reverses the reading direction may pass. Tab and line feed become spaces.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_SPACE = re.compile(r"[\t\n\r]+")


@dataclass(frozen=True, slots=True)
class Wording:
    """Renders values for one reader: a language and a time zone."""

    language: str = "en"
    timezone: str = "UTC"

    def translate(self, msgid: str, /) -> str:
        """The label `msgid` in the reader's language."""
        return translator(self.language)(msgid)

    def say(self, sentence: Text | None) -> str:
        """A sentence of the model, safe to print."""
        if sentence is None:
            return ""
        spoken = russian if self.language == "ru" else lambda value: value
        return plain(sentence.render(translator(self.language), spoken))

    def severity(self, severity: Severity) -> str:
        """The severity as one upper-case word."""
        _ = self.translate
        words = {
            Severity.OK: _("OK"),
            Severity.WARNING: _("WARNING"),
            Severity.CRITICAL: _("CRITICAL"),
            Severity.UNKNOWN: _("UNKNOWN"),
        }
        return words[severity]

    def confidence(self, confidence: float) -> str:
        """How sure, in words and percent."""
        _ = self.translate
        if confidence >= 0.9:
            words = _("almost certain, {percent} %")
        elif confidence >= 0.7:
            words = _("likely, {percent} %")
        elif confidence >= 0.5:
            words = _("more likely than not, {percent} %")
        else:
            words = _("a guess, {percent} %: check before you act")
        return words.format(percent=round(confidence * 100))

    def duration(self, seconds: float) -> str:
        """A length of time in at most two units."""
        _ = self.translate
        whole = round(abs(seconds))
        if whole < 100:
            return _("{s} s").format(s=whole)
        if whole < 5400:
            return _("{m} min").format(m=round(whole / 60))
        hours, minutes = divmod(round(whole / 60), 60)
        if hours < 48 and not minutes:
            return _("{h} h").format(h=hours)
        if hours < 48:
            return _("{h} h {m} min").format(h=hours, m=minutes)
        return _("{d} d {h} h").format(d=hours // 24, h=hours % 24)

    def time(self, at: datetime, *, near: datetime | None = None) -> str:
        """`at` in UTC and, where it differs, in the reader's zone; the date is left out on the day of `near`."""
        utc = at.astimezone(UTC)
        shown = f"{moment(utc, near) if near else f'{utc:%Y-%m-%d %H:%M:%S}'} UTC"
        local = utc.astimezone(zone(self.timezone))
        if local.utcoffset() == utc.utcoffset():
            return shown
        return f"{shown} ({local.strftime('%H:%M')} {self.timezone})"

    def clock(self, at: datetime) -> str:
        """Time of day in UTC and, where it differs, in the reader's zone."""
        return self.time(at, near=at)

    def value(self, value: float | None, unit: str) -> str:
        """A measured value with its unit; a ratio as percent; a dash where nothing was measured."""
        if value is None or not math.isfinite(value):
            return "–"
        if unit == "ratio":
            return f"{self._number(value * 100)} %"
        return f"{self._number(value)} {self._counted(value, unit)}".strip()

    def _number(self, value: float) -> str:
        return _short(value).replace(".", "," if self.language == "ru" else ".")

    def unit(self, unit: str) -> str:
        """The unit's name, of many."""
        return self._forms(unit).rsplit("|", maxsplit=1)[-1]

    def _counted(self, value: float, unit: str) -> str:
        forms = self._forms(unit)
        if "|" not in forms:
            return forms
        # The form follows the number that is shown.
        shown = _rounded(value)
        return format(russian(shown), forms) if self.language == "ru" else forms.split("|")[shown != 1]

    def _forms(self, unit: str) -> str:
        """The unit's name as it follows each kind of number: one and many in English, one, few and many in Russian."""
        _ = self.translate
        names = {
            "jobs": _("job|jobs"),
            "jobs/min": _("jobs/min"),
            "events/min": _("per min"),
            "events": _("event|events"),
            "users": _("user|users"),
            "s": _("s"),
            "ms": _("ms"),
            "min": _("min"),
            "replicas": _("replica|replicas"),
            "slots": _("slot|slots"),
            "attempts": _("attempt|attempts"),
            "lines": _("line|lines"),
            "starts": _("start|starts"),
            "times": _("time|times"),
            "keys": _("key|keys"),
            "variables": _("variable|variables"),
            "jobs/s": _("jobs/s"),
            "bytes": _("byte|bytes"),
            "tables": _("table|tables"),
            "connections": _("connection|connections"),
            "job types": _("job type|job types"),
            "ratio": _("share"),
        }
        return names.get(unit, unit)


def plain(value: str) -> str:
    """`value` on one line without characters that a terminal or browser would obey."""
    return _UNPRINTABLE.sub("", _SPACE.sub(" ", value)).strip()


def plain_lines(value: str) -> str:
    """Like `plain`, but line breaks stay."""
    return "\n".join(_UNPRINTABLE.sub("", line.replace("\t", "    ")).rstrip() for line in value.splitlines())


def zone(name: str) -> tzinfo:
    """The time zone `name`, or UTC where the system does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _short(value: float) -> str:
    """Three digits, and never with an exponent."""
    rounded = _rounded(value)
    return str(round(rounded)) if rounded == round(rounded) else f"{Decimal(f'{rounded:.3g}'):f}"


def _rounded(value: float) -> float:
    return round(value) if abs(value) >= 1000 or value == round(value) else float(f"{value:.3g}")
