"""What is handed over, and the event for Sentry."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
from tests.diagnostics.diagnoses import cause, diagnosis
from tests.diagnostics.healthy import collected, diagnosed, page, unanswered

from diagnostics.readings import Answer, Indicator
from diagnostics.report.handoff import handoff, sentry_event
from diagnostics.severity import Severity
from diagnostics.text import text
from diagnostics.wording import Wording


def test_it_says_state_ruled_out_unseen_next_and_whom_to_call() -> None:
    """Each part has at least one line, and the facts stand under their heading."""
    parts = {part.heading: part.lines for part in handoff(diagnosis(), Wording())}
    assert all(parts.values())
    assert parts["State"][0].startswith("CRITICAL The worker cannot resolve the Redis host name")
    # The second cause of this diagnosis follows from the first.
    assert not any("Redis cannot be reached" in line for line in parts["Ruled out, or less likely"])
    assert any("set RAILWAY_TOKEN" in line for line in parts["Not seen"])
    assert parts["Next"] == ("Compare the host in Railway with the Upstash console",)
    assert parts["Contacts"] == ("Railway Support support@railway.app",)


@pytest.mark.parametrize(
    ("state", "is_listed"), [("usual", True), ("too_little", False), ("not_told", False), ("unknown_users", False)]
)
def test_what_was_not_judged_is_not_ruled_out(state: str, is_listed: bool) -> None:
    """Too little to judge by is no proof of health."""
    made = replace(diagnosis().findings[0], id="x.y", severity=Severity.OK, state=state)
    parts = {p.heading: p.lines for p in handoff(replace(diagnosis(), findings=(made,)), Wording())}
    assert ("in order: x.y" in parts["Ruled out, or less likely"]) is is_listed


def test_another_explanation_is_less_likely_and_a_second_trouble_is_not() -> None:
    """What explains nothing of its own is a rival; what does, as sure as the first, is to be mended too."""
    first = diagnosis().causes[0]
    rival = cause("queue.name_mismatch", confidence=0.6, title=text("A rival"), explains=first.explains)
    second = cause("queue.paused", confidence=0.6, title=text("A second"), explains=("queue.paused",))
    second = replace(second, steps=(text("Resume it."),))
    made = replace(diagnosis(), causes=(first, rival, second))
    parts = {part.heading: part.lines for part in handoff(made, Wording())}
    assert [line for line in parts["Ruled out, or less likely"] if line.startswith("A ")] == [
        "A rival: more likely than not, 60 %"
    ]
    assert parts["Next"] == (*map(str, first.steps), "Resume it.")
    assert "also wrong: A second (more likely than not, 60 %). Resume it." in parts["State"]


def test_nobody_to_call_is_said() -> None:
    """Silence would look like an oversight."""
    alone = replace(diagnosis(), clock=replace(diagnosis().clock, contacts=()))
    parts = {part.heading: part.lines for part in handoff(alone, Wording())}
    assert parts["Contacts"] == ("none known: the profile names nobody",)


def test_a_vendor_in_trouble_stands_first() -> None:
    """Six green pages do not hide a red one."""
    found = diagnosed(collected({"provider.sentry": page("sentry", Indicator.MAJOR, "Ingestion delayed")}))
    parts = {part.heading: part.lines for part in handoff(found, Wording())}
    told = parts["Vendors, by their own pages"]
    assert len(told) == 6 and "Ingestion delayed" in told[0]


def test_the_event_is_one_command_that_groups_by_cause() -> None:
    """A quote in a title does not end the argument; the DSN stays in its variable."""
    (first, *others) = diagnosis().causes
    made = replace(diagnosis(), causes=(replace(first, title=text("it's `gone` $HOME")), *others))
    words = shlex.split(sentry_event(made))
    assert words[:3] == ["SENTRY_DSN=$SENTRY_DSN", "sentry-cli", "send-event"]
    assert words[words.index("--message") + 1] == "CRITICAL worker-not-processing on production: it's `gone` $HOME"
    assert words[-1] == "redis.name_unresolved"


@pytest.mark.parametrize(
    ("severity", "level"), [(Severity.CRITICAL, "fatal"), (Severity.WARNING, "warning"), (Severity.UNKNOWN, "warning")]
)
def test_only_what_is_critical_is_fatal(severity: Severity, level: str) -> None:
    """Sentry's alerts go by the level."""
    words = shlex.split(sentry_event(replace(diagnosis(), severity=severity)))
    assert words[words.index("--level") + 1] == level


def test_two_troubles_travel_in_one_event() -> None:
    """Whoever reads the alert in Sentry sees both; it groups by the first."""
    (first, *_) = diagnosis().causes
    second = replace(first, id="queue.paused", title=text("The queue is paused"), explains=("queue.paused",))
    words = shlex.split(sentry_event(replace(diagnosis(), causes=(first, second))))
    told = words[words.index("--message") + 1]
    assert str(first.title) in told and told.endswith("; and The queue is paused")
    assert words[-1] == first.id


def test_without_a_cause_the_event_says_so() -> None:
    """No guess travels as a fact."""
    found = diagnosed(collected({"worker.health": unanswered(Answer.NOT_FOUND, 404)}))
    weak = replace(found, causes=tuple(replace(c, confidence=0.3) for c in found.causes))
    assert "no cause is certain" in sentry_event(weak)
