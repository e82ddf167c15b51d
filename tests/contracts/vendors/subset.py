"""Whether one GraphQL schema is a true part of another."""

from collections.abc import Iterator, Mapping

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    is_specified_scalar_type,
)
from graphql.type import is_required_argument, is_required_input_field
from graphql.utilities.print_schema import print_input_value


def own_types(schema: GraphQLSchema) -> dict[str, GraphQLNamedType]:
    """The types a schema defines itself."""
    return {
        name: each
        for name, each in schema.type_map.items()
        if not name.startswith("__") and not is_specified_scalar_type(each)
    }


def differences(part: GraphQLSchema, whole: GraphQLSchema) -> Iterator[str]:
    """Whatever `part` says that `whole` does not: types, fields, arguments, nullability, defaults."""
    for name, ours in own_types(part).items():
        theirs = whole.type_map.get(name)
        if theirs is None:
            yield f"type {name} is not published"
        elif type(ours) is not type(theirs):
            yield f"type {name} is another kind of type"
        else:
            yield from _members(name, ours, theirs)


def _members(name: str, ours: GraphQLNamedType, theirs: GraphQLNamedType) -> Iterator[str]:
    match ours, theirs:
        case (GraphQLObjectType() | GraphQLInterfaceType(), GraphQLObjectType() | GraphQLInterfaceType()):
            for interface in ours.interfaces:
                if interface.name not in {each.name for each in theirs.interfaces}:
                    yield f"{name} implements {interface.name} here only"
            for field, definition in ours.fields.items():
                if field not in theirs.fields:
                    yield f"{name}.{field} is not published"
                    continue
                published = theirs.fields[field]
                if str(definition.type) != str(published.type):
                    yield f"{name}.{field} is {definition.type}, published as {published.type}"
                yield from _inputs(f"{name}.{field}", definition.args, published.args)
        case (GraphQLInputObjectType(), GraphQLInputObjectType()):
            yield from _inputs(name, ours.fields, theirs.fields)
        case (GraphQLEnumType(), GraphQLEnumType()):
            for value in set(ours.values) ^ set(theirs.values):
                yield f"{name}.{value} is in one of the two only"


def _inputs(
    owner: str,
    ours: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField],
    theirs: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField],
) -> Iterator[str]:
    for name, given in ours.items():
        if name not in theirs:
            yield f"{owner}({name}) is not published"
        elif str(given.type) != str(theirs[name].type):
            yield f"{owner}({name}) is {given.type}, published as {theirs[name].type}"
        elif _printed(name, given) != _printed(name, theirs[name]):
            yield f"{owner}({name}) has another default"
    for name, published in theirs.items():
        required = (
            is_required_argument(published)
            if isinstance(published, GraphQLArgument)
            else is_required_input_field(published)
        )
        if required and name not in ours:
            yield f"{owner}({name}) is required, and absent here"


def _printed(name: str, given: GraphQLArgument | GraphQLInputField) -> str:
    """Name, type and default; deprecation is no difference."""
    return print_input_value(name, given).partition(" @deprecated")[0]
