"""Typed probe payloads: one dataclass per subject, one module per system, `None` where a value was not measured.

Units are in the names: `_s` seconds, `_ms` milliseconds, `_jobs` counts, `_ratio` 0-1.
Instants are UTC datetimes, except in series, where they are integer epoch milliseconds.
"""

from __future__ import annotations

from typing import TypeAlias

from diagnostics.readings.database import (
    BlockedSession,
    CachedTable,
    Lint,
    LogGroup,
    Pooler,
    PostgresActivity,
    PostgresSchema,
    PostgresStatements,
    Replica,
    RestAnswer,
    RunningStatement,
    ServiceHealth,
    SessionGroup,
    Statement,
    SupabaseLogs,
    SupabaseProject,
    SupabaseRest,
    Table,
)
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
from diagnostics.readings.vendors import Indicator, RedisPlan, VendorIncident, VendorStatus
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
    | SupabaseProject
    | SupabaseRest
    | SupabaseLogs
    | PostgresActivity
    | PostgresStatements
    | PostgresSchema
    | HistorySamples
    | HistoryBaseline
    | VendorStatus
    | RedisPlan
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
    "BlockedSession",
    "CachedTable",
    "Dependency",
    "Deployment",
    "Frame",
    "FrontendHealth",
    "HistoryBaseline",
    "HistorySamples",
    "Indicator",
    "JobHistory",
    "JobRow",
    "JobRows",
    "JobTypeTotals",
    "Layer",
    "Lint",
    "LogEvent",
    "LogGroup",
    "Nature",
    "OpenRouterAccount",
    "PathAnswers",
    "Pooler",
    "PostgresActivity",
    "PostgresSchema",
    "PostgresStatements",
    "QueueCounts",
    "QueueEvents",
    "QueueState",
    "RailwayService",
    "Reading",
    "RedisConnection",
    "RedisPlan",
    "RedisServer",
    "Replica",
    "ReplicaSample",
    "RestAnswer",
    "RoutePerformance",
    "RunningStatement",
    "SentryIssue",
    "SentryIssues",
    "SentryLatest",
    "SentryPerformance",
    "SentryRelease",
    "SentryReleases",
    "SentrySeries",
    "ServiceHealth",
    "SessionGroup",
    "Side",
    "SiteAnswer",
    "SiteConnection",
    "SitePages",
    "Statement",
    "SupabaseLogs",
    "SupabaseProject",
    "SupabaseRest",
    "Symptom",
    "Table",
    "TagSpread",
    "Trouble",
    "Variable",
    "VendorIncident",
    "VendorStatus",
    "VercelDeployment",
    "VercelDeployments",
    "VercelRequests",
    "VercelVariable",
    "VercelVariables",
    "WorkerHealth",
    "WorkerLog",
    "WorkerMetrics",
]
