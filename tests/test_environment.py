"""`environment.yml` names the same direct dependencies as `pyproject.toml`, under conda-forge's names."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
CONDA_NAMES = {"redis": "redis-py"}
"""Where conda-forge has another name than PyPI."""
EXTRAS = {"hiredis"}
"""Own packages there, extras of a package here."""
OWN = {"python", "pip"}


def parts(requirement: str) -> tuple[str, str]:
    """Name and version of one requirement, without extras and blanks."""
    match = re.fullmatch(r"([A-Za-z0-9_.-]+)(?:\[[^]]*\])?\s*(.*)", requirement)
    assert match
    return match[1], match[2].replace(" ", "")


def test_conda_users_get_the_same() -> None:
    """No dependency missing, none too many, no other version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = dict(parts(each) for each in project["dependencies"])
    wanted = {CONDA_NAMES.get(name, name): version for name, version in wanted.items()}
    listed = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
    found = dict(parts(each) for each in listed)
    assert found["python"] == project["requires-python"]
    assert {name: version for name, version in found.items() if name not in OWN | EXTRAS} == wanted
    assert any("[hiredis]" in each for each in project["dependencies"])


def test_the_lock_names_no_host_and_has_hashes() -> None:
    """Where packages come from is the user's choice; that they are the same is ours."""
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert "://" not in lock
    assert [line for line in lock.splitlines() if line.startswith("-")] == []
    pinned = [line for line in lock.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    assert len(pinned) > 100
    assert all("==" in line and line.rstrip().endswith("\\") for line in pinned)
