"""`make pictures`: take the pictures of the documentation anew, in both languages, each scene of one real sandbox.

Terminal, report, postmortem, notebook and console are rendered by headless Chromium from one run each; look at them
before committing. `python -m tests.browser.pictures SCENE…` takes those of some scenes alone.
"""

from __future__ import annotations

import html
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from nbconvert.filters import markdown2html
from playwright.sync_api import Browser, expect
from rich.console import Console
from rich.text import Text
from tests.browser.lab import open_notebook, run_all, running_browser, running_lab

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
LANGUAGES = ("en", "ru")
CALM, CRITICAL = 0, 2


ALL_SHOTS = ("terminal", "report", "postmortem", "notebook", "console")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One notebook's pictures. The files are called after it and its scene; those with no name carry none."""

    slug: str
    notebook: str
    name: str
    shots: tuple[str, ...]

    def file(self, shot: str, language: str) -> Path:
        return PICTURES / f"{f'{self.name}-' if self.name else ''}{shot}-{language}.png"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One sandbox and who looks at it."""

    name: str
    looks: tuple[Look, ...]
    fault: str = ""
    options: tuple[str, ...] = ()
    grown_s: float = 20
    """How long it lasts before it is looked at."""
    ends: int = CRITICAL
    """The exit code it must have."""
    cause: str
    """What must stand on top: a machine too busy to answer makes no picture."""


WORKER = ("worker-not-processing", "01_worker_not_processing.ipynb")
TRIAGE = ("triage", "00_triage.ipynb")
QUEUE = ("queue-overflow", "02_queue_overflow.ipynb")
FRONTEND = ("frontend-unavailable", "03_frontend_unavailable.ipynb")
DATABASE = ("database-unavailable", "04_database_unavailable.ipynb")
ERRORS = ("high-error-rate", "05_high_error_rate.ipynb")


def _look(of: tuple[str, str], name: str, *shots: str) -> Look:
    return Look(slug=of[0], notebook=of[1], name=name, shots=shots or ("terminal", "report", "notebook"))


SCENES = (
    Scene(
        name="worker",
        looks=(_look(WORKER, "", *ALL_SHOTS),),
        fault="redis-token-rotated",
        options=("--arrival-per-s", "5"),
        # Past the critical limit.
        grown_s=260,
        cause="redis.credentials_rejected",
    ),
    Scene(
        name="queue",
        looks=(_look(QUEUE, "queue", "terminal", "report", "notebook", "console"),),
        fault="traffic-surge",
        # Long jobs, so that a surge is a few a second and leaves the machine to the browser.
        options=("--job-seconds", "2"),
        cause="traffic.surge",
    ),
    Scene(name="triage", looks=(_look(TRIAGE, "triage"),), fault="database-down", cause="database.down"),
    Scene(
        name="frontend",
        looks=(_look(FRONTEND, "frontend"),),
        fault="frontend-bad-release",
        cause="frontend.bad_release",
    ),
    Scene(
        name="database",
        looks=(_look(DATABASE, "database"),),
        fault="database-locked",
        cause="database.lock_contention",
    ),
    Scene(
        name="errors",
        looks=(_look(ERRORS, "errors"),),
        fault="errors-release-regression",
        cause="errors.release_regression",
    ),
    Scene(
        name="calm",
        looks=tuple(
            _look(of, f"{name}-calm", "notebook")
            for name, of in (
                ("triage", TRIAGE),
                ("worker", WORKER),
                ("queue", QUEUE),
                ("frontend", FRONTEND),
                ("database", DATABASE),
                ("errors", ERRORS),
            )
        ),
        ends=CALM,
        cause="none",
    ),
)
"""A new notebook is a look here, at something broken and at the calm scene."""


def main(names: list[str]) -> int:
    """Take the scenes, one sandbox after the other."""
    for scene in SCENES:
        if not names or scene.name in names:
            _take(scene)
    return 0


def _take(scene: Scene) -> None:
    """Boot, break, wait, look, draw, take down."""
    with tempfile.TemporaryDirectory(prefix="pictures-") as name:
        home = Path(name)
        place = ["--name", "pictures", "--state-dir", str(home / "state")]
        fault = ["--fault", scene.fault] if scene.fault else []
        printed = _sandbox("up", *place, "--history", "3h", *scene.options, *fault)
        try:
            time.sleep(scene.grown_s)
            environ = {**dict(line.split("=", 1) for line in printed.splitlines() if "=" in line), "COLUMNS": "80"}
            with running_browser() as browser:
                for language in LANGUAGES:
                    mine = {**environ, "RUNBOOK_LANGUAGE": language, "RUNBOOK_TIMEZONE": "Europe/Moscow"}
                    for number, look in enumerate(scene.looks):
                        _draw(browser, scene, look, home / f"{language}{number}", language, mine)
        finally:
            _sandbox("down", *place)


def _draw(browser: Browser, scene: Scene, look: Look, home: Path, language: str, environ: dict[str, str]) -> None:
    home.mkdir()
    told = _run(scene, look, home, environ)
    (artifact,) = (home / "outputs").iterdir()
    assert json.loads((artifact / "verdict.json").read_text("utf-8"))["causes"][0]["id"] == scene.cause
    postmortem = markdown2html((artifact / "postmortem.md").read_text("utf-8"))
    pages = {
        "terminal": (_terminal(look, told), 980),
        "report": ((artifact / "report.html").read_text("utf-8"), 1000),
        "postmortem": (f"<style>{_PAPER}</style>{postmortem}", 940),
    }
    for shot, (page, width) in pages.items():
        if shot in look.shots:
            _shoot(browser, page, look.file(shot, language), width=width, whole=shot == "terminal")
    _notebook(browser, look, home, language, environ)


def _run(scene: Scene, look: Look, home: Path, environ: dict[str, str]) -> str:
    command = [sys.executable, "-m", "oncall", "run", look.slug, "--profile", "sandbox", "--deadline", "60"]
    # Colour is for a terminal: pretend to be one of 80 columns.
    wanted = {**os.environ, **environ, "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    done = subprocess.run(
        [*command, "--output-dir", str(home / "outputs")],
        env=wanted,
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == scene.ends, done.stdout + done.stderr
    return done.stdout.replace(f"{home}/", "")


def _terminal(look: Look, told: str) -> str:
    console = Console(record=True, width=80, file=io.StringIO())
    console.print(Text.from_ansi(f"$ runbook run {look.slug} --profile sandbox\n" + told.rstrip()))
    return f"<style>body{{margin:0}}</style>{console.export_svg(title=html.escape('80 columns'))}"


def _shoot(browser: Browser, page: str, target: Path, *, width: int, whole: bool = False) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".html", encoding="utf-8") as file:
        file.write('<!doctype html><meta charset="utf-8">' + page.removeprefix("<!doctype html>"))
        file.flush()
        shown = browser.new_page(viewport={"width": width, "height": 1250})
        shown.goto(Path(file.name).as_uri())
        if whole:
            shown.locator("svg").first.screenshot(path=target)
        else:
            shown.screenshot(path=target)
        shown.close()


def _notebook(browser: Browser, look: Look, home: Path, language: str, environ: dict[str, str]) -> None:
    root = ROOT / "notebooks" if language == "en" else ROOT / "notebooks" / language
    with running_lab(root, home, {**environ, "RUNBOOK_PROFILE": "sandbox"}) as lab:
        page = browser.new_page(viewport={"width": 1180, "height": 1000})
        open_notebook(page, lab, look.notebook)
        run_all(page, look.notebook)
        # The console comes last: with its charts everything has run.
        expect(page.locator("img.widget-image")).to_have_count(2, timeout=90_000)
        page.wait_for_function("[...document.querySelectorAll('img.widget-image')].every(i => i.naturalWidth > 0)")
        page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
        page.locator("h2", has_text=_HEADING[language]).first.evaluate("heading => heading.scrollIntoView()")
        # Lab draws what is scrolled into view, and a moment later.
        expect(page.locator(".jp-OutputArea-output table").first).to_be_in_viewport()
        page.screenshot(path=look.file("notebook", language))
        if "console" in look.shots:
            page.locator("img.widget-image").last.scroll_into_view_if_needed()
            page.screenshot(path=look.file("console", language))
        page.close()


def _sandbox(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "sandbox", *words], capture_output=True, text=True, check=True)
    return done.stdout


_PAPER = "body{font:15px sans-serif;margin:20px}table{border-collapse:collapse;width:100%}td,th{border:1px solid #ccc;padding:4px 10px;text-align:left}code{background:#eee}.anchor-link{display:none}"
_HEADING = {"en": "Verdict", "ru": "Вердикт"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
