"""BullMQ's Python worker with the fetching manners of the Node one."""

from __future__ import annotations

import asyncio
from typing import Any

from bullmq import Job, Worker  # type: ignore[import-untyped]

PAUSE_AFTER_ERROR_S = 1.0


class FetchingWorker(Worker):  # type: ignore[misc]
    """Asks for one job at a time, not once per free slot, and takes breath after an error reply."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._fetching = asyncio.Lock()

    async def getNextJob(self, token: str) -> Job | None:  # noqa: N802  (BullMQ's name)
        async with self._fetching:
            try:
                return await super().getNextJob(token)
            except Exception:
                if not self.closing:
                    await asyncio.sleep(PAUSE_AFTER_ERROR_S)
                raise
