"""Railway's stand-in drives the service, and refuses what would do harm."""

import pytest
from tests.sandbox.vendors.memory_service import ENVIRONMENT_ID, SERVICE_ID, MemoryService, deployment_id
from tests.sandbox.vendors.railway_client import SCOPE, Railway

from sandbox.service import Deployment, DeploymentStatus

UPSERT = "mutation($input: VariableUpsertInput!) { variableUpsert(input: $input) }"
COLLECTION = "mutation($input: VariableCollectionUpsertInput!) { variableCollectionUpsert(input: $input) }"
PATCH = """mutation($environmentId: String!, $patch: EnvironmentConfig) {
  environmentPatchCommit(environmentId: $environmentId, patch: $patch, commitMessage: "scale") }"""
UPDATE = """mutation($environmentId: String, $serviceId: String!, $input: ServiceInstanceUpdateInput!) {
  serviceInstanceUpdate(environmentId: $environmentId, serviceId: $serviceId, input: $input) }"""
DEPLOY = """mutation($environmentId: String!, $serviceId: String!, $commitSha: String) {
  serviceInstanceDeployV2(environmentId: $environmentId, serviceId: $serviceId, commitSha: $commitSha) }"""
REGIONS = """query($environmentId: String!, $serviceId: String!) {
  serviceInstance(environmentId: $environmentId, serviceId: $serviceId) {
    numReplicas region latestDeployment { meta } } }"""
NEWEST = deployment_id(3)
TARGET = {"environmentId": ENVIRONMENT_ID, "serviceId": SERVICE_ID}


def started() -> tuple[Railway, MemoryService]:
    """A stand-in and the service it drives."""
    service = MemoryService()
    return Railway(service), service


def patch(regions: object) -> dict[str, object]:
    """The patch the dashboard sends to scale."""
    return {"services": {SERVICE_ID: {"deploy": {"multiRegionConfig": regions}}}}


def test_upsert_is_seen_at_once_and_makes_a_deployment() -> None:
    """A variable is there in the next reading, and the service is deployed with it."""
    railway, service = started()
    assert railway.ask(UPSERT, input={**SCOPE, "name": "JOB_CONCURRENCY", "value": "50"}) == {"variableUpsert": True}
    assert service.values["JOB_CONCURRENCY"] == "50"
    assert service.history[0].status is DeploymentStatus.INITIALIZING


def test_upsert_with_skip_deploys_makes_no_deployment() -> None:
    """The variable waits for the next deployment."""
    railway, service = started()
    railway.ask(UPSERT, input={**SCOPE, "name": "PORT", "value": "1", "skipDeploys": True})
    assert service.done == [("set_variables", {"PORT": "1"}, False)]


def test_collection_upsert_keeps_what_it_does_not_name() -> None:
    """Many variables are set by one deployment, and others stay."""
    railway, service = started()
    railway.ask(COLLECTION, input={**SCOPE, "variables": {"A": "1", "B": "2"}})
    assert service.values == {"JOB_CONCURRENCY": "25", "PORT": "3001", "A": "1", "B": "2"}
    assert len(service.history) == 4


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (COLLECTION, {"input": {**SCOPE, "variables": {"A": "1"}, "replace": True}}),
        (COLLECTION, {"input": {**SCOPE, "variables": {"A": 1}}}),
        (COLLECTION, {"input": {**SCOPE, "variables": ["A"]}}),
        (UPSERT, {"input": {**SCOPE, "serviceId": None, "name": "A", "value": "1"}}),
        (UPSERT, {"input": {**SCOPE, "environmentId": "another", "name": "A", "value": "1"}}),
        (PATCH, {"environmentId": ENVIRONMENT_ID, "patch": patch({"us-west2": {"numReplicas": 51}})}),
        (PATCH, {"environmentId": ENVIRONMENT_ID, "patch": patch({"us-west2": None})}),
        (PATCH, {"environmentId": ENVIRONMENT_ID, "patch": patch({"us-west2": {"numReplicas": "4"}})}),
        (PATCH, {"environmentId": ENVIRONMENT_ID, "patch": {"services": {SERVICE_ID: {"source": {}}}}}),
        (PATCH, {"environmentId": ENVIRONMENT_ID, "patch": None}),
        (UPDATE, {**TARGET, "serviceId": "another", "input": {"numReplicas": 3}}),
        (DEPLOY, {**TARGET, "commitSha": "unknown"}),
        ("mutation($id: String!) { deploymentRestart(id: $id) }", {"id": "none"}),
        ("mutation($id: String!) { deploymentRollback(id: $id) }", {"id": NEWEST}),
    ],
)
def test_harmful_or_impossible_writes_change_nothing(document: str, variables: dict) -> None:
    """The refusal is an error, and the service was not touched."""
    railway, service = started()
    assert railway.refusal(document, **variables)
    assert service.done == []


@pytest.mark.parametrize(
    ("document", "variables", "expected"),
    [
        ("mutation($id: String!) { deploymentRestart(id: $id) }", {"id": NEWEST}, ("restart", NEWEST)),
        ("mutation($id: String!) { deploymentStop(id: $id) }", {"id": NEWEST}, ("stop", NEWEST)),
        (
            "mutation($id: String!) { deploymentRollback(id: $id) }",
            {"id": deployment_id(1)},
            ("redeploy", deployment_id(1)),
        ),
        (
            "mutation($id: String!) { deploymentRedeploy(id: $id) { status } }",
            {"id": NEWEST},
            ("redeploy", NEWEST),
        ),
        (
            """mutation($environmentId: String!, $serviceId: String!) {
              serviceInstanceRedeploy(environmentId: $environmentId, serviceId: $serviceId) }""",
            TARGET,
            ("redeploy", None),
        ),
        (DEPLOY, TARGET, ("redeploy", None)),
        (DEPLOY, {**TARGET, "commitSha": "1f3c0de"}, ("redeploy", deployment_id(1))),
        (UPDATE, {**TARGET, "input": {"numReplicas": 3}}, ("scale", 3)),
        (
            UPDATE,
            {"serviceId": SERVICE_ID, "input": {"multiRegionConfig": {"r": {"numReplicas": 4}}}},
            ("scale", 4),
        ),
        (
            PATCH,
            {"environmentId": ENVIRONMENT_ID, "patch": patch({"us-west2": {"numReplicas": 4}})},
            ("scale", 4),
        ),
        (
            PATCH,
            {
                "environmentId": ENVIRONMENT_ID,
                "patch": {"services": {SERVICE_ID: {"deploy": {"numReplicas": 5}}}},
            },
            ("scale", 5),
        ),
    ],
)
def test_each_mutation_drives_the_service_once(document: str, variables: dict, expected: tuple) -> None:
    """A mutation is one call of the service, with what was asked for."""
    railway, service = started()
    railway.ask(document, **variables)
    assert service.done == [expected]


def test_redeploy_answers_the_new_deployment() -> None:
    """The id to poll is in the answer, and its first status is INITIALIZING."""
    railway, service = started()
    answer = railway.ask("mutation($id: String!) { deploymentRedeploy(id: $id) { id status } }", id=NEWEST)
    assert answer["deploymentRedeploy"] == {"id": service.history[0].id, "status": "INITIALIZING"}


def test_deployment_under_way_cannot_be_redeployed() -> None:
    """A release is not repeated before it is finished."""
    railway, service = started()
    service.history[0].status = DeploymentStatus.BUILDING
    refusal = railway.refusal("mutation($id: String!) { deploymentRedeploy(id: $id) { id } }", id=NEWEST)
    assert "cannot be redeployed" in refusal


def test_regions_of_a_patch_are_shown_until_the_number_changes_otherwise() -> None:
    """The next client can merge with the map that is in force."""
    railway, service = started()
    regions = {"us-west2": {"numReplicas": 3}, "europe-west4": {"numReplicas": 1}, "us-east4": None}
    railway.ask(PATCH, environmentId=ENVIRONMENT_ID, patch=patch(regions))

    def shown() -> object:
        latest = railway.ask(REGIONS, **TARGET)["serviceInstance"]["latestDeployment"]
        return latest["meta"]["serviceManifest"]["deploy"]["multiRegionConfig"]

    assert shown() == {"us-west2": {"numReplicas": 3}, "europe-west4": {"numReplicas": 1}}
    service.count = 2
    assert shown() == {"us-west2": {"numReplicas": 2}}


def test_failure_of_the_service_is_told_as_railway_tells_its_own(caplog: pytest.LogCaptureFixture) -> None:
    """The inside of the sandbox stays in its log."""

    class Broken(MemoryService):
        async def redeploy(self, deployment_id: str | None = None) -> Deployment:
            raise OSError(f"no such program, {deployment_id}")

    railway = Railway(Broken())
    document = "mutation($id: String!) { deploymentRedeploy(id: $id) { id } }"
    assert railway.refusal(document, id=NEWEST) == "Problem processing request"
    assert "no such program" in caplog.text
