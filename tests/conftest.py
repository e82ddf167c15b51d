"""For every test: bugs raise, and nothing leaks in from the developer's shell."""

import os
import re
import sys
from collections.abc import MutableMapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from diagnostics import engine

ROOT = str(Path(__file__).resolve().parents[1])
if ROOT not in sys.path:
    # Tests import one another's doubles as `tests.…`, however pytest was started.
    sys.path.insert(0, ROOT)

_LEAKING = re.compile(
    r"^RUNBOOK_|^(UPSTASH|RAILWAY|SUPABASE|SENTRY|OPENROUTER|VERCEL)_|^(REDIS|DATABASE|POSTGRES)_URL$"
    r"|TOKEN|SECRET|PASSW|API_?KEY|^(HTTPS?|ALL|NO)_PROXY$",
    re.IGNORECASE,
)

_ALONE = re.compile(
    r"scenarios/test_faults|notebooks/test_running|oncall/(headless/)?test_(demo|parent|engine|triage|full_disk|cli|secrets)"
    r"|sandbox/test_command_line|causes/test_missing_sight"
)
"""Modules whose tests share nothing and take seconds each: they are given out one by one."""
_SLOW = ("scenarios", "notebooks", "browser", "oncall", "sandbox")
"""What meets whole platforms and kernels begins, so that no worker ends with the longest module alone."""

# Two cores are shared by many: a slow example is no failure. Tests draw the same examples on every machine.
settings.register_profile(
    "tests", deadline=None, max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")


def scrub(environment: MutableMapping[str, str]) -> None:
    """Remove our settings, secrets and proxies, so that a test means the same in every shell."""
    for name in [name for name in environment if _LEAKING.search(name)]:
        del environment[name]


def pytest_configure() -> None:
    """Before any fixture and any child process."""
    scrub(os.environ)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow folders first."""
    items.sort(key=lambda item: not item.nodeid.removeprefix("tests/").startswith(_SLOW))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """A module stays on one worker, for its fixtures; where it has none, its tests are spread."""
    return _Spreading(config, log)


class _Spreading(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return nodeid if _ALONE.search(nodeid) else super()._split_scope(nodeid)


@pytest.fixture(autouse=True)
def bugs_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in a probe or check fails the test instead of costing one blind spot."""
    monkeypatch.setattr(engine, "RAISE_BUGS", True)
