"""OpenRouter answers 402: no credit is left."""

from sandbox.faults.upstream import upstream_fault
from sandbox.vendors.openrouter import OpenRouterMode

FAULT = upstream_fault(
    name="openrouter-credit-exhausted",
    summary="OpenRouter answers 402: no credit is left; knowledge-graph jobs fail",
    cause="openrouter.credit_exhausted",
    mode=OpenRouterMode.CREDIT_EXHAUSTED,
    status=402,
)
