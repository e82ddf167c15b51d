"""Routes of bad releases, with the mistakes somebody really made in them."""

from __future__ import annotations

from sandbox.frontend.backends import Backends
from sandbox.frontend.replies import json_reply
from sandbox.http import Answer, Request


async def agents_by_plan(backends: Backends, _request: Request) -> Answer:
    """The agents, sorted by a column that the query does not ask for."""
    rows = await backends.server_supabase().select("agents", columns="id,org_id,name", limit=50)
    rows.sort(key=lambda row: row["plan"])
    return json_reply({"success": True, "data": rows})
