"""The notebook and the report in a real browser: JupyterLab as a person uses it at night."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.browser.lab import Lab, chromium, open_notebook, run_all, running_browser, running_lab
from tests.oncall.support import artifacts, command, environment, until

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = "01_worker_not_processing.ipynb"
OTHERS = (
    ("00_triage.ipynb", "triage", 5),
    ("02_queue_overflow.ipynb", "queue-overflow", 6),
    ("03_frontend_unavailable.ipynb", "frontend-unavailable", 4),
    ("04_database_unavailable.ipynb", "database-unavailable", 6),
    ("05_high_error_rate.ipynb", "high-error-rate", 5),
)
"""Further notebooks, their incidents, and how many pictures each shows, the console's two among them."""
DAILY = ("ru/02_queue_overflow.ipynb",)
BOTH = [
    pytest.param(folder + name, slug, pictures, marks=() if folder + name in DAILY else pytest.mark.long)
    for name, slug, pictures in OTHERS
    for folder in ("", "ru/")
]

if chromium() is None:
    if os.environ.get("CI") == "true":
        pytest.fail("Chromium is not installed here; CI needs it: apt-get install chromium", pytrace=False)
    pytest.skip("Chromium is not installed; apt-get install chromium", allow_module_level=True)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The sandbox with its queue paused for so long that nothing gets worse: the variables that lead to it."""
    state = tmp_path_factory.mktemp("sandbox")
    sandbox = [sys.executable, "-m", "sandbox"]
    place = ["--name", "browser", "--state-dir", str(state)]
    started = [*sandbox, "up", *place, "--arrival-per-s", "100", "--fault", "queue-paused"]
    up = subprocess.run(started, capture_output=True, text=True, timeout=120, check=True)
    try:
        settings = dict(line.split("=", 1) for line in up.stdout.splitlines() if "=" in line)
        until(lambda: severities(runbook(settings, state, "triage"))["queue.depth"] == "critical", timeout_s=120)
        yield settings
    finally:
        subprocess.run([*sandbox, "down", *place], capture_output=True, timeout=60, check=True)


def runbook(settings: dict[str, str], home: Path, *words: str) -> dict[str, Any]:
    """The verdict of a command."""
    # A deadline that the start of a process on a busy machine does not use up: Lab's kernel had started before.
    options = ("--profile", "sandbox", "--deadline", 60, "--json", "--output-dir", home / "told")
    line = command(*words, *options)
    done = subprocess.run(line, env=environment(home, **settings), capture_output=True, timeout=120, check=False)
    verdict: dict[str, Any] = json.loads(done.stdout)
    return verdict


def severities(verdict: dict[str, Any]) -> dict[str, str]:
    return {finding["id"]: finding["severity"] for finding in verdict["findings"]}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def lab(platform: dict[str, str], home: Path) -> Iterator[Lab]:
    """JupyterLab over a copy of the notebooks."""
    folder = home / "notebooks"
    (folder / "ru").mkdir(parents=True)
    for notebook, outputs in (
        (NOTEBOOK, "outputs"),
        *((sub + name, "others") for name, _, _ in OTHERS for sub in ("", "ru/")),
    ):
        text = (ROOT / "notebooks" / notebook).read_text("utf-8")
        # Where the artifact goes is the one thing a test may not leave to the project.
        (folder / notebook).write_text(text.replace(r"\"outputs\"", rf"\"{home}/{outputs}\""), "utf-8")
    environ = {**platform, "RUNBOOK_PROFILE": str(ROOT / "profiles" / "sandbox.toml")}
    with running_lab(folder, home, environ) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def page(lab: Lab, browser: Browser) -> Page:
    """The notebook, run from top to bottom; what went wrong on the way is in `page.problems`."""
    opened = browser.new_page(viewport={"width": 1280, "height": 1000})
    opened.problems = []  # type: ignore[attr-defined]
    opened.on("pageerror", lambda error: opened.problems.append(str(error)))  # type: ignore[attr-defined]
    opened.on("request", lambda request: _note_outside(opened, request.url))
    open_notebook(opened, lab, NOTEBOOK)
    run_all(opened, NOTEBOOK)
    return opened


def _note_outside(page: Page, url: str) -> None:
    if not url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:")):
        page.problems.append(url)  # type: ignore[attr-defined]


def button(page: Page, name: str) -> Locator:
    """A button of ours; Lab has some of the same name."""
    return page.locator("button.jupyter-button", has_text=name)


# Both at once: the one that is drawn first says nothing about the other.
CHANGED = "before => [...document.querySelectorAll('img.widget-image')].every((image, n) => image.src !== before[n])"


# A page keeps only the cells in sight; Lab's own model knows all of them.
DRAWN = """wanted => [...document.querySelectorAll('.jp-OutputArea img')].filter(i => i.naturalWidth > 0).length >= wanted"""
FAILED = ".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr'], .jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']"


def banner(page: Page) -> str:
    return page.locator(".jupyter-widgets.widget-html").first.inner_text()


def test_run_all_shows_the_verdict_and_nothing_asks_the_internet(page):
    expect(button(page, "Refresh")).to_be_visible(timeout=60_000)
    button(page, "Refresh").scroll_into_view_if_needed()
    expect(page.locator(".jupyter-widgets.widget-html").first).to_contain_text("CRITICAL")
    assert "agent-jobs" in page.evaluate("document.body.innerText") or "paused" in banner(page)
    assert page.problems == []


def test_lab_finds_what_the_command_line_finds(page, home, platform):
    """The same finding ids, severities and causes at the same time."""
    (artifact,) = artifacts(home / "outputs")
    told, shown = runbook(platform, home, "run", "worker-not-processing"), artifact.json("verdict.json")
    assert severities(shown) == severities(told)
    assert [cause["id"] for cause in shown["causes"]] == [cause["id"] for cause in told["causes"]]
    assert shown["causes"][0]["id"] == "queue.paused"
    assert shown["severity"] == told["severity"] == "critical"


def test_the_age_of_the_verdict_lives(page):
    told = re.search(r"As of .*", banner(page))
    assert told
    page.wait_for_function("told => !document.querySelector('.widget-html').innerText.includes(told)", arg=told[0])


def test_refresh_looks_again_and_both_charts_change_in_place(page, home):
    pictures = page.locator("img.widget-image")
    expect(pictures).to_have_count(2)
    before = [pictures.nth(n).get_attribute("src") for n in range(2)]
    button(page, "Refresh").click()
    expect(button(page, "Cancel")).to_be_enabled()
    expect(button(page, "Refresh")).to_be_enabled(timeout=30_000)
    page.wait_for_function(CHANGED, arg=before)
    expect(pictures).to_have_count(2)
    (artifact,) = artifacts(home / "outputs")
    assert artifact.is_sealed()
    assert artifact.status["state"] == "done"


def test_cancel_ends_a_look_under_way(page):
    button(page, "Refresh").click()
    button(page, "Cancel").click()
    expect(page.locator(".jupyter-widgets.widget-html").first).to_contain_text("Cancelled")
    expect(button(page, "Refresh")).to_be_enabled()


def test_the_report_it_saved_asks_for_nothing_and_fits_a_phone(page, browser, home):
    (report,) = home.glob("outputs/*/report.html")
    phone = browser.new_page(viewport={"width": 390, "height": 844})
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    phone.goto(report.as_uri())
    assert [url for url in asked if not url.startswith("data:")] == [report.as_uri()]
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert phone.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    expect(phone.locator("h1")).to_contain_text("CRITICAL")
    phone.close()


@pytest.mark.parametrize(("notebook", "slug", "pictures"), BOTH)
def test_every_other_notebook_runs_to_its_console(lab, browser, platform, home, notebook, slug, pictures):
    """Top to bottom in either language: no error, every picture drawn, nothing asked of the internet, an artifact."""
    opened = browser.new_page(viewport={"width": 1280, "height": 1000})
    opened.problems = []  # type: ignore[attr-defined]
    opened.on("pageerror", lambda error: opened.problems.append(str(error)))
    opened.on("request", lambda request: _note_outside(opened, request.url))
    open_notebook(opened, lab, notebook)
    run_all(opened, notebook)
    expect(opened.locator("img.widget-image")).to_have_count(2, timeout=90_000)
    opened.wait_for_function(DRAWN, arg=pictures)
    assert opened.locator(FAILED).count() == 0
    assert opened.problems == []
    found = next(a for a in artifacts(home / "others") if a.json("status.json")["state"] == "done")
    assert found.json("verdict.json")["causes"][0]["id"] == "queue.paused"
    assert found.json("verdict.json")["incident"] == slug
    shutil.rmtree(home / "others")
    opened.close()
