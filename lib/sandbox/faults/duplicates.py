"""Jobs added again and again under one id, as a button does that people press."""

from __future__ import annotations

from sandbox.world import World

JOB = "crm:sync-contacts"
REFUSED = 12


async def press(world: World, job_id: str) -> None:
    """Add a job that exists already, a dozen times."""
    await world.producer.order("burst", count=REFUSED, mix={JOB: 1.0}, options={"jobId": job_id})


async def was_refused(world: World) -> bool:
    """Whether BullMQ has written down that it ignored them."""
    newest = await world.redis.client.xrevrange(f"bull:{world.queue_name}:events", count=10 * REFUSED)
    return bool([fields["event"] for _, fields in newest].count("duplicated") >= REFUSED)


async def remove(world: World, job_id: str) -> None:
    """Take the job that holds the id away, wherever it is."""
    client, prefix = world.redis.client, f"bull:{world.queue_name}"
    for state in ("failed", "completed", "delayed"):
        await client.zrem(f"{prefix}:{state}", job_id)
    await client.delete(f"{prefix}:{job_id}")
