"""Requests and answers against our own tables always, against published descriptions where they are."""

import asyncio
import os
from collections import Counter
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema
from tests.contracts.vendors.contract import check, main
from tests.contracts.vendors.openrouter_contract import ask as ask_openrouter
from tests.contracts.vendors.openrouter_contract import listed, served
from tests.contracts.vendors.openrouter_operations import EXCHANGES, MALFORMED, Exchange
from tests.contracts.vendors.railway_contract import (
    answer_faults,
    check_clients,
    data_faults,
    refusal_faults,
    request_faults,
    unlisted_operations,
)
from tests.contracts.vendors.railway_operations import REFUSALS, REFUSED, REQUESTS, Refusal, Request
from tests.contracts.vendors.sentry_contract import ask as ask_sentry
from tests.contracts.vendors.sentry_contract import listed as sentry_listed
from tests.contracts.vendors.sentry_contract import own_faults as sentry_faults
from tests.contracts.vendors.sentry_contract import served as sentry_served
from tests.contracts.vendors.sentry_operations import EXCHANGES as SENTRY_EXCHANGES
from tests.contracts.vendors.sentry_operations import Exchange as SentryExchange
from tests.contracts.vendors.status_pages_contract import status_pages_tally
from tests.contracts.vendors.subset import differences
from tests.contracts.vendors.supabase_contract import listed as supabase_listed
from tests.contracts.vendors.supabase_contract import served as supabase_served
from tests.contracts.vendors.supabase_operations import SUPABASE_EXCHANGES
from tests.contracts.vendors.tally import Basis, Tally, render
from tests.contracts.vendors.upstash_contract import EXCHANGES as UPSTASH_EXCHANGES
from tests.contracts.vendors.upstash_contract import ask as ask_upstash

from sandbox.vendors.railway_schema import SDL, railway_schema

SPECS = os.environ.get("SPECS")
needs_specs = pytest.mark.skipif(
    SPECS is None, reason="SPECS does not name the directory of the vendors' published descriptions"
)
LOGS = "query($id: String!, $f: String) { deploymentLogs(deploymentId: $id, filter: $f) { message } }"
STATUS = Request(name="status", document='{ deployment(id: "x") { status meta instances { id } } }')


def named(case: Request | Refusal | Exchange) -> str:
    """The name of a case in the test's report."""
    return case.name


def plain_schema() -> GraphQLSchema:
    """Our SDL without our resolvers."""
    return build_schema(SDL.read_text(encoding="utf-8"))


def altered(old: str, new: str) -> list[str]:
    """What differs between our SDL with one change and our SDL."""
    text = SDL.read_text(encoding="utf-8")
    assert old in text
    return list(differences(build_schema(text.replace(old, new)), build_schema(text)))


@pytest.mark.parametrize("request_", REQUESTS, ids=named)
def test_listed_railway_request_is_valid_and_answered_in_type(request_: Request) -> None:
    """Each document of the table is one of our schema's, and its answer has the types it names."""
    assert request_faults(request_, railway_schema()) == []
    assert asyncio.run(answer_faults(request_, plain_schema())) == []


@pytest.mark.parametrize("request_", REFUSED, ids=named)
def test_document_railway_refuses_is_refused_by_us(request_: Request) -> None:
    """The documentation's rollback among them, which selects fields on a Boolean."""
    assert request_faults(request_, railway_schema())
    refusal = Refusal(name=request_.name, request=request_, status=400, contains='"message"')
    assert asyncio.run(refusal_faults(refusal)) == []


@pytest.mark.parametrize("refusal", REFUSALS, ids=named)
def test_railway_refusal_has_the_listed_form(refusal: Refusal) -> None:
    """Status, message, headers and body of each refusal are those of the table."""
    assert asyncio.run(refusal_faults(refusal)) == []


def test_every_railway_operation_is_in_the_table() -> None:
    """The stand-in accepts nothing that the contract does not check."""
    assert unlisted_operations() == set()


def test_every_sentry_route_is_in_the_table() -> None:
    """The stand-in accepts nothing that the contract does not check."""
    assert sentry_served() <= sentry_listed()


@pytest.mark.parametrize("exchange", SENTRY_EXCHANGES, ids=lambda exchange: exchange.name)
def test_sentry_answers_as_listed(exchange: SentryExchange) -> None:
    """Status, headers, error forms, and the shape of comments, which no published description has."""
    assert list(sentry_faults(exchange, asyncio.run(ask_sentry(exchange)))) == []


def test_every_supabase_route_is_in_the_table() -> None:
    """The stand-in accepts nothing that the contract does not check."""
    assert supabase_served() <= supabase_listed()


def test_every_openrouter_route_is_in_the_table() -> None:
    """The stand-in accepts nothing that the contract does not check."""
    assert served() <= listed()


@pytest.mark.parametrize("exchange", [*EXCHANGES, *MALFORMED], ids=named)
def test_openrouter_answers_with_the_listed_status(exchange: Exchange) -> None:
    """Status, and an error envelope that repeats it, for each call of the table."""
    answer = asyncio.run(ask_openrouter(exchange))
    assert answer.status_code == exchange.status
    assert answer.json().get("error", {"code": 200})["code"] == exchange.status


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ({"deployment": {"status": "PARKED", "meta": {}, "instances": []}}, "PARKED"),
        ({"deployment": {"status": None, "meta": {}, "instances": []}}, "null"),
        ({"deployment": {"status": "SUCCESS", "instances": []}}, "absent"),
        ({"deployment": {"status": "SUCCESS", "meta": {}, "instances": {}}}, "Expected Iterable"),
        ({"deployment": {"status": "SUCCESS", "meta": {}, "instances": [{"id": 7}]}}, "other types"),
        ({"deployment": {"status": "SUCCESS", "meta": {}, "instances": [], "more": 1}}, "more than"),
    ],
)
def test_answer_of_another_type_is_found_out(data: object, fault: str) -> None:
    """The check of answers is no rubber stamp."""
    assert fault in " ".join(data_faults(STATUS, data, plain_schema()))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("numReplicas: Int\n  region", "numReplicas: Int!\n  region", "ServiceInstance.numReplicas is Int!"),
        ("statusUpdatedAt: DateTime", "changedAt: DateTime", "Deployment.changedAt is not published"),
        (
            "first: Int, after: String, last",
            "first: String, after: String, last",
            "is String, published as Int",
        ),
        ("skipDeploys: Boolean = false", "skipDeploys: Boolean = true", "another default"),
        (
            "  id: String!\n  message: String!\n  status: M",
            "  id: String!\n  message: ID!\n  status: M",
            "ID!",
        ),
        ("  SLEEPING\n", "  SLEEPING\n  PARKED\n", "DeploymentStatus.PARKED"),
        ("type Maintenance {", "type Upkeep { id: ID! }\n\ntype Maintenance {", "type Upkeep"),
        ("deployment(id: String!)", "deployment(id: String!, at: Int)", "deployment(at) is not published"),
        ("deploymentStop(id: String!)", "deploymentStop", "deploymentStop(id) is required"),
        ("type Deployment implements Node", "type Deployment", ""),
        ("type PageInfo {", "type PageInfo implements Node {\n  id: ID!", "implements Node here only"),
        ("scalar JSON", "enum JSON { A }", "another kind"),
    ],
)
def test_schema_that_is_no_part_of_the_published_one_is_found_out(old: str, new: str, fault: str) -> None:
    """Types, arguments, defaults and nullability are compared, each way that matters."""
    found = altered(old, new)
    assert (fault in " ".join(found)) if fault else found == []


def test_every_entry_of_a_tally_is_in_one_column() -> None:
    """Counts add up, and nothing is left out in silence."""
    tally = Tally(vendor="acme")
    tally.request("one", Basis.PUBLISHED)
    tally.request("two", Basis.NONE)
    tally.answer("one", Basis.OWN_TABLE, ["is wrong"])
    assert (tally.requests.total(), tally.answers.total()) == (2, 1)
    assert tally.problems == ["answer to one: is wrong"]
    assert tally.notes == ["request two: not checked"]
    assert "PROBLEM  acme: answer to one: is wrong" in render([tally])


def test_missing_descriptions_are_told_from_a_broken_contract(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and the names of what is missing."""
    assert main([str(tmp_path)]) == 2
    assert "railway-introspection.json" in capsys.readouterr().err
    assert main([]) == 2


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("DOCUMENTS = {'Ask': '{ platformStatus { isStable } }'}", ""),
        (f"DOCUMENTS = {{'Ask': {LOGS!r}}}", ""),
        ("DOCUMENTS = {'Ask': '{ me { name } }'}", "Cannot query field 'me'"),
        ("DOCUMENTS = {'Ask': '{ __typename }'}", "not in our table"),
        ("QUERIES = {}", "declares no DOCUMENTS"),
    ],
)
def test_documents_of_our_clients_are_checked_too(
    content: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client may send what is published and listed, and nothing else."""
    name = f"client_{abs(hash(content))}"
    (tmp_path / f"{name}.py").write_text(content, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    tally = Tally(vendor="railway")
    asyncio.run(check_clients(plain_schema(), tally, modules=(name, "no.such.module")))
    assert (problem in " ".join(tally.problems)) if problem else tally.problems == []
    assert tally.requests.total() == 1
    assert tally.notes[-1] == "no module no.such.module, so none of its documents"


@needs_specs
def test_contract_holds_against_the_published_descriptions(capsys: pytest.CaptureFixture[str]) -> None:
    """No unlisted request, no invalid request, no invalid answer."""
    assert SPECS is not None
    assert main([SPECS]) == 0, capsys.readouterr().out


@needs_specs
def test_contract_accounts_for_every_case_of_the_tables() -> None:
    """Every case is in the account, by whatever it was checked."""
    assert SPECS is not None
    tallies = {tally.vendor: tally for tally in asyncio.run(check(Path(SPECS)))}
    railway, openrouter = tallies["railway"], tallies["openrouter"]
    supabase, sentry = tallies["supabase"], tallies["sentry"]
    assert railway.answers.total() >= len(REQUESTS) + len(REFUSED) + len(REFUSALS)
    assert openrouter.answers.total() == len(EXCHANGES) + len(MALFORMED)
    assert supabase.answers.total() == len(SUPABASE_EXCHANGES)
    assert sentry.answers.total() == len(SENTRY_EXCHANGES)
    assert railway.answers[Basis.PUBLISHED] >= len(REQUESTS)
    assert Counter(railway.problems + openrouter.problems + supabase.problems + sentry.problems) == Counter()


def test_upstash_answers_with_the_listed_status() -> None:
    """Status of each call of the table, and hidden credentials stay hidden."""
    for exchange in UPSTASH_EXCHANGES:
        answer = asyncio.run(ask_upstash(exchange))
        assert answer.status_code == exchange.status, exchange.name
        assert "credentials=hide" not in exchange.query or "password" not in answer.json()


def test_status_pages_are_held_to_our_own_table() -> None:
    """Each page in its own format, green and with each impact."""
    pages = asyncio.run(status_pages_tally())
    assert pages.problems == []
    assert pages.answers[Basis.OWN_TABLE] == 4 * 6


@needs_specs
def test_every_vendor_is_in_the_account() -> None:
    """Seven vendors, each with its requests; the descriptions that exist are used."""
    assert SPECS is not None
    tallies = {tally.vendor: tally for tally in asyncio.run(check(Path(SPECS)))}
    assert {"railway", "openrouter", "supabase", "sentry", "upstash", "status", "vercel"} <= set(tallies)
    assert tallies["upstash"].answers[Basis.PUBLISHED] == 4
    assert all(tally.requests.total() for tally in tallies.values())
