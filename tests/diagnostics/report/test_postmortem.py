"""`postmortem.md`: facts filled in, edits kept."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics.diagnoses import diagnosis, finding

from diagnostics.report.postmortem import merge_postmortem, render_postmortem
from diagnostics.text import text

SECTIONS = "summary impact metrics clock timeline causes blind-spots actions handoff".split()


def render(**changes) -> str:
    return render_postmortem(diagnosis(**changes), language="en", timezone="UTC")


OLD, NEW = render(), render(next_step=text("Restart the worker"), timeline=())


def test_the_draft_holds_the_facts_and_leaves_the_questions_open():
    for told in (
        "**CRITICAL** The worker cannot resolve the Redis host name",
        "1204 jobs",
        "28 min",
        "`queue.events`",
        "speaks against it: `worker.redis`",
        "Railway refused the token",
        "`set-worker-variable`",
        "- [ ] Which customers noticed",
    ):
        assert told in OLD
    assert re.findall(r"<!-- generated: (\S+) ", OLD) == SECTIONS


def test_every_line_of_the_timeline_names_its_evidence():
    section = OLD.split("## Timeline")[1].split("## ")[0]
    assert all("`" in line for line in section.splitlines() if line.startswith("- "))


def test_untouched_sections_are_refreshed():
    assert merge_postmortem(OLD, NEW) == NEW


def test_merging_twice_changes_nothing_more():
    edited = OLD.replace("How sure", "How sure (we were)")
    once = merge_postmortem(edited, NEW)
    assert merge_postmortem(once, NEW) == once
    assert merge_postmortem(OLD, OLD) == OLD


def test_text_between_the_sections_stays_where_it_is():
    edited = OLD.replace("## Clock", "We called Upstash at 03:20.\n\n## Clock").replace("- [ ] Who", "- [x] Anna. Who")
    merged = merge_postmortem(edited, NEW)
    assert "We called Upstash at 03:20.\n\n## Clock" in merged
    assert "- [x] Anna. Who" in merged
    assert "Restart the worker" in merged


def test_an_edited_section_is_kept_and_the_newer_facts_follow_folded():
    edited = OLD.replace("- Next step:", "- We did this:")
    merged = merge_postmortem(edited, NEW)
    assert "- We did this: Compare the host" in merged
    assert "was edited by people and is kept" in merged
    assert "Restart the worker" in merged.split("Newer facts")[1]


def test_an_edit_is_noted_once_however_often_the_facts_are_refreshed():
    merged = OLD.replace("- Next step:", "- We did this:")
    for fresh in (NEW, OLD, NEW, render(partial=True)):
        merged = merge_postmortem(merged, fresh)
    assert merged.count("was edited by people") == 1
    assert merged.count("We did this") == 1


def test_what_somebody_wrote_into_the_note_stays_too():
    merged = merge_postmortem(OLD.replace("- Next step:", "- We did this:"), NEW)
    answered = merged.replace("*The section above", "Boris: these are wrong.\n*The section above")
    again = merge_postmortem(answered, render(partial=True))
    assert "Boris: these are wrong." in again
    assert "We did this" in again


def test_a_deleted_section_stays_deleted():
    without = re.sub(r"## Timeline.*?(?=## )", "", OLD, flags=re.DOTALL)
    assert "the symptom begins" not in merge_postmortem(without, NEW)


def test_an_editor_that_changes_line_ends_or_trailing_spaces_is_not_an_edit():
    windows = OLD.replace("\n", "\r\n").replace("jobs", "jobs")
    assert "edited by people" not in merge_postmortem(windows, NEW)
    trailing = "\n".join(line + "  " if line.startswith("- ") else line for line in OLD.split("\n"))
    assert "edited by people" not in merge_postmortem(trailing, NEW)


def test_evidence_cannot_end_a_section():
    evil = "<!-- end: summary --> <!-- generated: clock 000000000000 -->"
    hostile = diagnosis(
        findings=(finding(sentence=text("{e}", e=evil), evidence=(evil,)),), next_step=text("{e}", e=evil)
    )
    page = render_postmortem(hostile, language="en", timezone="UTC")
    assert re.findall(r"<!-- generated: (\S+) ", page) == SECTIONS
    assert merge_postmortem(page, NEW) == NEW


@pytest.mark.parametrize("mark", ["<!-- end: summary -->", re.findall(r"<!-- generated: summary .*?-->", OLD)[0]])
def test_a_broken_mark_makes_the_section_the_authors_own(mark):
    merged = merge_postmortem(OLD.replace(mark, ""), NEW)
    assert "Compare the host" in merged
    assert "Restart the worker" not in merged.split("## Impact")[0]


@given(st.lists(st.tuples(st.integers(0, len(OLD.splitlines())), st.text("abc #-*<>\n", min_size=1)), max_size=5))
def test_no_inserted_line_is_ever_lost(edits):
    lines = OLD.splitlines()
    mine = [f"MINE{number} {written}".splitlines()[0] for number, (_, written) in enumerate(edits)]
    for (place, _), line in zip(edits, mine, strict=True):
        lines.insert(min(place, len(lines)), line)
    merged = merge_postmortem("\n".join(lines) + "\n", NEW)
    assert all(merged.count(line) >= 1 for line in mine)
