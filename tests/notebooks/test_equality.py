"""One platform, one notebook, three ways to run it headless: the same findings, severities, causes, and no secret."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.oncall.support import environment, until
from tests.sandbox.running import PATIENT, Running, running

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "notebooks" / "01_worker_not_processing.ipynb"
OTHERS = {
    path.stem[3:].replace("_", "-"): path.name
    for path in sorted(NOTEBOOK.parent.glob("[0-9]*.ipynb"))
    if path != NOTEBOOK
}
SOME_OTHERS = [
    slug if slug == "frontend-unavailable" else pytest.param(slug, marks=pytest.mark.long) for slug in OTHERS
]
"""The other notebooks by incident: each by the two ways that differ most, stock papermill and our own runner."""
PAPERMILL = ["-m", "papermill", str(NOTEBOOK), "out.ipynb", "--no-progress-bar", "-p", "window_minutes"]
RUN = ["-m", "oncall", "run", "worker-not-processing"]


@dataclass(frozen=True, slots=True)
class Way:
    """How to run the notebook with a `window_minutes` and an output folder."""

    name: str
    words: tuple[str, ...]
    output_option: tuple[str, ...]

    def command(self, minutes: str, out: Path) -> list[str]:
        is_papermill = "papermill" in self.words
        window = [minutes] if is_papermill else ["-p", "window_minutes", minutes]
        # A busy machine may need most of ten seconds to start a kernel.
        return [sys.executable, *self.words, *window, "-p", "deadline_s", "30", *self.output_option, str(out)]


WAYS = (
    Way("papermill", tuple(PAPERMILL), ("-p", "output_dir")),
    Way("papermill --engine runbook", ("-m", "papermill", "--engine", "runbook", *PAPERMILL[2:]), ("-p", "output_dir")),
    Way("runbook run", tuple(RUN), ("--output-dir",)),
    Way("runbook run --kernel", (*RUN, "--kernel"), ("--output-dir",)),
)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A sandbox whose worker lost its token, the failure with most secrets about, once all its signs are there."""
    home = tmp_path_factory.mktemp("s")
    with running(home, "--history", "5m", "--fault", "redis-token-rotated", "--arrival-per-s", "1") as up:
        until(lambda: is_stuck(up, home), timeout_s=60)
        yield up


def is_stuck(platform: Running, home: Path) -> bool:
    """Whether it shows by now that no job ends: the last sign to come."""
    command = [
        sys.executable,
        "-m",
        "oncall",
        "triage",
        "--json",
        "--profile",
        "sandbox",
        "--output-dir",
        str(home / "o"),
    ]
    done = subprocess.run(
        command, env=environment(home, **platform.settings), capture_output=True, timeout=60, check=False
    )
    return {f["id"]: f["severity"] for f in json.loads(done.stdout)["findings"]}["queue.progress"] == "critical"


@dataclass(frozen=True, slots=True)
class Done:
    """One way's run."""

    artifact: Path
    verdict: dict[str, Any]
    files: dict[str, bytes]


@pytest.fixture(scope="module")
def runs(platform: Running, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """Every way from a directory of its own; two at a time, for they wait more than they compute."""
    homes = [tmp_path_factory.mktemp("elsewhere") for _ in WAYS]
    with ThreadPoolExecutor(2) as pool:
        done = pool.map(lambda way, home: run(way, platform, home), WAYS, homes)
        return {way.name: each for way, each in zip(WAYS, done, strict=True)}


def start(way: Way, platform: Running, home: Path, window: str) -> subprocess.CompletedProcess[bytes]:
    environ = environment(home, RUNBOOK_PROFILE="sandbox", **platform.settings, **PATIENT)
    return subprocess.run(
        way.command(window, home / "out"), env=environ, cwd=home, capture_output=True, timeout=120, check=False
    )


def run(way: Way, platform: Running, home: Path) -> Done:
    done = start(way, platform, home, "60")
    (artifact,) = (home / "out").iterdir()
    files = {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    return Done(
        artifact=artifact,
        verdict=json.loads((artifact / "verdict.json").read_text("utf-8")),
        files={**files, "stdout": done.stdout, "stderr": done.stderr},
    )


def judged(verdict: dict[str, Any]) -> object:
    """What must be equal between two runs of one moment."""
    findings = {f["id"]: f["severity"] for f in verdict["findings"]}
    return verdict["severity"], findings, [cause["id"] for cause in verdict["causes"]]


@pytest.mark.parametrize("way", WAYS[1:], ids=lambda way: way.name)
def test_every_way_finds_the_same(runs: dict[str, Done], way: Way) -> None:
    """Finding ids, severities and causes do not depend on what runs the notebook."""
    assert judged(runs[way.name].verdict) == judged(runs["papermill"].verdict)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_every_way_leaves_the_whole_artifact(runs: dict[str, Done], way: Way) -> None:
    """The files that other programs read are there, whoever wrote them."""
    done = runs[way.name]
    wanted = {
        "report.html",
        "postmortem.md",
        "verdict.json",
        "evidence.jsonl",
        "charts",
        "status.json",
        "manifest.json",
    }
    assert wanted <= {path.name for path in done.artifact.iterdir()}
    assert done.verdict["causes"][0]["id"] == "redis.credentials_rejected"
    assert json.loads(done.files[f"out/{done.artifact.name}/status.json"])["state"] == "done"


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_bad_value_is_refused_by_name(platform: Running, way: Way, tmp_path: Path) -> None:
    """The parameter, its value and what it must be; no artifact."""
    done = start(way, platform, tmp_path, "-5")
    assert done.returncode not in (0, 2)
    told = (done.stdout + done.stderr).decode()
    assert "window_minutes=-5" in told and "must be a number from 1" in told
    assert not (tmp_path / "out").exists()


def secrets(platform: Running) -> set[str]:
    """Every secret there is: the operator's, and the values of the worker's variables as Railway keeps them."""
    query = "query($p:String!,$e:String!,$s:String!){variables(projectId:$p,environmentId:$e,serviceId:$s)}"
    names = {"p": "PROJECT_ID", "e": "ENVIRONMENT_ID", "s": "SERVICE_ID"}
    variables = {key: platform.settings[f"RUNBOOK_RAILWAY__{name}"] for key, name in names.items()}
    request = urllib.request.Request(
        platform.settings["RUNBOOK_RAILWAY__BASE_URL"],
        json.dumps({"query": query, "variables": variables}).encode(),
        {"content-type": "application/json", "Project-Access-Token": platform.settings["RAILWAY_TOKEN"]},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        kept = json.load(answer)["data"]["variables"]
    told = {value for name, value in kept.items() if name.endswith(("_KEY", "_TOKEN", "_SECRET"))}
    mine = {value for name, value in platform.settings.items() if name.endswith(("_KEY", "_TOKEN"))}
    password = platform.settings["REDIS_URL"].split("@")[0].rpartition(":")[2]
    return {secret for secret in {*told, *mine, password} if secret}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
async def test_no_job_data_of_the_log_is_anywhere(runs: dict[str, Done], platform: Running, way: Way) -> None:
    """The worker logs the whole data of each job it starts: ids of organisations, chats, assets. None of it is kept."""
    found = {word for line in await logged(platform) for word in re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", line)}
    assert len(found) >= 3
    for name, data in runs[way.name].files.items():
        assert [word for word in found if word.encode() in data] == [], name


async def logged(platform: Running) -> list[str]:
    """The lines of jobs that started, as Railway keeps them."""
    query = 'query($environmentId:String!){environmentLogs(environmentId:$environmentId,filter:"Job started",beforeLimit:500)'
    lines = (await platform.railway(query + "{message attributes{value}}}"))["environmentLogs"]
    return [json.dumps(line) for line in lines]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_no_secret_of_either_side_is_anywhere(runs: dict[str, Done], platform: Running, way: Way) -> None:
    """The operator's credentials and the worker's own, plain, quoted and in base64: in no file, on no stream."""
    found = secrets(platform)
    assert len(found) >= 6
    for secret in found:
        encoded = base64.b64encode(secret.encode()).rstrip(b"=")
        for form in (secret.encode(), quote(secret, safe="").encode(), encoded):
            assert [name for name, data in runs[way.name].files.items() if form in data] == []


@pytest.fixture(scope="module")
def ours(
    platform: Running, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> dict[str, Path]:
    """The artifacts of the other notebooks that are looked at, by one command."""
    asked = {item.callspec.params.get("slug") for item in request.session.items if hasattr(item, "callspec")}
    slugs = [slug for slug in OTHERS if slug in asked]
    home = tmp_path_factory.mktemp("ours")
    environ = environment(home, RUNBOOK_PROFILE="sandbox", **platform.settings, **PATIENT)
    line = [sys.executable, "-m", "oncall", "run", *slugs, "-p", "window_minutes", "60", "-p", "deadline_s", "30"]
    line += ["--output-dir", str(home / "out")]
    subprocess.run(line, env=environ, cwd=home, capture_output=True, timeout=240, check=False)
    return {slug: next((home / "out").glob(f"*_{slug}_*")) for slug in slugs}


@pytest.mark.parametrize("slug", SOME_OTHERS)
def test_every_other_notebook_finds_the_same_under_stock_papermill(
    slug: str, platform: Running, ours: dict[str, Path], tmp_path: Path
) -> None:
    """Findings, severities and causes of our runner's artifact; the whole artifact; no secret in either."""
    words = [str(ROOT / "notebooks" / OTHERS[slug]) if word == str(NOTEBOOK) else word for word in PAPERMILL]
    stock = run(Way(slug, tuple(words), ("-p", "output_dir")), platform, tmp_path)
    own = json.loads((ours[slug] / "verdict.json").read_text("utf-8"))
    assert judged(stock.verdict) == judged(own)
    assert own["incident"] == slug
    names = {path.name for path in ours[slug].iterdir()} - {"notebook.ipynb"}
    assert {path.name for path in stock.artifact.iterdir()} - {"notebook.ipynb"} == names
    kept = [*stock.files.values(), *(path.read_bytes() for path in ours[slug].rglob("*") if path.is_file())]
    assert [secret for secret in secrets(platform) for data in kept if secret.encode() in data] == []
