"""Our own table of Railway requests: each document clients may send, and the answer it must meet."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.sandbox.vendors.memory_service import ENVIRONMENT_ID, PROJECT_ID, SERVICE_ID, deployment_id

from sandbox.vendors.railway_state import RailwayBody, RailwayState

INSTANCE = {"environmentId": ENVIRONMENT_ID, "serviceId": SERVICE_ID}
SCOPE = {"projectId": PROJECT_ID, **INSTANCE}
NEWEST, FAILED, OLDEST = deployment_id(3), deployment_id(2), deployment_id(1)
WINDOW = {"start": "2026-01-26T09:00:00Z", "end": "2026-01-26T10:00:00Z"}

DEPLOYMENT = """
  id status statusUpdatedAt createdAt updatedAt url staticUrl meta canRedeploy canRollback deploymentStopped
  environmentId serviceId projectId snapshotId instances { id status }
"""
COLLECTION = """mutation($input: VariableCollectionUpsertInput!) {
  variableCollectionUpsert(input: $input) }"""
PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
LOG = """
  timestamp message severity attributes { key value }
  tags { projectId environmentId serviceId deploymentId deploymentInstanceId snapshotId }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One GraphQL request that is well-formed in Railway's eyes."""

    name: str
    document: str
    variables: Mapping[str, object] = field(default_factory=dict)


REQUESTS: tuple[Request, ...] = (
    Request(
        name="project",
        document=f"""query($id: String!) {{ project(id: $id) {{
          id name description createdAt updatedAt primaryEnvironmentId
          environments(first: 5) {{ edges {{ cursor node {{ id name projectId isEphemeral createdAt updatedAt
            unmergedChangesCount }} }} {PAGE} }}
          services {{ edges {{ cursor node {{ id name icon projectId createdAt updatedAt }} }} {PAGE} }}
        }} }}""",
        variables={"id": PROJECT_ID},
    ),
    Request(
        name="service",
        document="query($id: String!) { service(id: $id) { id name project { id name } } }",
        variables={"id": SERVICE_ID},
    ),
    Request(
        name="environment",
        document="query($id: String!, $p: String) { environment(id: $id, projectId: $p) { id name } }",
        variables={"id": ENVIRONMENT_ID, "p": PROJECT_ID},
    ),
    Request(
        name="projectToken",
        document="""{ projectToken { id name displayToken createdAt projectId environmentId
          project { id name } environment { id name } } }""",
    ),
    Request(
        name="serviceInstance",
        document=f"""query($environmentId: String!, $serviceId: String!) {{
          serviceInstance(environmentId: $environmentId, serviceId: $serviceId) {{
            id serviceId serviceName environmentId createdAt updatedAt numReplicas region
            restartPolicyType restartPolicyMaxRetries healthcheckPath healthcheckTimeout sleepApplication
            startCommand rootDirectory railwayConfigFile service {{ id name }}
            latestDeployment {{ {DEPLOYMENT} service {{ id }} environment {{ id }} }}
            activeDeployments {{ {DEPLOYMENT} }}
          }} }}""",
        variables=INSTANCE,
    ),
    Request(
        name="deployments, first page",
        document=f"""query($input: DeploymentListInput!, $first: Int, $after: String) {{
          deployments(input: $input, first: $first, after: $after) {{
            edges {{ cursor node {{ {DEPLOYMENT} }} }} {PAGE} }} }}""",
        variables={"input": {**SCOPE, "includeDeleted": True}, "first": 2},
    ),
    Request(
        name="deployments, by status",
        document=f"""query($input: DeploymentListInput!) {{ deployments(input: $input, last: 1) {{
            edges {{ node {{ id status }} }} {PAGE} }} }}""",
        variables={"input": {**SCOPE, "status": {"in": ["SUCCESS", "REMOVED"], "notIn": ["REMOVING"]}}},
    ),
    Request(
        name="deployment",
        document=f"query($id: String!) {{ deployment(id: $id) {{ {DEPLOYMENT} }} }}",
        variables={"id": NEWEST},
    ),
    Request(
        name="deploymentLogs",
        document=f"""query($id: String!, $filter: String, $limit: Int, $start: DateTime, $end: DateTime) {{
          deploymentLogs(deploymentId: $id, filter: $filter, limit: $limit, startDate: $start, endDate: $end)
          {{ {LOG} }} }}""",
        variables={"id": NEWEST, "filter": "Redis OR @level:error", "limit": 5000, **WINDOW},
    ),
    Request(
        name="buildLogs",
        document=f"""query($id: String!, $filter: String, $limit: Int, $start: DateTime, $end: DateTime) {{
          buildLogs(deploymentId: $id, filter: $filter, limit: $limit, startDate: $start, endDate: $end)
          {{ {LOG} }} }}""",
        variables={"id": FAILED, "limit": 50},
    ),
    Request(
        name="environmentLogs",
        document=f"""query($environmentId: String!, $filter: String, $anchorDate: String, $beforeDate: String,
            $beforeLimit: Int, $afterDate: String, $afterLimit: Int) {{
          environmentLogs(environmentId: $environmentId, filter: $filter, anchorDate: $anchorDate,
            beforeDate: $beforeDate, beforeLimit: $beforeLimit,
            afterDate: $afterDate, afterLimit: $afterLimit)
          {{ {LOG} }} }}""",
        variables={
            "environmentId": ENVIRONMENT_ID,
            "filter": f"@service:{SERVICE_ID} -stalled",
            "anchorDate": "2026-01-26T09:00:30.000000000Z",
            "beforeDate": WINDOW["start"],
            "beforeLimit": 500,
            "afterDate": WINDOW["end"],
            "afterLimit": 10,
        },
    ),
    Request(
        name="httpLogs",
        document="""query($id: String!, $filter: String, $limit: Int, $before: Int, $anchor: String) {
          httpLogs(deploymentId: $id, filter: $filter, limit: $limit,
            beforeLimit: $before, anchorDate: $anchor) {
            timestamp requestId deploymentId deploymentInstanceId method path host httpStatus totalDuration
            upstreamRqDuration srcIp clientUa edgeRegion txBytes rxBytes responseDetails upstreamAddress
            upstreamErrors upstreamProto downstreamProto } }""",
        variables={"id": NEWEST, "filter": "@httpStatus:500..599", "limit": 100},
    ),
    Request(
        name="variables",
        document="""query($projectId: String!, $environmentId: String!, $serviceId: String) {
          variables(projectId: $projectId, environmentId: $environmentId, serviceId: $serviceId,
            unrendered: false) }""",
        variables=SCOPE,
    ),
    Request(
        name="variablesForServiceDeployment",
        document="""query($projectId: String!, $environmentId: String!, $serviceId: String!) {
          variablesForServiceDeployment(projectId: $projectId, environmentId: $environmentId,
            serviceId: $serviceId) }""",
        variables=SCOPE,
    ),
    Request(
        name="metrics",
        document="""query($s: DateTime!, $e: DateTime, $serviceId: String, $m: [MetricMeasurement!]!) {
          metrics(startDate: $s, endDate: $e, serviceId: $serviceId, measurements: $m,
            groupBy: [DEPLOYMENT_INSTANCE_ID], sampleRateSeconds: 60, averagingWindowSeconds: 60) {
            measurement values { ts value }
            tags { projectId environmentId serviceId deploymentId deploymentInstanceId region volumeId
              volumeInstanceId } } }""",
        variables={"s": WINDOW["start"], "e": WINDOW["end"], "serviceId": SERVICE_ID, "m": ["CPU_USAGE"]},
    ),
    Request(
        name="platformStatus",
        document="""{ platformStatus { isStable incident { id message status url createdAt }
          maintenance { id message status start url } } }""",
    ),
    Request(
        name="several fields in one request",
        document="""query($id: String!, $environmentId: String!, $serviceId: String!) {
          instance: serviceInstance(environmentId: $environmentId, serviceId: $serviceId) { ...Latest }
          errors: deploymentLogs(deploymentId: $id, filter: "@level:error") { message }
          platformStatus { isStable } }
          fragment Latest on ServiceInstance { numReplicas latestDeployment { status } }""",
        variables={"id": NEWEST, **INSTANCE},
    ),
    Request(
        name="variableUpsert",
        document="mutation($input: VariableUpsertInput!) { variableUpsert(input: $input) }",
        variables={"input": {**SCOPE, "name": "JOB_CONCURRENCY", "value": "50", "skipDeploys": True}},
    ),
    Request(
        name="variableCollectionUpsert",
        document=COLLECTION,
        variables={"input": {**SCOPE, "variables": {"JOB_CONCURRENCY": "50"}}},
    ),
    Request(
        name="deploymentRestart",
        document="mutation($id: String!) { deploymentRestart(id: $id) }",
        variables={"id": NEWEST},
    ),
    Request(
        name="deploymentRedeploy",
        document="""mutation($id: String!) { deploymentRedeploy(id: $id, usePreviousImageTag: true)
          { id status } }""",
        variables={"id": NEWEST},
    ),
    Request(
        name="deploymentRollback",
        document="mutation($id: String!) { deploymentRollback(id: $id) }",
        variables={"id": OLDEST},
    ),
    Request(
        name="deploymentStop",
        document="mutation($id: String!) { deploymentStop(id: $id) }",
        variables={"id": NEWEST},
    ),
    Request(
        name="serviceInstanceRedeploy",
        document="""mutation($environmentId: String!, $serviceId: String!) {
          serviceInstanceRedeploy(environmentId: $environmentId, serviceId: $serviceId) }""",
        variables=INSTANCE,
    ),
    Request(
        name="serviceInstanceDeployV2",
        document="""mutation($environmentId: String!, $serviceId: String!, $commitSha: String) {
          serviceInstanceDeployV2(environmentId: $environmentId, serviceId: $serviceId,
            commitSha: $commitSha) }""",
        variables={**INSTANCE, "commitSha": "1f3c0de"},
    ),
    Request(
        name="serviceInstanceUpdate",
        document="""mutation($environmentId: String, $serviceId: String!,
            $input: ServiceInstanceUpdateInput!) {
          serviceInstanceUpdate(environmentId: $environmentId, serviceId: $serviceId, input: $input) }""",
        variables={**INSTANCE, "input": {"numReplicas": 3}},
    ),
    Request(
        name="environmentPatchCommit",
        document="""mutation($environmentId: String!, $patch: EnvironmentConfig, $commitMessage: String) {
          environmentPatchCommit(environmentId: $environmentId, patch: $patch,
            commitMessage: $commitMessage) }""",
        variables={
            "environmentId": ENVIRONMENT_ID,
            "patch": {
                "services": {
                    SERVICE_ID: {"deploy": {"multiRegionConfig": {"us-west2": {"numReplicas": 4}}}},
                }
            },
            "commitMessage": "scale",
        },
    ),
)

# Documents that Railway refuses before executing them, although some of its pages show the first.
REFUSED: tuple[Request, ...] = (
    Request(
        name="deploymentRollback with subfields",
        document="mutation($id: String!) { deploymentRollback(id: $id) { id status } }",
        variables={"id": OLDEST},
    ),
    Request(
        name="a status filter of the documentation",
        document="query($input: DeploymentListInput!) { deployments(input: $input) { edges { cursor } } }",
        variables={"input": {"status": {"successfulOnly": True}}},
    ),
    Request(
        name="an unknown field",
        document="query($id: String!) { deployment(id: $id) { id replicas } }",
        variables={"id": NEWEST},
    ),
    Request(
        name="an unknown argument",
        document="query($id: String!) { deploymentLogs(deploymentId: $id, lines: 5) { message } }",
        variables={"id": NEWEST},
    ),
    Request(
        name="a variable of the wrong type",
        document="""query($id: String!, $limit: Int) {
          deploymentLogs(deploymentId: $id, limit: $limit) { message } }""",
        variables={"id": NEWEST, "limit": "many"},
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer no schema describes: what `vendor-apis` says of tokens, limits and edges."""

    name: str
    request: Request
    status: int
    contains: str
    state: RailwayState = field(default_factory=RailwayState)
    headers: Mapping[str, str] | None = None
    is_json: bool = True
    retry_after: str | None = None


def _logs(limit: int) -> Request:
    document = "query($id: String!, $n: Int) { deploymentLogs(deploymentId: $id, limit: $n) { message } }"
    return Request(name="deploymentLogs", document=document, variables={"id": NEWEST, "n": limit})


_ASK = Request(name="projectToken", document="{ projectToken { projectId } }")
_REPLACE = Request(
    name="variableCollectionUpsert",
    document=COLLECTION,
    variables={"input": {**SCOPE, "variables": {}, "replace": True}},
)
_ELSEWHERE = Request(
    name="project",
    document="query($id: String!) { project(id: $id) { id } }",
    variables={"id": "another"},
)

REFUSALS: tuple[Refusal, ...] = (
    Refusal(name="no token", request=_ASK, status=200, contains="Not Authorized", headers={}),
    Refusal(
        name="bearer in place of the project token",
        request=_ASK,
        status=200,
        contains="Not Authorized",
        headers={"Authorization": "Bearer sandbox-project-token"},
    ),
    Refusal(
        name="wrong project token",
        request=_ASK,
        status=200,
        contains="Project Token not found",
        headers={"Project-Access-Token": "stale"},
    ),
    Refusal(name="another project", request=_ELSEWHERE, status=200, contains="Not Authorized"),
    Refusal(name="more than 5000 lines", request=_logs(5001), status=200, contains="5000"),
    Refusal(name="replace: true", request=_REPLACE, status=200, contains="refused"),
    Refusal(
        name="hour's budget spent",
        request=_ASK,
        status=429,
        contains="Rate limit",
        state=RailwayState(hourly_requests=0),
        retry_after="seconds",
    ),
    Refusal(
        name="429 by a fault",
        request=_ASK,
        status=429,
        contains="Rate limit",
        state=RailwayState(status=429, retry_after_s=7),
        retry_after="7",
    ),
    Refusal(name="401", request=_ASK, status=401, contains="Not Authorized", state=RailwayState(status=401)),
    Refusal(
        name="500",
        request=_ASK,
        status=500,
        contains="Problem processing request",
        state=RailwayState(status=500),
    ),
    Refusal(
        name="Cloudflare's page",
        request=_ASK,
        status=403,
        contains="Access denied",
        state=RailwayState(body=RailwayBody.HTML),
        is_json=False,
    ),
    Refusal(
        name="truncated JSON",
        request=_ASK,
        status=200,
        contains='{"data"',
        state=RailwayState(body=RailwayBody.TRUNCATED),
        is_json=False,
    ),
)
