"""What the worker does with each type of job. There is none for `process-asset`, as at HEAD."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.worker.kommo import Kommo, KommoError
from sandbox.worker.openrouter import OpenRouter
from sandbox.worker.supabase import Supabase
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

    supabase: Supabase
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
    pipeline = {"connection_id": connection, "external_id": "1", "name": "Sales"}
    await tools.supabase.upsert("crm_pipelines", pipeline, on_conflict="connection_id,external_id")
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
    event = await tools.supabase.insert(
        "webhook_events",
        {
            "org_id": data["organizationId"],
            "status": "processing",
            "payload": {"lead": data.get("leadId")},
            "processing_started_at": _now(),
        },
    )
    await tools.work("kommo:webhook")
    await tools.supabase.update("webhook_events", {"status": "completed"}, id=event["id"])
    return {"eventId": event["id"]}


async def send_message(data: Data, tools: Tools) -> dict[str, object]:
    await _crm_connection(data, tools, "Kommo connection not found for message sending")
    await tools.work("kommo:send-message")
    await tools.supabase.call("count_message", {"organization": data["organizationId"]})
    return {"sent": True}


async def extract_knowledge_graph(data: Data, tools: Tools) -> dict[str, object]:
    chunks = await tools.supabase.select("knowledge_chunks", "content", limit=5, agent_id=data["agentId"])
    await tools.openrouter.chat("\n".join(str(row["content"]) for row in chunks))
    await tools.work("extract-knowledge-graph")
    entity = {
        "org_id": data["organizationId"],
        "agent_id": data["agentId"],
        "name": f"Entity {CHANCE.randrange(1000)}",
    }
    await tools.supabase.insert("knowledge_graph_entities", entity)
    return {"entities": 1}


def simulated(kind: str, name: str) -> Handler:
    """A handler that is itself a simulation in production: steps with pauses, written to job_status."""

    async def handler(data: Data, tools: Tools) -> dict[str, object]:
        job = str(data.get("statusId") or f"{kind}-{time.time_ns()}")
        begun = {"id": job, "type": kind, "status": "processing", "started_at": _now()}
        await tools.supabase.upsert("job_status", begun, on_conflict="id")
        for step in range(STEPS):
            await tools.work(name, 1 / STEPS)
            progress = {"progress": 100 * (step + 1) // STEPS, "updated_at": _now()}
            await tools.supabase.update("job_status", progress, id=job)
        await tools.supabase.update("job_status", {"status": "completed", "completed_at": _now()}, id=job)
        return {"steps": STEPS}

    return handler


async def generate_report(data: Data, tools: Tools) -> dict[str, object]:
    """A report begins with what the database knows of the customer."""
    await tools.supabase.call("knowledge_density", {"organization": data["organizationId"]})
    return await simulated("report_generation", "generate-report")(data, tools)


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
    "generate-report": generate_report,
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
    rows = await tools.supabase.select("crm_connections", "id", limit=1, id=data["connectionId"])
    if not rows:
        raise JobFailed(missing)
    return str(rows[0]["id"])


async def _kommo_access(connection: str, tools: Tools) -> None:
    """Renew the access to a customer's account; a refusal is written down for the page that offers to reconnect."""
    rows = await tools.supabase.select("crm_credentials", "refresh_token", limit=1, connection_id=connection)
    if not rows:
        raise JobFailed("CRM credentials not found for provider kommo")
    try:
        await tools.kommo.refresh(str(rows[0]["refresh_token"]))
    except KommoError as error:
        await _sync_ended(connection, tools, {"status": "failed", "error": str(error)})
        raise


async def _sync_done(connection: str, tools: Tools) -> None:
    await _sync_ended(connection, tools, {"status": "completed", "completedAt": _now()})


async def _sync_ended(connection: str, tools: Tools, outcome: Mapping[str, str]) -> None:
    change = {"metadata": {"sync": outcome}, "updated_at": _now()}
    await tools.supabase.update("crm_connections", change, id=connection)


def _now() -> str:
    return datetime.now(UTC).isoformat()
