"""Jobs with a colon in their id failed for good: their queue refuses the letters."""

from sandbox.faults.letters import letters

FAULT = letters(
    name="dead-letters-fallback",
    summary="the dead-letter queue refuses the letters of three jobs; plain keys are all that is left of them",
    cause="queue.dead_letters_unfiled",
    job_id="dlq:{number}:{ms}",
    control="dead-letters-filed",
)
