"""The releases of the worker that can be deployed, good and bad."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One build of the worker."""

    name: str
    commit: str
    dead_letter_queue: str | None = "agent-jobs-dlq"
    """`None`: the release knows no dead letters."""
    imports: tuple[str, ...] = ()
    """Modules the entry file needs, besides those that are always there."""
    has_pino: bool = True
    """Whether logs, payloads and metrics are those since 2025-11-13."""
    worker_options: Mapping[str, int] = field(default_factory=dict)
    """Options of BullMQ's worker that this release sets beside production's (ms)."""


HEAD = Release(name="head", commit="5c1f0d9ab7e24c86932fb04d17a6e8035bd94f12")
"""The platform's HEAD with the three causes of its crash repaired."""

SEED = Release(name="seed", commit="dad34de1c07f5a6b92e8d314f05bc7a96e2184d3", dead_letter_queue=None, has_pino=False)
"""The state the written runbook describes: no dead letters, smaller payloads, another log format."""

MODULE_MISSING = Release(
    name="module-missing",
    commit="f981b075e6a94d3cb8217f50c2de39a81b6740fe",
    imports=("sandbox.worker.lib.crypto",),
)
"""Deleted as a duplicate what was still imported."""

ILLEGAL_QUEUE_NAME = Release(
    name="illegal-queue-name",
    commit="34d80b7c91fa4e2d8b05c6737ae90d1f2845cb6e",
    dead_letter_queue="agent-jobs:dlq",
)
"""Introduced dead letters under a name BullMQ refuses."""

SHORT_LOCK = Release(
    name="short-lock",
    commit="7be2c94d1f0a83e65b7c20d94e8f13a6b5d07c42",
    worker_options={"lockDuration": 3000, "stalledInterval": 5000},
)
"""Meant to recover stalled jobs sooner: locks end after 3 s, but are still renewed every 15 s."""

PREVIOUS = Release(name="previous", commit="295cd2d3b8f14a07c96e5d2083aa7b1f4c60e9d5")
"""What was deployed before HEAD; it behaves the same."""

RELEASES = (HEAD, PREVIOUS, SEED, MODULE_MISSING, ILLEGAL_QUEUE_NAME, SHORT_LOCK)


def release_named(name: str) -> Release:
    """Find a release by name."""
    return next(release for release in RELEASES if release.name == name)
