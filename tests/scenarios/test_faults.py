"""A selection of `docs/causes.md`, from boot to exit code; `make faults` proves every row."""

from __future__ import annotations

from pathlib import Path

import pytest

from oncall.proving import expectations, prove

ROWS = {row.fault: row for row in expectations((Path(__file__).parents[2] / "docs" / "causes.md").read_text("utf-8"))}
WHOLE = (
    "none",
    "redis-token-rotated",
    "redis-down",
    "queue-paused",
    "worker-crash-loop",
    "handler-missing",
    "queue-resumed",
    "database-down",
    "openrouter-down+queue-paused",
)
PUBLIC = ("redis-token-rotated", "redis-name-unresolved", "queue-name-mismatch")


@pytest.mark.parametrize("fault", WHOLE)
async def test_the_right_cause_stands_on_top_with_the_right_exit_code(fault: str, tmp_path_factory) -> None:
    """A real failure of a real part is named; its healthy look-alike is not."""
    outcome = await prove(ROWS[fault], state_dir=tmp_path_factory.mktemp("s"))
    assert outcome.is_right, outcome


@pytest.mark.parametrize("fault", PUBLIC)
async def test_a_fault_that_the_public_addresses_show_is_named_without_credentials(
    fault: str, tmp_path_factory
) -> None:
    """With every credential unset the cause is still the first of the row's public ones."""
    outcome = await prove(ROWS[fault], state_dir=tmp_path_factory.mktemp("s"), public=True)
    assert outcome.is_right, outcome


def test_the_table_names_every_fault_once() -> None:
    """No row stands twice, so no expectation hides another."""
    assert len(ROWS) >= 40


def test_every_part_of_a_compound_row_is_a_row_of_its_own() -> None:
    """`A+B` names faults whose single verdicts the table knows too."""
    compounds = [name for name in ROWS if "+" in name]
    assert compounds
    assert all(part in ROWS for name in compounds for part in name.split("+"))
