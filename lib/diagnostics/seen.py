"""What the probes brought back, looked up by the type of reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from diagnostics.model import Evidence, FailureKind

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Seen:
    """All evidence of one run. Lookups never raise: absence is an answer."""

    evidence: tuple[Evidence, ...]

    def reading(self, kind: type[R]) -> R | None:
        """The first reading of type `kind`, or `None` when there is none."""
        for item in self.evidence:
            if isinstance(item.reading, kind):
                return item.reading
        return None

    def of(self, probe: str) -> Evidence | None:
        """The evidence of `probe`, whatever became of it."""
        return next((item for item in self.evidence if item.probe == probe), None)

    def ids(self, *probes: str) -> tuple[str, ...]:
        """Evidence ids of these probes, in their order, for a finding to cite."""
        return tuple(item.id for probe in probes if (item := self.of(probe)))

    def failed_as(self, probe: str) -> FailureKind | None:
        """Why `probe` has no reading, or `None` when it has one."""
        item = self.of(probe)
        if item is None:
            return FailureKind.NOT_CONFIGURED
        return item.failure.kind if item.failure else None
