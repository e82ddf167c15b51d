"""The supervisor's side of the producer: the process, and the orders it is given."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.child import Child, ChildFailed

ANSWER_WITHIN_S = 30.0


class Boss:
    """Starts the producer and speaks with it."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._child: Child | None = None
        self._answers: dict[object, asyncio.Future[dict[str, Any]]] = {}
        self._number = 0

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child and self._child.is_running else None

    async def start(self, environment: Mapping[str, str]) -> None:
        """Start the process and wait until it works."""
        ready = self._answers["ready"] = asyncio.get_running_loop().create_future()
        command = [sys.executable, "-m", "sandbox.producer"]
        self._child = await Child.start(command, environment=environment, on_line=self._on_line)
        await self._wait(ready)

    async def order(self, order: str, **details: object) -> dict[str, Any]:
        """Give one order and wait for what came of it.

        Raises:
            ChildFailed: the order could not be carried out.
        """
        assert self._child is not None
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        await self._child.write_line(json.dumps({"order": order, "number": self._number, **details}))
        result = await self._wait(answer)
        if "failed" in result:
            raise ChildFailed(f"the producer could not {order}: {result['failed']}")
        return result

    async def stop(self) -> None:
        if self._child is not None and self._child.is_running:
            await self._child.stop(grace_s=0)

    async def _wait(self, answer: asyncio.Future[dict[str, Any]]) -> dict[str, Any]:
        assert self._child is not None
        ended: asyncio.Future[int] = asyncio.ensure_future(self._child.ended())
        waiting: set[asyncio.Future[Any]] = {answer, ended}
        await asyncio.wait(waiting, timeout=ANSWER_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not answer.done():
            raise ChildFailed("the producer does not answer")
        return answer.result()

    def _on_line(self, stream: str, line: str) -> None:
        if stream == "stdout" and line.startswith('{"answer"'):
            result = json.loads(line)
            answer = self._answers.pop(result.pop("answer"), None)
            if answer is not None and not answer.done():
                answer.set_result(result)
            return
        self._log(f"producer: {line}")
