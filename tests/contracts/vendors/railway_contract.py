"""Railway: our documents are hers, our schema is part of hers, our answers are of her types."""

import importlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import httpx
from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationType,
    build_client_schema,
    execute_sync,
    get_operation_ast,
    is_non_null_type,
    is_required_input_field,
    parse,
    type_from_ast,
    validate,
)
from graphql.execution.values import get_variable_values
from tests.contracts.vendors.railway_operations import (
    ENVIRONMENT_ID,
    NEWEST,
    PROJECT_ID,
    REFUSALS,
    REFUSED,
    REQUESTS,
    SERVICE_ID,
    Refusal,
    Request,
)
from tests.contracts.vendors.subset import differences, own_types
from tests.contracts.vendors.tally import Basis, Tally
from tests.sandbox.vendors.memory_service import PROJECT_TOKEN, MemoryService

from sandbox.vendors.railway import railway_app
from sandbox.vendors.railway_documents import Call
from sandbox.vendors.railway_schema import railway_schema
from sandbox.vendors.railway_state import RailwayState

INTROSPECTION = "railway-introspection.json"
CLIENT_MODULES = ("diagnostics.clients.documents",)
HEADERS = {"Project-Access-Token": PROJECT_TOKEN}
RATE_LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
NANOSECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
IDS = {
    "project": PROJECT_ID,
    "environment": ENVIRONMENT_ID,
    "service": SERVICE_ID,
    "deployment": NEWEST,
}
A_TEXT = "2026-01-26T09:01:00Z"
"""What stands for a text nobody knows the meaning of: it reads as a date and as a log filter."""


def published_schema(specs: Path) -> GraphQLSchema:
    """Railway's schema, from its introspection."""
    found = json.loads((specs / INTROSPECTION).read_text(encoding="utf-8"))
    # Her own schema breaks one rule of the specification (a deprecated field of an interface).
    schema = build_client_schema(found.get("data", found), assume_valid=True)
    for name in ("serialize", "coerce_output_value"):
        setattr(schema.type_map["DateTime"], name, _checked_instant)
    return schema


async def railway_tally(specs: Path) -> Tally:
    """Check everything we say to Railway and everything our stand-in answers."""
    published, tally = published_schema(specs), Tally(vendor="railway")
    tally.problems += [f"schema: {each}" for each in differences(railway_schema(), published)]
    tally.notes.append(f"{len(own_types(railway_schema()))} types compared with the published schema")
    for request in REQUESTS:
        tally.request(request.name, Basis.PUBLISHED, request_faults(request, published))
        tally.answer(request.name, Basis.PUBLISHED, await answer_faults(request, published))
    for request in REFUSED:
        tally.request(request.name, Basis.PUBLISHED, unrefused(request, published))
        tally.answer(request.name, Basis.OWN_TABLE, await refusal_faults(_bad_document(request)))
    for refusal in REFUSALS:
        faults = request_faults(refusal.request, published)
        tally.request(f"{refusal.request.name} ({refusal.name})", Basis.PUBLISHED, faults)
        tally.answer(refusal.name, Basis.OWN_TABLE, await refusal_faults(refusal))
    for name in unlisted_operations():
        tally.request(name, Basis.NONE, ["accepted by the stand-in, absent from the table"])
    await check_clients(published, tally)
    return tally


def request_faults(request: Request, schema: GraphQLSchema) -> list[str]:
    """What the schema has against a document and its variables."""
    document = parse(request.document)
    if errors := validate(schema, document):
        return [error.message for error in errors]
    operation = get_operation_ast(document)
    if operation is None:
        return ["holds several operations"]
    coerced = get_variable_values(schema, operation.variable_definitions or (), dict(request.variables))
    return [error.message for error in coerced] if isinstance(coerced, list) else []


def unrefused(request: Request, schema: GraphQLSchema) -> list[str]:
    """A fault, if the schema accepts what our table says it refuses."""
    return [] if request_faults(request, schema) else ["is valid after all"]


async def answer_faults(request: Request, schema: GraphQLSchema) -> list[str]:
    """What is wrong with the stand-in's answer to a valid request."""
    answer = await ask(request, RailwayState(one_line_more=False), HEADERS)
    if answer.status_code != 200:
        return [f"HTTP {answer.status_code}: {answer.text[:200]}"]
    body = answer.json()
    if "errors" in body:
        return [f"errors: {body['errors']}"]
    return [*_header_faults(answer), *_log_faults(body["data"]), *data_faults(request, body["data"], schema)]


def data_faults(request: Request, data: object, schema: GraphQLSchema) -> list[str]:
    """Play an answer back through the schema: whatever its types change or refuse is a fault."""

    def played(source: object, info: GraphQLResolveInfo, **_arguments: object) -> object:
        assert isinstance(source, dict)
        if info.path.key not in source:
            raise GraphQLError("is absent")
        return source[info.path.key]

    result = execute_sync(
        schema,
        parse(request.document),
        root_value=data,
        variable_values=dict(request.variables),
        field_resolver=played,
    )
    if result.errors:
        return [f"{'.'.join(map(str, error.path or ()))}: {error.message}" for error in result.errors]
    return [] if _same(result.data, data) else ["holds values of other types, or more than was asked for"]


async def refusal_faults(refusal: Refusal) -> list[str]:
    """What distinguishes the stand-in's refusal from the one in our table."""
    headers = HEADERS if refusal.headers is None else refusal.headers
    answer = await ask(refusal.request, refusal.state, headers)
    return list(_refusal_faults(refusal, answer))


async def ask(request: Request, state: RailwayState, headers: Mapping[str, str]) -> httpx.Response:
    """Send a request to a fresh stand-in over HTTP."""
    transport = httpx.ASGITransport(railway_app(MemoryService(), PROJECT_TOKEN, state=state))
    async with httpx.AsyncClient(transport=transport, base_url="http://railway") as client:
        body = {"query": request.document, "variables": dict(request.variables)}
        return await client.post("/graphql/v2", json=body, headers=dict(headers))


def unlisted_operations() -> set[str]:
    """Operations of the stand-in for which our table has no request."""
    schema = railway_schema()
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    return {*schema.query_type.fields, *schema.mutation_type.fields} - listed_operations()


def listed_operations() -> set[str]:
    """Operations our table has a request for."""
    return {name for request in REQUESTS for name in _operations(request)}


async def check_clients(published: GraphQLSchema, tally: Tally, modules: Sequence[str] = CLIENT_MODULES) -> None:
    """Check the documents our own clients declare in `DOCUMENTS`, where these modules exist."""
    for module in modules:
        if not _exists(module):
            tally.notes.append(f"no module {module}, so none of its documents")
            continue
        documents = getattr(importlib.import_module(module), "DOCUMENTS", None)
        if documents is None:
            tally.request(module, Basis.NONE, ["declares no DOCUMENTS"])
            continue
        for name, document in documents.items():
            request = Request(name=name, document=document)
            await _client_request(f"{module}: {name}", request, published, tally)


async def _client_request(name: str, request: Request, published: GraphQLSchema, tally: Tally) -> None:
    filled = with_variables(request, published)
    faults = _document_faults(request, published) or request_faults(filled, published)
    faults += [f"{each} is not in our table" for each in set(_operations(request)) - listed_operations()]
    tally.request(name, Basis.PUBLISHED, faults)
    if faults or _is_write(request):
        tally.answer(name, Basis.NONE)
    else:
        tally.answer(name, Basis.PUBLISHED, await answer_faults(filled, published))


def with_variables(request: Request, schema: GraphQLSchema) -> Request:
    """The same request with its required variables made up: ids by name, everything else by type."""
    operation = get_operation_ast(parse(request.document))
    assert operation is not None
    chosen = {}
    for each in operation.variable_definitions or ():
        name, kind = each.variable.name.value, type_from_ast(schema, each.type)
        if is_non_null_type(kind) and each.default_value is None:
            chosen[name] = _made_up(name, kind, _operations(request)[0])
    return Request(name=request.name, document=request.document, variables=chosen)


def _made_up(name: str, kind: object, operation: str) -> object:
    match kind:
        case GraphQLNonNull():
            return _made_up(name, kind.of_type, operation)
        case GraphQLList():
            return [_made_up(name, kind.of_type, operation)]
        case GraphQLInputObjectType():
            given = {key: each.type for key, each in kind.fields.items() if is_required_input_field(each)}
            return {key: _made_up(key, each, operation) for key, each in given.items()}
        case GraphQLEnumType():
            return next(iter(kind.values))
    if name == "id" or name.endswith("Id"):
        return IDS.get(operation if name == "id" else name.removesuffix("Id"), NEWEST)
    return {"Int": 100, "Boolean": True}.get(str(kind), A_TEXT)


def _is_write(request: Request) -> bool:
    operation = get_operation_ast(parse(request.document))
    return operation is None or operation.operation is not OperationType.QUERY


def _document_faults(request: Request, schema: GraphQLSchema) -> list[str]:
    return [error.message for error in validate(schema, parse(request.document))]


def _operations(request: Request) -> list[str]:
    document = parse(request.document)
    operation = get_operation_ast(document)
    if operation is None:
        return []
    call = Call(document=document, operation=operation, variables={})
    return [each.name for each in call.operations()]


def _bad_document(request: Request) -> Refusal:
    return Refusal(name=request.name, request=request, status=400, contains='"message"')


def _refusal_faults(refusal: Refusal, answer: httpx.Response) -> Iterator[str]:
    if answer.status_code != refusal.status:
        yield f"HTTP {answer.status_code} in place of {refusal.status}"
    if refusal.contains not in answer.text:
        yield f"says {answer.text[:120]!r}, not {refusal.contains!r}"
    yield from _header_faults(answer)
    yield from _retry_faults(refusal, answer.headers.get("Retry-After"))
    try:
        body = answer.json()
    except ValueError:
        if refusal.is_json:
            yield "is not JSON"
        return
    if not refusal.is_json:
        yield "is JSON, and must not be"
    elif body.get("data") is not None or not all("message" in each for each in body.get("errors") or [{}]):
        yield "is not an errors envelope"


def _retry_faults(refusal: Refusal, found: str | None) -> Iterator[str]:
    if refusal.retry_after == "seconds":
        if found is None or not found.isdigit():
            yield f"Retry-After is {found}"
    elif found != refusal.retry_after:
        yield f"Retry-After is {found} in place of {refusal.retry_after}"


def _header_faults(answer: httpx.Response) -> list[str]:
    return [f"lacks {name}" for name in RATE_LIMITS if name not in answer.headers]


def _log_faults(data: Mapping[str, object]) -> Iterator[str]:
    """What the types of `Log` leave open: nanoseconds, and JSON in attributes."""
    for rows in data.values():
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and "timestamp" in row and not NANOSECONDS.fullmatch(row["timestamp"]):
                yield f"timestamp {row['timestamp']} has no nanoseconds"
            for attribute in row.get("attributes", ()) if isinstance(row, dict) else ():
                json.loads(attribute["value"])


def _same(left: object, right: object) -> bool:
    """Equal values of equal types, whatever the order of keys."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def _checked_instant(value: object) -> object:
    if not isinstance(value, str) or not INSTANT.fullmatch(value):
        raise GraphQLError(f"{value!r} is not a DateTime")
    return value


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
