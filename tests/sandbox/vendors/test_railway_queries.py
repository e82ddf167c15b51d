"""Railway's stand-in shows the service as it is."""

from datetime import timedelta

import pytest
from tests.sandbox.vendors.memory_service import (
    BASE,
    ENVIRONMENT_ID,
    LINES,
    SERVICE_ID,
    MemoryService,
    deployment_id,
    instance_id,
    line,
)
from tests.sandbox.vendors.railway_client import SCOPE, Railway

from sandbox.service import InstanceStatus
from sandbox.vendors.railway_state import PlatformIncident, RailwayState

INSTANCE = """query($environmentId: String!, $serviceId: String!) {
  serviceInstance(environmentId: $environmentId, serviceId: $serviceId) {
    serviceName numReplicas region restartPolicyType restartPolicyMaxRetries
    latestDeployment { id status meta createdAt instances { id status } }
    activeDeployments { id } } }"""
PAGE = """query($input: DeploymentListInput!, $first: Int, $after: String, $last: Int, $before: String) {
  deployments(input: $input, first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id status canRedeploy canRollback } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
LOGS = """query($id: String!, $filter: String, $limit: Int, $start: DateTime, $end: DateTime) {
  deploymentLogs(deploymentId: $id, filter: $filter, limit: $limit, startDate: $start, endDate: $end) {
    timestamp message severity attributes { key value } tags { deploymentInstanceId serviceId } } }"""
AROUND = """query($environmentId: String!, $anchorDate: String, $beforeDate: String, $beforeLimit: Int,
    $afterDate: String, $afterLimit: Int) {
  environmentLogs(environmentId: $environmentId, anchorDate: $anchorDate, beforeDate: $beforeDate,
    beforeLimit: $beforeLimit, afterDate: $afterDate, afterLimit: $afterLimit) { message } }"""
NEWEST = deployment_id(3)


def ids(page: dict) -> list[str]:
    """Ids of the nodes of one page."""
    return [edge["node"]["id"] for edge in page["edges"]]


def seconds(number: int) -> str:
    """An instant of the test's log as RFC 3339."""
    return (BASE + timedelta(seconds=number, microseconds=113482)).isoformat()


def test_instance_shows_replicas_and_the_latest_deployment() -> None:
    """The one query of a diagnosis sees status, replicas and every instance."""
    shown = Railway().ask(INSTANCE, environmentId=ENVIRONMENT_ID, serviceId=SERVICE_ID)["serviceInstance"]
    latest = shown["latestDeployment"]
    assert (shown["numReplicas"], shown["restartPolicyMaxRetries"]) == (2, 10)
    assert (latest["id"], latest["status"]) == (NEWEST, "SUCCESS")
    assert latest["meta"]["commitHash"] == "3f3c0de"
    assert [each["status"] for each in latest["instances"]] == ["RUNNING", "RUNNING"]
    assert [each["id"] for each in shown["activeDeployments"]] == [NEWEST]


def test_instance_changes_with_the_service() -> None:
    """A crash of a process is seen at the next question; nothing is remembered."""
    service = MemoryService()
    railway = Railway(service)
    service.history[0].instances[0].status = InstanceStatus.CRASHED
    shown = railway.ask(INSTANCE, environmentId=ENVIRONMENT_ID, serviceId=SERVICE_ID)["serviceInstance"]
    assert [each["status"] for each in shown["latestDeployment"]["instances"]] == ["CRASHED", "RUNNING"]


def test_instance_without_deployments_has_no_latest_one() -> None:
    """A service that never was deployed answers null, not an error."""
    service = MemoryService()
    service.history.clear()
    shown = Railway(service).ask(INSTANCE, environmentId=ENVIRONMENT_ID, serviceId=SERVICE_ID)
    assert shown["serviceInstance"]["latestDeployment"] is None


def test_stopped_deployment_is_not_active() -> None:
    """What was stopped by hand is still the latest, and active no longer."""
    service = MemoryService()
    service.history[0].stopped = True
    shown = Railway(service).ask(INSTANCE, environmentId=ENVIRONMENT_ID, serviceId=SERVICE_ID)
    assert shown["serviceInstance"]["activeDeployments"] == []


def test_deployments_come_newest_first_in_two_pages() -> None:
    """Following `endCursor` reads every deployment exactly once."""
    railway = Railway()
    first = railway.ask(PAGE, input=SCOPE, first=2)["deployments"]
    second = railway.ask(PAGE, input=SCOPE, first=2, after=first["pageInfo"]["endCursor"])["deployments"]
    assert ids(first) == [deployment_id(3), deployment_id(2)]
    assert ids(second) == [deployment_id(1)]
    assert first["pageInfo"]["hasNextPage"] is True
    assert (second["pageInfo"]["hasNextPage"], second["pageInfo"]["hasPreviousPage"]) == (False, True)


def test_cursor_stays_true_when_a_deployment_arrives_between_pages() -> None:
    """A release made while a client pages neither repeats nor hides one."""
    railway = Railway()
    first = railway.ask(PAGE, input=SCOPE, first=2)["deployments"]
    railway.ask("mutation($id: String!) { deploymentRedeploy(id: $id) { id } }", id=NEWEST)
    second = railway.ask(PAGE, input=SCOPE, first=2, after=first["pageInfo"]["endCursor"])["deployments"]
    assert ids(second) == [deployment_id(1)]


def test_deployments_can_be_read_from_the_end() -> None:
    """`last` and `before` page backwards."""
    railway = Railway()
    last = railway.ask(PAGE, input=SCOPE, last=2)["deployments"]
    rest = railway.ask(PAGE, input=SCOPE, last=2, before=last["pageInfo"]["startCursor"])["deployments"]
    assert ids(last) == [deployment_id(2), deployment_id(1)]
    assert ids(rest) == [deployment_id(3)]


def test_server_may_give_smaller_pages_than_asked_for() -> None:
    """A client that takes one page for all is found out."""
    page = Railway(state=RailwayState(page_size=1)).ask(PAGE, input=SCOPE, first=50)["deployments"]
    assert ids(page) == [deployment_id(3)]
    assert page["pageInfo"]["hasNextPage"] is True


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"in": ["SUCCESS"]}, [3]),
        ({"in": ["SUCCESS", "REMOVED"]}, [3, 1]),
        ({"notIn": ["FAILED"]}, [3, 1]),
        ({"in": ["SUCCESS", "FAILED"], "notIn": ["FAILED"]}, [3]),
        ({"in": ["SLEEPING"]}, []),
        ({}, [3, 2, 1]),
    ],
)
def test_deployments_are_chosen_by_status(status: dict, expected: list[int]) -> None:
    """`in` and `notIn` narrow the list; an empty page has no cursors."""
    page = Railway().ask(PAGE, input={**SCOPE, "status": status})["deployments"]
    assert ids(page) == [deployment_id(number) for number in expected]
    assert (page["pageInfo"]["endCursor"] is None) is (not expected)


def test_only_a_past_release_can_be_rolled_back_to() -> None:
    """The running and the failed one are no targets; all three can be redeployed."""
    edges = Railway().ask(PAGE, input=SCOPE)["deployments"]["edges"]
    assert [edge["node"]["canRollback"] for edge in edges] == [False, False, True]
    assert [edge["node"]["canRedeploy"] for edge in edges] == [True, True, True]


def test_deployments_of_another_service_are_none() -> None:
    """A wrong service id gives an empty list; a wrong project gives a refusal."""
    railway = Railway()
    assert railway.ask(PAGE, input={**SCOPE, "serviceId": "another"})["deployments"]["edges"] == []
    assert railway.refusal(PAGE, input={**SCOPE, "projectId": "another"}) == "Not Authorized"


def test_log_lines_come_oldest_first_with_nanoseconds() -> None:
    """Nine digits, the order of writing, and the newest when there are too many."""
    railway = Railway(state=RailwayState(one_line_more=False))
    rows = railway.ask(LOGS, id=NEWEST, limit=2)["deploymentLogs"]
    assert [row["message"] for row in rows] == [each.message for each in LINES[-2:]]
    assert rows[0]["timestamp"].startswith("2026-01-26T09:00:50.113482")
    assert len(rows[0]["timestamp"]) == len("2026-01-26T09:00:50.113482911Z")


def test_a_line_keeps_its_timestamp_between_readings() -> None:
    """Clients drop repeated lines by timestamp, so the made-up digits must not move."""
    railway = Railway()
    once = railway.ask(LOGS, id=NEWEST)["deploymentLogs"]
    railway.service.lines = LINES[2:]
    assert railway.ask(LOGS, id=NEWEST)["deploymentLogs"] == once[1:]


def test_one_line_more_than_asked_for_comes_back() -> None:
    """The real API is off by one, so its stand-in is too."""
    assert len(Railway().ask(LOGS, id=NEWEST, limit=2)["deploymentLogs"]) == 3


def test_hundred_lines_come_back_if_no_limit_is_given() -> None:
    """Railway's default is 100 lines."""
    many = MemoryService(lines=[line(second, f"line {second}") for second in range(150)])
    railway = Railway(many, RailwayState(one_line_more=False))
    assert len(railway.ask(LOGS, id=NEWEST)["deploymentLogs"]) == 100


def test_log_window_is_half_open() -> None:
    """A line at the start is in, a line at the end is out."""
    rows = Railway().ask(LOGS, id=NEWEST, start=seconds(20), end=seconds(40))["deploymentLogs"]
    assert [row["timestamp"][17:19] for row in rows] == ["20", "30"]


def test_limit_above_five_thousand_is_refused() -> None:
    """The maximum is 5000 in each of the log queries."""
    railway = Railway()
    assert "5000" in railway.refusal(LOGS, id=NEWEST, limit=5001)
    assert "5000" in railway.refusal(AROUND, environmentId=ENVIRONMENT_ID, beforeLimit=5001)
    http = "query($id: String!) { httpLogs(deploymentId: $id, limit: 5001) { path } }"
    assert "5000" in railway.refusal(http, id=NEWEST)


def test_attribute_values_are_json_texts() -> None:
    """Texts arrive in quotes and numbers without; the level is an attribute too."""
    rows = Railway().ask(LOGS, id=NEWEST, filter='"Redis connected"')["deploymentLogs"]
    attributes = {each["key"]: each["value"] for each in rows[0]["attributes"]}
    assert attributes == {"level": '"info"', "attempt": "1", "host": '"redis.internal"'}


def test_line_names_the_replica_that_wrote_it() -> None:
    """Tags tell replicas apart."""
    rows = Railway().ask(LOGS, id=NEWEST, filter="ECONNREFUSED")["deploymentLogs"]
    assert rows[0]["tags"] == {"deploymentInstanceId": instance_id(3, 2), "serviceId": SERVICE_ID}


def test_environment_logs_span_deployments() -> None:
    """Lines of an older deployment are there too."""
    rows = Railway().ask(AROUND, environmentId=ENVIRONMENT_ID)["environmentLogs"]
    assert [row["message"] for row in rows] == [each.message for each in LINES]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ({"anchorDate": seconds(30), "afterLimit": 0}, [0, 10, 20]),
        ({"anchorDate": seconds(30), "beforeLimit": 2, "afterLimit": 0}, [10, 20]),
        ({"anchorDate": seconds(30), "beforeLimit": 0, "afterLimit": 2}, [30, 40]),
        ({"anchorDate": seconds(30), "beforeDate": seconds(10), "afterDate": seconds(50)}, [20, 30, 40]),
        ({"anchorDate": seconds(30), "beforeDate": seconds(30), "afterLimit": 0}, []),
        ({"beforeDate": seconds(40), "beforeLimit": 500}, [50, 60]),
    ],
)
def test_environment_logs_stand_around_an_anchor(window: dict, expected: list[int]) -> None:
    """`beforeDate` bounds the past of the anchor from below and is no end of the window."""
    rows = Railway().ask(AROUND, environmentId=ENVIRONMENT_ID, **window)["environmentLogs"]
    by_second = {int((each.at - BASE).total_seconds()): each.message for each in LINES}
    assert [row["message"] for row in rows] == [by_second[second] for second in expected]


def test_anchor_that_is_no_date_is_refused() -> None:
    """Dates of environmentLogs are plain texts, and still have to be dates."""
    assert "not a date" in Railway().refusal(AROUND, environmentId=ENVIRONMENT_ID, anchorDate="now").lower()


def test_build_log_of_a_failed_deployment_ends_in_an_error() -> None:
    """The build log says what the deployment's status says."""
    document = "query($id: String!) { buildLogs(deploymentId: $id) { message severity } }"
    rows = Railway().ask(document, id=deployment_id(2))["buildLogs"]
    assert rows[-1] == {"message": "build failed", "severity": "error"}


def test_lists_that_the_sandbox_cannot_fill_are_empty() -> None:
    """No edge and no metering: empty lists, not invented rows."""
    document = """query($id: String!, $start: DateTime!) {
      httpLogs(deploymentId: $id, filter: "@httpStatus:500..599") { path }
      metrics(startDate: $start, measurements: [CPU_USAGE]) { values { ts value } } }"""
    assert Railway().ask(document, id=NEWEST, start=seconds(0)) == {"httpLogs": [], "metrics": []}


def test_container_sees_more_variables_than_the_service_has() -> None:
    """Railway adds its own ids to what was configured."""
    document = """query($projectId: String!, $environmentId: String!, $serviceId: String!) {
      service: variables(projectId: $projectId, environmentId: $environmentId, serviceId: $serviceId)
      shared: variables(projectId: $projectId, environmentId: $environmentId)
      container: variablesForServiceDeployment(projectId: $projectId, environmentId: $environmentId,
        serviceId: $serviceId) }"""
    shown = Railway().ask(document, **SCOPE)
    assert shown["service"] == {"JOB_CONCURRENCY": "25", "PORT": "3001"}
    assert shown["shared"] == {}
    assert shown["container"]["RAILWAY_SERVICE_ID"] == SERVICE_ID


def test_platform_is_stable_unless_an_incident_is_set() -> None:
    """Railway's own incident is part of the answer while there is one."""
    document = "{ platformStatus { isStable incident { message status createdAt } maintenance { id } } }"
    assert Railway().ask(document)["platformStatus"] == {
        "isStable": True,
        "incident": None,
        "maintenance": None,
    }
    incident = PlatformIncident(
        id="i1", message="Deploys are slow", status="INVESTIGATING", url="https://status", created_at=BASE
    )
    shown = Railway(state=RailwayState(incident=incident)).ask(document)["platformStatus"]
    assert shown["isStable"] is False
    assert shown["incident"]["createdAt"] == "2026-01-26T09:00:00.000Z"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ('{ deployment(id: "none") { id } }', "Deployment not found"),
        ('{ deploymentLogs(deploymentId: "none") { message } }', "Deployment not found"),
        ('{ service(id: "none") { id } }', "Service not found"),
        ('{ project(id: "none") { id } }', "Not Authorized"),
        ('{ environment(id: "none") { id } }', "Not Authorized"),
    ],
)
def test_what_does_not_exist_is_refused(document: str, message: str) -> None:
    """A wrong id is an error with a message, in a 200 body."""
    assert Railway().refusal(document) == message
