"""Railway's log filter: what matches, and what cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sandbox.vendors.memory_service import BASE, LINES, SERVICE_ID, instance_id

from sandbox.vendors.railway_filter import FilterError, parse_filter

SECONDS = [int((each.at - BASE).total_seconds()) for each in LINES]


def matching(text: str | None) -> list[int]:
    """Seconds of the lines a filter accepts."""
    predicate = parse_filter(text, service_id=SERVICE_ID)
    return [second for second, line in zip(SECONDS, LINES, strict=True) if predicate(line)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, SECONDS),
        ("", SECONDS),
        ("  ", SECONDS),
        ("ENOTFOUND", [50]),
        ("enotfound", [50]),
        ("conn", [10, 60]),
        ("job completed", [20, 30]),
        ('"job completed"', [20, 30]),
        ('"completed job"', []),
        ("completed job", [20, 30]),
        ("127.0.0.1:6379", [60]),
        ('"Redis connection" OR ENOTFOUND OR "connection refused" OR ECONNREFUSED', [50, 60]),
        ("stalled OR failed", [40]),
        ("job AND completed", [20, 30]),
        ("job -completed", [40]),
        ('-"job completed" job', [40]),
        ("-(job OR worker) -@level:error", [10]),
        ("ENOTFOUND OR job AND stalled", [40, 50]),
        ("(ENOTFOUND OR job) AND stalled", [40]),
        ("@level:error", [50, 60]),
        ("@level:err", [50, 60]),
        ("@level:warn OR @level:error", [40, 50, 60]),
        ("@level:error -getaddrinfo", [60]),
        ("@jobName:send-message", [20]),
        ('@jobName:"send-message"', [20]),
        ("@attempt:1", [10]),
        ("@host:redis", []),
        ("@steps[1]:call", [40]),
        ("@steps[2]:call", []),
        ("@duration:>5000", [20]),
        ("@duration:>=800", [20, 30]),
        ("@duration:<800", []),
        ("@duration:<=800", [30]),
        ("@duration:500..1000", [30]),
        ("@jobName:>5", []),
        ("@unknown:1", []),
        (f"replica:{instance_id(3, 2)}", [30, 60]),
        (f"-replica:{instance_id(3, 2)} @level:error", [50]),
        (f"@service:{SERVICE_ID} stalled", [40]),
        ("@service:another", []),
    ],
)
def test_filter_accepts_the_lines_it_describes(text: str | None, expected: list[int]) -> None:
    """One row for each rule of the syntax."""
    assert matching(text) == expected


@pytest.mark.parametrize("text", ["(a", "a)", "a OR", "AND a", "OR", "()", '"open', "-", "a AND AND b"])
def test_unreadable_filter_is_an_error(text: str) -> None:
    """A filter that is not understood is not taken for one that matches nothing."""
    with pytest.raises(FilterError):
        parse_filter(text, service_id=SERVICE_ID)


WORDS = st.sampled_from(["job", "completed", '"Redis connected"', "@level:error", "ENOTFOUND", "@duration:>1000"])
FILTERS = st.recursive(
    WORDS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} OR {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} AND {pair[1]})"),
        inner.map(lambda text: f"-({text})"),
    ),
    max_leaves=6,
)


@given(FILTERS)
def test_filter_and_its_negation_share_no_line(text: str) -> None:
    """Every line is in exactly one of the two."""
    assert sorted(matching(text) + matching(f"-({text})")) == SECONDS
