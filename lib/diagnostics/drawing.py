"""How a chart looks: object-oriented matplotlib, no pyplot state, nothing to close.

Made to be read on a phone and on a grey printout: few words, large, and no meaning in colour alone.
"""

from __future__ import annotations

import io
import textwrap
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from matplotlib.transforms import Transform, blended_transform_factory

from diagnostics.trends import Series, nice_step
from diagnostics.wording import Wording, zone

_INK, _CURVE, _WARNING, _CRITICAL = "#1a1a1a", "#0b4f8a", "#8a5a00", "#b00020"
WIDTH, HEIGHT, DPI = 1240, 880, 220
"""Pixels, and pixels per inch: at half its width the writing is that of the text around it."""
_TITLE, _CAPTION = 48, 70
"""Characters that fit on a line in either language; Cyrillic ones are wide."""
_VISIBLE = 0.01
"""A stretch narrower than this share of the axis is not worth a mark."""
_SMALL = 0.4
"""A told span smaller than this share of the window is drawn large instead of at its true scale."""
_FAR = 0.35
"""A limit more than about three times above all values is named at the edge instead of flattening the curve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A horizontal limit, in the unit of the axis."""

    value: float
    label: str
    is_critical: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Everything one picture shows. `scale` turns the series' values into the unit of the axis."""

    series: Series
    scale: float
    title: str
    y_label: str
    lines: tuple[Line, ...]
    onset: tuple[int, tuple[int, int]] | None
    caption: str
    wording: Wording
    name: str = ""
    """What the curve is, where another stands beside it."""
    other: Series | None = None
    other_name: str = ""
    highest: float | None = None
    """Where the axis ends although the curve goes on: one burst must not flatten everything else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One horizontal bar: its length, how far its whisker reaches (`None`: no whisker), and the words at its end."""

    name: str
    value: float
    whisker: float | None
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """A picture of bars, the first at the top."""

    bars: tuple[Bar, ...]
    title: str
    x_label: str
    caption: str
    wording: Wording


def bars_png(picture: Bars) -> bytes:
    """Draw `picture`."""
    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor="white")
    axes = figure.add_axes((0.34, 0.27, 0.62, 0.62))
    frame(figure, picture.title, picture.caption)
    if not picture.bars:
        _no_data(axes, picture.wording)
        axes.set_xticks([])
    for place, bar in enumerate(picture.bars):
        axes.barh(place, bar.value, height=0.62, color="#9dbbd8", edgecolor=_CURVE, linewidth=1.2)
        if bar.whisker is not None:
            axes.plot([bar.value, bar.whisker], [place, place], color=_INK, linewidth=1.4, marker="|", markersize=9)
        end = max(bar.value, bar.whisker or 0.0)
        axes.annotate(
            bar.told, (end, place), xytext=(6, 0), textcoords="offset points", va="center", fontsize=9, color=_INK
        )
    if picture.bars:
        axes.set_xlim(0, max(max(b.value, b.whisker or 0.0) for b in picture.bars) * 1.45 or 1.0)
        axes.set_yticks(range(len(picture.bars)), [bar.name for bar in picture.bars])
        axes.invert_yaxis()
        axes.set_xlabel(picture.x_label, fontsize=9.5, color=_INK)
    axes.tick_params(labelsize=9, colors=_INK)
    axes.spines[["top", "right"]].set_visible(False)
    return encoded(figure)


def png(curve: Curve) -> bytes:
    """Draw `curve`."""
    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor="white")
    # Room on the right for the last value: beside the curve it can cover nothing.
    axes = figure.add_axes((0.125, 0.33, 0.735, 0.565))
    frame(figure, curve.title, curve.caption)
    _time_axis(axes, curve)
    if curve.series.is_empty and curve.series.since_ms == curve.series.until_ms:
        _no_data(axes, curve.wording)
    else:
        _values(axes, curve)
        _other(axes, curve)
        _unseen(axes, curve)
        off_scale = _limits(axes, curve)
        # Above the curve, and below the limits that are named at the edge.
        _onset(axes, curve, height=0.83 if off_scale else 0.92)
        _last(axes, curve)
        _off_scale(axes, off_scale)
    return encoded(figure)


def frame(figure: Figure, title: str, caption: str) -> None:
    size = min(12.0, 12.0 * _TITLE / len(title))
    figure.text(0.012, 0.945, title, fontsize=size, fontweight="bold", color=_INK, va="center")
    told = textwrap.fill(caption, _CAPTION)
    figure.text(0.012, 0.02, told, fontsize=8.5, color=_INK, va="bottom", linespacing=1.25)


def encoded(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _day(ms: float) -> float:
    """Matplotlib's own time: days since the epoch."""
    return ms / 86_400_000


def reach(series: Series) -> tuple[int, int]:
    """First and last instant to draw: the window, or about the told span where that is a small part of it."""
    first, last = int(series.at_ms[0]), max(int(series.at_ms[-1]), series.until_ms)
    told = series.until_ms - series.since_ms
    if not told or told >= _SMALL * (last - first):
        return first, last
    margin = max(told // 3, 30_000)
    return max(first, series.since_ms - margin), min(last, series.until_ms + margin)


def _time_axis(axes: Axes, curve: Curve) -> None:
    series, wording = curve.series, curve.wording
    first, last = reach(series)
    axes.set_xlim(_day(first), _day(max(last, first + 1000)))
    axes.xaxis.set_major_locator(FixedLocator(_ticks(first, last)))
    local = zone(wording.timezone)
    pattern = "%H:%M:%S" if last - first < 150_000 else "%H:%M"
    has_local = _at(last).astimezone(local).utcoffset() != _at(last).utcoffset()

    def label(day: float, _: object = None) -> str:
        at = _at(round(day * 86_400_000))
        return f"{at:{pattern}}" + (f"\n{at.astimezone(local):{pattern}}" if has_local else "")

    axes.xaxis.set_major_formatter(FuncFormatter(label))
    _ = wording.translate
    date = _at(last).strftime("%Y-%m-%d")
    told = _("time on {date}: UTC, below it {zone}") if has_local else _("time on {date}, UTC")
    axes.set_xlabel(told.format(date=date, zone=wording.timezone), fontsize=9.5, color=_INK)
    axes.set_ylabel(curve.y_label, fontsize=10.5, color=_INK)
    axes.tick_params(labelsize=10, colors=_INK)
    axes.spines[["top", "right"]].set_visible(False)


def _values(axes: Axes, curve: Curve) -> None:
    series = curve.series
    value = series.value * curve.scale
    both = [series, *([curve.other] if curve.other else [])]
    inside = (series.at_ms >= series.since_ms) & (series.at_ms < series.until_ms)
    if series.step_ms and inside.any():
        edges = [*series.at_ms[inside], int(series.at_ms[inside][-1]) + series.step_ms]
        axes.stairs(value[inside], [_day(e) for e in edges], color=_CURVE, linewidth=2.2, baseline=None)
    else:
        days = [_day(at) for at in series.at_ms]
        marker = "o" if np.isfinite(value).sum() <= 2 else ""
        axes.plot(days, value, color=_CURVE, linewidth=2.2, drawstyle="steps-post", marker=marker)
    top = max((float(np.nanmax(s.value)) * curve.scale for s in both if not s.is_empty), default=0.0)
    reach = [line.value for line in curve.lines if top >= _FAR * line.value]
    if curve.highest is not None and top > curve.highest:
        _write(axes, f"↑ {curve.wording.value(top, series.unit)}", (0.988, 0.95), ha="right", transform=axes.transAxes)
        top = curve.highest
    floor = 1 if curve.series.unit == "ratio" else 5
    axes.set_ylim(0, max(top, *reach, floor) * 1.22 if reach else max(top, floor) * 1.3)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=curve.series.unit == "jobs"))
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def _other(axes: Axes, curve: Curve) -> None:
    """The second curve, dashed and lighter, and a key to both."""
    other = curve.other
    if other is None:
        return
    inside = (other.at_ms >= other.since_ms) & (other.at_ms < other.until_ms)
    if other.step_ms and inside.any():
        edges = [*other.at_ms[inside], int(other.at_ms[inside][-1]) + other.step_ms]
        value = other.value[inside] * curve.scale
        axes.stairs(value, [_day(e) for e in edges], color=_INK, linewidth=1.8, linestyle=(0, (4, 1.5)), baseline=None)
    keys = [
        Line2D([], [], color=_CURVE, linewidth=2.2, label=curve.name),
        Line2D([], [], color=_INK, linewidth=1.8, linestyle=(0, (4, 1.5)), label=curve.other_name),
    ]
    axes.legend(handles=keys, loc="upper center", bbox_to_anchor=(0.5, -0.24), ncols=2, fontsize=9.5, frameon=False)


def _ticks(first: int, last: int) -> list[float]:
    """At most six round instants, in matplotlib's days."""
    step = nice_step(last - first, 6)
    return [_day(at) for at in range(first - first % step + step, last, step)]


def _write(axes: Axes, told: str, at: tuple[float, float], *, ha: str, transform: Transform) -> None:
    """Text on a white ground, so that no line runs through it."""
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5}
    axes.text(*at, told, transform=transform, ha=ha, va="center", fontsize=10, color=_INK, bbox=box)


def _unseen(axes: Axes, curve: Curve) -> None:
    """Hatch what the source cannot vouch for: silence must not look like zero."""
    series = curve.series
    _ = curve.wording.translate
    height = _free_height(axes, curve)
    first, last = reach(series)
    for start, end in ((first, series.since_ms), (series.until_ms, last)):
        _hatch(axes, start, end, _("not seen"), hatch="///", height=height)
    if series.unit == "ratio":
        for start, end in _idle(series):
            _hatch(axes, start, end, _("nothing finished"), hatch="..", height=height)


def _free_height(axes: Axes, curve: Curve) -> float:
    """A height (0-1) for words at which no limit is labelled."""
    top = axes.get_ylim()[1]
    taken = [line.value / top + 0.04 for line in curve.lines]
    return max((0.5, 0.36, 0.64, 0.2), key=lambda height: min([abs(height - t) for t in taken] + [0.12]))


def _hatch(axes: Axes, start: int, end: int, told: str, *, hatch: str, height: float) -> None:
    width = (_day(end) - _day(start)) / (axes.get_xlim()[1] - axes.get_xlim()[0])
    if width < _VISIBLE:
        return
    axes.axvspan(_day(start), _day(end), facecolor="#f2f2f2", edgecolor="#c8c8c8", hatch=hatch, linewidth=0, zorder=0)
    if width > 0.018 * len(told):
        middle = ((_day(start) + _day(end)) / 2, height)
        _write(axes, told, middle, ha="center", transform=axes.get_xaxis_transform())


def _idle(series: Series) -> list[tuple[int, int]]:
    """Stretches of bins inside the span in which there was nothing to take a share of."""
    inside = (series.at_ms >= series.since_ms) & (series.at_ms < series.until_ms)
    at, is_gap = series.at_ms[inside], ~np.isfinite(series.value[inside])
    turns = np.flatnonzero(np.diff(np.concatenate(([False], is_gap, [False])).astype(int)))
    return [
        (int(at[first]), min(int(at[last - 1]) + series.step_ms, series.until_ms))
        for first, last in zip(turns[::2], turns[1::2], strict=True)
    ]


def _limits(axes: Axes, curve: Curve) -> list[str]:
    """Draw the limits within reach and return the labels of the others."""
    top = axes.get_ylim()[1]
    near = [line for line in curve.lines if line.value <= top]
    for line in near:
        colour, dashes = (_CRITICAL, (8, 2)) if line.is_critical else (_WARNING, (3, 3))
        axes.axhline(line.value, color=colour, linewidth=1.5, dashes=dashes)
    heights = [line.value / top for line in near]
    if len(near) == 2 and heights[1] - heights[0] < 0.1:
        _label(axes, near[1].value, "; ".join(line.label for line in near), _CRITICAL)
    else:
        for line in near:
            _label(axes, line.value, line.label, _CRITICAL if line.is_critical else _WARNING)
    return [line.label for line in curve.lines if line.value > top]


def _label(axes: Axes, y: float, label: str, colour: str) -> None:
    box = dict(facecolor="white", edgecolor="none", alpha=0.8, pad=1)
    place = blended_transform_factory(axes.transAxes, axes.transData)
    axes.text(0.012, y, label, transform=place, color=colour, fontsize=9.5, va="bottom", bbox=box)


def _off_scale(axes: Axes, labels: list[str]) -> None:
    if labels:
        _write(axes, "↑ " + "; ".join(labels), (0.012, 0.95), ha="left", transform=axes.transAxes)


def _onset(axes: Axes, curve: Curve, *, height: float) -> None:
    if curve.onset is None:
        return
    at, (early, late) = curve.onset
    left, right = axes.get_xlim()
    _ = curve.wording.translate
    is_older = early < at and _day(early) <= left
    told = (_("onset before {at:%H:%M}") if is_older else _("onset {at:%H:%M}")).format(at=_at(at))
    if _day(at) < left:
        _write(axes, f"← {told}", (0.012, height), ha="left", transform=axes.transAxes)
    if not left <= _day(at) <= right:
        return
    if late > early:
        axes.axvspan(max(_day(early), left), min(_day(late), right), color="#999999", alpha=0.3, linewidth=0)
    axes.axvline(_day(at), color=_INK, linewidth=1.4, linestyle=(0, (1, 1.5)))
    is_late = _day(at) > left + 0.7 * (right - left)
    gap = 0.008 * (right - left)
    place = (_day(at) - gap if is_late else _day(at) + gap, height)
    _write(axes, told, place, ha="right" if is_late else "left", transform=axes.get_xaxis_transform())


def _last(axes: Axes, curve: Curve) -> None:
    """Write the last known value beside its end of the curve."""
    series = curve.series
    if series.is_empty:
        return
    last = int(np.flatnonzero(np.isfinite(series.value))[-1])
    value = float(series.value[last])
    at = min(int(series.at_ms[last]) + series.step_ms, max(int(series.at_ms[-1]), series.until_ms))
    told = curve.wording.value(value, series.unit)
    axes.plot([_day(at)], [value * curve.scale], marker="o", color=_CURVE, clip_on=False)
    axes.annotate(
        told if series.unit == "ratio" else told.replace(" ", "\n", 1),
        (1.0, value * curve.scale),
        xycoords=axes.get_yaxis_transform(),
        xytext=(6, 0),
        textcoords="offset points",
        ha="left",
        va="center",
        fontsize=10.5,
        fontweight="bold",
        color=_CURVE,
        linespacing=1.0,
        annotation_clip=False,
    )


def _no_data(axes: Axes, wording: Wording) -> None:
    _ = wording.translate
    told = _("no data for this window")
    axes.set_yticks([])
    axes.text(0.5, 0.5, told, transform=axes.transAxes, ha="center", va="center", fontsize=14, color=_INK)
    axes.set_facecolor("#f6f6f6")


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, tz=UTC)
