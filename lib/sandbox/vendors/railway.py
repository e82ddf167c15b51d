"""A stand-in for Railway's public GraphQL API over one `Service`.

Documents run against our subset of the published schema, so a field, an argument or a variable type
that Railway does not have is refused here too. This module is the transport: tokens, limits, status
codes and the faults a test may inject.
"""

import asyncio
import logging
import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from inspect import isawaitable
from time import time
from uuid import uuid4

from graphql import ExecutionResult, GraphQLError, OperationType, execute
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sandbox.service import Service
from sandbox.vendors.railway_documents import BadRequest, Call, check_call, read_call
from sandbox.vendors.railway_nodes import Backboard
from sandbox.vendors.railway_schema import railway_schema
from sandbox.vendors.railway_state import RailwayBody, RailwayState

DENIED_PAGE = "<!DOCTYPE html><title>Access denied</title><h1>Access denied</h1><p>error code: 1015</p>"
DEFAULT_RETRY_AFTER_S = 30
HOUR_S = 3600
REFUSALS = {401: "Not Authorized", 403: "Not Authorized", 429: "Rate limit exceeded"}

log = logging.getLogger(__name__)


def railway_app(
    service: Service, token: str, *, state: RailwayState | None = None, account_token: str | None = None
) -> Starlette:
    """Serve Railway's API for one service.

    Args:
        service: what the API shows and drives.
        token: the project token, accepted in `Project-Access-Token` alone.
        state: knobs and journal; found again as `app.state.railway`.
        account_token: accepted as a bearer, if there is one.
    """
    board = Backboard(service=service, state=state or RailwayState(), token=token)
    app = Starlette(routes=[Route("/graphql/v2", _Transport(board, account_token).post, methods=["POST"])])
    app.state.railway = board.state
    return app


class _Transport:
    """HTTP in, HTTP out."""

    def __init__(self, board: Backboard, account_token: str | None) -> None:
        self._board = board
        self._state = board.state
        self._account_token = account_token
        self._hour, self._requests = 0, 0

    async def post(self, request: Request) -> Response:
        """Answer one request, whatever state the vendor is in."""
        limits, is_allowed = self._count()
        answer = await self._answer(request, is_allowed=is_allowed)
        answer = self._spoiled(answer)
        answer.headers.update(limits)
        return answer

    async def _answer(self, request: Request, *, is_allowed: bool) -> Response:
        try:
            call = read_call(await request.body())
            self._state.journal.operations += call.operations()
            if self._state.latency_s:
                await asyncio.sleep(self._state.latency_s)
            if not is_allowed:
                return _refused(429, HOUR_S - int(time()) % HOUR_S)
            if self._state.status is not None:
                return _refused(self._state.status, self._state.retry_after_s)
            check_call(call, railway_schema())
        except BadRequest as exc:
            return _errors(exc.errors, status=400)
        if refusal := self._unauthorized(request):
            return _errors([GraphQLError(refusal, path=[call.operations()[0].name])], status=200)
        return await self._execute(call)

    async def _execute(self, call: Call) -> Response:
        run = partial(
            execute,
            railway_schema(),
            call.document,
            context_value=self._board,
            variable_values=call.variables,
            operation_name=call.operation.name.value if call.operation.name else None,
        )
        # Hours of log lines take a second to go through; the edge in front of Redis must not wait for that.
        is_read = call.operation.operation is OperationType.QUERY
        outcome = await asyncio.to_thread(run) if is_read else run()
        result: ExecutionResult = await outcome if isawaitable(outcome) else outcome
        body: dict[str, object] = {"data": _renamed(result.data, self._state.renamed)}
        if result.errors:
            body["errors"] = [_error(error) for error in result.errors]
        return JSONResponse(body)

    def _unauthorized(self, request: Request) -> str | None:
        project_token = request.headers.get("project-access-token")
        if project_token is not None:
            return None if _same(project_token, self._board.token) else "Project Token not found"
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        is_known = self._account_token is not None and _same(bearer, self._account_token)
        return None if scheme.lower() == "bearer" and is_known else "Not Authorized"

    def _count(self) -> tuple[dict[str, str], bool]:
        hour = int(time()) // HOUR_S
        if hour != self._hour:
            self._hour, self._requests = hour, 0
        self._requests += 1
        left = self._state.hourly_requests - self._requests
        headers = {
            "X-RateLimit-Limit": str(self._state.hourly_requests),
            "X-RateLimit-Remaining": str(max(0, left)),
            "X-RateLimit-Reset": str((hour + 1) * HOUR_S),
        }
        return headers, left >= 0

    def _spoiled(self, answer: Response) -> Response:
        kept = {name: value for name, value in answer.headers.items() if name == "retry-after"}
        match self._state.body:
            case RailwayBody.HTML:
                return HTMLResponse(DENIED_PAGE, status_code=self._state.status or 403, headers=kept)
            case RailwayBody.TRUNCATED:
                half = bytes(answer.body)[: len(answer.body) // 2]
                return Response(half, answer.status_code, headers=kept, media_type="application/json")
            case RailwayBody.INTACT:
                return answer


def _refused(status: int, retry_after_s: int | None) -> Response:
    if status == 429 and retry_after_s is None:
        retry_after_s = DEFAULT_RETRY_AFTER_S
    answer = _errors([GraphQLError(REFUSALS.get(status, "Problem processing request"))], status=status)
    if retry_after_s is not None:
        answer.headers["Retry-After"] = str(retry_after_s)
    return answer


def _errors(errors: Sequence[GraphQLError], *, status: int) -> Response:
    return JSONResponse({"errors": [_error(error) for error in errors], "data": None}, status_code=status)


def _error(error: GraphQLError) -> dict[str, object]:
    """Railway's form. A failure of ours is told as Railway tells its own, and logged."""
    formatted: dict[str, object] = dict(error.formatted)
    cause = error.original_error
    if cause is not None and not isinstance(cause, GraphQLError):
        log.error("a Railway operation failed", exc_info=cause)
        formatted["message"] = "Problem processing request"
    return {**formatted, "extensions": {"code": "INTERNAL_SERVER_ERROR"}, "traceId": str(uuid4())}


def _renamed(value: object, names: Mapping[str, str]) -> object:
    if not names:
        return value
    if isinstance(value, dict):
        return {key: _renamed(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, names) for inner in value]
    return names.get(value, value) if isinstance(value, str) else value


def _same(left: str, right: str) -> bool:
    return secrets.compare_digest(left.encode(), right.encode())
