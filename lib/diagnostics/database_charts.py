"""Charts of incident 4: connections by state, what statements take, and failed jobs by cause over time."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime

import numpy as np

from diagnostics.drawing import Bar, Bars, Curve, Line, bars_png, png
from diagnostics.picture import Chart
from diagnostics.readings import PostgresActivity, PostgresStatements, Statement
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.trends import Series
from diagnostics.trends.database import failures_by_cause
from diagnostics.wording import Wording

_MOST = 7
"""Bars that fit."""
_NAME = 21
"""Characters that fit beside a bar."""
_WRITES = re.compile(r'(INSERT INTO|UPDATE|DELETE FROM) +(?:"?\w+"?\.)?"?(\w+)"?', re.IGNORECASE)
_READS = re.compile(r'(FROM) +(?:"?\w+"?\.)?"?(\w+)"?', re.IGNORECASE)


def database_charts(seen: Seen, scope: Scope, *, language: str = "en", timezone: str = "UTC") -> dict[str, Chart]:
    """The three by name, from recorded evidence."""
    wording = Wording(language, timezone)
    return {
        "connections": connections_chart(seen.reading(PostgresActivity), wording),
        "statements": statements_chart(seen.reading(PostgresStatements), wording),
        "failures-by-cause": failures_chart(*failures_by_cause(seen, scope), wording=wording),
    }


def connections_chart(activity: PostgresActivity | None, wording: Wording) -> Chart:
    """Sessions by state now, the most frequent first, beside the number there is room for."""
    _ = wording.translate
    title = _("Connections by state")
    states: Counter[str] = Counter()
    for group in activity.sessions if activity else ():
        states[group.state] += group.count
    room = (activity.most_connections or 0) - (activity.reserved_connections or 0) if activity else 0
    bars = tuple(
        Bar(name=name, value=float(count), whisker=None, told=str(count)) for name, count in states.most_common(_MOST)
    )
    caption = _refused(activity, wording) or _("{used} of {room} connections used. Source: {source}.").format(
        used=states.total(), room=room, source="pg_stat_activity"
    )
    return _bars(bars, title=title, x_label=_("connections"), caption=caption, wording=wording)


def _refused(activity: PostgresActivity | None, wording: Wording) -> str:
    _ = wording.translate
    if activity is None:
        return _("The database was not asked by SQL, or did not answer.")
    if activity.refused_code:
        return _("The database takes no connection ({code}), so nobody can count them.").format(
            code=activity.refused_code
        )
    return ""


def statements_chart(told: PostgresStatements | None, wording: Wording) -> Chart:
    """Mean time of the statements that cost most, in milliseconds."""
    _ = wording.translate
    chosen = sorted((told.statements or ()) if told else (), key=_cost, reverse=True)[:_MOST]
    bars = tuple(
        Bar(name=named(s.shape), value=_mean(s), whisker=None, told=wording.value(_mean(s), "ms")) for s in chosen
    )
    caption = (
        _("Bar: mean now where a call ended, else since the statistics began. Source: {source}.").format(
            source="pg_stat_statements"
        )
        if bars
        else _("pg_stat_statements was not seen.")
    )
    return _bars(
        bars, title=_("Statements: how long they take"), x_label=_("milliseconds"), caption=caption, wording=wording
    )


def named(shape: str) -> str:
    """What a statement does to which table, short enough to stand beside its bar."""
    found = _WRITES.search(shape) or _READS.search(shape)
    verb = {"FROM": "SELECT", "INSERT INTO": "INSERT", "DELETE FROM": "DELETE"}
    told = f"{verb.get(found[1].upper(), found[1].upper())} {found[2]}" if found else shape
    return told if len(told) <= _NAME else told[: _NAME - 1] + "…"


def _mean(statement: Statement) -> float:
    return statement.mean_now_ms if statement.mean_now_ms is not None else statement.mean_ms


def _cost(statement: Statement) -> tuple[float, float]:
    """What it costs now first, then what it has cost in all."""
    return (statement.calls_now or 0) * (statement.mean_now_ms or 0.0), statement.total_ms


def _bars(bars: tuple[Bar, ...], *, title: str, x_label: str, caption: str, wording: Wording) -> Chart:
    _ = wording.translate
    picture = Bars(bars=bars, title=title, x_label=x_label, caption=caption, wording=wording)
    worst = ", ".join(f"{bar.name} {bar.told}" for bar in bars[:3]) or _("no data for this window")
    return Chart(f"{title}. {worst}. {caption}", lambda: bars_png(picture))


def failures_chart(database: Series, other: Series, *, wording: Wording) -> Chart:
    """Failed attempts per minute: those that blame the database beside all others."""
    _ = wording.translate
    title = _("Failed jobs: the database and everything else")
    source = wording.say(database.source)
    is_told = database.since_ms < database.until_ms
    caption = (
        _("Source: {source}. Seen from {since:%H:%M:%S} to {until:%H:%M:%S} UTC.").format(
            source=source, since=_at(database.since_ms), until=_at(database.until_ms)
        )
        if is_told
        else _("Reason: {source}").format(source=source)
    )
    none: tuple[Line, ...] = ()
    curve = Curve(
        series=database,
        scale=1,
        title=title,
        y_label=wording.unit("jobs/min"),
        lines=none,
        onset=None,
        caption=caption,
        wording=wording,
        name=_("database"),
        other=other,
        other_name=_("other reasons"),
    )
    told = _("{title}. On average {database} by the database, {other} for other reasons. {caption}").format(
        title=title,
        database=wording.value(_average(database), "jobs/min"),
        other=wording.value(_average(other), "jobs/min"),
        caption=caption,
    )
    return Chart(told, lambda: png(curve))


def _average(series: Series) -> float | None:
    known = series.value[np.isfinite(series.value)]
    return float(np.mean(known)) if len(known) else None


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, tz=UTC)
