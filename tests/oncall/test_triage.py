"""Triage ends by its deadline, whatever hangs."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.oncall.headless.notebooks import incident, write
from tests.oncall.support import artifacts, command, driven, environment, only, until, write_profile

DEADLINE_S = 4
RESOLVER = "import socket, time\nsocket.getaddrinfo = lambda *_, **__: time.sleep(60)"
LOOP = "import time\nfrom diagnostics import engine\nengine._outcome = lambda *_: time.sleep(60)"


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server that sends one byte a second and never ends."""
    server = socket.create_server(("127.0.0.1", 0))
    is_over = threading.Event()

    def drip(connection: socket.socket) -> None:
        with connection:
            while not is_over.wait(0.2):
                try:
                    connection.send(b"H")
                except OSError:
                    return

    def serve() -> None:
        while not is_over.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=drip, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}"
    is_over.set()
    server.close()


def test_run_tells_by_the_deadline_and_waits_for_no_thread(tmp_path: Path) -> None:
    """The verdict is on the screen by deadline + 1 s, and a blocked resolver keeps no child alive."""
    profile = write_profile(tmp_path, worker="http://worker.example")
    options = ("--profile", profile, "--deadline", 10, "--json", "--output-dir", tmp_path / "out")
    notebook = write(tmp_path / "in.ipynb", incident(profile))
    started = time.monotonic()
    process = subprocess.Popen(
        driven(notebook, "run", "worker-not-processing", *options),
        env=environment(tmp_path, DRIVER_PATCH=RESOLVER, DRIVER_RENDER_S="0"),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    verdict = json.loads(process.stdout.readline())
    assert time.monotonic() - started < 10 + 1.0
    assert verdict["severity"] == "unknown"
    process.communicate(timeout=10)
    assert (process.returncode, only(tmp_path / "out").status["state"]) == (3, "done")


def test_a_signal_ends_triage_with_what_was_seen(tmp_path: Path, dripping: str) -> None:
    """SIGTERM: a verdict from what was heard so far, exit code 3, status died."""
    profile = write_profile(tmp_path, worker=dripping)
    options = ("triage", "--profile", profile, "--json", "--deadline", 30, "--output-dir", tmp_path / "out")
    process = subprocess.Popen(
        command(*options), env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    until(lambda: any("evidence.jsonl" in folder.names() for folder in artifacts(tmp_path / "out")))
    process.terminate()
    told, _ = process.communicate(timeout=20)
    assert process.returncode == 3
    assert any("stopped by SIGTERM" in spot["why"] for spot in json.loads(told)["blind_spots"])
    assert (only(tmp_path / "out").status["state"], only(tmp_path / "out").status["exit_code"]) == ("died", 3)


@pytest.mark.parametrize(("patch", "address"), [(RESOLVER, "http://worker.example"), (LOOP, None), ("", "dripping")])
def test_triage_ends_by_the_deadline(tmp_path: Path, dripping: str, patch: str, address: str | None) -> None:
    """A name server that never answers, a blocked event loop, a dripping server: deadline + 1 s, with a verdict."""
    worker = {"dripping": dripping, None: "http://127.0.0.1:9"}.get(address, address)
    profile = write_profile(tmp_path, worker=str(worker))
    options = ("triage", "--profile", profile, "--deadline", DEADLINE_S, "--json", "--output-dir", tmp_path / "out")
    started = time.monotonic()
    done = subprocess.run(
        driven(Path("-"), *options),
        env=environment(tmp_path, DRIVER_PATCH=patch),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    took = time.monotonic() - started
    assert took < DEADLINE_S + 1.0, done.stderr
    verdict = json.loads(done.stdout)
    folder = only(tmp_path / "out")
    assert verdict == folder.json("verdict.json")
    assert verdict["blind_spots"]
    assert done.returncode == folder.status["exit_code"] == (2 if address == "dripping" else 3)
    assert {"verdict.json", "evidence.jsonl", "manifest.json"} <= folder.names()
    assert folder.status["state"] == ("died" if patch == LOOP else "done")
