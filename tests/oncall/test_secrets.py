"""Canaries: no secret reaches a file or a stream, whatever a notebook prints."""

from __future__ import annotations

import base64
import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.oncall.headless.notebooks import incident, write
from tests.oncall.support import driven, environment, only, write_profile

PASSWORD = "c4nary/p4ss+w0rd=="
TOKEN = 'canary"tok en\\of-railway'
QUERY = "canary-in-a-query-000"
REST = "AcanaryOfUpstash_rest-0123456789"
SECRETS = {
    "REDIS_URL": f"redis://default:{quote(PASSWORD, safe='')}@127.0.0.1:9",
    "UPSTASH_REDIS_REST_URL": "http://127.0.0.1:9",
    "UPSTASH_REDIS_REST_TOKEN": REST,
    "RAILWAY_TOKEN": TOKEN,
    "SOME_CALLBACK": f"https://hooks.example/x?sig={QUERY}",
}
SPILL = """
import base64, json, os, sys, urllib.parse
for secret in ({password!r}, {token!r}, {query!r}, {rest!r}):
    print(secret, secret[:4], end=""); print(secret[4:])
    print(urllib.parse.quote(secret), urllib.parse.quote(secret, safe=""), file=sys.stderr)
    print(json.dumps(secret), base64.b64encode(secret.encode()), base64.b64encode(b"x" + secret.encode() + b"yz"))
    os.write(2, secret.encode() + b"\\n")
dict(os.environ)
"""
RAISE = "raise RuntimeError(os.environ['RAILWAY_TOKEN'] + os.environ['REDIS_URL'])"


def forms(secret: str) -> Iterator[bytes]:
    """The spellings that must be found nowhere."""
    yield secret.encode()
    yield quote(secret).encode()
    yield quote(secret, safe="").encode()
    yield json.dumps(secret)[1:-1].encode()
    yield base64.b64encode(secret.encode()).rstrip(b"=")
    yield base64.b64encode(b"x" + secret.encode() + b"yz")[4:-6]


@pytest.fixture
def talkative() -> Iterator[str]:
    """A worker that answers with the secrets it was given."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"status": "degraded", "error": f"redis {SECRETS['REDIS_URL']} {PASSWORD} {TOKEN}"})
            self.send_response(503)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def ran(tmp_path: Path, talkative: str, how: str) -> subprocess.CompletedProcess[bytes]:
    """A notebook that spills every secret and fails with two, run in one of the ways to run it headless."""
    profile, out = write_profile(tmp_path, worker=talkative), tmp_path / "out"
    spill = SPILL.format(password=PASSWORD, token=TOKEN, query=QUERY, rest=REST)
    cells = [*incident(profile, before=spill), RAISE]
    if how.startswith("papermill"):
        cells[1] = str(cells[1]).replace("profile=", f"output_dir={str(out)!r}, profile=")
    notebook = write(tmp_path / "in.ipynb", cells)
    # A busy machine may need most of ten seconds to start a kernel.
    options = ("--profile", profile, "--output-dir", out, "--deadline", "60", "--verbose", *how.split()[1:])
    papermill = [sys.executable, "-m", *how.split(), str(notebook), str(tmp_path / "out.ipynb")]
    words = papermill if "papermill" in how else driven(notebook, "run", "worker-not-processing", *options)
    return subprocess.run(
        words, cwd=tmp_path, env=environment(tmp_path, **SECRETS), capture_output=True, timeout=60, check=False
    )


@pytest.mark.parametrize("how", ["run", "run --kernel", "papermill --engine runbook"])
def test_no_secret_reaches_a_file_or_a_stream(tmp_path: Path, talkative: str, how: str) -> None:
    """Plain, URL-encoded, in JSON and in base64; in outputs, tracebacks, past Python, and from the platform."""
    done = ran(tmp_path, talkative, how)
    folder = only(tmp_path / "out")
    assert (folder.status["state"], folder.status["exit_code"], folder.status["notes"]) == ("failed", 3, [])
    assert done.returncode == (1 if "papermill" in how else 3)
    assert {"notebook.ipynb", "report.html", "evidence.jsonl"} <= folder.names()
    places = {name: (folder.path / name).read_bytes() for name in folder.names()}
    places |= {"stdout": done.stdout, "stderr": done.stderr}
    places |= {path.name: path.read_bytes() for path in tmp_path.glob("out.ipynb")}
    for secret in (PASSWORD, TOKEN, QUERY, REST):
        for form in forms(secret):
            assert {name: form for name, data in places.items() if form in data} == {}
    assert "•••" in (folder.path / "notebook.ipynb").read_text("utf-8")
    assert "•••".encode() in done.stderr


def test_a_file_with_a_secret_that_cannot_be_hidden_is_not_written(tmp_path: Path, profile: Path) -> None:
    """A number in structured output is no text to clean: the file is refused, loudly, and the run is not whole."""
    spill = "from IPython.display import JSON\nJSON({'pin': 8316204957})"
    notebook = write(tmp_path / "in.ipynb", incident(profile, after=spill))
    done = subprocess.run(
        driven(notebook, "run", "worker-not-processing", "--profile", profile, "--output-dir", tmp_path / "out"),
        env=environment(tmp_path, DOOR_TOKEN="8316204957"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    folder = only(tmp_path / "out")
    assert (done.returncode, folder.status["exit_code"]) == (3, 3)
    assert "notebook.ipynb was NOT written: a known secret was found in it" in done.stderr
    assert "notebook.ipynb" not in folder.names()
    assert not [name for name in folder.names() if b"8316204957" in (folder.path / name).read_bytes()]


@pytest.fixture
def filed(tmp_path: Path) -> Path:
    """A profile whose one secret is in its env_file alone."""
    (tmp_path / "secrets.env").write_text("RAILWAY_TOKEN=only-in-the-env-file\n", "utf-8")
    profile = tmp_path / "filed.toml"
    sections = 'name = "filed"\nenv_file = "{}"\n[worker]\nbase_url = "http://127.0.0.1:9"\n[railway]\n'
    profile.write_text(sections.format(tmp_path / "secrets.env"), "utf-8")
    return profile


def test_a_stock_kernel_shows_errors_without_the_secrets_of_the_session(tmp_path: Path, filed: Path) -> None:
    """JupyterLab and stock papermill write down what the kernel shows; a chained error tells as much as the last."""
    failing = "token = 'only-in-' + 'the-env-file'\ntry:\n    {}[token]\nexcept KeyError:\n    raise OSError(2, token)"
    notebook = write(tmp_path / "in.ipynb", [*incident(filed)[:2], failing])
    done = subprocess.run(
        [sys.executable, "-m", "papermill", str(notebook), str(tmp_path / "out.ipynb")],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    executed = (tmp_path / "out.ipynb").read_text("utf-8")
    assert done.returncode == 1
    assert "FileNotFoundError" in executed
    assert "KeyError" in executed
    assert "•••" in executed
    assert "only-in-the-env-file" not in executed + done.stdout + done.stderr


@pytest.mark.parametrize("line", ["triage", "run worker-not-processing"])
def test_the_last_word_on_an_error_knows_the_secrets_of_the_env_file(tmp_path: Path, filed: Path, line: str) -> None:
    """They are not in the environment, and a bug may quote one anywhere, also after everything else has ended."""
    bug = "def bug(*_, **__): raise RuntimeError('a bug with only-in-the-env-file')\nsealing.finish = bug"
    done = subprocess.run(
        driven(Path("-"), *line.split(), "--profile", filed, "--output-dir", tmp_path / "out"),
        env=environment(tmp_path, DRIVER_PATCH=bug),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert "RuntimeError: a bug with •••" in done.stderr
    assert "only-in-the-env-file" not in done.stdout + done.stderr
