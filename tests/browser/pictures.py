"""`make pictures`: take the pictures of the documentation anew, in both languages, of one real broken sandbox.

Terminal, report, postmortem, notebook and console are rendered by headless Chromium from one run each; look at them
before committing.
"""

from __future__ import annotations

import html
import io
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from nbconvert.filters import markdown2html
from playwright.sync_api import Browser, expect
from rich.console import Console
from rich.text import Text
from tests.browser.lab import open_notebook, run_all, running_browser, running_lab

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
NOTEBOOK = "01_worker_not_processing.ipynb"
FAULT = "redis-token-rotated"
GROWN_S = 260
"""How long the queue grows before it is looked at: past its critical limit."""
LANGUAGES = ("en", "ru")


def main() -> int:
    """Boot, break, wait, look, draw, take down."""
    with tempfile.TemporaryDirectory(prefix="pictures-") as name:
        home = Path(name)
        place = ["--name", "pictures", "--state-dir", str(home / "state")]
        printed = _sandbox("up", *place, "--history", "3h", "--arrival-per-s", "5", "--fault", FAULT)
        try:
            time.sleep(GROWN_S)
            environ = {**dict(line.split("=", 1) for line in printed.splitlines() if "=" in line), "COLUMNS": "80"}
            with running_browser() as browser:
                for language in LANGUAGES:
                    _draw(
                        browser,
                        home / language,
                        language,
                        {**environ, "RUNBOOK_LANGUAGE": language, "RUNBOOK_TIMEZONE": "Europe/Moscow"},
                    )
        finally:
            _sandbox("down", *place)
    return 0


def _draw(browser: Browser, home: Path, language: str, environ: dict[str, str]) -> None:
    home.mkdir()
    told = _run(home, environ)
    (artifact,) = (home / "outputs").iterdir()
    _shoot(browser, _terminal(told), PICTURES / f"terminal-{language}.png", width=980, whole=True)
    _shoot(browser, (artifact / "report.html").read_text("utf-8"), PICTURES / f"report-{language}.png", width=1000)
    postmortem = markdown2html((artifact / "postmortem.md").read_text("utf-8"))
    _shoot(browser, f"<style>{_PAPER}</style>{postmortem}", PICTURES / f"postmortem-{language}.png", width=940)
    _notebook(browser, home, language, environ)


def _run(home: Path, environ: dict[str, str]) -> str:
    command = [sys.executable, "-m", "oncall", "run", "worker-not-processing", "--profile", "sandbox"]
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
    assert done.returncode == 2, done.stderr
    return done.stdout.replace(f"{home}/", "")


def _terminal(told: str) -> str:
    console = Console(record=True, width=80, file=io.StringIO())
    console.print(
        Text.from_ansi("$ runbook run worker-not-processing --profile sandbox\n" + told.rstrip()), soft_wrap=True
    )
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


def _notebook(browser: Browser, home: Path, language: str, environ: dict[str, str]) -> None:
    root = ROOT / "notebooks" if language == "en" else ROOT / "notebooks" / language
    with running_lab(root, home, {**environ, "RUNBOOK_PROFILE": "sandbox"}) as lab:
        page = browser.new_page(viewport={"width": 1180, "height": 1000})
        open_notebook(page, lab, NOTEBOOK)
        run_all(page, NOTEBOOK)
        # The console comes last: with its charts everything has run.
        expect(page.locator("img.widget-image")).to_have_count(2, timeout=90_000)
        page.wait_for_function("[...document.querySelectorAll('img.widget-image')].every(i => i.naturalWidth > 0)")
        page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
        page.locator("h2", has_text=_HEADING[language]).first.evaluate("heading => heading.scrollIntoView()")
        page.screenshot(path=PICTURES / f"notebook-{language}.png")
        page.locator("img.widget-image").last.scroll_into_view_if_needed()
        page.screenshot(path=PICTURES / f"console-{language}.png")
        page.close()


def _sandbox(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "sandbox", *words], capture_output=True, text=True, check=True)
    return done.stdout


_PAPER = "body{font:15px sans-serif;margin:20px}table{border-collapse:collapse;width:100%}td,th{border:1px solid #ccc;padding:4px 10px;text-align:left}code{background:#eee}.anchor-link{display:none}"
_HEADING = {"en": "Verdict", "ru": "Вердикт"}


if __name__ == "__main__":
    sys.exit(main())
