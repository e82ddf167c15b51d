"""PostgREST's URL language: what is understood, and what is refused with the part that is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.data.query import OPERATORS, Filter, Query, Selected, read_query
from sandbox.data.refusals import Refusal
from sandbox.data.schema_cache import Table
from sandbox.data.statements import read_statement, update_statement

AGENTS = Table(name="agents", columns={"id": "uuid", "name": "text"}, primary_key=("id",))
WORDS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1)


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], Query()),
        ([("select", "")], Query()),
        ([("select", "id, title:name")], Query(select=(Selected(column="id"), Selected(column="name", alias="title")))),
        ([("id", "eq.1")], Query(filters=(Filter(column="id", operator="eq", value="1"),))),
        ([("id", "not.eq.1")], Query(filters=(Filter(column="id", operator="eq", value="1", is_negated=True),))),
        ([("id", "eq.a.b")], Query(filters=(Filter(column="id", operator="eq", value="a.b"),))),
        ([("name", "ilike.*x*")], Query(filters=(Filter(column="name", operator="ilike", value="%x%"),))),
        ([("at", "is.null")], Query(filters=(Filter(column="at", operator="is", value="NULL"),))),
        ([("id", 'in.(a,"b,c")')], Query(filters=(Filter(column="id", operator="in", value='{"a","b,c"}'),))),
        ([("order", "a.desc.nullslast,b")], Query(order=(("a", "DESC NULLS LAST"), ("b", "")))),
        ([("limit", "0"), ("offset", "5")], Query(limit=0, offset=5)),
        ([("on_conflict", "a,b")], Query(on_conflict=("a", "b"))),
    ],
)
def test_what_is_understood(pairs: list[tuple[str, str]], expected: Query) -> None:
    """Each parameter on its own."""
    assert read_query(pairs) == expected


@pytest.mark.parametrize(
    "pair",
    [
        ("id", "1"),
        ("id", "like"),
        ("id", "is.1"),
        ("id", "in.1,2"),
        ("id", "fts.x"),
        ("select", "id,org(name)"),
        ("order", "a.up"),
        ("limit", "-1"),
        ("limit", "x"),
    ],
)
def test_what_is_not_understood_is_400_and_named(pair: tuple[str, str]) -> None:
    """PGRST100, with the text that was not read."""
    with pytest.raises(Refusal) as refused:
        read_query([pair])
    assert (refused.value.status, refused.value.code) == (400, "PGRST100")
    assert pair[1].partition(",")[2] in refused.value.message


@given(column=WORDS, value=WORDS, operator=st.sampled_from(sorted(OPERATORS)))
def test_no_name_or_value_of_a_caller_becomes_sql(column: str, value: str, operator: str) -> None:
    """Names stand in quotes, whatever is in them; values are placeholders."""
    query = Query(filters=(Filter(column=column, operator=operator, value=value),))
    statement = read_statement(AGENTS, query, with_total=True)
    quoted = '"' + column.replace('"', '""').replace("%", "%%") + '"'
    assert statement.text.count(f'"public"."agents".{quoted} {OPERATORS[operator]} %s') == 2
    assert statement.values == [value, value]


def test_values_stand_in_the_order_of_their_placeholders() -> None:
    """The body of a change comes before the filters."""
    query = Query(filters=(Filter(column="id", operator="eq", value="7"),))
    statement = update_statement(AGENTS, query, body="[{}]", names=("name",), with_rows=False)
    assert statement.values == ["[{}]", "7"]
    assert statement.text.index("json_to_recordset(%s") < statement.text.index('"id" = %s')
