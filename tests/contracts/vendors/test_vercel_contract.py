"""Vercel's stand-in against our own table of operations."""

import asyncio

import pytest
from tests.contracts.vendors.vercel_contract import ask, faults, listed, schema_faults, served, vercel_tally
from tests.contracts.vendors.vercel_operations import LISTED, OPERATIONS, READS, Operation


@pytest.mark.parametrize("operation", OPERATIONS, ids=[each.name for each in OPERATIONS])
def test_an_operation_is_answered_as_listed(operation: Operation) -> None:
    """Status, body and headers are those of the table."""
    assert list(faults(operation, asyncio.run(ask(operation)))) == []


def test_the_stand_in_serves_the_table_and_nothing_else() -> None:
    """No operation is unchecked, and none is missing."""
    assert served() == listed()


def test_the_calls_of_our_client_are_in_the_table() -> None:
    """A request that nobody checked would be a problem of the account."""
    tally = asyncio.run(vercel_tally())
    assert tally.problems == []
    assert tally.requests.total() > len(OPERATIONS)


@pytest.mark.parametrize(("field", "value"), [("uid", "x"), ("readyState", "PARKED"), ("createdAt", 1.5), ("url", 7)])
def test_an_answer_of_another_shape_is_found_out(field: str, value: object) -> None:
    """The check is no rubber stamp."""
    item = asyncio.run(ask(READS[0])).json()["deployments"][0]
    assert list(schema_faults(LISTED, item)) == []
    assert list(schema_faults(LISTED, {**item, field: value}))
    del item[field]
    assert list(schema_faults(LISTED, item))
