"""Our own table of Vercel's operations: no description of them is published that we could check against.

Sources: Vercel's SDK and command line, and its documentation of errors, as read in August 2026.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.vendors.vercel_state import VercelState

TOKEN = "a-token-of-the-account"
JsonSchema = Mapping[str, object]

STATES = ("QUEUED", "BUILDING", "READY", "ERROR", "CANCELED", "INITIALIZING", "BLOCKED", "DELETED")
MS = {"type": "integer", "minimum": 10**12}
MS_OR_NULL = {"type": ["integer", "null"]}
TEXT = {"type": "string"}
TEXT_OR_NULL = {"type": ["string", "null"]}


def _object(required: Mapping[str, object], optional: Mapping[str, object] | None = None) -> JsonSchema:
    return {"type": "object", "required": list(required), "properties": {**required, **(optional or {})}}


_SHARED: Mapping[str, object] = {
    "name": TEXT,
    "url": {"type": "string", "pattern": r"^[a-z0-9-]+\.vercel\.app$"},
    "createdAt": MS,
    "buildingAt": MS_OR_NULL,
    "ready": MS_OR_NULL,
    "readyState": {"enum": list(STATES)},
    "readySubstate": {"enum": ["STAGED", "ROLLING", "PROMOTED", None]},
    "target": {"enum": ["production", "staging", None]},
    "source": TEXT,
    "errorCode": TEXT_OR_NULL,
    "errorMessage": TEXT_OR_NULL,
    "inspectorUrl": TEXT_OR_NULL,
    "projectId": {"type": "string", "pattern": "^prj_"},
    "creator": _object({"uid": TEXT, "username": TEXT}),
    "meta": {"type": "object", "additionalProperties": TEXT},
}
ID = {"type": "string", "pattern": "^dpl_"}
LISTED = _object(
    {
        **_SHARED,
        "uid": ID,
        "created": MS,
        "state": {"enum": list(STATES)},
        "aliasAssigned": {"type": ["integer", "boolean", "null"]},
        "isRollbackCandidate": {"type": "boolean"},
    }
)
DETAILED = _object(
    {
        **_SHARED,
        "id": ID,
        "status": {"enum": list(STATES)},
        "alias": {"type": "array", "items": TEXT},
        "aliasAssigned": {"type": "boolean"},
        "regions": {"type": "array", "items": TEXT},
        "version": {"type": "integer"},
    }
)
PAGINATION = _object({"count": {"type": "integer"}, "next": MS_OR_NULL, "prev": MS_OR_NULL})
DEPLOYMENTS = _object({"deployments": {"type": "array", "items": LISTED}, "pagination": PAGINATION})
EVENT = _object(
    {
        "created": MS,
        "date": MS,
        "deploymentId": ID,
        "id": TEXT,
        "serial": TEXT,
        "type": {"enum": ["command", "stdout", "stderr", "fatal", "exit", "delimiter", "deployment-state"]},
        "text": TEXT,
        "info": _object({"type": TEXT, "name": TEXT}),
    },
    {"level": {"enum": ["error", "warning"]}},
)
EVENTS: JsonSchema = {"type": "array", "items": EVENT}
VARIABLE = _object(
    {
        "id": TEXT,
        "key": TEXT,
        "value": TEXT,
        "type": {"enum": ["encrypted", "plain", "secret", "sensitive", "system"]},
        "target": {"type": "array", "items": {"enum": ["production", "preview", "development"]}},
        "createdAt": MS,
        "updatedAt": MS,
    }
)
VARIABLES = _object({"envs": {"type": "array", "items": VARIABLE, "minItems": 1}, "pagination": PAGINATION})
ALIAS_REQUEST = {
    "oneOf": [
        {"type": "null"},
        _object(
            {
                "fromDeploymentId": TEXT_OR_NULL,
                "toDeploymentId": ID,
                "jobStatus": {"enum": ["pending", "in-progress", "succeeded", "failed", "skipped"]},
                "requestedAt": MS,
                "type": {"enum": ["promote", "rollback"]},
            }
        ),
    ]
}
PROJECT = _object(
    {
        "id": {"type": "string", "pattern": "^prj_"},
        "name": TEXT,
        "accountId": {"type": "string", "pattern": "^team_"},
        "framework": TEXT,
        "live": {"type": "boolean"},
        "paused": {"type": "boolean"},
        "latestDeployments": {"type": "array", "items": DETAILED},
        "targets": _object({"production": {"oneOf": [{"type": "null"}, DETAILED]}}),
        "lastAliasRequest": ALIAS_REQUEST,
    }
)
ROW = _object(
    {
        "requestId": TEXT,
        "timestamp": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT[\d:.]+Z$"},
        "deploymentId": ID,
        "requestMethod": TEXT,
        "requestPath": TEXT,
        "statusCode": {"type": "integer"},
        "environment": {"enum": ["production", "preview"]},
        "domain": TEXT,
        "logs": {
            "type": "array",
            "items": _object({"level": TEXT, "message": TEXT, "messageTruncated": {"type": "boolean"}}),
        },
        "events": {"type": "array", "items": _object({"source": TEXT})},
    }
)
ROWS = _object({"rows": {"type": "array", "items": ROW, "minItems": 1}, "hasMoreRows": {"type": "boolean"}})
ERROR = _object({"error": _object({"code": TEXT, "message": TEXT})})
LIMITED = _object(
    {
        "error": _object(
            {
                "code": {"const": "rate_limited"},
                "message": TEXT,
                "limit": _object({name: {"type": "integer"} for name in ("remaining", "reset", "resetMs", "total")}),
            }
        )
    }
)
NOTHING: JsonSchema = {"type": "null"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call and what it must get. Braces in path and query are filled from the site: project, team, serving, …"""

    name: str
    method: str
    route: str
    """The path's pattern, as the journal names it."""
    path: str
    status: int = 200
    answer: JsonSchema = field(default_factory=lambda: ERROR)
    query: Mapping[str, str] = field(default_factory=lambda: {"teamId": "{team}"})
    body: Mapping[str, object] | None = None
    token: str | None = TOKEN
    state: VercelState | None = None


def _read(name: str, route: str, answer: JsonSchema, **query: str) -> Operation:
    path = route.replace("{deployment}", "{serving}")
    return Operation(
        name=name, method="GET", route=route, path=path, answer=answer, query={"teamId": "{team}", **query}
    )


LIST, LIST_7 = "/v6/deployments", "/v7/deployments"
ONE, NEW = "/v13/deployments/{deployment}", "/v13/deployments"
BUILD = "/v3/deployments/{deployment}/events"
ENV, PROJECT_ROUTE = "/v10/projects/{project}/env", "/v9/projects/{project}"
LOGS = "/api/logs/request-logs"
LIVE = "/v1/projects/{project}/deployments/{deployment}/runtime-logs"
PROMOTE = "/v10/projects/{project}/promote/{deployment}"
ROLLBACK, ROLLBACK_9 = "/v1/projects/{project}/rollback/{deployment}", "/v9/projects/{project}/rollback/{deployment}"
CANCEL = "/v12/deployments/{deployment}/cancel"

READS: tuple[Operation, ...] = (
    _read("deployments", LIST, DEPLOYMENTS, projectId="{project}", target="production", limit="20"),
    _read("deployments by name, version 7", LIST_7, DEPLOYMENTS, projectId="{name}", state="READY,ERROR"),
    _read("deployment", ONE, DETAILED),
    _read("project", PROJECT_ROUTE, PROJECT),
    _read("variables", ENV, VARIABLES),
    _read("build log", BUILD, EVENTS, builds="1", limit="-1", direction="forward"),
    Operation(
        name="request history",
        method="GET",
        route=LOGS,
        path=LOGS,
        answer=ROWS,
        query={"projectId": "{project}", "ownerId": "{team}", "page": "0"},
    ),
    Operation(name="deployment by alias", method="GET", route=ONE, path="/v13/deployments/{domain}", answer=DETAILED),
)
WRITES: tuple[Operation, ...] = (
    Operation(
        name="redeploy",
        method="POST",
        route=NEW,
        path=NEW,
        answer=DETAILED,
        body={"name": "gpt-agent", "deploymentId": "{serving}", "target": "production"},
    ),
    *(
        Operation(
            name=f"{name} {route[1:3]}",
            method="POST",
            route=route,
            path=route.replace("{deployment}", "{older}"),
            status=201,
            answer=NOTHING,
            body={},
        )
        for name, route in (("promote", PROMOTE), ("roll back", ROLLBACK), ("roll back", ROLLBACK_9))
    ),
    Operation(
        name="cancel",
        method="PATCH",
        route=CANCEL,
        path=CANCEL.replace("{deployment}", "{serving}"),
        answer=DETAILED,
    ),
)
REFUSALS: tuple[Operation, ...] = (
    Operation(name="no token", method="GET", route=LIST, path=LIST, status=403, token=None),
    Operation(name="another token", method="GET", route=LIST, path=LIST, status=403, token="wrong"),
    Operation(name="no team", method="GET", route=ENV, path=ENV, status=404, query={}),
    Operation(name="another team", method="GET", route=ENV, path=ENV, status=403, query={"teamId": "team_x"}),
    Operation(name="another project", method="GET", route=ENV, path="/v10/projects/prj_x/env", status=404),
    Operation(name="no such deployment", method="GET", route=ONE, path="/v13/deployments/dpl_x", status=404),
    Operation(
        name="too many at once",
        method="GET",
        route=LIST,
        path=LIST,
        status=400,
        query={"teamId": "{team}", "limit": "101"},
    ),
    Operation(
        name="beyond the limit",
        method="GET",
        route=LIST,
        path=LIST,
        status=429,
        answer=LIMITED,
        state=VercelState(per_minute=0),
    ),
    Operation(name="a failing API", method="GET", route=LIST, path=LIST, status=500, state=VercelState(status=500)),
    Operation(
        name="promote what serves",
        method="POST",
        route=PROMOTE,
        path=PROMOTE.replace("{deployment}", "{serving}"),
        status=409,
        body={},
    ),
    Operation(
        name="promote what failed",
        method="POST",
        route=PROMOTE,
        path=PROMOTE.replace("{deployment}", "{failed}"),
        status=422,
        body={},
    ),
    Operation(
        name="roll back to what serves",
        method="POST",
        route=ROLLBACK,
        path=ROLLBACK.replace("{deployment}", "{serving}"),
        status=422,
        body={},
    ),
    Operation(
        name="promote without a body",
        method="POST",
        route=PROMOTE,
        path=PROMOTE.replace("{deployment}", "{older}"),
        status=400,
    ),
    Operation(name="redeploy nothing", method="POST", route=NEW, path=NEW, status=400, body={"name": "gpt-agent"}),
)
STREAMS = (("GET", LIVE),)
"""Operations whose answer does not end; tests of the stand-in follow them."""
OPERATIONS = (*READS, *WRITES, *REFUSALS)
