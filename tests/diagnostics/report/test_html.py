"""`report.html`: complete, self-contained, and deaf to what evidence says."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from tests.diagnostics.diagnoses import diagnosis, evidence, finding

from diagnostics.charts import diagnosis_charts
from diagnostics.model import BlindSpot, Cause, Limit, Runbook, Step
from diagnostics.report.html import render_report
from diagnostics.severity import Severity
from diagnostics.text import text

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><a href='javascript:alert(1)'>x</a>{{ 7*7 }}"
RUNBOOK = Runbook(
    slug="worker-not-processing",
    title=text("The worker does not process jobs"),
    probes=(),
    checks=(),
    essential=(),
    steps=(
        Step(line="1.D1", what=text("Check the worker"), findings=("worker.health",), link="https://railway.app"),
        Step(line="1.A1", what=text("Check the variables"), findings=("not.run",)),
    ),
    escalation=(text("Create an incident in Sentry"),),
)


class Page(HTMLParser):
    """Tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def values(self, name: str) -> list[str]:
        return [value for _, attrs in self.tags if (value := attrs.get(name)) is not None]


def render(made=None, **options) -> str:
    return render_report(
        made or diagnosis(), **{"language": "en", "timezone": "Europe/Moscow", "charts": {}, **options}
    )


def hostile():
    """Every text that a system under diagnosis can influence, hostile."""
    spot = BlindSpot(check=EVIL, why=text("{e}", e=EVIL), regain=text("{e}", e=EVIL))
    cause = replace(diagnosis().causes[0], title=text("{e}", e=EVIL), explains=(EVIL,), against=(EVIL,))
    return diagnosis(
        causes=(cause,),
        findings=(finding(EVIL, sentence=text("{e}", e=EVIL), command=EVIL, evidence=(EVIL,), unit=EVIL),),
        blind_spots=(spot,),
        limits=(Limit(what=text("{e}", e=EVIL), link="javascript:alert(1)"),),
        next_step=text("{e}", e=EVIL),
        evidence=(evidence("x", None, id=EVIL, source=EVIL, excerpt=EVIL),),
    )


def test_the_page_asks_the_network_for_nothing_and_runs_nothing():
    page = Page(render())
    assert not {tag for tag, _ in page.tags} & {"script", "iframe", "object", "embed", "link", "base", "form"}
    assert all(source.startswith("data:image/png;base64,") for source in page.values("src"))
    assert "url(" not in render()
    assert "@import" not in render()


def test_hostile_evidence_stays_text():
    page = Page(render(hostile()))
    tags = {tag for tag, _ in page.tags}
    assert "script" not in tags
    assert all(source.startswith("data:") for source in page.values("src"))
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert all(h.startswith(("#", "https:", "http:", "mailto:")) for h in page.values("href"))
    assert "49" not in render(hostile()).split("</style>")[1].split("<h2>")[0]


def test_the_first_screen_holds_what_the_reader_must_know():
    first = render().split("</header>")[0]
    for told in (
        "production",
        "worker-not-processing",
        "CRITICAL",
        "The worker cannot resolve the Redis host name",
        "almost certain, 93 %",
        "02:34:00 UTC (05:34 Europe/Moscow), 28 min before this run",
        "Compare the host in Railway with the Upstash console",
        "Railway refused the token",
        "set RAILWAY_TOKEN to a token of this project",
        "11 min left",
        "redis-cli",
    ):
        assert told in first


def test_every_finding_cause_limit_and_piece_of_evidence_is_in_the_page():
    made, page = diagnosis(), render()
    told = [f.id for f in made.findings] + [c.id for c in made.causes] + [e.id for e in made.evidence]
    assert all(name in page for name in told)
    assert "Upstash has no usage API" in page
    assert "31 of 50" in page


def test_links_within_the_page_lead_somewhere():
    page = Page(render())
    ids = set(page.values("id"))
    assert {h[1:] for h in page.values("href") if h.startswith("#")} <= ids


def test_steps_follow_the_runbook_and_say_which_branch_applies():
    page = render(runbook=RUNBOOK)
    assert page.index("1.D1") < page.index("1.A1</b>")
    assert "this branch applies" in page
    assert "by hand: no finding covers this line" in page
    assert "Create an incident in Sentry" in page


def test_charts_are_inside_and_have_words():
    page = Page(render(charts=diagnosis_charts(diagnosis())))
    pictures = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(pictures) == 2
    assert all(attrs["alt"] for attrs in pictures)
    assert "could not be made" not in render(charts=diagnosis_charts(diagnosis()))


def test_a_report_without_its_charts_says_so():
    assert "The charts could not be made; status.json says why." in render()


@pytest.mark.parametrize("severity", list(Severity))
def test_every_severity_renders_with_nothing_in_hand(severity):
    bare = diagnosis(
        severity=severity, causes=(), findings=(), blind_spots=(), limits=(), timeline=(), evidence=(), onset_at=None
    )
    assert severity.value.upper() in render(bare)


def test_an_unsure_run_asserts_nothing():
    unsure = replace(diagnosis().causes[0], confidence=0.4)
    first = render(diagnosis(causes=(unsure,))).split("</header>")[0]
    assert "No cause is certain" in first


def test_an_unwritten_action_is_still_named():
    cause: Cause = replace(diagnosis().causes[0], remediations=("invent-action",))
    assert "invent-action" in render(diagnosis(causes=(cause,)))


def test_a_partial_run_says_so_on_the_first_screen():
    assert "Partial" in render(diagnosis(partial=True)).split("</header>")[0]


def test_an_overdue_escalation_is_now():
    late = replace(diagnosis().clock, overdue=True)
    assert "NOW: due since" in render(diagnosis(clock=late)).split("</header>")[0]


def test_blind_spots_of_one_reason_are_one_line():
    same = [BlindSpot(check=c, why=text("no token"), regain=text("set it")) for c in ("a.one", "b.two")]
    first = render(diagnosis(blind_spots=tuple(same))).split("</header>")[0]
    assert first.count("no token") == 1
    assert "a.one, b.two" in first


def test_blind_spots_of_one_kind_are_one_line_that_counts_them():
    late = [
        BlindSpot(check=c, why=text("{probe} had not answered", probe=c), regain=text("wait longer")) for c in "abc"
    ]
    first = render(diagnosis(blind_spots=tuple(late))).split("</header>")[0]
    assert "a had not answered; b had not answered, and 1 more likewise" in first
    assert first.count("wait longer") == 1


def test_reasons_without_words_of_their_own_are_not_thrown_together():
    odd = [BlindSpot(check=c, why=text("{detail}", detail=f"because {c}"), regain=text("look")) for c in ("x", "y")]
    first = render(diagnosis(blind_spots=tuple(odd))).split("</header>")[0]
    assert "because x" in first
    assert "because y" in first
