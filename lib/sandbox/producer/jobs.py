"""The jobs the platform adds: names, data, options and how often each comes."""

from __future__ import annotations

import hashlib
import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

CONNECTIONS, AGENTS, ORGANIZATIONS = 1000, 40, 20
"""Rows of `schema.sql`; their ids are computed the same way there."""

MIX: Mapping[str, float] = {
    "kommo:webhook": 35,
    "kommo:send-message": 22,
    "crm:sync-contacts": 10,
    "crm:sync-pipelines": 10,
    "extract-knowledge-graph": 15,
    "generate-report": 5,
    "process-large-file": 3,
}
"""What arrives on an ordinary day, by weight."""

ATTEMPTS = {"process-asset": 3, "extract-knowledge-graph": 2}
DEFAULT_ATTEMPTS = 5
FRONTEND_OPTIONS = {
    "attempts": 3,
    "backoff": {"type": "exponential", "delay": 2000},
    "priority": 4,
    "removeOnComplete": 100,
    "removeOnFail": 50,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job about to be added."""

    name: str
    data: Mapping[str, object]
    options: Mapping[str, object]


@cache
def numbered(kind: str, number: int) -> str:
    """The id of a seeded row."""
    return str(uuid.UUID(hashlib.md5(f"{kind}:{number}".encode(), usedforsecurity=False).hexdigest()))


def make_job(name: str, extra: Mapping[str, object], chance: random.Random, *, at_ms: int | None = None) -> NewJob:
    """A job as the API adds it (now or at `at_ms`): five attempts, exponential from 5 s, a hundred kept."""
    organization = 1 + chance.randrange(ORGANIZATIONS)
    connection = numbered("connection", 1 + chance.randrange(CONNECTIONS))
    data: dict[str, object] = {
        "organizationId": numbered("organization", organization),
        "connectionId": connection,
        "agentId": numbered("agent", organization),
        **extra,
    }
    options: dict[str, object] = {
        "attempts": ATTEMPTS.get(name, DEFAULT_ATTEMPTS),
        "backoff": {"type": "exponential", "delay": 5000},
        "removeOnComplete": 100,
        "removeOnFail": 100,
    }
    match name:
        case "kommo:webhook":
            data["leadId"] = chance.randrange(10**7)
        case "crm:sync-pipelines":
            options["jobId"] = f"crm-sync-{connection}"
        case "crm:sync-contacts":
            options["jobId"] = f"crm-sync-contacts-{connection}"
        case "extract-knowledge-graph":
            options["jobId"] = f"extract-kg-{at_ms or time.time_ns() // 1_000_000}{chance.randrange(1000):03d}"
        case "process-asset":
            data["assetId"] = str(uuid.UUID(int=chance.getrandbits(128)))
            options["jobId"] = f"process-asset-{data['assetId']}"
        case "process-large-file" | "generate-report" | "process-bulk-data" | "fine-tune-model":
            data["statusId"] = str(uuid.UUID(int=chance.getrandbits(128)))
    return NewJob(name=name, data=data, options=options)


def choose(mix: Mapping[str, float], chance: random.Random) -> str:
    """One name of a mix, by weight."""
    return chance.choices(tuple(mix), tuple(mix.values()))[0]
