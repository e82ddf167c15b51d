"""A selection of `docs/causes.md`, from boot to exit code; `make faults` proves every row."""

from __future__ import annotations

from pathlib import Path

import pytest

from oncall.proving import Expectation, Sight, Terms, expectations, prove_sights
from sandbox.faults import FAULTS

ROWS = expectations((Path(__file__).parents[2] / "docs" / "causes.md").read_text("utf-8"))
SIGHTS = {
    "none": (Sight.WHOLE, Sight.PUBLIC, Sight.SECTION_REMOVED, Sight.REST),
    "redis-token-rotated": (Sight.WHOLE, Sight.PUBLIC),
    "redis-name-unresolved": (Sight.PUBLIC,),
    "queue-name-mismatch": (Sight.PUBLIC,),
    "redis-down": (Sight.WHOLE,),
    "queue-paused": (Sight.WHOLE,),
    "worker-crash-loop": (Sight.WHOLE,),
    "handler-missing": (Sight.WHOLE,),
    "queue-resumed": (Sight.WHOLE,),
    "database-down": (Sight.WHOLE,),
    "openrouter-down+queue-paused": (Sight.WHOLE,),
}
"""Each fault is booted once and looked at in these ways."""


def row(fault: str, sight: Sight = Sight.WHOLE) -> Expectation:
    (found,) = [each for each in ROWS if (each.fault, each.sight) == (fault, sight)]
    return found


@pytest.mark.parametrize("fault", SIGHTS)
async def test_the_right_cause_stands_on_top_with_the_right_exit_code(fault: str, tmp_path_factory) -> None:
    """A real failure of a real part is named; its healthy look-alike is not.

    With every credential unset the cause is still the first of the row's public ones. On the healthy sandbox unset
    credentials are unknown, 3; a system absent from the profile is only a limit. Upstash's two variables instead of an
    address for TCP take no sight at all.
    """
    rows = [row(fault, sight) for sight in SIGHTS[fault]]
    outcomes = await prove_sights(rows, Terms(state_dir=tmp_path_factory.mktemp("s")))
    assert [outcome for outcome in outcomes if not outcome.is_right] == []
    assert len(outcomes) == len(rows)


def test_the_table_names_every_fault_once() -> None:
    """No row stands twice, so no expectation hides another."""
    names = [each.label for each in ROWS]
    assert len(names) == len(set(names))
    assert {fault.name for fault in FAULTS} <= {each.fault for each in ROWS}


def test_every_part_of_a_compound_row_is_a_row_of_its_own() -> None:
    """`A+B` names faults whose single verdicts the table knows too."""
    names = {each.fault for each in ROWS}
    compounds = [name for name in names if "+" in name]
    assert compounds
    assert all(part in names for name in compounds for part in name.split("+"))
