"""Deployments, variables and the project in the shapes of Vercel's REST API. Times are epoch milliseconds."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime

from sandbox.site import Site
from sandbox.site.deployment import Deployment
from sandbox.site.variables import Variable

Payload = dict[str, object]
TEAM_SLUG = "world-wide-services"
CREATOR = {
    "uid": "u8QkzV3mRtW1",
    "type": "user",
    "username": "ivan",
    "email": "ivan@example.com",
    "githubLogin": "ivan-example",
}
SECRET_WORDS = ("KEY", "SECRET", "TOKEN", "REDIS_URL", "DSN")


def listed(site: Site, deployment: Deployment) -> Payload:
    """One item of the list of deployments."""
    return {
        "uid": deployment.id,
        "projectId": site.project_id,
        "created": milliseconds(deployment.created_at),
        "state": deployment.state.value,
        "aliasAssigned": milliseconds(deployment.alias_assigned_at),
        "aliasError": None,
        "isRollbackCandidate": is_rollback_candidate(site, deployment),
        **_shared(site, deployment),
    }


def detailed(site: Site, deployment: Deployment) -> Payload:
    """A deployment by itself: `id` instead of `uid`, `status` beside `readyState`, addresses."""
    aliases = [site.domain] if site.alias == deployment.id else []
    build_error_at = deployment.building_at if deployment.error_code else None
    return {
        "id": deployment.id,
        "projectId": site.project_id,
        "project": {"id": site.project_id, "name": site.name, "framework": "nextjs"},
        "ownerId": site.team_id,
        "team": {"id": site.team_id, "name": "World Wide Services", "slug": TEAM_SLUG},
        "plan": "pro",
        "version": 2,
        "status": deployment.state.value,
        "alias": aliases,
        "aliasAssigned": bool(aliases),
        "aliasError": None,
        "regions": ["iad1"],
        "bootedAt": milliseconds(deployment.building_at),
        "buildErrorAt": milliseconds(build_error_at),
        **_shared(site, deployment),
    }


def project(site: Site) -> Payload:
    """The project with what serves production now."""
    serving = site.serving
    request = site.alias_request
    newest = [detailed(site, each) for each in site.deployments()[:5]]
    last = None
    if request is not None:
        last = {
            "fromDeploymentId": request.from_id,
            "toDeploymentId": request.to_id,
            "jobStatus": request.status,
            "requestedAt": milliseconds(request.requested_at),
            "type": request.kind,
        }
    return {
        "id": site.project_id,
        "name": site.name,
        "accountId": site.team_id,
        "framework": "nextjs",
        "nodeVersion": "20.x",
        "live": True,
        "paused": False,
        "createdAt": milliseconds(site.deployments()[-1].created_at) if site.deployments() else None,
        "latestDeployments": newest,
        "targets": {"production": detailed(site, serving) if serving else None},
        "lastAliasRequest": last,
        "lastRollbackTarget": None,
        "env": [variable(each) for each in site.variables.all()],
        "link": {"type": "github", "org": TEAM_SLUG, "repo": "gpt-agent-platform", "productionBranch": "main"},
    }


def variable(found: Variable) -> Payload:
    """A variable: secrets have no value at all, public ones are readable, the others are ciphertext."""
    is_public = found.name.startswith("NEXT_PUBLIC_") or found.name.endswith("_URL")
    is_secret = any(word in found.name for word in SECRET_WORDS) and not found.name.startswith("NEXT_PUBLIC_")
    kind = "sensitive" if is_secret else "plain" if is_public else "encrypted"
    values = {"sensitive": "", "plain": found.value, "encrypted": _ciphertext(found.value)}
    return {
        "id": found.id,
        "key": found.name,
        "value": values[kind],
        "type": kind,
        "target": list(found.targets),
        "gitBranch": None,
        "customEnvironmentIds": [],
        "createdAt": milliseconds(found.created_at),
        "updatedAt": milliseconds(found.updated_at),
        "comment": None,
    }


def is_rollback_candidate(site: Site, deployment: Deployment) -> bool:
    """Whether one can go back to a deployment: it has served production and does not now."""
    return deployment.is_ready and deployment.alias_assigned_at is not None and site.alias != deployment.id


def milliseconds(at: datetime | None) -> int | None:
    """An instant as Vercel writes it."""
    return None if at is None else int(at.timestamp() * 1000)


def _shared(site: Site, deployment: Deployment) -> Payload:
    substate = "PROMOTED" if deployment.alias_assigned_at else "STAGED"
    return {
        "name": site.name,
        "url": deployment.host,
        "createdAt": milliseconds(deployment.created_at),
        "buildingAt": milliseconds(deployment.building_at),
        "ready": milliseconds(deployment.ready_at),
        "readyState": deployment.state.value,
        "readySubstate": substate if deployment.is_ready else None,
        "target": deployment.target,
        "source": deployment.source,
        "errorCode": deployment.error_code,
        "errorMessage": deployment.error_message,
        "inspectorUrl": f"https://vercel.com/{TEAM_SLUG}/{site.name}/{deployment.id.removeprefix('dpl_')}",
        "creator": CREATOR,
        "meta": dict(deployment.meta),
    }


def _ciphertext(value: str) -> str:
    """Something that looks encrypted and tells nothing."""
    seal = {"v": "v2", "c": hashlib.sha256(value.encode()).hexdigest(), "k": "vercel"}
    return base64.b64encode(json.dumps(seal).encode()).decode()
