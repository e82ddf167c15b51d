"""As many failed jobs are kept as producers ask for."""

from sandbox.faults.failures import failures

FAULT = failures(
    name="failed-within-retention",
    summary="100 jobs that failed days ago are kept, as producers ask",
    cause="none",
    jobs=100,
)
