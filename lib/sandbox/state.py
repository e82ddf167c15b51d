"""The files of one sandbox: where it runs, what it told its user, and the lock that makes it the only one."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shlex
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

LONGEST_SCRATCH = 60
"""Characters of a scratch path that leave room for socket names (a socket path has 107)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Paths below `.sandbox/<name>/`."""

    folder: Path

    @property
    def environment(self) -> Path:
        return self.folder / "env"

    @property
    def address(self) -> Path:
        """Pid, control socket and scratch directory of the supervisor."""
        return self.folder / "supervisor.json"

    @property
    def log(self) -> Path:
        return self.folder / "supervisor.log"

    @property
    def produced(self) -> Path:
        """What the producer added, one JSON object per line."""
        return self.folder / "producer.jsonl"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    def read_address(self) -> dict[str, str] | None:
        """What the supervisor wrote, or `None` when there is none."""
        try:
            content = json.loads(self.address.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return {str(key): str(value) for key, value in content.items()}

    def is_locked(self) -> bool:
        """Whether a supervisor is alive."""
        if not self.lock.exists():
            return False
        with self.lock.open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    @contextlib.contextmanager
    def locked(self) -> Iterator[bool]:
        """Hold the lock for as long as the supervisor lives; false when another one does."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.lock.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def forget(self) -> None:
        """Remove what is true only while the sandbox runs."""
        for path in (self.environment, self.address):
            path.unlink(missing_ok=True)


def write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner alone."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    temporary.replace(path)


def env_lines(values: Mapping[str, str]) -> str:
    """`KEY=VALUE` lines, quoted only where a shell or dotenv would misread them."""
    return "".join(f"{name}={value if _is_plain(value) else shlex.quote(value)}\n" for name, value in values.items())


def is_alive(pid: int) -> bool:
    """Whether a process still runs. One that has ended and was not waited for does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return False
    except (FileNotFoundError, PermissionError):
        return not Path("/proc/self").exists()
    return state != "Z"


def make_scratch() -> Path:
    """A private directory with a short path and no blanks."""
    root = tempfile.gettempdir()
    if len(root) > LONGEST_SCRATCH - 12 or not _is_plain(root):
        root = "/tmp"  # noqa: S108  (mkdtemp makes the name)
    return Path(tempfile.mkdtemp(prefix="sb-", dir=root))


def _is_plain(value: str) -> bool:
    return value.isascii() and not any(letter.isspace() or letter in "\"'#$`\\;&|<>()" for letter in value)
