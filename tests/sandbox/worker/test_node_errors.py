"""Node's words for Python's errors: one table."""

import errno
import socket
import ssl

import pytest
from redis.exceptions import OutOfMemoryError, ResponseError

from sandbox.worker.node_errors import TLS_CUT, network_text, reply_text

HOST, ADDRESS = "bear.upstash.io", "10.0.0.1:6379"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (socket.gaierror(socket.EAI_NONAME, "?"), f"getaddrinfo ENOTFOUND {HOST}"),
        (socket.gaierror(socket.EAI_AGAIN, "?"), f"getaddrinfo EAI_AGAIN {HOST}"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "?"), f"connect ECONNREFUSED {ADDRESS}"),
        (OSError(errno.EHOSTUNREACH, "?"), f"connect EHOSTUNREACH {ADDRESS}"),
        (TimeoutError(), "connect ETIMEDOUT"),
        (ConnectionResetError(errno.ECONNRESET, "?"), "read ECONNRESET"),
        (ConnectionResetError("Connection lost"), "read ECONNRESET"),
        (ssl.SSLEOFError(8, "?"), TLS_CUT),
        (EOFError(), TLS_CUT),
    ],
)
def test_network_errors(error: Exception, text: str) -> None:
    """The text a person would search the log for."""
    assert network_text(error, host=HOST, address=ADDRESS) == text


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            OutOfMemoryError("command not allowed when used memory > 'maxmemory'.", status_code="OOM"),
            "OOM command not allowed when used memory > 'maxmemory'.",
        ),
        (ResponseError("max requests limit exceeded", status_code="ERR"), "ERR max requests limit exceeded"),
        (ResponseError("WRONGTYPE whole"), "WRONGTYPE whole"),
    ],
)
def test_error_replies_keep_their_code(error: Exception, text: str) -> None:
    """redis-py splits it off, ioredis does not."""
    assert reply_text(error) == text
