"""Five thousand jobs failed days ago and are kept; nothing fails now."""

from sandbox.faults.failures import failures

FAULT = failures(
    name="failed-pile-up",
    summary="5000 jobs that failed days ago are kept; the old script shows 0",
    cause="queue.failed_pile",
    jobs=5000,
    row="2.07",
    control="failed-within-retention",
)
