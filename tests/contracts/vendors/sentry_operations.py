"""Our own table of Sentry requests: each call clients and remedies make, and the answer it meets."""

from collections.abc import Mapping
from dataclasses import dataclass

ORG = "/api/0/organizations/{organization_id_or_slug}"
PROJECT = "/api/0/projects/{organization_id_or_slug}/{project_id_or_slug}"
TABLE = {"dataset": "spans", "query": "is_transaction:true", "statsPeriod": "15m", "per_page": "10"}
Query = Mapping[str, str | list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One call and the status it must get. `path` is a template of the published description."""

    name: str
    path: str
    status: int
    method: str = "get"
    query: Query | None = None
    body: Mapping[str, object] | None = None
    token: str = "user"
    """`user`, `build` (an organisation's token made for a build), `stale` or `none`."""
    issue: str = "first"
    """`first`: the issue there is; else an id."""
    is_published: bool = True
    """False: the operation is not in the published description."""


def _issue(name: str, tail: str, status: int = 200, **given: object) -> Exchange:
    return Exchange(name=name, path=f"{ORG}/issues/{{issue_id}}/{tail}", status=status, **given)  # type: ignore[arg-type]


EXCHANGES: tuple[Exchange, ...] = (
    Exchange(
        name="issues by frequency",
        path=f"{ORG}/issues/",
        status=200,
        query={"query": "is:unresolved", "sort": "freq", "limit": "25", "statsPeriod": "1h"},
    ),
    Exchange(name="issues of a time nobody knows", path=f"{ORG}/issues/", status=400, query={"statsPeriod": "soon"}),
    Exchange(name="issues without a token", path=f"{ORG}/issues/", status=401, token="none"),
    Exchange(name="issues with a stale token", path=f"{ORG}/issues/", status=401, token="stale"),
    Exchange(name="issues with a build's token", path=f"{ORG}/issues/", status=403, token="build"),
    Exchange(name="issues of another project", path=f"{ORG}/issues/", status=403, query={"project": "other"}),
    _issue("one issue", ""),
    _issue("an issue nobody has", "", 404, issue="1"),
    _issue("its newest event", "events/latest/"),
    _issue("its events", "events/", query={"per_page": "5"}),
    _issue("spread over users", "tags/user/"),
    _issue("spread over a tag nobody sets", "tags/jobId/", 404),
    _issue("values of a tag", "tags/transaction/values/", query={"sort": "-count"}),
    Exchange(name="an event by its id", path=f"{ORG}/eventids/{{event_id}}/", status=200),
    Exchange(
        name="table of requests",
        path=f"{ORG}/events/",
        status=200,
        query={**TABLE, "field": ["count()", "failure_rate()", "p95(span.duration)"]},
    ),
    Exchange(
        name="table of errors",
        path=f"{ORG}/events/",
        status=200,
        query={"dataset": "errors", "field": ["count()"], "query": "component:worker"},
    ),
    Exchange(
        name="table of a function nobody knows",
        path=f"{ORG}/events/",
        status=400,
        query={"dataset": "errors", "field": ["median()"]},
    ),
    Exchange(
        name="errors over time",
        path=f"{ORG}/events-timeseries/",
        status=200,
        query={"dataset": "errors", "yAxis": "count()", "interval": "60", "statsPeriod": "1h"},
    ),
    Exchange(
        name="what became of errors",
        path=f"{ORG}/stats_v2/",
        status=200,
        query={
            "field": "sum(quantity)",
            "groupBy": ["outcome"],
            "category": "error",
            "interval": "1h",
            "statsPeriod": "3h",
        },
    ),
    Exchange(name="releases", path=f"{ORG}/releases/", status=200, query={"per_page": "10"}),
    Exchange(name="keys", path=f"{PROJECT}/keys/", status=200),
    _issue("own an issue", "", method="put", body={"assignedTo": "oncall", "priority": "high"}),
    _issue("a status nobody knows", "", 400, method="put", body={"status": "mended"}),
    _issue("comments", "notes/", is_published=False),
    _issue("comment", "notes/", 201, method="post", body={"text": "seen"}, is_published=False),
    _issue("comments by their other name", "comments/", is_published=False),
    _issue("comment by its other name", "comments/", 201, method="post", body={"text": "seen"}, is_published=False),
    Exchange(name="envelope", path="/api/{project}/envelope/", status=403, method="post", is_published=False),
)

NOTE: Mapping[str, object] = {
    "type": "object",
    "required": ["id", "type", "data", "user", "dateCreated"],
    "properties": {
        "id": {"type": "string"},
        "type": {"const": "note"},
        "data": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
        "user": {"type": ["object", "null"]},
        "dateCreated": {"type": "string"},
    },
}
ERROR: Mapping[str, object] = {
    "type": "object",
    "anyOf": [
        {"required": ["detail"], "properties": {"detail": {"type": ["string", "object"]}}},
        {"additionalProperties": {"type": "array", "items": {"type": "string"}}, "minProperties": 1},
    ],
}
"""`detail`, or a map of fields to what is wrong with them."""
