"""The vocabulary: what passes from probe to check to cause to verdict.

Everything here is frozen, carries UTC times and knows nothing of protocols or pages.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

from diagnostics.readings import Reading
from diagnostics.scope import Contact, Scope
from diagnostics.severity import Severity
from diagnostics.text import Text

if TYPE_CHECKING:
    from diagnostics.seen import Seen


class Status(Enum):
    """What became of one attempt to look."""

    OBSERVED = "observed"
    NO_DATA = "no_data"
    FAILED = "failed"
    SKIPPED = "skipped"


class FailureKind(Enum):
    """Why we could not look."""

    NOT_CONFIGURED = "not_configured"
    CREDENTIALS_MISSING = "credentials_missing"
    UNRESOLVED = "unresolved"
    UNREACHABLE = "unreachable"
    NOT_ACCEPTING = "not_accepting"
    TIMEOUT = "timeout"
    UNAUTHORIZED = "unauthorized"
    RATE_LIMITED = "rate_limited"
    QUOTA = "quota"
    BAD_STATUS = "bad_status"
    OVERSIZED = "oversized"
    SCHEMA = "schema"
    BUDGET = "budget"
    DEADLINE = "deadline"
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one look spent."""

    elapsed_s: float = 0.0
    http_requests: int = 0
    redis_commands: int = 0
    sql_statements: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why there is no reading, and how to regain sight."""

    kind: FailureKind
    why: Text
    regain: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One typed reading with its source, or the reason why there is none."""

    id: str
    probe: str
    source: str
    """The address or command, without secrets."""
    observed_at: datetime
    status: Status
    reading: Reading | None = None
    failure: Failure | None = None
    cost: Cost = Cost()
    excerpt: str = ""
    """At most 500 redacted characters of the raw answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One judgement: a sentence with its value, its threshold, its evidence and the command to see it oneself."""

    id: str
    severity: Severity
    state: str
    """One stable word that causes match on, such as `rejected` or `paused`."""
    sentence: Text
    value: float | None = None
    unit: str = ""
    threshold: float | None = None
    evidence: tuple[str, ...] = ()
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One explanation of the findings. `confidence` is 0-1; above 0.5 it may be asserted."""

    id: str
    confidence: float
    title: Text
    component: str
    runbook: str | None
    branch: str
    """The runbook's line ids that apply, such as `1.A1`."""
    explains: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    remediations: tuple[str, ...] = ()
    """Action ids; `lib/remediation` carries them out."""
    steps: tuple[Text, ...] = ()
    """What to do next, in order, in the reader's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindSpot:
    """Something we tried to see and could not."""

    check: str
    why: Text
    regain: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Something nobody can see from here; it does not change the severity."""

    what: Text
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The escalation clock. Times are UTC, `onset_age_s` is in seconds."""

    onset_age_s: float | None
    response_started_at: datetime
    escalate_at: datetime
    overdue: bool
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent:
    """Something that happened at a known time, with the evidence that says so."""

    at: datetime
    what: Text
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The conclusion of one run: everything a notebook, report, command line or JSON may show."""

    scope: Scope
    finished_at: datetime
    elapsed_s: float
    partial: bool
    severity: Severity
    causes: tuple[Cause, ...]
    findings: tuple[Finding, ...]
    blind_spots: tuple[BlindSpot, ...]
    limits: tuple[Limit, ...]
    next_step: Text
    next_probe: Text | None
    clock: Clock
    spent: Cost
    onset_at: datetime | None = None
    onset_interval: tuple[datetime, datetime] | None = None
    timeline: tuple[TimelineEvent, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One numbered line of the written runbook and the findings that execute it."""

    line: str
    """Id in the written runbook, such as `1.D1`."""
    what: Text
    findings: tuple[str, ...] = ()
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """One incident's procedure, declared as data."""

    slug: str
    title: Text
    probes: tuple[Probe, ...]
    checks: tuple[Callable[[Seen, Scope], Finding], ...]
    essential: tuple[str, ...]
    """Finding ids; with none of them seen the verdict is at best unknown."""
    steps: tuple[Step, ...] = ()
    escalation: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One look at one subject. `system` is the profile section it needs."""

    name: str
    system: str
    look: Callable[..., Coroutine[None, None, Evidence]] = field(compare=False)
    looks_twice: bool = False
    """With a pause between, in which the others look: it begins first."""
