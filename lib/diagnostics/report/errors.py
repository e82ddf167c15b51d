"""Tables of errors: issues by frequency, the newest event, and log lines beside the minutes with errors."""

from __future__ import annotations

from datetime import UTC, datetime

from diagnostics.model import Diagnosis
from diagnostics.readings import SentryIssues, SentryLatest, SentrySeries
from diagnostics.report.room import Table
from diagnostics.seen import Seen
from diagnostics.trends.errors import site_failures_ms, worker_errors_ms
from diagnostics.wording import Wording, plain

MOST_ROWS = 10


def issues_table(diagnosis: Diagnosis, wording: Wording) -> Table:
    """The most frequent issues of the window: where, how often, how often of late, since when."""
    _ = wording.translate
    head = (_("Issue"), _("Where"), _("Events"), _("of late"), _("Users"), _("First seen"), _("Last seen"))
    issues = Seen(diagnosis.evidence).reading(SentryIssues)
    if issues is None:
        return Table(head, (), _("Sentry's issues were not seen"))
    rows = tuple(
        (
            plain(" ".join(part for part in (i.short_id, i.kind, i.detail) if part)),
            plain(i.culprit or "?"),
            str(i.events),
            str(i.recent_events),
            str(i.users) if i.users else "?",
            wording.time(i.first_seen),
            wording.time(i.last_seen),
        )
        for i in issues.issues[:MOST_ROWS]
    )
    return Table(head, rows, "" if rows else _("no unresolved issue had an event in the window"))


def event_table(diagnosis: Diagnosis, wording: Wording) -> Table:
    """The newest event of the issue that is most frequent of late: error, frames of our own code, tags."""
    _ = wording.translate
    head = (_("Part"), _("Content"))
    latest = Seen(diagnosis.evidence).reading(SentryLatest)
    if latest is None or latest.at is None:
        return Table(head, (), _("no event of an issue was seen"))
    frames = tuple(
        (_("Frame"), plain(f"{f.function or '?'} ({f.file or '?'}{f':{f.line}' if f.line else ''})"))
        for f in latest.frames
    )
    tags = tuple((_("Tag {name}").format(name=plain(key)), plain(value)) for key, value in latest.tags)
    spreads = tuple(
        (
            _("Spread over {name}").format(name=plain(spread.key)),
            _("{values} values in {events} events").format(values=spread.values, events=spread.events),
        )
        for spread in latest.spreads
    )
    rows = (
        (_("Time"), wording.time(latest.at)),
        (_("Error"), plain(f"{latest.kind}: {latest.detail}" if latest.detail else latest.kind or "?")),
        *frames,
        *tags,
        *spreads,
        (_("Release"), plain(latest.release) if latest.release else _("events name none")),
    )
    return Table(head, rows)


def match_table(diagnosis: Diagnosis, wording: Wording) -> Table:
    """The minutes with errors in Sentry, with error lines of the worker and failed requests of the site in each."""
    _ = wording.translate
    head = (_("Minute"), _("Errors in Sentry"), _("Error lines of the worker"), _("Failed requests of the site"))
    seen = Seen(diagnosis.evidence)
    series = seen.reading(SentrySeries)
    if series is None:
        return Table(head, (), _("Sentry's series could not be read"))
    worker, site = worker_errors_ms(seen), site_failures_ms(seen)
    counts = (*series.events, series.running)
    minutes = [(series.start_ms + n * series.step_ms, count) for n, count in enumerate(counts) if count]
    rows = tuple(
        (
            wording.time(datetime.fromtimestamp(at / 1000, UTC)),
            str(count),
            _within(worker, at, series.step_ms),
            _within(site, at, series.step_ms),
        )
        for at, count in minutes[-MOST_ROWS:]
    )
    return Table(head, rows, "" if rows else _("no minute of the window has an error in Sentry"))


def _within(instants: list[int] | None, at_ms: int, step_ms: int) -> str:
    return "?" if instants is None else str(sum(at_ms <= each < at_ms + step_ms for each in instants))
