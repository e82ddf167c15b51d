"""The console's banner: the verdict with its age, and what the console itself has to say."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import datetime

from diagnostics.model import Diagnosis
from diagnostics.notebook import View
from diagnostics.wording import Wording, plain


@dataclass(slots=True)
class Banner:
    """What stands above the charts. `note` is an error or a remark of the console."""

    wording: Wording
    note: str = ""
    is_busy: bool = False

    def html(self, diagnosis: Diagnosis | None, *, now: datetime | None = None) -> str:
        """The banner for a screen."""
        parts = [f"<div><b>{html.escape(self._age(diagnosis, now))}</b></div>"]
        if self.note:
            parts.append(f"<div style='border:2px solid #c00024;padding:4px 8px'>{html.escape(plain(self.note))}</div>")
        if diagnosis is not None:
            parts.append(self._view(diagnosis).verdict()._repr_html_())
        return "".join(parts)

    def plain(self, diagnosis: Diagnosis | None) -> str:
        """The banner where there are no widgets."""
        lines = [self._age(diagnosis, None), plain(self.note)]
        lines += [repr(self._view(diagnosis).verdict())] if diagnosis is not None else []
        return "\n".join(line for line in lines if line)

    def _view(self, diagnosis: Diagnosis) -> View:
        return View(diagnosis, language=self.wording.language, timezone=self.wording.timezone)

    def _age(self, diagnosis: Diagnosis | None, now: datetime | None) -> str:
        _ = self.wording.translate
        if self.is_busy:
            return _("Looking …")
        if diagnosis is None:
            return _("Nothing has been looked at yet")
        at = self.wording.clock(diagnosis.finished_at)
        if now is None:
            return _("As of {time}").format(time=at)
        age = self.wording.duration((now - diagnosis.finished_at).total_seconds())
        return _("As of {time}, {age} ago").format(time=at, age=age)
