"""Resolvers of Railway's mutations: each one drives the service, none only pretends."""

from collections.abc import Callable, Mapping

from graphql import GraphQLError

from sandbox.vendors.railway_nodes import Backboard, Payload, deployment_node, derived_id

MAX_REPLICAS = 50


async def variable_upsert(board: Backboard, *, input_: Mapping[str, object]) -> bool:
    """Sets one variable, and deploys unless told not to."""
    return await _set_variables(board, input_, {str(input_["name"]): str(input_["value"])})


async def variable_collection_upsert(board: Backboard, *, input_: Mapping[str, object]) -> bool:
    """Refuses `replace`, which would delete every other variable."""
    if input_.get("replace"):
        raise GraphQLError("replace: true deletes all other variables and is refused here")
    values = input_["variables"]
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise GraphQLError("Variables must be a map of strings")
    return await _set_variables(board, input_, values)


async def deployment_restart(board: Backboard, *, id_: str) -> bool:
    """Restarts the processes of a deployment."""
    await board.service.restart(board.deployment(id_).id)
    return True


async def deployment_redeploy(board: Backboard, *, id_: str, **_other: object) -> Payload:
    """Releases an old deployment again."""
    if not deployment_node(board, board.deployment(id_))["canRedeploy"]:
        raise GraphQLError("Deployment cannot be redeployed")
    return deployment_node(board, await board.service.redeploy(id_))


async def deployment_rollback(board: Backboard, *, id_: str) -> bool:
    """Goes back to a deployment; Railway answers a Boolean, whatever its pages show."""
    if not deployment_node(board, board.deployment(id_))["canRollback"]:
        raise GraphQLError("Deployment cannot be rolled back to")
    await board.service.redeploy(id_)
    return True


async def deployment_stop(board: Backboard, *, id_: str) -> bool:
    """Stops the processes of a deployment."""
    await board.service.stop(board.deployment(id_).id)
    return True


async def service_instance_redeploy(board: Backboard, *, environment_id: str, service_id: str) -> bool:
    """Releases the latest commit again."""
    board.check_instance(environment_id, service_id)
    await board.service.redeploy()
    return True


async def service_instance_deploy(
    board: Backboard,
    *,
    environment_id: str,
    service_id: str,
    commit_sha: str | None = None,
) -> str:
    """Deploys the current commit, or one that an earlier deployment ran: there is no repository here."""
    board.check_instance(environment_id, service_id)
    if commit_sha is None:
        return (await board.service.redeploy()).id
    for earlier in board.service.deployments():
        if earlier.commit.startswith(commit_sha):
            return (await board.service.redeploy(earlier.id)).id
    raise GraphQLError(f"Commit {commit_sha} not found")


async def service_instance_update(
    board: Backboard,
    *,
    service_id: str,
    input_: Mapping[str, object],
    environment_id: str | None = None,
) -> bool:
    """Sets the number of replicas, at once."""
    board.check_instance(environment_id or board.service.environment_id, service_id)
    if (regions := input_.get("multiRegionConfig")) is not None:
        await _scale(board, _replicas(regions))
    elif (replicas := input_.get("numReplicas")) is not None:
        await _scale(board, _single_region(board, replicas))
    return True


async def environment_patch_commit(
    board: Backboard,
    *,
    environment_id: str,
    patch: object = None,
    **_message: object,
) -> str:
    """Scales; a patch that asks for anything else is refused rather than half applied."""
    board.check(environment=environment_id)
    services = _only(patch, "services")
    deploy = _only(_only(services, board.service.service_id), "deploy")
    if isinstance(deploy, dict) and set(deploy) == {"numReplicas"}:
        await _scale(board, _single_region(board, deploy["numReplicas"]))
    else:
        await _scale(board, _replicas(_only(deploy, "multiRegionConfig")))
    return f"wf_{derived_id(board, str(len(board.state.journal.operations)))}"


MUTATIONS: Mapping[str, Callable[..., object]] = {
    "variableUpsert": variable_upsert,
    "variableCollectionUpsert": variable_collection_upsert,
    "deploymentRestart": deployment_restart,
    "deploymentRedeploy": deployment_redeploy,
    "deploymentRollback": deployment_rollback,
    "deploymentStop": deployment_stop,
    "serviceInstanceRedeploy": service_instance_redeploy,
    "serviceInstanceDeployV2": service_instance_deploy,
    "serviceInstanceUpdate": service_instance_update,
    "environmentPatchCommit": environment_patch_commit,
}


async def _set_variables(board: Backboard, input_: Mapping[str, object], values: Mapping[str, str]) -> bool:
    board.check(project=str(input_["projectId"]), environment=str(input_["environmentId"]))
    if input_.get("serviceId") is None:
        raise GraphQLError("Shared variables are not part of the sandbox: name a service")
    board.check_instance(str(input_["environmentId"]), str(input_["serviceId"]))
    await board.service.set_variables(values, deploy=not input_.get("skipDeploys"))
    return True


async def _scale(board: Backboard, regions: dict[str, int]) -> None:
    total = sum(regions.values())
    if not 0 < total <= MAX_REPLICAS:
        raise GraphQLError(f"Replicas must be between 1 and {MAX_REPLICAS} in total")
    await board.service.scale(total)
    board.regions = regions


def _single_region(board: Backboard, replicas: object) -> dict[str, int]:
    region = next(iter(board.replicas_by_region()))
    return _replicas({region: {"numReplicas": replicas}})


def _replicas(regions: object) -> dict[str, int]:
    """Replicas per region; a null region is one to remove."""
    if not isinstance(regions, dict):
        raise GraphQLError("multiRegionConfig must be a map of regions")
    counts = {}
    for region, settings in regions.items():
        if settings is None:
            continue
        count = settings.get("numReplicas") if isinstance(settings, dict) else None
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise GraphQLError(f"numReplicas of {region} must be a whole number")
        counts[str(region)] = count
    return counts


def _only(value: object, key: str) -> object:
    if not isinstance(value, dict) or set(value) - {key}:
        raise GraphQLError(f"The sandbox applies patches of `{key}` and of nothing beside it")
    return value.get(key)
