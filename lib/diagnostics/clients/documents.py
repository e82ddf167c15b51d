"""The GraphQL documents that may be sent, by name; `make contract` validates them against the published schema."""

from __future__ import annotations

from collections.abc import Mapping

_DEPLOYMENT = "id status createdAt statusUpdatedAt meta"
_LINE = "timestamp message severity attributes { key value } tags { serviceId deploymentInstanceId }"
DOCUMENTS: Mapping[str, str] = {
    "WorkerService": f"""query WorkerService($projectId: String!, $environmentId: String!, $serviceId: String!,
  $list: DeploymentListInput!, $ours: String!, $errors: String!, $before: String!, $anchor: String!, $lines: Int!) {{
  serviceInstance(environmentId: $environmentId, serviceId: $serviceId) {{
    serviceName numReplicas restartPolicyMaxRetries
    latestDeployment {{ {_DEPLOYMENT} deploymentStopped instances {{ id status }} }}
  }}
  deployments(input: $list, first: 10) {{ edges {{ node {{ id status createdAt statusUpdatedAt meta }} }} }}
  variables(projectId: $projectId, environmentId: $environmentId, serviceId: $serviceId)
  errors: environmentLogs(environmentId: $environmentId, filter: $errors, beforeDate: $before, anchorDate: $anchor,
    beforeLimit: 500) {{ {_LINE} }}
  lines: environmentLogs(environmentId: $environmentId, filter: $ours, beforeDate: $before, anchorDate: $anchor,
    beforeLimit: $lines) {{ {_LINE} }}
  platformStatus {{ isStable incident {{ message status }} }}
}}"""
}
