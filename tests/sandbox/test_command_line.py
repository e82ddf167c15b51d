"""`sandbox up|down|fault|heal|status|faults`: what it prints, what it refuses, what it leaves behind."""

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.sandbox.running import alive, descendants, eventually, parse, running, sandbox

from sandbox.faults import FAULTS
from sandbox.vendors.status_pages import VENDORS

EXPECTED = {
    "RUNBOOK_WORKER__BASE_URL",
    "RUNBOOK_RAILWAY__BASE_URL",
    "RUNBOOK_RAILWAY__PROJECT_ID",
    "RUNBOOK_RAILWAY__ENVIRONMENT_ID",
    "RUNBOOK_RAILWAY__SERVICE_ID",
    "RUNBOOK_OPENROUTER__BASE_URL",
    "RUNBOOK_FRONTEND__BASE_URL",
    "RUNBOOK_VERCEL__BASE_URL",
    "RUNBOOK_VERCEL__PROJECT_ID",
    "RUNBOOK_VERCEL__TEAM_ID",
    "VERCEL_TOKEN",
    "RUNBOOK_SENTRY__BASE_URL",
    "RUNBOOK_SENTRY__ORGANIZATION",
    "RUNBOOK_SENTRY__PROJECT",
    "SENTRY_AUTH_TOKEN",
    "SENTRY_DSN",
    "RUNBOOK_REDIS__CA_FILE",
    "RUNBOOK_SANDBOX_READONLY_REDIS_URL",
    "RUNBOOK_SANDBOX_READONLY_REST_TOKEN",
    "REDIS_URL",
    "UPSTASH_REDIS_REST_URL",
    "UPSTASH_REDIS_REST_TOKEN",
    "RAILWAY_TOKEN",
    "OPENROUTER_API_KEY",
    *(f"RUNBOOK_STATUS_PAGES__{vendor.upper()}" for vendor in VENDORS),
    "RUNBOOK_UPSTASH_API__BASE_URL",
    "RUNBOOK_UPSTASH_API__DATABASE_ID",
    "UPSTASH_EMAIL",
    "UPSTASH_API_KEY",
    "RUNBOOK_SUPABASE__BASE_URL",
    "RUNBOOK_SUPABASE__PROJECT_REF",
    "SUPABASE_URL",
    "SUPABASE_ANON_KEY",
    "SUPABASE_SERVICE_ROLE_KEY",
    "SUPABASE_ACCESS_TOKEN",
    "DATABASE_URL",
}


async def test_up_prints_settings_and_down_leaves_nothing(tmp_path: Path) -> None:
    """The printed lines equal the private env file; after `down` no process and no file outside remains."""
    cwd = tmp_path / "клон с пробелом"
    cwd.mkdir()
    with running(cwd) as one:
        assert set(one.settings) == EXPECTED
        env = one.folder / "env"
        assert parse(env.read_text()) == one.settings
        assert stat.S_IMODE(env.stat().st_mode) == 0o600
        answer = await one.get("/health")
        assert answer is not None and answer.status_code == 200
        pids, scratch = one.processes(), Path(one.address["scratch"])
        assert len(pids) > 6
        again = one.order("up", check=False)
        assert again.returncode == 3
        assert again.stderr.count("\n") == 1 and "running already" in again.stderr
    assert alive(pids) == set()
    assert not scratch.exists()
    assert sorted(path.name for path in one.folder.iterdir()) == ["lock", "producer.jsonl", "supervisor.log"]
    assert sandbox("down", cwd=cwd).returncode == 0, "ending what has ended is no failure"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_the_supervisors_death_ends_everything(tmp_path: Path, number: signal.Signals) -> None:
    """However the supervisor dies, its children and its scratch directory go with it."""
    sandbox("up", "--name", "doomed", "--replicas", "1", cwd=tmp_path)
    address = parse_address(tmp_path / ".sandbox" / "doomed")
    pids = descendants(int(address["pid"]))
    os.kill(int(address["pid"]), number)

    async def is_over() -> bool:
        return not alive(pids) and not Path(address["scratch"]).exists()

    await eventually(is_over, 15)
    status = sandbox("status", "--name", "doomed", cwd=tmp_path, check=False)
    assert status.returncode == 3 and "is not running" in status.stderr


async def test_foreground_stays_until_interrupted(tmp_path: Path) -> None:
    """`--foreground` prints its settings, stays, and ends cleanly on SIGINT."""
    command = [sys.executable, "-m", "sandbox", "up", "--foreground"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in EXPECTED]
    assert set(parse("".join(lines))) == EXPECTED
    pids = descendants(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert alive(pids) == set()


@pytest.mark.parametrize("started", [1, 3])
async def test_an_interrupted_start_leaves_nothing(tmp_path: Path, started: int) -> None:
    """A signal in the middle of a start, when so many processes have been started, ends them."""

    async def are_started() -> bool:
        return len(descendants(process.pid)) > started

    command = [sys.executable, "-m", "sandbox", "up", "--foreground"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    await eventually(are_started)
    pids = descendants(process.pid)
    scratch = {
        each.split()[0]
        for pid in pids
        for each in Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ").split("janitor.py ")[1:]
    }
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert alive(pids) == set()

    async def is_swept() -> bool:
        return not any(Path(path).exists() for path in scratch)

    await eventually(is_swept, 15)


async def test_sandboxes_of_two_names_do_not_meet(tmp_path: Path) -> None:
    """Two sandboxes at once: other ports, other tokens, other data."""
    with (
        running(tmp_path, "--replicas", "1", name="one") as one,
        running(tmp_path, "--replicas", "1", name="two") as two,
    ):
        assert one.settings["REDIS_URL"] != two.settings["REDIS_URL"]
        async with one.redis() as first, two.redis() as second:
            await first.set("mine", 1)
            assert await second.get("mine") is None
        assert len(two.status()["worker"]["replicas"]) == 1


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["stauts"], "did you mean 'status'"),
        (["up", "--fault", "redis-dwn"], "did you mean 'redis-down'"),
        (["fault", "queue-pause"], "did you mean 'queue-paused'"),
        (["status"], "is not running"),
        (["up", "--history", "soon"], "is not a duration"),
        (["up", "--replicas", "0"], "replicas"),
        (["up", "--name", "a/b"], "cannot be called"),
        (["up", "--job-seconds", "-1"], "not a positive number"),
        (["fault"], "FAULT"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(tmp_path: Path, words: list[str], hint: str) -> None:
    """Misspelt names and bad values: status 3, one line, no side effect."""
    done = sandbox(*words, cwd=tmp_path, check=False)
    assert done.returncode == 3
    assert hint in done.stderr and done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_server_that_is_not_there_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start that fails says why and leaves no process."""
    monkeypatch.setenv("REDIS_SERVER", "/nowhere/redis-server")
    done = sandbox("up", cwd=tmp_path, check=False)
    assert done.returncode == 3 and "REDIS_SERVER names no file" in done.stderr


def test_faults_lists_every_fault_with_its_control(tmp_path: Path) -> None:
    """One line each; every control that is named exists and is one."""
    lines = sandbox("faults", cwd=tmp_path).stdout.splitlines()
    assert [line.split()[0] for line in lines] == [fault.name for fault in FAULTS]
    controls = {fault.name for fault in FAULTS if fault.kind == "control"}
    assert {fault.control for fault in FAULTS if fault.kind == "fault"} <= controls
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


async def test_a_fault_of_limited_time_heals_itself(tmp_path: Path) -> None:
    """`--for` ends a fault without being asked, and faults may overlap."""
    with running(tmp_path, "--fault", "queue-paused") as one:
        one.order("fault", "redis-token-rotated", "--for", "1")
        assert {each["name"] for each in one.status()["faults"]} >= {"queue-paused"}

        async def is_healed() -> bool:
            return [each["name"] for each in one.status()["faults"]] == ["queue-paused"]

        await eventually(is_healed, 20)
        twice = one.order("fault", "queue-paused", check=False)
        assert twice.returncode == 3 and "in force already" in twice.stderr
        one.order("heal")
        assert one.status()["faults"] == []
        assert await asyncio.to_thread(lambda: one.order("heal", "queue-paused", check=False).returncode) == 3


def parse_address(folder: Path) -> dict[str, str]:
    """Where a supervisor wrote that it runs."""
    found: dict[str, str] = json.loads((folder / "supervisor.json").read_text())
    return found
