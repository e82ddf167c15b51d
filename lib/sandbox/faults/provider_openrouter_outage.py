"""OpenRouter is down and its status page says so."""

from sandbox.faults import openrouter_down
from sandbox.faults.provider_outage import outage

FAULT = outage(
    openrouter_down.FAULT,
    vendor="openrouter",
    title="Elevated error rates on all models",
    summary="OpenRouter answers 503 and its status page tells of a partial outage",
    row="1.18",
)
