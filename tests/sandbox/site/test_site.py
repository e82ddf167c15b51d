"""Deployments are built and started for real; the edge says so when they fail."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.sandbox.site.running_site import RunningSite, running_site

from sandbox.frontend.releases import CLIENT_AT_IMPORT, FILE_NAME_CASE, HEAD, PREVIOUS, WARNED
from sandbox.site.deployment import ReadyState


@pytest_asyncio.fixture
async def one() -> AsyncIterator[RunningSite]:
    async with running_site() as found:
        found.site.deploy(HEAD)
        await found.site.settle()
        yield found


async def test_an_answer_carries_the_edges_marks(one: RunningSite) -> None:
    """Pages and API come from the function, files of the build from the edge itself."""
    page = await one.get("/")
    assert (page.status, page.headers["server"], page.headers["x-vercel-cache"]) == (200, "Vercel", "MISS")
    assert page.headers["x-vercel-id"].startswith("iad1::")
    script = page.body.split(b"<script src='")[1].split(b"'")[0].decode()
    file = await one.get(script)
    assert (file.status, file.headers["x-vercel-cache"]) == (200, "HIT")
    assert b"NEXT_PUBLIC_SUPABASE_URL" in file.body and b"service-key" not in file.body


async def test_a_build_that_fails_leaves_the_old_release_serving(one: RunningSite) -> None:
    """The log ends with the bundler's complaint; nobody outside notices."""
    before = one.site.alias
    failed = one.site.deploy(FILE_NAME_CASE)
    await one.site.settle()
    assert (failed.state, failed.error_code) == (ReadyState.ERROR, "BUILD_UTILS_SPAWN_1")
    assert any("Module not found" in each.text and each.level == "error" for each in failed.events)
    assert one.site.alias == before
    assert await one.code("/") == (200, "")


async def test_warnings_do_not_stop_a_build(one: RunningSite) -> None:
    """They stand in its log, and the release serves."""
    warned = one.site.deploy(WARNED)
    await one.site.settle()
    assert warned.is_ready and one.site.serving is warned
    assert [each.level for each in warned.events if each.kind == "stderr"] == ["warning", "warning"]


async def test_a_release_that_dies_fails_every_invocation_but_no_file(one: RunningSite) -> None:
    """The build was fine: the module is missed only when the function starts."""
    one.site.deploy(CLIENT_AT_IMPORT)
    await one.site.settle()
    assert await one.code("/api/health/ready") == (500, "FUNCTION_INVOCATION_FAILED")
    assert await one.code("/") == (500, "FUNCTION_INVOCATION_FAILED")
    assert await one.code("/robots.txt") == (200, "")
    printed = " ".join(line.text for row in one.site.requests.rows for line in row.printed)
    assert "Cannot find module './lib/crypto'" in printed


@pytest.mark.parametrize(
    ("accept", "kind", "text"),
    [("*/*", "text/plain", "DEPLOYMENT_NOT_FOUND\n"), ("text/html", "text/html", "<code>DEPLOYMENT_NOT_FOUND</code>")],
)
async def test_an_alias_to_nowhere_is_404(one: RunningSite, accept: str, kind: str, text: str) -> None:
    """The code stands in a header and in the body, which is a page for browsers alone."""
    await one.site.remove_alias()
    answer = await one.get("/", accept=accept)
    assert (answer.status, answer.headers["x-vercel-error"]) == (404, "DEPLOYMENT_NOT_FOUND")
    assert answer.headers["Content-Type"].startswith(kind) and text in answer.body.decode()


async def test_a_rollback_brings_the_old_variables_back(one: RunningSite) -> None:
    """And a redeploy takes those of now: each deployment keeps what it was made with."""
    first = one.site.serving
    assert first is not None
    one.site.variables.remove("SUPABASE_SERVICE_ROLE_KEY")
    assert await one.code("/") == (200, "")
    one.site.redeploy(first)
    await one.site.settle()
    assert await one.code("/") == (500, "")
    one.site.move_alias(first, "rollback")
    await one.site.settle()
    assert await one.code("/") == (200, "")
    assert one.site.alias_request is not None
    assert (one.site.alias_request.kind, one.site.alias_request.status) == ("rollback", "succeeded")


async def test_an_answer_that_takes_too_long_is_504(one: RunningSite) -> None:
    """Also in the log of requests, with what the runtime says of it."""
    one.site.variables.set({"SUPABASE_URL": f"{one.site.variables.values()['SUPABASE_URL']}/silent"})
    serving = one.site.serving
    assert serving is not None
    one.site.redeploy(serving)
    await one.site.settle()
    assert await one.code("/api/agents") == (504, "FUNCTION_INVOCATION_TIMEOUT")
    row = one.site.requests.rows[-1]
    assert (row.status, "Task timed out" in row.printed[-1].text) == (504, True)


async def test_whoever_hangs_up_does_not_end_the_invocation(one: RunningSite) -> None:
    """The request is logged with the status it came to."""
    one.site.variables.set({"SUPABASE_URL": f"{one.site.variables.values()['SUPABASE_URL']}/silent"})
    serving = one.site.serving
    assert serving is not None
    one.site.redeploy(serving)
    await one.site.settle()
    follower = one.site.requests.follow()
    ending = asyncio.ensure_future(anext(follower))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await one.get("/api/agents")
    async with asyncio.timeout(5):
        row = await ending
    assert (row.path, row.status) == ("/api/agents", 504)


async def test_a_killed_instance_is_started_again(one: RunningSite) -> None:
    """By the next request, as a cold start."""
    serving = one.site.serving
    assert serving is not None
    before = one.site.function(serving).pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    while one.site.function(serving).pid is not None:
        await asyncio.sleep(0.01)
    assert await one.code("/") == (200, "")
    assert one.site.function(serving).pid not in (None, before)


async def test_a_preview_never_gets_the_alias(one: RunningSite) -> None:
    """It is built for previews and answers at its own address only."""
    before = one.site.alias
    preview = one.site.preview(PREVIOUS, branch="feature")
    await one.site.settle()
    assert (preview.is_ready, preview.target, one.site.alias) == (True, None, before)
    assert (await one.get("/", host=preview.host)).status == 200


async def test_an_edge_out_of_order_serves_no_file_either(one: RunningSite) -> None:
    """The code is not one of the function's."""
    one.edge.is_out_of_order = True
    assert await one.code("/robots.txt") == (500, "INTERNAL_UNEXPECTED_ERROR")
    assert await one.code("/api/health/ready") == (500, "INTERNAL_UNEXPECTED_ERROR")


async def test_what_a_request_printed_stands_in_its_row(one: RunningSite) -> None:
    """Lines of two requests are told apart by their ids."""
    await asyncio.gather(one.get("/api/health"), one.get("/api/health/redis"), one.get("/"))
    printed = {row.path: [line.level for line in row.printed] for row in one.site.requests.rows}
    assert printed == {"/api/health": ["warning"], "/api/health/redis": ["error"], "/": []}
