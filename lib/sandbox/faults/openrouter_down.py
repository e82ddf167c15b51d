"""OpenRouter answers 503: it is down."""

from sandbox.faults.upstream import upstream_fault
from sandbox.vendors.openrouter import OpenRouterMode

FAULT = upstream_fault(
    name="openrouter-down",
    summary="OpenRouter answers 503: it is down; knowledge-graph jobs fail",
    cause="openrouter.down",
    mode=OpenRouterMode.DOWN,
    status=503,
)
