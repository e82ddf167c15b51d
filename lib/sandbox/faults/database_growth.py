"""One customer's knowledge graph has grown large: what an index is needed for."""

from __future__ import annotations

from sandbox.producer.jobs import numbered
from sandbox.world import World

ORGANIZATION = numbered("organization", 11)
ENTITIES, RELATIONSHIPS = 8_000, 150_000
INDEX = "knowledge_graph_relationships_source"
REPORT = "generate-report"
EXTRAS = {REPORT: {"organizationId": ORGANIZATION}}


async def grow(world: World) -> None:
    """Add the rows, and let the planner know."""
    await world.postgres.execute(
        "INSERT INTO knowledge_graph_entities (org_id, agent_id, name)"
        f" SELECT '{ORGANIZATION}', numbered('agent', 11), 'Entity ' || n FROM generate_series(1, {ENTITIES}) n",
        "INSERT INTO knowledge_graph_relationships (org_id, source_id, target_id, kind)"
        f" SELECT '{ORGANIZATION}', n % {ENTITIES}, n % 97, 'grown' FROM generate_series(1, {RELATIONSHIPS}) n",
        "ANALYZE knowledge_graph_entities",
        "ANALYZE knowledge_graph_relationships",
    )


async def shrink(world: World) -> None:
    """Take them away again."""
    await world.postgres.execute(
        "DELETE FROM knowledge_graph_relationships WHERE kind = 'grown'",
        f"DELETE FROM knowledge_graph_entities WHERE org_id = '{ORGANIZATION}'",
    )
