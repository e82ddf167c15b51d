"""OpenRouter answers 429: too many requests."""

from sandbox.faults.upstream import upstream_fault
from sandbox.vendors.openrouter import OpenRouterMode

FAULT = upstream_fault(
    name="openrouter-rate-limited",
    summary="OpenRouter answers 429: too many requests; knowledge-graph jobs fail",
    cause="openrouter.rate_limited",
    mode=OpenRouterMode.RATE_LIMITED,
    status=429,
)
