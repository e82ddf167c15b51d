"""The site's error ratio over time, and what is made of it: a chart, an onset, events."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics.healthy import (
    NOW,
    NOW_MS,
    SCOPE,
    ago,
    ago_ms,
    collected,
    diagnosed,
    failing,
    line,
    log,
    pages,
    release,
    releases,
    requests,
    seen,
    variable,
    variables,
)

from diagnostics.charts import diagnosis_charts
from diagnostics.readings import AliasRequest, Symptom, VercelRequests
from diagnostics.severity import Severity
from diagnostics.trends.site import failing_since, site_errors

SITE = replace(SCOPE, slug="frontend-unavailable")


def test_a_share_for_each_bin_and_nothing_where_nobody_asked() -> None:
    """A bin without a request is unknown, never zero."""
    series = site_errors(seen({"vercel.logs": requests(30)}), SCOPE, 180)
    known = series.value[np.isfinite(series.value)]
    assert len(known) == 2 and known[0] == 0 and known[-1] == pytest.approx(0.5)
    assert (series.unit, series.step_ms) == ("ratio", 60_000)


def test_an_unread_log_and_one_that_vouches_for_nothing_are_empty() -> None:
    """Both say why."""
    for told in (VercelRequests(is_read=False), requests(of=0, since_ms=NOW_MS)):
        assert site_errors(seen({"vercel.logs": told}), SCOPE).is_empty


def test_a_trouble_begins_with_its_first_failure_not_with_its_bin() -> None:
    """Requests every second for an hour, the last forty failed: it lies between the last good and the first bad."""
    rows = requests(40, of=3600)
    assert failing_since(seen({"vercel.logs": rows}), SCOPE) == (ago_ms(40), ago_ms(41), ago_ms(40))


def test_a_log_that_fails_from_its_beginning_is_dated_by_a_failure_too() -> None:
    """Nine requests that went well come first."""
    rows = requests(30, of=39)
    assert failing_since(seen({"vercel.logs": rows}), SCOPE) == (ago_ms(30), ago_ms(31), ago_ms(30))


def test_a_short_log_of_a_busy_site_is_dated_by_the_same_moment_everywhere() -> None:
    """300 requests in 50 seconds, every fourth of the last 280 failed: no run of good ones cuts the trouble."""
    rows = requests(of=300)
    at_ms = tuple(NOW_MS - 50_000 + 50_000 * n // 300 for n in range(300))
    status = tuple(500 if n >= 20 and n % 4 == 0 else 200 for n in range(300))
    told = {"vercel.logs": replace(rows, at_ms=at_ms, status=status), "frontend.pages": pages(failing("/"))}
    diagnosis = diagnosed(collected(told))
    assert diagnosis.onset_at is not None
    assert round(1000 * diagnosis.onset_at.timestamp()) == at_ms[20]
    (errors,) = [f for f in diagnosis.findings if f.id == "frontend.errors"]
    assert f"since about {diagnosis.onset_at:%H:%M:%S} UTC" in str(errors.sentence)


def test_failures_known_further_back_date_the_trouble() -> None:
    """The log vouches for a minute, its failures for an hour: one trouble as long as no gap is wider than 5 minutes."""
    failures = (3000, 900, 700, 500, 300, 100)
    whole = requests(60, of=60)
    told = replace(
        whole,
        since_ms=ago_ms(60),
        failures_since_ms=ago_ms(3600),
        at_ms=(*map(ago_ms, failures), *whole.at_ms),
        status=(500,) * len(failures) + whole.status,
        route=(0,) * (len(failures) + 60),
        trouble=("",) * (len(failures) + 60),
    )
    assert failing_since(seen({"vercel.logs": told}), SCOPE) == (ago_ms(900), ago_ms(1200), ago_ms(900))
    later = replace(told, failures_since_ms=ago_ms(400))
    assert failing_since(seen({"vercel.logs": later}), SCOPE) == (ago_ms(300), ago_ms(400), ago_ms(300))
    assert failing_since(seen({"vercel.logs": requests()}), SCOPE) is None


def test_a_sparse_trouble_older_than_the_log_is_dated_by_the_failures_before() -> None:
    """Every fortieth fails from the log's first request on, and every minute for an hour before."""
    whole = requests(of=800)
    before = tuple(ago_ms(800 + 60 * n) for n in range(60, 0, -1))
    told = replace(
        whole,
        since_ms=whole.at_ms[0],
        failures_since_ms=ago_ms(9000),
        at_ms=(*before, *whole.at_ms),
        status=(500,) * 60 + tuple(500 if n % 40 == 0 else 200 for n in range(800)),
        route=(0,) * 860,
        trouble=("",) * 860,
    )
    assert failing_since(seen({"vercel.logs": told}), SCOPE) == (before[0], before[0] - 300_000, before[0])


def test_no_trouble_is_older_than_the_silence_before_it() -> None:
    """A site that nobody visited for hours fails from its first visitor on."""
    rows = requests(40, of=40)
    assert rows.since_ms == ago_ms(10_800)
    assert failing_since(seen({"vercel.logs": rows}), SCOPE) == (ago_ms(40), ago_ms(40), ago_ms(40))


def test_what_is_over_dates_nothing() -> None:
    """A burst of failures seventy minutes ago, and a site that is slow now."""
    rows = requests(of=900)
    at_ms = tuple(ago_ms(4400 - n) for n in range(200)) + rows.at_ms[200:]
    told = replace(rows, at_ms=at_ms, status=(500,) * 200 + (200,) * 700)
    assert failing_since(seen({"vercel.logs": told}), SCOPE) is None
    slow = pages(*(replace(path, latencies_s=(7.0, 7.0)) for path in pages().paths))
    diagnosis = diagnosed(collected({"vercel.logs": told, "frontend.pages": slow}))
    assert [f.id for f in diagnosis.findings if f.severity is not Severity.OK] == ["frontend.latency"]
    assert diagnosis.onset_at is None


@given(st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from([200, 404, 499, 500, 503])), max_size=60))
def test_every_share_lies_between_nothing_and_all(rows: list[tuple[int, int]]) -> None:
    """Whatever the rows, in whatever bins."""
    rows = sorted(rows, key=lambda row: -row[0])
    log = replace(
        requests(of=0),
        at_ms=tuple(ago_ms(seconds) for seconds, _ in rows),
        status=tuple(status for _, status in rows),
        route=(0,) * len(rows),
        trouble=("",) * len(rows),
    )
    value = site_errors(seen({"vercel.logs": log}), SCOPE).value
    known = value[np.isfinite(value)]
    assert ((known >= 0) & (known <= 1)).all()
    assert len(known) <= len(rows)


def test_the_site_dates_its_own_trouble() -> None:
    """The minute in which requests began to fail, by the log; the releases stand beside it."""
    request = AliasRequest(kind="promote", status="succeeded", to_id="dpl_2", requested_at=ago(120))
    told = releases(serving=release("dpl_2", seconds=120), alias_request=request)
    changes = {"vercel.logs": requests(60), "vercel.deployments": told, "frontend.pages": pages(failing("/"))}
    diagnosis = diagnosed(collected(changes))
    assert diagnosis.onset_at is not None
    assert 0 <= (NOW - diagnosis.onset_at).total_seconds() <= 120
    begins = next(e for e in diagnosis.timeline if "begins" in str(e.what))
    assert begins.evidence == ("vercel.logs",)
    assert any("promote of the site to dpl_2" in str(e.what) for e in diagnosis.timeline)


def test_the_workers_old_errors_do_not_date_the_sites_trouble() -> None:
    """A variable of the site is missing; what the worker wrote an hour ago has nothing to do with it."""
    noisy = log(line(3600, "job.failed", symptom=Symptom.TIMED_OUT))
    changes = {"worker.log": noisy, "vercel.variables": variables(variable("SUPABASE_URL", targets=()))}
    assert diagnosed(collected(changes)).onset_at is None


@pytest.mark.parametrize("language", ["en", "ru"])
def test_incident_three_draws_the_site(language: str) -> None:
    """Two pictures more than the others, each with words; without a look they say so."""
    told = diagnosis_charts(diagnosed(collected(), SITE), language=language)
    assert {"site-errors", "site-times"} <= set(told)
    assert all(chart.png().startswith(b"\x89PNG") for name, chart in told.items() if name.startswith("site"))
    assert "/api/agents" in told["site-times"].alt
    blind = diagnosis_charts(diagnosed(collected({"frontend.pages": None, "vercel.logs": None}), SITE))
    assert "no data for this window" in blind["site-times"].alt.lower()
    assert "site-times" not in diagnosis_charts(diagnosed(collected()))
