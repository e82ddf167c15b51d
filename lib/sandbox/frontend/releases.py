"""The releases of the frontend that can be built and deployed, good and bad."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One commit of the frontend."""

    name: str
    commit: str
    message: str
    """First line of the commit."""
    sources: tuple[str, ...] = ("sandbox.frontend.pages", "sandbox.frontend.routes")
    """Modules the bundler has to find."""
    imports: tuple[str, ...] = ()
    """Modules loaded when the function starts; the bundler takes them for external and does not look."""
    warnings: tuple[str, ...] = ()
    """What the bundler complains of and builds nevertheless."""
    defects: tuple[tuple[str, str], ...] = ()
    """Path of a GET route and the function of `defects.py` that answers it in this release."""


HEAD = Release(
    name="head", commit="8f2d1c6b90ae4d37b51f6e02c98a74d3e5b1f067", message="fix: keep the agent list sorted"
)
PREVIOUS = Release(
    name="previous", commit="3b7e05d2f1c84a96a0de27c5b83f19640c7ad2e8", message="chore: update the landing page"
)
"""What was deployed before HEAD; it behaves the same."""

FILE_NAME_CASE = Release(
    name="file-name-case",
    commit="734e26e3c5d94b0fa8127f6e3d90b5c1a2f48e76",
    message="feat: a new header",
    sources=(*HEAD.sources, "sandbox.frontend.components.Header"),
)
"""Imports a file by a name that only a file system without upper and lower case finds: it never builds."""

CLIENT_AT_IMPORT = Release(
    name="client-at-import",
    commit="670017d6a4b24e0f9d83c15e7fb20a6c4d91e835",
    message="refactor: share the encryption helper",
    imports=("sandbox.frontend.lib.crypto",),
)
"""Builds, and dies of a missing module as soon as the function is started."""

WARNED = Release(
    name="warned",
    commit="41b3eb3e0c7f4a58b2d6917ea5c03f8d2e64b791",
    message="chore: a chart on the dashboard",
    warnings=(
        "Attempted import error: 'LineChart' is not exported from '@/components/charts' (imported as 'LineChart').",
        "Warning: React Hook useEffect has a missing dependency: 'load'.  react-hooks/exhaustive-deps",
    ),
)
"""Builds with warnings and works."""

AGENTS_BY_PLAN = Release(
    name="agents-by-plan",
    commit="5c0d7e9a18f34b62b7e1a9046dc85f23e7b0914d",
    message="feat: agents sorted by plan",
    defects=(("/api/agents", "agents_by_plan"),),
)
"""Builds and starts; one route throws."""

RELEASES = (HEAD, PREVIOUS, FILE_NAME_CASE, CLIENT_AT_IMPORT, WARNED, AGENTS_BY_PLAN)


def release_named(name: str) -> Release:
    """Find a release by name."""
    return next(release for release in RELEASES if release.name == name)
