"""OpenRouter answers 401: the key is not accepted."""

from sandbox.faults.upstream import upstream_fault
from sandbox.vendors.openrouter import OpenRouterMode

FAULT = upstream_fault(
    name="openrouter-credentials-rejected",
    summary="OpenRouter answers 401: the key is not accepted; knowledge-graph jobs fail",
    cause="openrouter.credentials_rejected",
    mode=OpenRouterMode.CREDENTIALS_REJECTED,
    status=401,
)
