"""Asking Railway's stand-in from a test, over HTTP but without a socket."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
from tests.sandbox.vendors.memory_service import (
    ENVIRONMENT_ID,
    PROJECT_ID,
    PROJECT_TOKEN,
    SERVICE_ID,
    MemoryService,
)

from sandbox.service import Service
from sandbox.vendors.railway import railway_app
from sandbox.vendors.railway_state import RailwayState

ACCOUNT_TOKEN = "sandbox-account-token"
SCOPE = {"projectId": PROJECT_ID, "environmentId": ENVIRONMENT_ID, "serviceId": SERVICE_ID}


class Railway:
    """One stand-in over one service, for as long as a test lasts."""

    def __init__(self, service: Service | None = None, state: RailwayState | None = None) -> None:
        self.service = service or MemoryService()
        self.state = state or RailwayState()
        self._app = railway_app(self.service, PROJECT_TOKEN, state=self.state, account_token=ACCOUNT_TOKEN)

    def post(self, content: Any, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Send a body: bytes as they are, anything else as JSON."""
        return asyncio.run(self._post(content, headers))

    def ask(self, document: str, **variables: Any) -> Any:
        """The data a document gets. Its errors are an assertion failure."""
        body = self.post({"query": document, "variables": variables}).json()
        assert "errors" not in body, body["errors"]
        return body["data"]

    def refusal(self, document: str, **variables: Any) -> str:
        """The message of the error a document gets."""
        body = self.post({"query": document, "variables": variables}).json()
        assert body["data"] is None, body
        return str(body["errors"][0]["message"])

    async def _post(self, content: Any, headers: Mapping[str, str] | None) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        sent = {"content": content} if isinstance(content, bytes) else {"json": content}
        async with httpx.AsyncClient(transport=transport, base_url="http://railway") as client:
            given = {"Project-Access-Token": PROJECT_TOKEN} if headers is None else dict(headers)
            return await client.post("/graphql/v2", headers=given, **sent)
