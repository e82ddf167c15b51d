"""A selection of `docs/causes.md`, from boot to exit code; `make faults` proves every row."""

from __future__ import annotations

from pathlib import Path

import pytest

from oncall.proving import Expectation, Sight, expectations, prove
from sandbox.faults import FAULTS

ROWS = expectations((Path(__file__).parents[2] / "docs" / "causes.md").read_text("utf-8"))
WHOLE = (
    "none",
    "redis-token-rotated",
    "redis-down",
    "queue-paused",
    "worker-crash-loop",
    "handler-missing",
    "queue-resumed",
)
PUBLIC = ("redis-token-rotated", "redis-name-unresolved", "queue-name-mismatch")


def row(fault: str, sight: Sight = Sight.WHOLE) -> Expectation:
    (found,) = [each for each in ROWS if (each.fault, each.sight) == (fault, sight)]
    return found


@pytest.mark.parametrize("fault", WHOLE)
async def test_the_right_cause_stands_on_top_with_the_right_exit_code(fault: str, tmp_path_factory) -> None:
    """A real failure of a real part is named; its healthy look-alike is not."""
    outcome = await prove(row(fault), state_dir=tmp_path_factory.mktemp("s"))
    assert outcome.is_right, outcome


@pytest.mark.parametrize("fault", PUBLIC)
async def test_a_fault_that_the_public_addresses_show_is_named_without_credentials(
    fault: str, tmp_path_factory
) -> None:
    """With every credential unset the cause is still the first of the row's public ones."""
    outcome = await prove(row(fault, Sight.PUBLIC), state_dir=tmp_path_factory.mktemp("s"))
    assert outcome.is_right, outcome


@pytest.mark.parametrize("sight", [Sight.PUBLIC, Sight.SECTION_REMOVED])
async def test_less_sight_is_never_health(sight: Sight, tmp_path_factory) -> None:
    """On the healthy sandbox unset credentials are unknown, 3; a system absent from the profile is only a limit."""
    outcome = await prove(row("none", sight), state_dir=tmp_path_factory.mktemp("s"))
    assert outcome.is_right, outcome


def test_the_table_names_every_fault_once() -> None:
    """No row stands twice, so no expectation hides another."""
    names = [each.label for each in ROWS]
    assert len(names) == len(set(names))
    assert {fault.name for fault in FAULTS} <= {each.fault for each in ROWS}
