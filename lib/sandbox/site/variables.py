"""The project's variables as Vercel's page shows them. A change reaches no deployment that exists."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

ALL_TARGETS = ("production", "preview")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable. Times are UTC."""

    id: str
    name: str
    value: str
    targets: tuple[str, ...]
    created_at: datetime
    updated_at: datetime


class Variables:
    """All variables of one project."""

    def __init__(self) -> None:
        self._known: dict[str, Variable] = {}

    def all(self) -> Sequence[Variable]:
        return list(self._known.values())

    def values(self, target: str = "production") -> dict[str, str]:
        """Names and values for one kind of deployment."""
        return {each.name: each.value for each in self._known.values() if target in each.targets}

    def set(self, values: Mapping[str, str], *, at: datetime | None = None) -> None:
        """Set some, for production and previews."""
        now = at or datetime.now(UTC)
        for name, value in values.items():
            known = self._known.get(name) or Variable(
                id=secrets.token_urlsafe(12),
                name=name,
                value=value,
                targets=ALL_TARGETS,
                created_at=now,
                updated_at=now,
            )
            self._known[name] = replace(known, value=value, updated_at=now)

    def remove(self, name: str) -> None:
        """Delete one; nothing happens when there is none."""
        self._known.pop(name, None)

    def limit(self, name: str, *targets: str) -> None:
        """Let a variable apply to some kinds of deployment only."""
        self._known[name] = replace(self._known[name], targets=targets, updated_at=datetime.now(UTC))

    def snapshot(self) -> Mapping[str, Variable]:
        """Everything, to be put back later."""
        return dict(self._known)

    def restore(self, snapshot: Mapping[str, Variable]) -> None:
        """Put everything back; what differs counts as changed now."""
        now = datetime.now(UTC)
        self._known = {
            name: each if self._known.get(name) == each else replace(each, updated_at=now)
            for name, each in snapshot.items()
        }
