"""Causes on our own side: why we cannot tell."""

from __future__ import annotations

from collections import Counter

from diagnostics.model import Cause, Evidence, FailureKind, Finding
from diagnostics.text import text

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
    is_deaf = is_deaf and not any(e.reading is not None for e in evidence)
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
    if is_deaf or network * 2 >= total:
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
    return None
