"""How long each type of job takes, in usual job lengths: one table for the workers and for who plans load."""

from __future__ import annotations

from collections.abc import Mapping

WEIGHTS: Mapping[str, float] = {
    "crm:sync-pipelines": 1.0,
    "kommo:sync-pipelines": 1.0,
    "crm:sync-contacts": 1.4,
    "kommo:webhook": 0.8,
    "kommo:send-message": 0.9,
    "extract-knowledge-graph": 1.2,
    "process-large-file": 6.0,
    "generate-report": 2.0,
    "process-bulk-data": 1.0,
    "fine-tune-model": 1.0,
    "test-job": 0.1,
}


def mean_weight(mix: Mapping[str, float]) -> float:
    """Average weight of a mix of job types; a type nobody handles costs nothing."""
    return sum(WEIGHTS.get(name, 0.0) * share for name, share in mix.items()) / sum(mix.values())
