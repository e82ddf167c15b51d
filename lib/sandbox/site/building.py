"""A build: the bundler looks for every module a release imports, and says so line by line."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

from sandbox.frontend.releases import Release

Line = tuple[str, str, str]
"""Kind, level and text of one line of the log."""


class BuildFailed(Exception):
    """The bundler gave up. `str()` is Vercel's `errorMessage`."""

    code = "BUILD_UTILS_SPAWN_1"


def build(release: Release, *, branch: str = "main") -> Iterator[Line]:
    """Lines of the build, as they are written.

    Raises:
        BuildFailed: after its own lines.
    """
    yield "stdout", "", "Running build in Washington, D.C., USA (East) – iad1"
    yield (
        "stdout",
        "",
        f"Cloning github.com/world-wide-services/gpt-agent-platform (Branch: {branch}, Commit: {release.commit[:7]})",
    )
    yield "command", "", 'Running "npm run build"'
    yield "stdout", "", "   Creating an optimized production build ..."
    missing = [name for name in release.sources if not _exists(name)]
    for name in missing:
        yield from _missing(name)
    if missing:
        raise BuildFailed('Command "npm run build" exited with 1')
    for warning in release.warnings:
        yield "stderr", "warning", f" ⚠ {warning}"
    yield "stdout", "", " ✓ Compiled with warnings" if release.warnings else " ✓ Compiled successfully"
    yield "stdout", "", "   Skipping validation of types\n   Skipping linting"
    yield "stdout", "", "Build Completed in /vercel/output"
    yield "stdout", "", "Deployment completed"


def _exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _missing(name: str) -> Iterator[Line]:
    path = "/".join(name.split(".")[2:])
    yield "stderr", "error", "Failed to compile."
    yield "stderr", "error", f"./app/layout.tsx\nModule not found: Can't resolve '@/{path}'"
    yield "stderr", "error", "> Build failed because of webpack errors"
    yield "stderr", "error", 'Error: Command "npm run build" exited with 1'
