"""The executable schema: our SDL subset with its scalars and resolvers attached."""

import builtins
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from graphql import GraphQLError, GraphQLResolveInfo, GraphQLSchema, build_schema

from sandbox.vendors.railway_mutations import MUTATIONS
from sandbox.vendors.railway_nodes import Backboard
from sandbox.vendors.railway_queries import QUERIES

SDL = Path(__file__).with_name("railway_schema.graphql")


@cache
def railway_schema() -> GraphQLSchema:
    """Our subset of Railway's schema, every operation resolved."""
    schema = build_schema(SDL.read_text(encoding="utf-8"))
    for root, resolvers in ((schema.query_type, QUERIES), (schema.mutation_type, MUTATIONS)):
        assert root is not None
        assert set(root.fields) == set(resolvers), "SDL and resolvers differ"
        for name, resolve in resolvers.items():
            root.fields[name].resolve = _bound(resolve)
            for argument, definition in root.fields[name].args.items():
                definition.out_name = _python_name(argument)
    _attach_scalars(schema)
    return schema


def _bound(resolve: Callable[..., object]) -> Callable[..., object]:
    """Call our resolvers with what they work on in place of GraphQL's root and info."""

    def bound(_root: object, info: GraphQLResolveInfo[Backboard], **arguments: object) -> object:
        return resolve(info.context, **arguments)

    return bound


def _python_name(argument: str) -> str:
    snake = re.sub(r"[A-Z]", lambda capital: f"_{capital[0].lower()}", argument)
    return f"{snake}_" if hasattr(builtins, snake) else snake


def _attach_scalars(schema: GraphQLSchema) -> None:
    # graphql-core 3.3 renamed both hooks; the old names keep 3.2 working.
    outputs, inputs = ("serialize", "coerce_output_value"), ("parse_value", "coerce_input_value")
    hooks = (
        ("DateTime", outputs, serialize_instant),
        ("DateTime", inputs, parse_instant),
        ("EnvironmentVariables", inputs, parse_map),
    )
    for scalar, names, hook in hooks:
        for name in names:
            setattr(schema.type_map[scalar], name, hook)


def serialize_instant(value: object) -> str:
    """Railway's form: UTC, milliseconds, `Z`."""
    assert isinstance(value, datetime)
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_instant(value: object) -> datetime:
    """An RFC 3339 text with an offset."""
    try:
        at = datetime.fromisoformat(str(value)) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise GraphQLError(f"DateTime cannot represent an invalid date-time-string {json.dumps(value)}.")
    return at


def parse_map(value: object) -> dict[str, object]:
    """A map, as `EnvironmentVariables` must be."""
    if not isinstance(value, dict):
        raise GraphQLError("EnvironmentVariables must be a map")
    return value
