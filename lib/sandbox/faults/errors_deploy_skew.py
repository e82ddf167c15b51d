"""The site was deployed again; tabs opened before ask for chunks of the build before."""

from __future__ import annotations

from sandbox.faults.browsers import BrowserError, forget, report, reported
from sandbox.faults.fault import Fault
from sandbox.faults.site import redeploy
from sandbox.world import World

USERS = 20
OLD_TAB = BrowserError(
    kind="ChunkLoadError",
    message="Loading chunk 4711 failed. (error: https://gpt-agent-kwid.vercel.app/_next/static/chunks/4711.js)",
    file="app:///_next/static/chunks/webpack.js",
    function="__webpack_require__.f.j",
)
TITLE = "Loading chunk 4711"


async def _apply(world: World) -> None:
    await redeploy(world.site)
    await report(world, OLD_TAB, users=USERS)


async def _settled(world: World) -> bool:
    return reported(world, TITLE) >= USERS


async def _heal(world: World) -> None:
    forget(world, TITLE)


FAULT = Fault(
    name="errors-deploy-skew",
    summary="after a deployment twenty old tabs fail to load a chunk of the build before",
    cause="errors.deploy_skew",
    row="5.10",
    control="frontend-redeployed",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
