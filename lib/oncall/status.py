"""`status.json`: how a run went, true from its first moment and after any death."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from diagnostics.errors import SettingsError
from oncall import process

NAME = "status.json"
SCHEMA = "status/1"


class State(Enum):
    """How a run stands or ended."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    DIED = "died"
    TIMED_OUT = "timed_out"


class CellState(Enum):
    """What became of one cell. RUNNING is seen in a live run only."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    DIED = "died"
    TIMED_OUT = "timed_out"
    SKIPPED = "skipped"
    NEVER_RUN = "never_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The whole file. Times are UTC ISO-8601 with `Z`; `pid` means something on `host` only."""

    incident: str
    profile: str
    state: State
    started_at: str
    pid: int
    process: str
    """Tells the process from a later one with the same pid, see `process.identity`."""
    host: str
    language: str = "en"
    timezone: str = "UTC"
    finished_at: str | None = None
    exit_code: int | None = None
    severity: str | None = None
    reason: str | None = None
    """Why the run is not done, in one English sentence."""
    cells: tuple[Mapping[str, Any], ...] = ()
    """One entry per code cell: its `index` in the notebook and its `state`."""
    notes: tuple[str, ...] = ()
    """What is missing from the artifact and why."""

    def to_json(self) -> str:
        """The file's text."""
        body = {"schema": SCHEMA, **asdict(self), "state": self.state.value}
        return json.dumps(body, ensure_ascii=False, indent=2) + "\n"

    def now_true(self) -> Status:
        """The status as it stands: `running` with a dead process is `died`, and so is its running cell."""
        if self.state is not State.RUNNING or self.is_elsewhere or process.identity(self.pid) == self.process:
            return self
        return self.died()

    @property
    def is_elsewhere(self) -> bool:
        """Whether it belongs to another machine or container, where nobody can see from here what still runs."""
        return self.host != process.host()

    def died(self) -> Status:
        """The status of a run whose process is known to be gone."""
        cells = tuple(
            {**cell, "state": CellState.DIED.value} if cell["state"] == CellState.RUNNING.value else cell
            for cell in self.cells
        )
        reason = self.reason or "the process that ran it is gone"
        return replace(self, state=State.DIED, exit_code=3, reason=reason, cells=cells)


def begun(*, incident: str, profile: str, started_at: datetime, language: str, timezone: str, pid: int) -> Status:
    """The status of a run that starts now in process `pid`."""
    return Status(
        incident=incident,
        profile=profile,
        state=State.RUNNING,
        started_at=stamp(started_at),
        pid=pid,
        process=process.identity(pid),
        host=process.host(),
        language=language,
        timezone=timezone,
    )


def read(folder: Path) -> Status:
    """The status in `folder`, as written; `now_true()` says how it stands.

    Raises: SettingsError when the folder holds none, or one of another version.
    """
    try:
        body = json.loads((folder / NAME).read_text("utf-8"))
        if body.pop("schema") != SCHEMA:
            raise SettingsError(f"{folder} was written by another version of this program")
        known = {field.name for field in fields(Status)}
        body = {name: value for name, value in body.items() if name in known}
        body |= {name: tuple(body.get(name, ())) for name in ("cells", "notes")}
        return Status(**{**body, "state": State(body["state"])})
    except OSError as error:
        raise SettingsError(f"{folder} is not an artifact: {NAME}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{folder / NAME} cannot be read: {error}") from None


def stamp(moment: datetime) -> str:
    """`moment` (UTC) as it stands in files."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
