"""What was checked, by what, and what was found wrong."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum


class Basis(Enum):
    """What a request or an answer was checked against."""

    PUBLISHED = "published"
    OWN_TABLE = "own table"
    NONE = "not at all"


@dataclass(slots=True, kw_only=True)
class Tally:
    """The account of one vendor. Every request and every answer is in exactly one column."""

    vendor: str
    requests: Counter[Basis] = field(default_factory=Counter)
    answers: Counter[Basis] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def request(self, name: str, basis: Basis, faults: Iterable[str] = ()) -> None:
        """Enter one request and what is wrong with it."""
        self._enter(self.requests, f"request {name}", basis, faults)

    def answer(self, name: str, basis: Basis, faults: Iterable[str] = ()) -> None:
        """Enter one answer and what is wrong with it."""
        self._enter(self.answers, f"answer to {name}", basis, faults)

    def _enter(self, column: Counter[Basis], name: str, basis: Basis, faults: Iterable[str]) -> None:
        column[basis] += 1
        self.problems += [f"{name}: {fault}" for fault in faults]
        if basis is Basis.NONE:
            self.notes.append(f"{name}: not checked")


def render(tallies: Sequence[Tally]) -> str:
    """The table, then notes and problems, vendor by vendor."""
    head = f"{'vendor':<12}{'what':<10}" + "".join(f"{basis.value:>12}" for basis in Basis) + f"{'total':>8}"
    rows = [head, "-" * len(head)]
    for tally in tallies:
        for what, column in (("requests", tally.requests), ("answers", tally.answers)):
            counts = "".join(f"{column[basis]:>12}" for basis in Basis)
            rows.append(f"{tally.vendor:<12}{what:<10}{counts}{column.total():>8}")
    for tally in tallies:
        rows += [f"note     {tally.vendor}: {note}" for note in tally.notes]
        rows += [f"PROBLEM  {tally.vendor}: {problem}" for problem in tally.problems]
    return "\n".join(rows)
