"""Reading what a client sent to a GraphQL endpoint, and refusing what the schema does not know."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_operation_ast,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from sandbox.vendors.railway_state import Operation


class BadRequest(Exception):
    """The request is answered with HTTP 400 and these errors."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(errors)
        self.errors = errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, parsed: the document and the operation in it that was asked for."""

    document: DocumentNode
    operation: OperationDefinitionNode
    variables: dict[str, object]

    def operations(self) -> tuple[Operation, ...]:
        """The top-level fields asked for, fragments resolved."""
        fragments = {
            each.name.value: each for each in self.document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        names = _fields(self.operation.selection_set, fragments, frozenset())
        return tuple(Operation(name=name, kind=self.operation.operation.value) for name in names)


def read_call(body: bytes) -> Call:
    """Parse a POST body.

    Raises: BadRequest, if it is not JSON, not GraphQL or names no operation.
    """
    try:
        payload = json.loads(body)
    except ValueError as exc:
        raise BadRequest([GraphQLError("POST body sent invalid JSON.")]) from exc
    if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
        raise BadRequest([GraphQLError("Must provide query string.")])
    variables = payload.get("variables") or {}
    if not isinstance(variables, dict):
        raise BadRequest([GraphQLError("Variables must be a map.")])
    try:
        document = parse(payload["query"])
    except GraphQLError as exc:
        raise BadRequest([exc]) from exc
    operation = get_operation_ast(document, payload.get("operationName"))
    if operation is None:
        raise BadRequest([GraphQLError("Unknown operation, or several and none named.")])
    return Call(document=document, operation=operation, variables=variables)


def check_call(call: Call, schema: GraphQLSchema) -> None:
    """Refuse unknown fields and arguments, and variables of the wrong type.

    Raises: BadRequest.
    """
    if errors := validate(schema, call.document):
        raise BadRequest(errors)
    coerced = get_variable_values(schema, call.operation.variable_definitions or (), call.variables)
    if isinstance(coerced, list):
        raise BadRequest(coerced)


def _fields(
    selected: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], seen: frozenset[str]
) -> Iterator[str]:
    for each in selected.selections:
        match each:
            case FieldNode():
                yield each.name.value
            case InlineFragmentNode():
                yield from _fields(each.selection_set, fragments, seen)
            case FragmentSpreadNode() if each.name.value in fragments and each.name.value not in seen:
                inner = fragments[each.name.value].selection_set
                yield from _fields(inner, fragments, seen | {each.name.value})
