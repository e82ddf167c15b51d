"""`evidence.jsonl`: written, cut short, read back, judged again."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.diagnostics.healthy import HEALTHY, SCOPE, TRAILER, Changes, collected, diagnosed, evidence

from diagnostics import readings
from diagnostics.errors import SettingsError
from diagnostics.model import Cost, Evidence, FailureKind
from diagnostics.readings import Reading
from diagnostics.records import evidence_line, header_line, read, redacted, trailer_line, write
from diagnostics.redaction import Redactor
from diagnostics.report.verdict import verdict_document

NOTHING = Redactor()


def whole(changes: Changes = {}) -> str:
    """A complete evidence file."""
    return "\n".join(write(SCOPE, collected(changes), TRAILER)) + "\n"


def test_every_type_of_reading_is_recorded_here() -> None:
    """A new reading without a healthy example would not be tested."""
    assert {type(r) for r in HEALTHY.values()} | {readings.JobRows} == set(Reading.__args__)


@pytest.mark.parametrize("probe", HEALTHY)
@pytest.mark.parametrize("kind", [None, *FailureKind])
def test_a_piece_of_evidence_comes_back_as_it_was(probe: str, kind: FailureKind | None) -> None:
    """Readings and failures of every kind survive being written."""
    item = evidence(probe, kind or HEALTHY[probe])
    item = replace(item, cost=Cost(elapsed_s=1.25, redis_commands=9), excerpt='a "b" \\ \u2028 \x85 ü')
    (back,) = read("\n".join([header_line(SCOPE), evidence_line(item)])).evidence
    assert back == item
    assert redacted(item, NOTHING) == item


def test_a_whole_file_comes_back_as_it_was() -> None:
    """Question, evidence and trailer, in order."""
    recording = read(whole({"queue.jobs": FailureKind.SCHEMA, "worker.log": None}))
    assert recording.scope == SCOPE
    assert recording.evidence == collected({"queue.jobs": FailureKind.SCHEMA, "worker.log": None})
    assert recording.trailer == TRAILER


def test_every_line_is_json_of_its_kind() -> None:
    """First the question with its schema, then evidence, last the trailer."""
    lines = [json.loads(line) for line in whole().splitlines()]
    assert lines[0]["schema"] == "evidence/1"
    assert [line["line"] for line in lines] == ["header", *["evidence"] * len(HEALTHY), "trailer"]


def test_a_missing_trailer_reads_as_died() -> None:
    """A run that died has its question and what it had seen."""
    text = "\n".join([header_line(SCOPE), *map(evidence_line, collected())])
    recording = read(text)
    assert recording.trailer is None
    assert len(recording.evidence) == len(HEALTHY)


@pytest.mark.parametrize("missing", [1, 2, 10, 100])
def test_a_last_line_cut_short_by_a_death_is_ignored(missing: int) -> None:
    """What was whole before it is kept."""
    recording = read(whole()[:-missing])
    assert recording.evidence == collected()
    if missing > 1:
        assert recording.trailer is None


def test_any_cut_after_the_header_is_readable() -> None:
    """Wherever the writer died, the lines before the cut are there."""
    text = whole()
    start = text.index("\n") + 1
    for cut in range(start, len(text), 997):
        recording = read(text[:cut])
        assert recording.scope == SCOPE
        assert recording.evidence == collected()[: len(recording.evidence)]


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x1c", "\x0b", "\x0c", "\r"])
def test_separators_inside_texts_do_not_split_lines(separator: str) -> None:
    """Only a line feed ends a line."""
    item = replace(evidence("worker.health", HEALTHY["worker.health"]), excerpt=f"a{separator}b")
    (back,) = read("\n".join([header_line(SCOPE), evidence_line(item), trailer_line(TRAILER)])).evidence
    assert back.excerpt == f"a{separator}b"


BROKEN = {
    "not JSON": "nonsense",
    "a list": "[]",
    "a number": "5",
    "a text": '"x"',
    "null": "null",
    "no kind of line": '{"a": 1}',
    "evidence without fields": '{"line": "evidence"}',
    "reading without a type": evidence_line(evidence("worker.health", HEALTHY["worker.health"])).replace(
        '"type":"WorkerHealth",', ""
    ),
    "reading of a wrong form": evidence_line(evidence("worker.health", HEALTHY["worker.health"])).replace(
        '"answer":"ok"', '"answer":"splendid"'
    ),
    "very deep": '{"line":"evidence","a":' + "[" * 100_000,
}


@pytest.mark.parametrize("line", BROKEN.values(), ids=BROKEN)
def test_a_broken_line_in_the_middle_is_refused_by_number(line: str) -> None:
    """A file that was altered is not silently judged in part."""
    with pytest.raises(SettingsError, match="evidence line 2 cannot be read") as refused:
        read("\n".join([header_line(SCOPE), line, trailer_line(TRAILER)]))
    assert len(str(refused.value).splitlines()) == 1


def test_a_reading_of_another_version_is_named() -> None:
    """A type this version does not have is told by its name."""
    line = evidence_line(evidence("worker.health", HEALTHY["worker.health"])).replace('"WorkerHealth"', '"Telepathy"')
    with pytest.raises(SettingsError, match="evidence kind 'Telepathy' is not known to this version"):
        read("\n".join([header_line(SCOPE), line, ""]))


def test_a_file_of_another_schema_is_refused() -> None:
    """A later form may mean something else by the same words."""
    with pytest.raises(SettingsError, match="evidence has the schema 'evidence/2'"):
        read(header_line(SCOPE).replace("evidence/1", "evidence/2") + "\n")


@pytest.mark.parametrize("text", ["", "\n", '{"line":"tra'])
def test_a_file_without_a_header_is_refused(text: str) -> None:
    """Without the question there is nothing to judge."""
    with pytest.raises(SettingsError):
        read(text)


def test_lines_of_later_versions_are_skipped() -> None:
    """Additive changes: a kind of line we do not know is no error."""
    assert read(whole().replace("\n", '\n{"line":"novelty"}\n', 1)).evidence == collected()


@pytest.mark.parametrize(
    "changes", [{}, {"queue.state": FailureKind.TIMEOUT}, dict.fromkeys(HEALTHY, FailureKind.DEADLINE)]
)
def test_replay_is_byte_identical(changes: Changes) -> None:
    """The same evidence from a file gives the same verdict as live, to the byte."""
    items: tuple[Evidence, ...] = tuple(redacted(item, NOTHING) for item in collected(changes))
    live = diagnosed(items)
    recording = read("\n".join(write(SCOPE, items, TRAILER)))
    assert recording.trailer is not None
    again = diagnosed(recording.evidence, recording.scope, recording.trailer)
    assert json.dumps(verdict_document(live)) == json.dumps(verdict_document(again))
    assert live == again
