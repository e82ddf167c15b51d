"""Six systems and what they depend on, drawn on one screen: where it is wrong, and what that reaches."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from diagnostics.drawing import DPI, HEIGHT, WIDTH, encoded, frame
from diagnostics.model import Diagnosis
from diagnostics.picture import Chart
from diagnostics.report.summary import asserted
from diagnostics.severity import Severity
from diagnostics.wording import Wording

_INK = "#1a1a1a"
_FILL = {
    Severity.OK: "#e3f0e6",
    Severity.WARNING: "#f7e3b5",
    Severity.CRITICAL: "#f3b8c1",
    Severity.UNKNOWN: "#e4d8f0",
    None: "#ffffff",
}
_EDGE = {
    Severity.OK: "#1d6b35",
    Severity.WARNING: "#8a5a00",
    Severity.CRITICAL: "#b00020",
    Severity.UNKNOWN: "#7a3fb0",
    None: "#8a8a8a",
}
_WORST = (Severity.CRITICAL, Severity.WARNING, Severity.UNKNOWN, Severity.OK)
_WIDE, _HIGH = 0.25, 0.17


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One box: its name, its place (0-1), and the areas of findings that are about it."""

    name: str
    vendor: str
    x: float
    y: float
    areas: tuple[str, ...]
    components: tuple[str, ...]
    """Components of causes that lie in it."""
    sections: tuple[str, ...]
    """Sections of the profile that look at it; without any, what others say of it is no look."""


SYSTEMS: dict[str, System] = {
    "frontend": System(
        name="Frontend",
        vendor="Vercel",
        x=0.16,
        y=0.82,
        areas=("frontend",),
        components=("frontend",),
        sections=("frontend", "vercel"),
    ),
    "worker": System(
        name="Worker",
        vendor="Railway",
        x=0.5,
        y=0.82,
        areas=("worker", "jobs", "capacity", "variables"),
        components=("worker", "jobs", "traffic"),
        sections=("worker", "railway"),
    ),
    "openrouter": System(
        name="OpenRouter",
        vendor="",
        x=0.84,
        y=0.82,
        areas=("openrouter",),
        components=("openrouter",),
        sections=("openrouter",),
    ),
    "sentry": System(
        name="Sentry",
        vendor="",
        x=0.16,
        y=0.2,
        areas=("errors", "monitoring"),
        components=("errors", "monitoring"),
        sections=("sentry",),
    ),
    "redis": System(
        name="Redis",
        vendor="Upstash",
        x=0.5,
        y=0.2,
        areas=("redis", "queue"),
        components=("redis", "queue"),
        sections=("redis",),
    ),
    "database": System(
        name="Database",
        vendor="Supabase",
        x=0.84,
        y=0.2,
        areas=("database",),
        components=("database",),
        sections=("supabase", "postgres"),
    ),
}
DEPENDS = (
    ("frontend", "redis"),
    ("frontend", "database"),
    ("frontend", "sentry"),
    ("worker", "redis"),
    ("worker", "database"),
    ("worker", "openrouter"),
)
"""Who cannot work without whom. Source: the platform's components."""


def worst_of(diagnosis: Diagnosis) -> dict[str, Severity | None]:
    """The worst severity found in each system; `None` for a system that nobody looked at."""
    found: dict[str, Severity | None] = {}
    for key, system in SYSTEMS.items():
        is_known = bool(set(system.sections) & set(diagnosis.scope.facts.systems))
        told = [f.severity for f in diagnosis.findings if f.id.split(".", maxsplit=1)[0] in system.areas]
        seen = set(told) if is_known else set()
        found[key] = next((severity for severity in _WORST if severity in seen), None)
    return found


def root_of(diagnosis: Diagnosis) -> str | None:
    """The system in which the asserted cause lies; that of its vendor for an outage."""
    cause = asserted(diagnosis)
    if cause is None:
        return None
    vendor = cause.id.removeprefix("provider.").removesuffix("_outage") if cause.component == "provider" else ""
    return next(
        (
            key
            for key, system in SYSTEMS.items()
            if cause.component in system.components or (vendor and vendor in (system.vendor.lower(), key))
        ),
        None,
    )


def platform_map(diagnosis: Diagnosis, *, language: str = "en", timezone: str = "UTC") -> Chart:
    """The six systems with the worst that was found in each, their dependencies, and where the cause lies."""
    wording = Wording(language, timezone)
    found, root = worst_of(diagnosis), root_of(diagnosis)
    return Chart(_alt(found, root, wording), lambda: _png(found, root, wording))


def _png(found: dict[str, Severity | None], root: str | None, wording: Wording) -> bytes:
    _ = wording.translate
    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor="white")
    caption = _("An arrow points at what a system needs. Thick border: where the cause lies.")
    frame(figure, _("Six systems, and what each depends on"), caption)
    axes = figure.add_axes((0.02, 0.14, 0.96, 0.74))
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_axis_off()
    for user, needed in DEPENDS:
        axes.add_patch(_arrow(SYSTEMS[user], SYSTEMS[needed]))
    for key, system in SYSTEMS.items():
        axes.add_patch(_box(system, found[key], is_root=key == root))
        word = wording.severity(severity) if (severity := found[key]) else _("not in the profile")
        _write(axes, system, _("{word}: the cause").format(word=word) if key == root else word, _EDGE[severity])
    return encoded(figure)


def _write(axes: Axes, system: System, word: str, colour: str) -> None:
    """The name of the system, and in bold what was found."""
    name = f"{system.name} ({system.vendor})" if system.vendor else system.name
    for told, shift, weight, ink in ((name, 0.035, "normal", _INK), (word, -0.04, "bold", colour)):
        axes.text(system.x, system.y + shift, told, ha="center", va="center", fontsize=8, fontweight=weight, color=ink)


def _box(system: System, severity: Severity | None, *, is_root: bool) -> FancyBboxPatch:
    return FancyBboxPatch(
        (system.x - _WIDE / 2, system.y - _HIGH / 2),
        _WIDE,
        _HIGH,
        boxstyle="round,pad=0.01",
        facecolor=_FILL[severity],
        edgecolor=_EDGE[severity],
        linewidth=3.2 if is_root else 1.2,
        linestyle="--" if severity is None else "-",
    )


def _arrow(user: System, needed: System) -> FancyArrowPatch:
    """From the edge of one box to the edge of the other: side by side, or one above the other."""
    if user.y == needed.y:
        side = 1 if needed.x > user.x else -1
        start, end = (user.x + side * (_WIDE / 2 + 0.012), user.y), (needed.x - side * (_WIDE / 2 + 0.012), needed.y)
    else:
        lean = max(-_WIDE / 2.6, min(_WIDE / 2.6, 0.25 * (needed.x - user.x)))
        start = (user.x + lean, user.y - _HIGH / 2 - 0.012)
        end = (needed.x - lean, needed.y + _HIGH / 2 + 0.012)
    return FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=9, color="#6a6a6a", linewidth=1.1)


def _alt(found: dict[str, Severity | None], root: str | None, wording: Wording) -> str:
    _ = wording.translate
    absent = _("not in the profile")
    told = [
        f"{SYSTEMS[key].name}: {wording.severity(severity) if severity else absent}" for key, severity in found.items()
    ]
    where = _("The cause lies in: {system}.").format(system=SYSTEMS[root].name) if root else ""
    return ". ".join(told) + ". " + where
