"""The services the worker depends on."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.readings.symptom import Symptom


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRouterAccount:
    """What OpenRouter says about itself and about our key. `key_symptom` is `None` for a working key."""

    models: int | None
    key_symptom: Symptom | None
    credit_left_usd: float | None
    latency_s: float | None
