"""A real JupyterLab and a real browser, driven through Lab's own API."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
# The toolbar says "idle" before the kernel is connected, so Lab itself is asked.
_FIND = "w = [...window.jupyterapp.shell.widgets('main')].find(x => x.context?.path === PATH)"
_OPENED = f"""async PATH => {{ await window.jupyterapp.restored; let w;
  while (!({_FIND})) await new Promise(r => setTimeout(r, 100));
  await w.context.ready; await w.sessionContext.ready; }}"""
_CONNECTED = f"""PATH => {{ let w; {_FIND}; const k = w.sessionContext.session?.kernel;
  return k?.connectionStatus === 'connected' && k?.status === 'idle'; }}"""
_RUN_ALL = f"""async PATH => {{ let w; {_FIND}; window.jupyterapp.shell.activateById(w.id);
  await window.jupyterapp.commands.execute('notebook:run-all-cells'); }}"""


def chromium() -> str | None:
    """The browser of this machine, or `None`."""
    return next((found for name in _BROWSERS if (found := shutil.which(name))), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A running JupyterLab."""

    port: int
    token: str

    def url(self, notebook: str) -> str:
        """The address that opens `notebook` in a fresh workspace."""
        return f"http://127.0.0.1:{self.port}/lab/tree/{notebook}?reset&token={self.token}"


@contextlib.contextmanager
def running_lab(root: Path, home: Path, environ: dict[str, str]) -> Iterator[Lab]:
    """JupyterLab over `root`, with every folder it writes to under `home`."""
    port, token = _free_port(), secrets.token_hex(8)
    environ = {**os.environ, **environ, "JUPYTER_TOKEN": token, **_folders(home)}
    arguments = ["--allow-root", "--no-browser", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    arguments += ["--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}", "--LabApp.expose_app_in_browser=True"]
    arguments += ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    with (home / "lab.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *arguments], env=environ, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/api/status?token={token}", server)
            yield Lab(port=port, token=token)
        finally:
            server.terminate()
            server.wait(20)


@contextlib.contextmanager
def running_browser() -> Iterator[Browser]:
    """Headless Chromium of the machine; nothing is downloaded."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), headless=True, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def open_notebook(page: Page, lab: Lab, notebook: str) -> None:
    """Open `notebook` and wait until its kernel is connected."""
    page.goto(lab.url(notebook))
    page.wait_for_function("window.jupyterapp !== undefined", timeout=60_000)
    page.evaluate(_OPENED, notebook)
    page.wait_for_function(_CONNECTED, arg=notebook, timeout=60_000)


def run_all(page: Page, notebook: str) -> None:
    """Run all cells and wait until Lab says that they have run."""
    page.evaluate(_RUN_ALL, notebook)


def _folders(home: Path) -> dict[str, str]:
    config = home / "jupyter_config_dir" / "labconfig"
    config.mkdir(parents=True, exist_ok=True)
    # The news prompt asks the network and covers the page.
    quiet = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (config / "page_config.json").write_text(json.dumps(quiet))
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")
    names += ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    return {name: str(home / name.lower()) for name in names}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends and server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.1)
    raise AssertionError("JupyterLab did not start; its log is in lab.log of the test's folder")
