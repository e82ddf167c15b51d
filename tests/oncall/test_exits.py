"""Exit codes, as a table."""

from __future__ import annotations

import pytest

from diagnostics.severity import Severity
from oncall.exits import Ending, combined

OK, WARNING, CRITICAL, UNKNOWN = Severity


def whole(severity: Severity) -> Ending:
    return Ending(severity=severity, is_whole=True)


def died(severity: Severity) -> Ending:
    return Ending(severity=severity, is_whole=False)


@pytest.mark.parametrize(
    ("endings", "code"),
    [
        ([], 3),
        ([whole(OK)], 0),
        ([whole(WARNING)], 1),
        ([whole(CRITICAL)], 2),
        ([whole(UNKNOWN)], 3),
        ([died(OK)], 3),
        ([died(CRITICAL)], 3),
        ([whole(OK), whole(WARNING)], 1),
        ([whole(OK), whole(UNKNOWN)], 3),
        ([whole(WARNING), whole(UNKNOWN)], 1),
        ([whole(UNKNOWN), whole(CRITICAL)], 2),
        ([whole(CRITICAL), died(OK)], 3),
        ([whole(OK), whole(OK)], 0),
    ],
)
def test_several_runs_end_as_the_worst(endings: list[Ending], code: int) -> None:
    """3 if one died, else critical before warning before unknown before ok."""
    assert combined(endings) == code
    assert combined(endings[::-1]) == code
