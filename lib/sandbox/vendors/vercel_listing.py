"""The list of deployments: filters, and pages that end where the next one begins."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.site import Site
from sandbox.site.deployment import Deployment
from sandbox.vendors.vercel_payloads import Payload, is_rollback_candidate, listed, milliseconds
from sandbox.vendors.vercel_refusal import Refusal

DEFAULT_LIMIT, MOST = 20, 100
FOREVER_MS = 2**53


def select(site: Site, query: Mapping[str, str]) -> Payload:
    """One page, newest first. `next` is the time of its last item; the next page is what was created before.

    Raises:
        Refusal: a number that is none, or a limit out of range.
    """
    limit = _number(query, "limit", DEFAULT_LIMIT)
    if not 1 <= limit <= MOST:
        raise Refusal(400, f"Invalid request: `limit` should be between 1 and {MOST}.")
    found = [each for each in site.deployments() if _matches(site, each, query)]
    page = found[:limit]
    has_more = len(found) > limit
    pagination = {
        "count": len(page),
        "next": milliseconds(page[-1].created_at) if has_more else None,
        "prev": milliseconds(page[0].created_at) if page else None,
    }
    return {"deployments": [listed(site, each) for each in page], "pagination": pagination}


def _matches(site: Site, deployment: Deployment, query: Mapping[str, str]) -> bool:
    created_ms = milliseconds(deployment.created_at) or 0
    since = max(_number(query, "since", 0), _number(query, "from", 0))
    until = min(_number(query, "until", FOREVER_MS), _number(query, "to", FOREVER_MS))
    states = [each for each in query.get("state", "").split(",") if each]
    wanted = query.get("target")
    return (
        since <= created_ms < until
        and (not states or deployment.state.value in states)
        and (wanted is None or wanted == (deployment.target or "preview"))
        and query.get("branch", deployment.meta["githubCommitRef"]) == deployment.meta["githubCommitRef"]
        and query.get("sha", deployment.release.commit) == deployment.release.commit
        and query.get("app", site.name) == site.name
        and (query.get("rollbackCandidate") != "true" or is_rollback_candidate(site, deployment))
    )


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(query.get(name, default))
    except ValueError as error:
        raise Refusal(400, f"Invalid request: `{name}` should be a number.") from error
