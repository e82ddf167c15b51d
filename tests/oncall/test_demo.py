"""`make run`: it names the cause or fails, touches nobody else's sandbox, and leaves nothing behind."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.oncall.support import artifacts, environment, until
from tests.sandbox.running import alive, descendants, running

from sandbox.state import Files

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Clone:
    """A copy of the project with a home and a temporary directory that nobody else writes to."""

    root: Path
    home: Path
    temporary: Path

    @property
    def sandbox(self) -> Files:
        return Files(folder=self.root / ".sandbox" / "demo")

    @contextmanager
    def demo(self, patch: str = "") -> Iterator[subprocess.Popen[str]]:
        """The demo, started as `make run` does; `patch` is Python that runs before it."""
        program = f"import sys\nfrom oncall import demo\n{patch}\nsys.exit(demo.main())"
        environ = environment(self.home, PYTHONPATH=str(self.root / "lib"), TMPDIR=str(self.temporary))
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=self.root,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def supervisor(self) -> int:
        """The pid of the sandbox, once it is up."""
        until(self.sandbox.environment.exists, timeout_s=90)
        address = self.sandbox.read_address()
        assert address is not None
        return int(address["pid"])

    def assert_left_as_it_was(self, processes: set[int]) -> None:
        """No process, no file in the home or the temporary directory, nothing new but what git ignores."""
        until(lambda: not alive(processes))
        assert not self.sandbox.is_locked()
        assert not self.sandbox.environment.exists()
        assert list(self.home.iterdir()) == []
        assert list(self.temporary.iterdir()) == []
        assert {path.name for path in self.root.iterdir()} <= {*COPIED, ".cache", ".sandbox", "outputs"}


COPIED = ("lib", "notebooks", "profiles", "pyproject.toml")


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    root = tmp_path / "a clone"
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (root / name).parent.mkdir(exist_ok=True)
        copy(ROOT / name, root / name)
    (tmp_path / "home").mkdir()
    # Short, because the sandbox puts its sockets there.
    with tempfile.TemporaryDirectory(prefix="t-", dir="/tmp") as temporary:
        yield Clone(root=root, home=tmp_path / "home", temporary=Path(temporary))


def test_the_demo_names_the_cause_and_leaves_nothing_behind(clone: Clone) -> None:
    """No process, and no file outside the clone."""
    with clone.demo() as demo:
        processes = descendants(clone.supervisor())
        assert len(processes) > 5
        told, log = demo.communicate(timeout=120)
    assert demo.returncode == 0, log
    assert "exit code 2 (0 ok, 1 warning, 2 critical, 3 unknown) and the cause redis.credentials_rejected" in told
    (artifact,) = [folder for folder in artifacts(clone.root / "outputs") if folder.is_sealed()]
    assert artifact.json("verdict.json")["causes"][0]["id"] == "redis.credentials_rejected"
    clone.assert_left_as_it_was(processes)


def test_another_cause_is_a_failure_whatever_its_severity(clone: Clone) -> None:
    """A paused queue is critical too, and not what was broken."""
    with clone.demo("demo.FAULT = 'queue-paused'") as demo:
        told, log = demo.communicate(timeout=120)
    assert demo.returncode == 3
    assert "exit code 2" in told
    assert "should be exit code 2 and redis.credentials_rejected" in log


def test_a_second_demo_is_refused_and_takes_nothing_down(clone: Clone) -> None:
    """Somebody else is looking at the first."""
    with running(clone.root, name="demo") as first:
        with clone.demo() as second:
            _, log = second.communicate(timeout=60)
        assert second.returncode == 3
        assert "'demo' is running already" in log
        assert "Traceback" not in log
        assert first.status()["name"] == "demo"


@pytest.mark.parametrize("when", ["booting", "running"])
def test_ctrl_c_takes_the_sandbox_down_and_ends_as_three(clone: Clone, when: str) -> None:
    """At any moment, without a traceback."""
    with clone.demo() as demo:
        until(clone.sandbox.is_locked, timeout_s=60)
        if when == "running":
            until(
                lambda: any("status.json" in folder.names() for folder in artifacts(clone.root / "outputs")),
                timeout_s=90,
            )
        demo.send_signal(signal.SIGINT)
        processes = descendants(clone.supervisor()) if when == "running" else set()
        told, log = demo.communicate(timeout=120)
    assert demo.returncode == 3
    assert "Stopped by SIGINT." in told
    assert "Traceback" not in log
    assert [folder.status["state"] for folder in artifacts(clone.root / "outputs")] in ([], ["died"])
    clone.assert_left_as_it_was(processes)
