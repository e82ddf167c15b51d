"""Triage ends by its deadline, and a run has its verdict on the screen by then, whatever hangs."""

from __future__ import annotations

import http.server
import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.oncall.headless.notebooks import incident, write
from tests.oncall.support import artifacts, command, driven, environment, only, until, write_profile

DEADLINE_S = 6
RUN_S = 15
"""The deadline of runs: their start, a second alone, takes several on a machine that also runs other tests."""
RESOLVER = "import socket, time\nsocket.getaddrinfo = lambda *_, **__: time.sleep(60)"
LOOP = "import time\nfrom diagnostics import engine\nengine._outcome = lambda *_: time.sleep(60)"


@pytest.fixture
def hanging() -> Iterator[str]:
    """A worker that accepts a question about its health and never answers; its metrics it tells at once."""
    is_over = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/health"):
                is_over.wait()
                return
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    is_over.set()
    server.shutdown()
    server.server_close()


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


def told_by(line: list[str], env: dict[str, str], *, deadline_s: float) -> tuple[dict[str, Any], int, float]:
    """The verdict of a command, that was on the screen by deadline + 1 s; its exit code; when it ended (s)."""
    started = time.monotonic()
    process = subprocess.Popen(line, env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    verdict = json.loads(process.stdout.readline())
    assert time.monotonic() - started < deadline_s + 1.0
    process.communicate(timeout=10)
    return verdict, process.returncode, time.monotonic() - started


@pytest.mark.parametrize("patch", [RESOLVER, LOOP], ids=["resolver", "loop"])
def test_run_tells_by_the_deadline_and_waits_for_no_thread(tmp_path: Path, patch: str) -> None:
    """A blocked resolver keeps no child alive, and a blocked event loop costs the notebook, not the verdict."""
    profile = write_profile(tmp_path, worker="http://worker.example")
    options = ("--profile", profile, "--deadline", RUN_S, "--json", "--output-dir", tmp_path / "out")
    notebook = write(tmp_path / "in.ipynb", incident(profile))
    env = environment(tmp_path, DRIVER_PATCH=patch, DRIVER_RENDER_S="0")
    verdict, code, _ = told_by(driven(notebook, "run", "worker-not-processing", *options), env, deadline_s=RUN_S)
    folder = only(tmp_path / "out")
    assert verdict == folder.json("verdict.json")
    assert (verdict["severity"], code) == ("unknown", 3)
    assert {"manifest.json", "notebook.ipynb"} <= folder.names()
    if patch == RESOLVER:
        assert folder.status["state"] == "done"
        return
    assert verdict["partial"]
    assert folder.fates() == ["done"] * 4 + ["timed_out", "never_run", "never_run"]
    assert (folder.status["state"], folder.status["exit_code"]) == ("timed_out", 3)
    assert folder.status["reason"] == "there was no verdict by the deadline of 15 s"


@pytest.mark.parametrize(("line", "deadline_s"), [("triage", DEADLINE_S), ("run worker-not-processing", RUN_S)])
def test_a_worker_whose_health_hangs_delays_no_verdict(
    tmp_path: Path, hanging: str, line: str, deadline_s: int
) -> None:
    """As the real one does while Redis is unreachable: its silence is told, and everything else is seen."""
    profile = write_profile(tmp_path, worker=hanging)
    options = ("--profile", profile, "--deadline", deadline_s, "--json", "--output-dir", tmp_path / "out")
    verdict, code, ended_s = told_by(command(*line.split(), *options), environment(tmp_path), deadline_s=deadline_s)
    assert {f["id"]: f["severity"] for f in verdict["findings"]}["worker.health"] == "critical"
    assert only(tmp_path / "out").status["state"] == "done"
    assert code == only(tmp_path / "out").status["exit_code"]
    assert line != "triage" or ended_s < deadline_s + 1.0


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
