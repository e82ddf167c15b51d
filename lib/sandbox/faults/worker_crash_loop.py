"""A release imports a module that was deleted: every start ends at once."""

from sandbox.faults.deployments import release_fault
from sandbox.worker.releases import MODULE_MISSING

FAULT = release_fault(
    name="worker-crash-loop",
    summary="the deployed release imports a module that does not exist",
    cause="worker.crash_loop",
    row="1.09",
    control="worker-redeployed",
    release=MODULE_MISSING,
)
