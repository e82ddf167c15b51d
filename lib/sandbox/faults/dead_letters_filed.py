"""Three jobs failed for good and lie where they should."""

from sandbox.faults.letters import letters

FAULT = letters(
    name="dead-letters-filed",
    summary="three dead letters lie in their queue, where nobody counts them",
    cause="none",
    job_id="retried-{number}-{ms}",
)
