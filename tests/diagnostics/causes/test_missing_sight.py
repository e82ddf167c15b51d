"""Every recorded fault with one, two or three of the six systems out of sight: less is known, nothing wrong is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import pytest
from tests.diagnostics.causes.test_recorded import FOLDER, RECORDED, ROWS

from diagnostics.causes.ranking import ASSERTED
from diagnostics.judgement import conclude
from diagnostics.model import Diagnosis, Evidence, Failure, FailureKind, Status
from diagnostics.platform_map import SYSTEMS
from diagnostics.records import Recording, read
from diagnostics.runbooks import TRIAGE
from diagnostics.severity import Severity
from diagnostics.text import text

SYSTEM_OF = {probe.name: probe.system for probe in TRIAGE.probes}
PUBLIC = ("worker", "frontend")
"""Sections whose addresses ask for no credentials."""
MISSING = [names for size in (1, 2, 3) for names in combinations(SYSTEMS, size)]
WIDER = {
    "concurrency-raised": {"worker.down"},
    "handlers-hung": {"openrouter.down"},
    "redis-other-database": {"worker.not_consuming"},
}
"""What is true as well, where the narrower cause cannot be seen: killed for memory is down, for instance."""
DOUBTED = {"database-missing-index": {"database.lock_contention"}}
"""A neighbour that looks the same without the database's own view: named as a doubt, with the look that separates."""
SURE = 0.7


def accepted(fault: str) -> set[str]:
    """Causes that the table accepts of this fault or, of a compound, of each of its parts, with all sight or less."""
    names = {fault, *fault.split("+")}
    return {cause for row in ROWS if row.fault in names for cause in row.accepted} | WIDER.get(fault, set())


def without(recording: Recording, names: tuple[str, ...], kind: FailureKind) -> tuple[Evidence, ...]:
    """The same evidence with these systems out of sight in one way."""
    sections = {section for name in names for section in SYSTEMS[name].sections}
    if kind is FailureKind.CREDENTIALS_MISSING:
        sections -= set(PUBLIC)
    return tuple(_lost(item, kind) if SYSTEM_OF[item.probe] in sections else item for item in recording.evidence)


def _lost(item: Evidence, kind: FailureKind) -> Evidence:
    status = Status.SKIPPED if kind is FailureKind.CREDENTIALS_MISSING else Status.FAILED
    failure = Failure(kind=kind, why=text("{probe} was not seen", probe=item.probe), regain=text("set it"))
    return replace(item, status=status, reading=None, excerpt="", failure=failure)


def judged(fault: str) -> Iterator[tuple[tuple[str, ...], Diagnosis]]:
    """The verdict for each set of missing systems, without credentials and out of reach."""
    recording = read((FOLDER / f"{fault}.jsonl").read_text("utf-8"))
    assert recording.trailer is not None
    for names in MISSING:
        for kind in (FailureKind.CREDENTIALS_MISSING, FailureKind.TIMEOUT):
            evidence = without(recording, names, kind)
            yield names, conclude(TRIAGE, recording.scope, evidence, recording.trailer, raise_bugs=True)


@pytest.mark.parametrize("fault", RECORDED)
def test_less_is_known_and_nothing_wrong_is_said(fault: str) -> None:
    """On top stands the right cause, a wider one, our own blindness, or that nothing known fits.

    Each finding that could not be made is a blind spot with a way to regain it, and a fault is never called healthy.
    """
    right = accepted(fault)
    for names, diagnosis in judged(fault):
        top = diagnosis.causes[0]
        is_honest = top.id in right or top.id == "unexplained" or top.component == "observer"
        is_doubt = top.id in DOUBTED.get(fault, ()) and top.confidence < SURE and diagnosis.next_probe is not None
        assert is_honest or is_doubt or top.confidence < ASSERTED, (names, top.id, top.confidence)
        unknown = {f.id for f in diagnosis.findings if f.severity is Severity.UNKNOWN}
        assert unknown <= {spot.check for spot in diagnosis.blind_spots}, names
        assert all(str(spot.why) and str(spot.regain) for spot in diagnosis.blind_spots)
        assert not (diagnosis.blind_spots and diagnosis.severity is Severity.OK), names
