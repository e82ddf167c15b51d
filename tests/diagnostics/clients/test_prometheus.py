"""Prometheus as Debian ships it, scraping a real endpoint, read by our client."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from diagnostics.budget import Budget
from diagnostics.clients.systems import connect
from diagnostics.model import Evidence, FailureKind, Status
from diagnostics.probes.history import probe_prometheus_samples
from diagnostics.question import ask
from diagnostics.samples import HistorySamples
from diagnostics.settings import Settings, load

BINARY = os.environ.get("PROMETHEUS") or shutil.which("prometheus")
NEEDS = pytest.mark.skipif(not BINARY and not os.environ.get("CI"), reason="apt-get install prometheus")
CONFIG = """
global: {{scrape_interval: 200ms}}
scrape_configs:
  - job_name: worker
    metrics_path: /metrics/prometheus
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


class Exporter(BaseHTTPRequestHandler):
    """The worker's counters in the text format, as its release intends them; each scrape finds three jobs more."""

    scrapes = 0

    def do_GET(self) -> None:
        type(self).scrapes += 1
        body = (
            "# TYPE worker_jobs_completed_total counter\n"
            f'worker_jobs_completed_total{{job_name="a"}} {2 * self.scrapes}\n'
            f'worker_jobs_completed_total{{job_name="b"}} {self.scrapes}\n'
            'worker_jobs_failed_total{job_name="a"} 1\n'
            "bullmq_waiting 42\n"
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of its own on a port of its own, with five scrapes in its store."""
    folder = tmp_path_factory.mktemp("prometheus")
    exporter = ThreadingHTTPServer(("127.0.0.1", 0), Exporter)
    threading.Thread(target=exporter.serve_forever, daemon=True).start()
    try:
        with prometheus_on(folder, CONFIG.format(port=exporter.server_port)) as address:
            _until_scraped(address)
            yield address
    finally:
        exporter.shutdown()


@contextmanager
def prometheus_on(folder: Path, config: str) -> Iterator[str]:
    """A server over the store in `folder`, on a port of its own."""
    assert BINARY, "in CI Prometheus must be there"
    (folder / "p.yml").write_text(config, "utf-8")
    options = [f"--config.file={folder / 'p.yml'}", f"--storage.tsdb.path={folder / 'data'}"]
    process = subprocess.Popen(
        [BINARY, *options, "--web.listen-address=127.0.0.1:0", "--log.format=json"], stderr=subprocess.PIPE, text=True
    )
    try:
        yield f"http://{_address(process)}"
    finally:
        process.terminate()
        process.wait(20)


def _address(process: subprocess.Popen[str]) -> str:
    """What it says of the port the kernel gave it, once it serves: until its store is loaded it answers 503.

    It says both, in either order.
    """
    import json

    assert process.stderr is not None
    address, is_ready = "", False
    for line in process.stderr:
        told = json.loads(line)
        if "Listening on" in told.get("msg", ""):
            address = str(told["address"])
        is_ready |= "ready to receive" in told.get("msg", "")
        if address and is_ready:
            threading.Thread(target=lambda: list(process.stderr or ()), daemon=True).start()
            return address
    raise AssertionError("Prometheus did not start")


def _until_scraped(address: str) -> None:
    import time

    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        found = httpx.get(f"{address}/api/v1/query", params={"query": "bullmq_waiting"}).json()
        if found["data"]["result"]:
            return
        time.sleep(0.1)
    raise AssertionError("nothing was scraped")


def settings(folder: Path, address: str, *lines: str, **environ: str) -> Settings:
    text = "\n".join(['name = "p"', "[prometheus]", f'base_url = "{address}"', *lines])
    (folder / "p.toml").write_text(text, "utf-8")
    return load(str(folder / "p.toml"), environ=environ, root=folder, folders=())


async def asked(own: Settings, minutes: float = 10) -> Evidence:
    scope = ask("triage", own, now=datetime.now(UTC) + timedelta(seconds=60), window_minutes=minutes, deadline_s=10)
    async with connect(own, scope, Budget()) as systems:
        return await probe_prometheus_samples(systems)


@NEEDS
async def test_counters_and_depth_come_from_the_team_s_prometheus(tmp_path: Path, prometheus: str) -> None:
    """One column for each instance, job types summed; the depth where the profile says who exports it."""
    own = settings(tmp_path, prometheus, 'depth = "sum(bullmq_waiting)"')
    item = await asked(own)
    reading = item.reading
    assert isinstance(reading, HistorySamples), item.failure
    assert (reading.store, item.cost.http_requests) == ("prometheus", 3)
    columns = {c.metric: c for c in reading.columns}
    assert set(columns) == {"queue.depth", "worker.completed", "worker.failed"}
    assert columns["queue.depth"].label == "agent-jobs"
    assert {v for v in columns["queue.depth"].value if v is not None} == {42.0}
    assert columns["worker.completed"].label.startswith("127.0.0.1:")
    done = [v for v in columns["worker.completed"].value if v is not None]
    assert done == sorted(done)
    assert all(v % 3 == 0 for v in done)
    assert all(b - a == reading.every_ms for a, b in zip(reading.at_ms, reading.at_ms[1:], strict=False))


@NEEDS
async def test_nothing_stored_for_the_window_is_no_data(tmp_path: Path, prometheus: str) -> None:
    """An empty answer is not a zero."""
    own = settings(tmp_path, prometheus, 'completed = "absent_metric"', 'failed = "absent_metric"')
    item = await asked(own)
    assert (item.status, item.reading) == (Status.NO_DATA, None)


@NEEDS
async def test_a_query_prometheus_refuses_is_a_schema_failure(tmp_path: Path, prometheus: str) -> None:
    """The profile's query is wrong: a blind spot that says so."""
    item = await asked(settings(tmp_path, prometheus, 'completed = "sum by ("'))
    assert item.failure is not None and item.failure.kind is FailureKind.SCHEMA
    assert "refuses the query" in str(item.failure.why)


async def test_a_dead_prometheus_and_a_missing_token_are_blind_spots(tmp_path: Path) -> None:
    """Refused, and not asked at all."""
    item = await asked(settings(tmp_path, "http://127.0.0.1:9"))
    assert item.failure is not None and item.failure.kind is FailureKind.UNREACHABLE
    item = await asked(settings(tmp_path, "http://127.0.0.1:9", 'token_env = "PROMETHEUS_TOKEN"'))
    assert item.failure is not None and item.failure.kind is FailureKind.CREDENTIALS_MISSING


async def test_the_token_goes_into_the_header_and_nowhere_else(tmp_path: Path) -> None:
    """A bearer token; the address that evidence shows has no query."""
    heard: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    own = settings(tmp_path, f"http://127.0.0.1:{port}", 'token_env = "PROM"', PROM="canary-of-prometheus")
    item = await asked(own)
    server.close()
    assert "Authorization: Bearer canary-of-prometheus" in heard[0]
    assert item.failure is not None and item.failure.kind is FailureKind.UNAUTHORIZED
    assert "canary" not in repr(item)
    assert item.source.endswith("/api/v1/query_range")
