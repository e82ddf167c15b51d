"""Rotating the secret key: a new one is issued, everybody told or not, the old one revoked."""

from __future__ import annotations

from sandbox.data.keys import ApiKey
from sandbox.faults import database_site
from sandbox.world import World

KEY = database_site.SERVICE_KEY


async def rotate(world: World, owner: str, *, tell_worker: bool) -> None:
    """Give frontend and operator (and the worker, if told) a new key, then take the old one out of force."""
    project = world.project
    old = next(key for key in project.keys.keys if key.text == project.service_role_key)
    new = project.keys.issue("service_role", "rotated")
    world.memory[owner] = old, new
    await database_site.change(world, owner, {KEY: new})
    if tell_worker:
        await world.change_variables(f"{owner}:worker", {KEY: new})
    world.settings[KEY] = new
    project.keys.revoke(old.text)


async def rotate_back(world: World, owner: str) -> None:
    """Put the old key in force again, and everybody back on it."""
    old: ApiKey
    old, new = world.memory.pop(owner)
    world.project.keys.keys.append(old)
    await database_site.restore(world, owner)
    await world.restore_variables(f"{owner}:worker")
    world.settings[KEY] = old.text
    world.project.keys.revoke(new)
