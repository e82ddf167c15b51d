"""A trigger that makes every write wait in the database, as an audit or a search index added later does."""

from __future__ import annotations

from sandbox.world import World

TABLES = ("webhook_events", "usage_daily", "job_status", "crm_connections", "knowledge_graph_entities")
COMMON = ("kommo:webhook", "kommo:send-message", "extract-knowledge-graph", "crm:sync-contacts", "crm:sync-pipelines")
"""Types of job that arrive often enough to be compared."""
ENOUGH = 4


async def begin(world: World, seconds: float) -> None:
    """Let every row written take so much longer."""
    await world.postgres.execute(
        "CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN PERFORM pg_sleep({seconds}); RETURN NEW; END $$",
        *(
            f"CREATE TRIGGER audit BEFORE INSERT OR UPDATE ON {each} FOR EACH ROW EXECUTE FUNCTION audit()"
            for each in TABLES
        ),
    )


async def end(world: World) -> None:
    await world.postgres.execute("DROP FUNCTION audit() CASCADE")


async def ordinary_hour(world: World, owner: str) -> None:
    """Some jobs of every common type, as they always were: what slowness is measured against."""
    await world.producer.order("burst", count=30 * ENOUGH, mix=dict.fromkeys(COMMON, 1.0))

    async def is_over() -> bool:
        return have_ended(world, owner)

    await world.eventually("an ordinary hour", is_over)
    world.mark(owner)


def have_ended(world: World, owner: str) -> bool:
    """Whether enough jobs of every common type have ended since the mark."""
    return all(world.heard(owner, f"Job completed: {name}", times=ENOUGH) for name in COMMON)
