"""Typed probe payloads: one dataclass per subject, one module per system, `None` where a value was not measured.

Units are in the names: `_s` seconds, `_ms` milliseconds, `_jobs` counts, `_ratio` 0-1.
Instants are UTC datetimes, except in series, where they are integer epoch milliseconds.
"""

from __future__ import annotations

from typing import TypeAlias

from diagnostics.readings.errors import (
    Frame,
    Nature,
    RoutePerformance,
    SentryIssue,
    SentryIssues,
    SentryLatest,
    SentryPerformance,
    SentryRelease,
    SentryReleases,
    SentrySeries,
    Side,
    TagSpread,
)
from diagnostics.readings.frontend import (
    DATABASE_TROUBLES,
    UNAVAILABLE,
    AliasRequest,
    Dependency,
    FrontendHealth,
    Layer,
    PathAnswers,
    SiteAnswer,
    SiteConnection,
    SitePages,
    Trouble,
    VercelDeployment,
    VercelDeployments,
    VercelRequests,
    VercelVariable,
    VercelVariables,
)
from diagnostics.readings.queue import (
    JobHistory,
    JobRow,
    JobRows,
    QueueCounts,
    QueueEvents,
    QueueState,
    RedisConnection,
    RedisServer,
)
from diagnostics.readings.railway import Deployment, RailwayService, Variable
from diagnostics.readings.symptom import Symptom
from diagnostics.readings.upstream import OpenRouterAccount
from diagnostics.readings.worker import (
    Answer,
    JobTypeTotals,
    LogEvent,
    ReplicaSample,
    WorkerHealth,
    WorkerLog,
    WorkerMetrics,
)
from diagnostics.samples import HistoryBaseline, HistorySamples

Reading: TypeAlias = (
    WorkerHealth
    | WorkerMetrics
    | RedisConnection
    | QueueState
    | JobRows
    | QueueEvents
    | RedisServer
    | RailwayService
    | WorkerLog
    | OpenRouterAccount
    | HistorySamples
    | HistoryBaseline
    | SentryIssues
    | SentryLatest
    | SentrySeries
    | SentryPerformance
    | SentryReleases
    | SiteConnection
    | SitePages
    | FrontendHealth
    | VercelDeployments
    | VercelVariables
    | VercelRequests
)

__all__ = [
    "DATABASE_TROUBLES",
    "UNAVAILABLE",
    "AliasRequest",
    "Answer",
    "Dependency",
    "Deployment",
    "Frame",
    "FrontendHealth",
    "HistoryBaseline",
    "HistorySamples",
    "JobHistory",
    "JobRow",
    "JobRows",
    "JobTypeTotals",
    "Layer",
    "LogEvent",
    "Nature",
    "OpenRouterAccount",
    "PathAnswers",
    "QueueCounts",
    "QueueEvents",
    "QueueState",
    "RailwayService",
    "Reading",
    "RedisConnection",
    "RedisServer",
    "ReplicaSample",
    "RoutePerformance",
    "SentryIssue",
    "SentryIssues",
    "SentryLatest",
    "SentryPerformance",
    "SentryRelease",
    "SentryReleases",
    "SentrySeries",
    "Side",
    "SiteAnswer",
    "SiteConnection",
    "SitePages",
    "Symptom",
    "TagSpread",
    "Trouble",
    "Variable",
    "VercelDeployment",
    "VercelDeployments",
    "VercelRequests",
    "VercelVariable",
    "VercelVariables",
    "WorkerHealth",
    "WorkerLog",
    "WorkerMetrics",
]
