"""Railway's stand-in over HTTP: tokens, limits, refused documents, injected faults, the journal."""

import json
from time import monotonic, time

import pytest
from tests.sandbox.vendors.memory_service import PROJECT_TOKEN, deployment_id
from tests.sandbox.vendors.railway_client import ACCOUNT_TOKEN, Railway

from sandbox.vendors.railway_state import Operation, RailwayBody, RailwayState

ASK = {"query": "{ projectToken { projectId } }"}


def message(railway: Railway, headers: dict[str, str]) -> str:
    """The first error of an answer, which must be a 200."""
    answer = railway.post(ASK, headers)
    assert answer.status_code == 200
    return str(answer.json()["errors"][0]["message"])


@pytest.mark.parametrize(
    "headers", [{"project-access-token": PROJECT_TOKEN}, {"Authorization": f"Bearer {ACCOUNT_TOKEN}"}]
)
def test_each_kind_of_token_has_its_own_header(headers: dict[str, str]) -> None:
    """A project token and an account token open the same service."""
    assert "errors" not in Railway().post(ASK, headers).json()


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, "Not Authorized"),
        ({"Authorization": f"Bearer {PROJECT_TOKEN}"}, "Not Authorized"),
        ({"Authorization": f"Basic {ACCOUNT_TOKEN}"}, "Not Authorized"),
        ({"Project-Access-Token": ACCOUNT_TOKEN}, "Project Token not found"),
        ({"Project-Access-Token": ""}, "Project Token not found"),
    ],
)
def test_bad_token_is_refused_in_a_200_body(headers: dict[str, str], expected: str) -> None:
    """Only the message tells; the status code does not."""
    assert message(Railway(), headers) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"query": "{ nothing }"}, "Cannot query field 'nothing'"),
        ({"query": '{ deployment(id: "x") { replicas } }'}, "Cannot query field 'replicas'"),
        ({"query": '{ deployment(id: "x", first: 1) { id } }'}, "Unknown argument 'first'"),
        ({"query": 'mutation { deploymentRollback(id: "x") { id } }'}, "must not have a selection"),
        ({"query": "query($id: Int!) { deployment(id: $id) { id } }", "variables": {"id": 1}}, "String!"),
        ({"query": "query($id: String!) { deployment(id: $id) { id } }"}, "$id"),
        (
            {
                "query": "query($s: DateTime!) { metrics(startDate: $s, measurements: []) { measurement } }",
                "variables": {"s": "yesterday"},
            },
            "yesterday",
        ),
        ({"query": '{ metrics(startDate: "2026", measurements: []) { measurement } }'}, "2026"),
        ({"query": "{ projectToken "}, "Syntax Error"),
        ({"query": "subscription { deploymentLogs { message } }"}, "subscription"),
        ({"query": "query A { projectToken { id } } query B { projectToken { id } }"}, "none named"),
        ({"query": "query A { projectToken { id } }", "operationName": "B"}, "Unknown operation"),
        ({"query": "fragment F on Query { projectToken { id } }"}, "Unknown operation"),
        ({"query": "{ projectToken { id } }", "variables": [1]}, "Variables"),
        ({"variables": {}}, "Must provide query"),
        ([ASK], "Must provide query"),
        (b"{", "invalid JSON"),
        (b"\xff", "invalid JSON"),
    ],
)
def test_unreadable_request_is_answered_with_400(body: object, expected: str) -> None:
    """What the schema does not know never reaches the service."""
    answer = Railway().post(body)
    assert answer.status_code == 400
    assert expected.lower() in answer.json()["errors"][0]["message"].lower()
    assert answer.json()["data"] is None


def test_error_carries_place_and_extras() -> None:
    """Errors have a path, and keys a client has no use for."""
    error = Railway().post({"query": '{ deployment(id: "x") { id } }'}).json()["errors"][0]
    assert error["path"] == ["deployment"]
    assert {"message", "locations", "extensions", "traceId"} <= error.keys()


def test_every_answer_carries_the_rate_limit() -> None:
    """The three headers are on refusals too, and count down."""
    railway = Railway()
    answers = [railway.post(ASK), railway.post({"query": "{"}), railway.post(ASK, {})]
    left = [int(answer.headers["X-RateLimit-Remaining"]) for answer in answers]
    assert left == [9999, 9998, 9997]
    assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"10000"}
    assert int(answers[0].headers["X-RateLimit-Reset"]) > time()


def test_request_beyond_the_hourly_limit_gets_429() -> None:
    """Retry-After names the seconds to the end of the hour."""
    railway = Railway(state=RailwayState(hourly_requests=1))
    assert railway.post(ASK).status_code == 200
    answer = railway.post(ASK)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 3600


@pytest.mark.parametrize("status", [401, 429, 500, 502, 503])
def test_injected_status_replaces_the_answer(status: int) -> None:
    """The body stays a GraphQL errors envelope; a 429 always says when to come back."""
    answer = Railway(state=RailwayState(status=status)).post(ASK)
    assert answer.status_code == status
    assert answer.json()["data"] is None
    assert ("Retry-After" in answer.headers) is (status == 429)


def test_injected_retry_after_is_sent() -> None:
    """A fault chooses the pause."""
    answer = Railway(state=RailwayState(status=503, retry_after_s=5)).post(ASK)
    assert answer.headers["Retry-After"] == "5"


def test_html_page_of_the_edge_is_not_json() -> None:
    """The content type says so, which is what clients must go by."""
    answer = Railway(state=RailwayState(body=RailwayBody.HTML, status=429)).post(ASK)
    assert answer.headers["content-type"].startswith("text/html")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")


def test_truncated_body_says_json_and_is_none() -> None:
    """Half an answer with a whole one's headers."""
    answer = Railway(state=RailwayState(body=RailwayBody.TRUNCATED)).post(ASK)
    assert answer.headers["content-type"] == "application/json"
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_latency_delays_the_answer() -> None:
    """A slow vendor is slow for everyone."""
    begun = monotonic()
    Railway(state=RailwayState(latency_s=0.05)).post(ASK)
    assert monotonic() - begun >= 0.05


def test_faults_can_be_taken_back() -> None:
    """The state is read at every request."""
    railway = Railway(state=RailwayState(status=500))
    railway.state.status = None
    assert railway.post(ASK).status_code == 200


def test_value_nobody_has_heard_of_can_appear() -> None:
    """Vendors add enum values without notice; a fault shows one."""
    railway = Railway(state=RailwayState(renamed={"SUCCESS": "PARKED"}))
    document = "query($id: String!) { deployment(id: $id) { status } }"
    assert railway.ask(document, id=deployment_id(3)) == {"deployment": {"status": "PARKED"}}


def test_journal_tells_reads_from_writes() -> None:
    """A diagnosis can be shown to have written nothing."""
    railway = Railway()
    railway.ask(
        "{ platformStatus { isStable } token: projectToken { id } ...F } fragment F on Query "
        "{ again: projectToken { id } ... on Query { third: platformStatus { isStable } } }"
    )
    assert railway.state.journal.writes == ()
    assert railway.state.journal.counts() == {"platformStatus": 2, "projectToken": 2}
    railway.ask("mutation($id: String!) { deploymentRestart(id: $id) }", id=deployment_id(3))
    assert railway.state.journal.writes == ("deploymentRestart",)


@pytest.mark.parametrize(
    ("state", "headers", "document"),
    [
        (RailwayState(), {}, 'mutation { deploymentStop(id: "x") }'),
        (RailwayState(), None, 'mutation { deploymentStop(id: "x", force: true) }'),
        (RailwayState(status=503), None, 'mutation { deploymentStop(id: "x") }'),
        (RailwayState(hourly_requests=0), None, 'mutation { deploymentStop(id: "x") }'),
    ],
)
def test_refused_write_is_a_write_received(state: RailwayState, headers: object, document: str) -> None:
    """The journal tells what was tried, not what was granted."""
    railway = Railway(state=state)
    railway.post({"query": document}, headers)
    assert railway.state.journal.operations == [Operation(name="deploymentStop", kind="mutation")]
