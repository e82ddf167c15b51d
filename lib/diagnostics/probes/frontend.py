"""Looks at the site itself and at what Vercel tells about it. A whole run costs at most some 30 requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from diagnostics.clients.http import Http
from diagnostics.clients.site import READY, read_path
from diagnostics.clients.site_connection import read_connection
from diagnostics.clients.site_health import read_frontend_health
from diagnostics.clients.systems import Systems
from diagnostics.clients.vercel import read_deployments, read_variables
from diagnostics.clients.vercel_requests import read_requests
from diagnostics.errors import BudgetExhausted, ClientError, ConnectFailed
from diagnostics.model import Evidence, Probe
from diagnostics.probes.look import absent, look, unset
from diagnostics.profile import FrontendSection, VercelSection
from diagnostics.readings import PathAnswers, Reading, SiteAnswer, SitePages
from diagnostics.settings import shown

MOST_REQUESTS = 18
"""GETs of pages and endpoints in one run."""
ROUNDS = 3
LOG_TIMEOUT_S = 4.0
"""The request log is a courtesy: it may not hold up the run."""


async def probe_frontend_site(systems: Systems) -> Evidence:
    """Name, port and certificate of the site, one after another."""
    return await _site(
        systems, "frontend.site", "connect {url}", lambda _, url: read_connection(url, timeout_s=systems.timeout_s)
    )


async def probe_frontend_health(systems: Systems) -> Evidence:
    """One `GET /api/health` and one `GET /api/health/db`."""
    return await _site(
        systems,
        "frontend.health",
        "GET {url}/api/health",
        lambda _, url: read_frontend_health(systems.http, url, timeout_s=systems.timeout_s),
    )


async def probe_frontend_pages(systems: Systems) -> Evidence:
    """Every page and endpoint of the profile, several times, and the liveness reference."""
    return await _site(
        systems,
        "frontend.pages",
        "GET {url}, its pages and endpoints",
        lambda section, url: _pages(systems.http, section, url, timeout_s=systems.timeout_s),
    )


async def probe_vercel_deployments(systems: Systems) -> Evidence:
    """Which deployment serves, what was tried since, and why a build failed."""
    return await _vercel(
        systems,
        "vercel.deployments",
        "/v6/deployments",
        lambda section, token: read_deployments(systems.http, section, token, timeout_s=systems.timeout_s),
    )


async def probe_vercel_variables(systems: Systems) -> Evidence:
    """Names and times of the project's variables."""
    return await _vercel(
        systems,
        "vercel.variables",
        "/v10/projects/env",
        lambda section, token: read_variables(systems.http, section, token, timeout_s=systems.timeout_s),
    )


async def probe_vercel_logs(systems: Systems) -> Evidence:
    """The request log of the window, as far as it can be had."""
    return await _vercel(
        systems,
        "vercel.logs",
        "/api/logs/request-logs",
        lambda section, token: read_requests(
            systems.http,
            section,
            token,
            window=systems.scope.window,
            timeout_s=min(LOG_TIMEOUT_S, systems.scope.deadline_s / 4),
        ),
    )


PROBES = (
    Probe(name="frontend.site", system="frontend", look=probe_frontend_site),
    Probe(name="frontend.health", system="frontend", look=probe_frontend_health),
    Probe(name="frontend.pages", system="frontend", look=probe_frontend_pages),
    Probe(name="vercel.deployments", system="vercel", look=probe_vercel_deployments),
    Probe(name="vercel.variables", system="vercel", look=probe_vercel_variables),
    Probe(name="vercel.logs", system="vercel", look=probe_vercel_logs),
)


async def _site(
    systems: Systems,
    probe: str,
    source: str,
    read: Callable[[FrontendSection, str], Awaitable[Reading | tuple[Reading, str]]],
) -> Evidence:
    section = systems.settings.profile.frontend
    assert section is not None
    url = section.base_url
    if url is None:
        return absent(probe, source.format(url="$RUNBOOK_FRONTEND__BASE_URL"), unset("RUNBOOK_FRONTEND__BASE_URL"))
    return await look(probe, source.format(url=shown(url)), lambda: read(section, url))


async def _pages(http: Http, section: FrontendSection, url: str, *, timeout_s: float) -> Reading:
    """All paths side by side, each path one request after another. Raises ClientError where none was reached.

    Where others answer, a path that takes no connection is one that fails; whatever else is lost is unread.
    """
    named = [(path, "page") for path in section.pages] + [(path, "endpoint") for path in section.endpoints]
    wanted = [*named[: MOST_REQUESTS - 1], (READY, "ready")]
    rounds = max(1, min(ROUNDS, MOST_REQUESTS // len(wanted)))
    asked = [_path(http, url + path, kind, rounds, timeout_s) for path, kind in wanted]
    found = await asyncio.gather(*asked)
    if not any(isinstance(item, PathAnswers) for item in found):
        raise next(item for item in found if isinstance(item, Exception))
    told = [_broken(*to, item) for to, item in zip(wanted, found, strict=True)]
    return SitePages(
        paths=tuple(item for item in told if isinstance(item, PathAnswers)),
        unread=tuple(to[0] for to, item in zip(named, told, strict=False) if isinstance(item, Exception)),
        left_out=max(0, len(named) - len(wanted) + 1),
    )


def _broken(path: str, kind: str, item: PathAnswers | Exception) -> PathAnswers | Exception:
    """A connection that failed, as the answer it is to a visitor; everything else as it is."""
    if not isinstance(item, ConnectFailed):
        return item
    return PathAnswers(path=path, kind=kind, answer=SiteAnswer.BROKEN, asked=1, failed=1)


async def _path(
    http: Http, url: str, kind: str, rounds: int, timeout_s: float
) -> PathAnswers | ClientError | BudgetExhausted:
    """One path; its error is returned, so that the others are not given up for it."""
    try:
        # The health page counts a whole queue to answer: it is not asked more often than needed.
        times = 1 if "/api/health" in url else rounds
        return await read_path(http, url, kind=kind, times=times, timeout_s=timeout_s)
    except (ClientError, BudgetExhausted) as error:
        return error


async def _vercel(
    systems: Systems, probe: str, path: str, read: Callable[[VercelSection, str], Awaitable[Reading]]
) -> Evidence:
    section = systems.settings.profile.vercel
    assert section is not None
    source = f"GET {shown(section.base_url)}{path}"
    token = systems.settings.secret(section.token_env)
    wanted = ((section.token_env, token), ("RUNBOOK_VERCEL__PROJECT_ID", section.project_id))
    missing = [name for name, value in wanted if not value]
    if missing or token is None:
        return absent(probe, source, unset(*missing))
    return await look(probe, source, lambda: read(section, token))
