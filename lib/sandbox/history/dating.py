"""Let a sandbox that has just begun have been there for hours."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sandbox.history.lines import past_lines
from sandbox.history.past import Past, make_past
from sandbox.history.reports import report_past
from sandbox.history.rows import write_rows
from sandbox.history.visits import past_visits
from sandbox.service import Deployment, DeploymentStatus
from sandbox.worker.releases import PREVIOUS
from sandbox.world import World

STABLE_FOR = timedelta(hours=2)
"""The last deployment was this long before the past begins."""
PREVIOUS_FOR = timedelta(hours=26)
"""And the one before it lasted this long."""


async def begin_past(world: World) -> Past:
    """Make the past up and write its rows; nothing may have used the queue yet."""
    now_ms = time.time_ns() // 1_000_000
    past = make_past(world.plan, now_ms, random.Random(0))  # noqa: S311  (a made-up past)
    await write_rows(world.redis.client, past, world.queue_name, world.host.release.dead_letter_queue)
    return past


def deployed_at(past: Past) -> datetime:
    """When the deployment that still runs was made."""
    return datetime.fromtimestamp(past.since_ms / 1000, UTC) - STABLE_FOR


def finish_past(world: World, deployment: Deployment, past: Past) -> None:
    """Give the running deployments their logs of the past, and the worker's one before it."""
    world.site.requests.write_before(past_visits(world.site, past, world.plan.visits_per_s))
    world.host.backdate(deployment.id, deployment.created_at)
    instances = [each.id for each in deployment.instances]
    world.host.logbook.write_before(past_lines(past, deployment_id=deployment.id, instance_ids=instances))
    report_past(world.sentry.store, past, per_s=world.traffic.per_s)
    older = Deployment(
        id=str(uuid4()),
        status=DeploymentStatus.REMOVED,
        created_at=deployment.created_at - PREVIOUS_FOR,
        status_updated_at=deployment.created_at,
        commit=PREVIOUS.commit,
    )
    world.host.remember([older])
