"""Causes on our own side: why we cannot tell."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from diagnostics.model import Cause, Evidence, FailureKind, Finding
from diagnostics.readings import (
    Answer,
    FrontendHealth,
    HistoryBaseline,
    HistorySamples,
    Reading,
    SiteAnswer,
    SiteConnection,
    SitePages,
    WorkerHealth,
    WorkerMetrics,
)
from diagnostics.text import text

_SEVERAL = 2
"""Systems beside those that merely stayed silent whose failure to answer points at ourselves. Our own number."""
_MUTE = (SiteAnswer.SILENT, SiteAnswer.BROKEN)
_LATE = (FailureKind.TIMEOUT, FailureKind.DEADLINE)
_VENDORS = ("railway", "vercel", "supabase", "sentry", "openrouter")
_ASKED_OF = {"worker.log": "railway", "redis.plan": "upstash"}
"""Services of the vendors: none falls silent because another does, or because our own systems do."""
_SILENCES = (
    ("worker.health", "silent"),
    ("worker.endpoints", "silent"),
    ("worker.endpoints", "partly_silent"),
    ("worker.endpoints", "both_silent"),
    ("frontend.site", "silent"),
    ("frontend.health", "silent"),
    ("frontend.health", "silent_with_all"),
    ("database.reachable", "rest_silent"),
    ("openrouter.account", "timed_out"),
)
_UNAVAILABLE = tuple(("frontend.availability", state) for state in ("down", "partly", "flaky"))
_NETWORK = (FailureKind.UNREACHABLE, FailureKind.UNRESOLVED, FailureKind.TIMEOUT, FailureKind.DEADLINE)


def why_blind(evidence: tuple[Evidence, ...], blind: tuple[Finding, ...]) -> Cause | None:
    """The reason why most of what we tried could not be read; `None` when nothing failed."""
    failed: Counter[FailureKind] = Counter(
        e.failure.kind for e in evidence if e.failure and e.failure.kind is not FailureKind.NOT_CONFIGURED
    )
    if not failed:
        return None
    network = sum(failed[kind] for kind in _NETWORK)
    credentials = failed[FailureKind.CREDENTIALS_MISSING] + failed[FailureKind.UNAUTHORIZED]
    total = sum(failed.values())
    explains = tuple(f.id for f in blind)
    # Where not one system answered, the network comes first: credentials would not have been asked for yet.
    is_deaf = network > 0 and network + failed[FailureKind.CREDENTIALS_MISSING] == total
    is_deaf = is_deaf and not any(_is_heard(e.reading) for e in evidence)
    if not is_deaf and credentials >= max(network, 1) and credentials * 2 >= total:
        return Cause(
            id="observer.credentials_missing",
            confidence=0.8,
            title=text("We lack credentials to see enough"),
            component="observer",
            runbook=None,
            branch="",
            explains=explains,
            steps=(text("Set the variables named under the blind spots, then run again."),),
        )
    # Where others answer, a system out of reach may be down itself: that is not known from here.
    return _network(explains) if is_deaf else None


def if_deaf(evidence: tuple[Evidence, ...], unwell: tuple[Finding, ...]) -> Cause | None:
    """Our own network, where several systems were asked and not one answered a word; `None` otherwise.

    A worker that hangs is silent too, but then others are heard. So it is where some answer: a bad line loses one
    answer here and another there, and then the services of several vendors are silent at once.
    """
    tried = {e.probe.partition(".")[0] for e in evidence if e.failure and e.failure.kind in _NETWORK}
    is_deaf = not any(_is_heard(e.reading) for e in evidence) and len(tried) >= _SEVERAL
    explains = tuple(f.id for f in unwell)
    if not is_deaf and _is_lossy(evidence, unwell):
        bare = _network(explains)
        return replace(
            bare,
            title=text("Answers get lost between this machine and several systems"),
            steps=(
                text(
                    "Run again with --deadline 30. Meanwhile open the site on a phone, over mobile data: if it answers "
                    "there, it is this machine's line and not the platform."
                ),
                *bare.steps,
            ),
        )
    return _network(explains) if is_deaf else None


def _is_lossy(evidence: tuple[Evidence, ...], unwell: tuple[Finding, ...]) -> bool:
    """Whether half the looks or more at several vendors got no answer in time, and silence is all that is wrong."""
    asked, late = Counter[str](), Counter[str]()
    for item in evidence:
        vendor = _vendor(item.probe)
        if vendor and (item.reading is not None or item.failure):
            asked[vendor] += 1
            late[vendor] += item.failure is not None and item.failure.kind in _LATE
    lost = [vendor for vendor in asked if 2 * late[vendor] >= asked[vendor]]
    paths = [path for e in evidence if isinstance(e.reading, SitePages) for path in e.reading.paths if path.failed]
    silences = _SILENCES + (_UNAVAILABLE if all(path.answer is SiteAnswer.SILENT for path in paths) else ())
    return len(lost) >= _SEVERAL and all((f.id, f.state) in silences for f in unwell)


def _vendor(probe: str) -> str:
    """Whose own service a look asks; empty for our own systems."""
    system, _, name = probe.partition(".")
    if system == "provider":
        return name
    return _ASKED_OF.get(probe, system if system in _VENDORS else "")


def _network(explains: tuple[str, ...]) -> Cause:
    return Cause(
        id="observer.network",
        confidence=0.6,
        title=text("This machine cannot reach the systems"),
        component="observer",
        runbook=None,
        branch="",
        explains=explains,
        steps=(text("Check this machine's network and the profile's addresses, or run from another network."),),
    )


def _is_heard(reading: Reading | None) -> bool:
    """Whether somebody elsewhere spoke: our own history does not count, nor does an address that stays silent."""
    match reading:
        case None | HistorySamples() | HistoryBaseline() | SiteConnection():
            return False
        case WorkerHealth() | WorkerMetrics():
            return reading.answer is not Answer.SILENT
        case FrontendHealth():
            return reading.answer not in _MUTE
        case SitePages():
            return any(path.answer not in _MUTE for path in reading.paths)
        case _:
            return True
