"""What a person needs to carry out one action by hand."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.text import Text, text

NOTHING = text("Nothing: it only looks.")
NEEDLESS = text("None needed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One action as a person carries it out. `id` is the action id of a cause's `remediations`."""

    id: str
    title: Text
    clicks: tuple[Text, ...]
    changes: Text
    undo: Text
    link: str = ""
