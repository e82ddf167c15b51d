"""Requests are cut out of the stream whole, however the bytes arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.edge.resp import ProtocolError, RequestReader, arguments, encode

WORDS = st.lists(st.binary(max_size=40), min_size=1, max_size=6)


@given(requests=st.lists(WORDS, min_size=1, max_size=5), cuts=st.lists(st.integers(1, 30), min_size=1, max_size=40))
def test_any_chunking_gives_the_same_requests(requests: list[list[bytes]], cuts: list[int]) -> None:
    """Raw bytes, names and words survive every way of cutting the stream."""
    stream = b"".join(encode(*words) for words in requests)
    reader, found, position = RequestReader(), [], 0
    for cut in (*cuts, len(stream)):
        found += reader.feed(stream[position : position + cut])
        position += cut
    expected = [words for words in requests if words[0]]
    assert [arguments(request) for request in found] == expected
    assert [request.name for request in found] == [words[0].upper() for words in expected]


def test_inline_commands_are_requests_too() -> None:
    """`PING` typed into a terminal counts."""
    found = RequestReader().feed(b"ping\r\n\r\nget a\r\n*1\r\n$4\r\nPING\r\n")
    assert [request.name for request in found] == [b"PING", b"GET", b"PING"]
    assert arguments(found[1]) == [b"get", b"a"]


@pytest.mark.parametrize("bad", [b"*x\r\n", b"*1\r\nPING\r\n", b"*1\r\n$x\r\n"])
def test_what_is_not_resp_is_refused(bad: bytes) -> None:
    """The reader does not guess where the next request begins."""
    with pytest.raises(ProtocolError):
        RequestReader().feed(bad)
