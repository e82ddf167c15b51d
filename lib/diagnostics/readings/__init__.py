"""Typed probe payloads: one dataclass per subject, one module per system, `None` where a value was not measured.

Units are in the names: `_s` seconds, `_ms` milliseconds, `_jobs` counts, `_ratio` 0-1.
Instants are UTC datetimes, except in series, where they are integer epoch milliseconds.
"""

from __future__ import annotations

from typing import TypeAlias

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
    | HistorySamples
    | HistoryBaseline
    | VendorStatus
    | RedisPlan
)

__all__ = [
    "Answer",
    "Deployment",
    "HistoryBaseline",
    "HistorySamples",
    "Indicator",
    "JobHistory",
    "JobRow",
    "JobRows",
    "JobTypeTotals",
    "LogEvent",
    "OpenRouterAccount",
    "QueueCounts",
    "QueueEvents",
    "QueueState",
    "RailwayService",
    "Reading",
    "RedisConnection",
    "RedisPlan",
    "RedisServer",
    "ReplicaSample",
    "Symptom",
    "Variable",
    "VendorIncident",
    "VendorStatus",
    "WorkerHealth",
    "WorkerLog",
    "WorkerMetrics",
]
