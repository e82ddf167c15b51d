"""The tables and the curve of incident 5: what they show, and what they say when nothing was seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.diagnostics.healthy import SCOPE, TRAILER, Changes, ago_ms, collected, requests
from tests.diagnostics.healthy_errors import issue, issues, latest, series

from diagnostics.charts import diagnosis_charts
from diagnostics.judgement import conclude
from diagnostics.model import Diagnosis, FailureKind
from diagnostics.readings import SentryIssues, SentryLatest, TagSpread
from diagnostics.report import errors
from diagnostics.report.room import Table
from diagnostics.runbooks import by_slug
from diagnostics.seen import Seen
from diagnostics.timeline import events
from diagnostics.trends.errors import sentry_errors
from diagnostics.wording import Wording

EN = Wording("en", "UTC")
TABLES = (errors.issues_table, errors.event_table, errors.match_table)
BLIND: Changes = dict.fromkeys(("sentry.issues", "sentry.latest", "sentry.series"), FailureKind.TIMEOUT)
SCOPE_5 = replace(SCOPE, slug="high-error-rate")


def incident(changes: Changes) -> Diagnosis:
    """Incident 5 on a platform healthy but for `changes`."""
    return conclude(by_slug("high-error-rate"), SCOPE_5, collected(changes), TRAILER, raise_bugs=True)


def told(table: Table) -> str:
    """Everything a table says."""
    return " ".join(" ".join(row) for row in table.rows) + table.note


def test_issues_are_listed_by_frequency_and_cut_at_ten() -> None:
    """Nobody known is a question mark, not a zero."""
    many = issues(*(issue(id=str(n), short_id=f"SITE-{n}", events=100 - n) for n in range(12)))
    table = errors.issues_table(incident({"sentry.issues": many}), EN)
    assert [row[0].split()[0] for row in table.rows] == [f"SITE-{n}" for n in range(10)]
    assert table.rows[0][2:5] == ("100", "2", "?")


def test_the_newest_event_shows_our_own_frames_and_counts_of_people() -> None:
    """The innermost frame first, a spread as two numbers."""
    spoilt = latest(TagSpread(key="user", values=37, events=1841))
    said = told(errors.event_table(incident({"sentry.latest": spoilt}), EN))
    assert "GET (api/agents/route.js:12)" in said
    assert "37 values in 1841 events" in said
    assert "events name none" in said


def test_minutes_with_errors_stand_beside_the_lines_of_both_logs() -> None:
    """The same minute's failed requests are counted; a log that was not read is a question mark."""
    rows = requests()
    failing = replace(rows, at_ms=(ago_ms(100), ago_ms(70)), route=(0, 0), status=(500, 200), trouble=("", ""))
    spoilt: Changes = {"sentry.series": series(7, 0), "vercel.logs": failing, "worker.log": FailureKind.TIMEOUT}
    table = errors.match_table(incident(spoilt), EN)
    assert [row[1:] for row in table.rows] == [("7", "?", "1")]


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.__name__)
def test_nothing_seen_is_said(table: object) -> None:
    """No rows, and a note that says why."""
    empty = table(incident(BLIND), EN)  # type: ignore[operator]
    assert (empty.rows, bool(empty.note)) == ((), True)


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.__name__)
def test_nothing_to_see_is_said_too(table: object) -> None:
    """Looked, and there is no error."""
    quiet: Changes = {
        "sentry.issues": SentryIssues(issues=(), is_complete=True, recent_s=900.0),
        "sentry.latest": SentryLatest(issue_id=""),
        "sentry.series": series(),
    }
    empty = table(incident(quiet), EN)  # type: ignore[operator]
    assert (empty.rows, bool(empty.note)) == ((), True)


def test_the_curve_is_sentrys_and_knows_its_gaps() -> None:
    """Errors a minute; what Sentry did not answer is unknown."""
    curve = sentry_errors(Seen(collected({"sentry.series": series(0, 30)})), SCOPE_5)
    assert float(curve.value[-1]) == 30.0
    assert sentry_errors(Seen(collected(BLIND)), SCOPE_5).is_empty
    gap = sentry_errors(Seen(collected({"sentry.series": series(0, 30, gaps=(178,))})), SCOPE_5)
    assert np.isfinite(curve.value).sum() - np.isfinite(gap.value).sum() == 1


def test_the_incident_has_its_charts_by_name() -> None:
    """Sentry's curve and the site's beside those every incident has."""
    charts = diagnosis_charts(incident({"sentry.series": series(0, 30)}))
    assert {"sentry-errors", "site-errors", "error-rate"} <= set(charts)
    assert "errors per minute" in charts["sentry-errors"].alt
    assert charts["sentry-errors"].png().startswith(b"\x89PNG")


def test_the_first_event_of_an_issue_is_in_the_timeline_and_dates_the_onset() -> None:
    """With the evidence that says so."""
    began = SCOPE_5.window.until.replace(hour=2, minute=58)
    new = issues(issue(recent_events=40, events=40, first_seen=began))
    diagnosis = incident({"sentry.issues": new})
    assert diagnosis.onset_at == began
    [event] = [e for e in diagnosis.timeline if "first event of" in str(e.what)]
    assert (event.at, event.evidence) == (began, ("sentry.issues",))
    assert not [e for e in events(Seen(collected()), SCOPE_5, None, None) if "first event of" in str(e.what)]


def test_what_sentry_cannot_hear_is_a_limit_wherever_it_was_asked() -> None:
    """Its silence must not be read as health; unasked, nothing is said."""
    assert [m for m in incident({}).limits if "never starts Sentry" in str(m.what)]
    assert not [m for m in incident(BLIND).limits if "never starts Sentry" in str(m.what)]
