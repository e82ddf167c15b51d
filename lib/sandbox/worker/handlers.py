"""What the worker does with each type of job. There is none for `process-asset`, as at HEAD."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.worker.database import Database
from sandbox.worker.kommo import Kommo, KommoError
from sandbox.worker.openrouter import OpenRouter
from sandbox.worker.weights import WEIGHTS

Data = Mapping[str, Any]
STEPS = 4
CHANCE = random.Random()  # noqa: S311  (lengths and names, no secrets)
READ_PAUSE_S = 0.004
"""A blocking read between two parsed rows: the loop stands still, the processor need not be full."""


class JobFailed(Exception):
    """A handler gave up; the text is production's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What a handler may use."""

    database: Database
    openrouter: OpenRouter
    kommo: Kommo
    job_seconds: float
    retained: list[bytearray]
    """What a leaking handler never lets go of."""

    async def work(self, name: str, share: float = 1.0) -> None:
        """The time a real job of a type takes, or a share of it, give or take 30 %."""
        await asyncio.sleep(self.job_seconds * WEIGHTS[name] * share * CHANCE.uniform(0.7, 1.3))


Handler = Callable[[Data, Tools], Awaitable[dict[str, object]]]


async def sync_pipelines(data: Data, tools: Tools) -> dict[str, object]:
    connection = await _crm_connection(data, tools)
    await _kommo_access(connection, tools)
    await tools.work("crm:sync-pipelines")
    await tools.database.execute(
        "INSERT INTO crm_pipelines (connection_id, external_id, name) VALUES (%s, %s, 'Sales')"
        " ON CONFLICT (connection_id, external_id) DO UPDATE SET name = excluded.name",
        connection,
        "1",
    )
    await _sync_done(connection, tools)
    return {"pipelines": 1}


async def sync_contacts(data: Data, tools: Tools) -> dict[str, object]:
    connection = await _crm_connection(data, tools)
    await _kommo_access(connection, tools)
    await tools.work("crm:sync-contacts")
    await _sync_done(connection, tools)
    return {"contacts": 50}


async def kommo_webhook(data: Data, tools: Tools) -> dict[str, object]:
    if data.get("signature") == "bad":
        raise JobFailed("Invalid webhook signature")
    rows = await tools.database.execute(
        "INSERT INTO webhook_events (org_id, status, payload, processing_started_at)"
        " VALUES (%s, 'processing', %s, now()) RETURNING id",
        data["organizationId"],
        json.dumps({"lead": data.get("leadId")}),
    )
    await tools.work("kommo:webhook")
    event = rows[0][0]
    await tools.database.execute("UPDATE webhook_events SET status = 'completed' WHERE id = %s", event)
    return {"eventId": str(event)}


async def send_message(data: Data, tools: Tools) -> dict[str, object]:
    await _crm_connection(data, tools, "Kommo connection not found for message sending")
    await tools.work("kommo:send-message")
    await tools.database.execute(
        "INSERT INTO usage_daily (org_id, day, messages) VALUES (%s, current_date, 1)"
        " ON CONFLICT (org_id, day) DO UPDATE SET messages = usage_daily.messages + 1",
        data["organizationId"],
    )
    return {"sent": True}


async def extract_knowledge_graph(data: Data, tools: Tools) -> dict[str, object]:
    chunks = await tools.database.execute(
        "SELECT content FROM knowledge_chunks WHERE agent_id = %s LIMIT 5", data["agentId"]
    )
    await tools.openrouter.chat("\n".join(str(row[0]) for row in chunks))
    await tools.work("extract-knowledge-graph")
    await tools.database.execute(
        "INSERT INTO knowledge_graph_entities (org_id, agent_id, name) VALUES (%s, %s, %s)",
        data["organizationId"],
        data["agentId"],
        f"Entity {CHANCE.randrange(1000)}",
    )
    return {"entities": 1}


def simulated(kind: str, name: str) -> Handler:
    """A handler that is itself a simulation in production: steps with pauses, written to job_status."""

    async def handler(data: Data, tools: Tools) -> dict[str, object]:
        job = str(data.get("statusId") or f"{kind}-{time.time_ns()}")
        await tools.database.execute(
            "INSERT INTO job_status (id, type, status, started_at) VALUES (%s, %s, 'processing', now())"
            " ON CONFLICT (id) DO UPDATE SET status = 'processing', started_at = now()",
            job,
            kind,
        )
        for step in range(STEPS):
            await tools.work(name, 1 / STEPS)
            await tools.database.execute(
                "UPDATE job_status SET progress = %s, updated_at = now() WHERE id = %s", 100 * (step + 1) // STEPS, job
            )
        await tools.database.execute(
            "UPDATE job_status SET status = 'completed', completed_at = now() WHERE id = %s", job
        )
        return {"steps": STEPS}

    return handler


async def process_bulk_data(data: Data, tools: Tools) -> dict[str, object]:
    """Bulk rows are parsed in-process: nothing else runs meanwhile."""
    _parse(float(data.get("parseSeconds") or 0))
    return await simulated("bulk_processing", "process-bulk-data")(data, tools)


async def process_large_file(data: Data, tools: Tools) -> dict[str, object]:
    """A file is loaded whole, and let go when the job ends."""
    content = _loaded(int(data.get("fileMegabytes") or 0))
    result = await simulated("file_processing", "process-large-file")(data, tools)
    return {**result, "bytes": len(content)}


async def fine_tune_model(data: Data, tools: Tools) -> dict[str, object]:
    """Training samples are loaded whole, and kept."""
    if megabytes := int(data.get("sampleMegabytes") or 0):
        tools.retained.append(_loaded(megabytes))
    return await simulated("model_finetuning", "fine-tune-model")(data, tools)


async def test_job(_data: Data, tools: Tools) -> dict[str, object]:
    await tools.work("test-job")
    return {"ok": True}


HANDLERS: Mapping[str, Handler] = {
    "crm:sync-pipelines": sync_pipelines,
    "kommo:sync-pipelines": sync_pipelines,
    "crm:sync-contacts": sync_contacts,
    "kommo:webhook": kommo_webhook,
    "kommo:send-message": send_message,
    "extract-knowledge-graph": extract_knowledge_graph,
    "process-large-file": process_large_file,
    "generate-report": simulated("report_generation", "generate-report"),
    "process-bulk-data": process_bulk_data,
    "fine-tune-model": fine_tune_model,
    "test-job": test_job,
}


def _loaded(megabytes: int) -> bytearray:
    """So much memory, every page of it in use."""
    content = bytearray(megabytes * 1024 * 1024)
    content[::4096] = b"x" * len(content[::4096])
    return content


def _parse(seconds: float) -> None:
    """Read and parse, row by row, without ever giving way."""
    give_up_at = time.monotonic() + seconds
    digest = hashlib.sha256()
    while time.monotonic() < give_up_at:
        for _ in range(200):
            digest.update(json.dumps({"row": digest.hexdigest()}).encode())
        time.sleep(READ_PAUSE_S)


async def _crm_connection(data: Data, tools: Tools, missing: str = "CRM connection not found") -> str:
    rows = await tools.database.execute(
        "SELECT c.id FROM crm_connections c JOIN crm_credentials k ON k.connection_id = c.id WHERE c.id = %s",
        data["connectionId"],
    )
    if not rows:
        raise JobFailed(missing)
    return str(rows[0][0])


async def _kommo_access(connection: str, tools: Tools) -> None:
    """Renew the access to a customer's account; a refusal is written down for the page that offers to reconnect."""
    rows = await tools.database.execute(
        "SELECT refresh_token FROM crm_credentials WHERE connection_id = %s", connection
    )
    try:
        await tools.kommo.refresh(str(rows[0][0]))
    except KommoError as error:
        await tools.database.execute(
            "UPDATE crm_connections SET metadata = jsonb_build_object('sync', jsonb_build_object('status',"
            " 'failed', 'error', %s::text)), updated_at = now() WHERE id = %s",
            str(error),
            connection,
        )
        raise


async def _sync_done(connection: str, tools: Tools) -> None:
    await tools.database.execute(
        "UPDATE crm_connections SET metadata = jsonb_build_object('sync', jsonb_build_object('status',"
        " 'completed', 'completedAt', now())), updated_at = now() WHERE id = %s",
        connection,
    )
