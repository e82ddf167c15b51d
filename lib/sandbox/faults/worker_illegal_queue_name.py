"""A release names its dead-letter queue as BullMQ does not allow."""

from sandbox.faults.deployments import release_fault
from sandbox.worker.releases import ILLEGAL_QUEUE_NAME

FAULT = release_fault(
    name="worker-illegal-queue-name",
    summary="the deployed release names a queue with a colon, which BullMQ refuses",
    cause="worker.crash_loop",
    row="1.10",
    control="worker-redeployed",
    release=ILLEGAL_QUEUE_NAME,
)
