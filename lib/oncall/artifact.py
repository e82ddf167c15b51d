"""The artifact: one run's folder. Only redacted bytes get into it, each file whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from diagnostics.redaction import Redactor
from oncall import journal, status
from oncall.cleaning import clean_tree
from oncall.journal import Journal
from oncall.status import Status

MANIFEST = "manifest.json"
_PARTIAL = ".partial"
_UNSEALED = {MANIFEST, status.NAME, journal.NAME, "postmortem.md"}


@dataclass(slots=True, kw_only=True)
class Artifact:
    """A folder, or the reason why there is none. No method raises for a disk that refuses: see `problems`."""

    folder: Path | None
    redactor: Redactor
    status: Status
    problems: list[str] = field(default_factory=list)
    """What could not be written, in English; not empty means the run may not end better than unknown."""
    _appending: dict[str, Journal] = field(default_factory=dict)

    def put_text(self, name: str, text: str) -> bool:
        """Write `text` as file `name`; say whether that worked."""
        return self._put(name, self.redactor.clean(text).encode("utf-8"))

    def put_bytes(self, name: str, data: bytes) -> bool:
        """Write `data`, an image for instance."""
        return self._put(name, self.redactor.clean_bytes(data))

    def put_json(self, name: str, body: Any, *, indent: int | None = 2) -> bool:
        """Write `body` as JSON."""
        return self._put(name, _json(clean_tree(body, self.redactor), indent) + b"\n")

    def put_lines(self, name: str, lines: Iterable[str]) -> bool:
        """Write JSON lines."""
        cleaned = [_line(clean_tree(json.loads(line), self.redactor)) for line in lines]
        return self._put(name, b"".join(line + b"\n" for line in cleaned))

    def note(self, entries: list[dict[str, Any]]) -> None:
        """Append to the journal."""
        self.append(journal.NAME, entries)

    def append(self, name: str, entries: list[dict[str, Any]]) -> None:
        """Append JSON lines to file `name`, on the disk when this returns.

        The first refusal ends a file: one with a hole would lie.
        """
        if self.folder is None or any(problem.startswith(name) for problem in self.problems):
            return
        lines = [_line(clean_tree(entry, self.redactor)) for entry in entries]
        if any(map(self.redactor.leaks, lines)):
            self._refuse_leak(name)
            return
        try:
            if name not in self._appending:
                self._appending[name] = Journal(self.folder / name)
            self._appending[name].append(lines)
        except OSError as error:
            self._refuse(name, error)

    def update(self, now: Status) -> bool:
        """Replace `status.json`."""
        self.status = now
        return self._put(status.NAME, self._status_bytes())

    def commit(self, final: Status, *, versions: Mapping[str, str], budget: Mapping[str, Any]) -> bool:
        """Write the final status and the manifest over all files, both or neither, then drop the journal."""
        self.status = final
        if self.folder is None:
            return False
        data = self._status_bytes()
        try:
            sealed = {status.NAME: _digest(data), **self._digests()}
        except OSError as error:
            self.problems.append(f"what was written cannot be read again: {error.strerror or error}")
            return False
        body = {
            "schema": "manifest/1",
            "incident": final.incident,
            "profile": final.profile,
            "versions": dict(versions),
            "budget": dict(budget),
            "sha256": dict(sorted(sealed.items())),
        }
        manifest = _json(clean_tree(body, self.redactor), 2) + b"\n"
        if not self._put_all({status.NAME: data, MANIFEST: manifest}):
            return False
        self.close()
        # One that stays is a nuisance and no lie: the manifest is there and does not name it.
        self.remove(journal.NAME)
        return True

    def read_text(self, name: str) -> str | None:
        """The text of file `name` as it is now, or `None`."""
        try:
            return (self.folder / name).read_text("utf-8") if self.folder else None
        except (OSError, UnicodeDecodeError):
            return None

    def close(self) -> None:
        """Release the files that are appended to."""
        for name in tuple(self._appending):
            self._release(name)

    def remove(self, name: str) -> None:
        """Remove file `name`, where it is there."""
        if self.folder is not None:
            self._unlink(self.folder / name)

    def _status_bytes(self) -> bytes:
        return _json(clean_tree(json.loads(self.status.to_json()), self.redactor), 2) + b"\n"

    def _digests(self) -> dict[str, str]:
        assert self.folder is not None
        files = [path for path in self.folder.rglob("*") if path.is_file() and not path.name.endswith(_PARTIAL)]
        names = {path.relative_to(self.folder).as_posix(): path for path in files}
        return {name: _digest(path.read_bytes()) for name, path in names.items() if name not in _UNSEALED}

    def _put(self, name: str, data: bytes) -> bool:
        return self._put_all({name: data})

    def _put_all(self, files: Mapping[str, bytes]) -> bool:
        if self.folder is None:
            return False
        partials: dict[Path, Path] = {}
        name = ""
        try:
            for name, data in files.items():
                if self.redactor.leaks(data):
                    self._refuse_leak(name)
                    return False
                path = self.folder / name
                path.parent.mkdir(exist_ok=True)
                partials[path] = _write_partial(path, data)
            for path, partial in partials.items():
                partial.replace(path)
                self._release(path.name)
        except OSError as error:
            self._refuse(name, error)
            return False
        finally:
            for partial in partials.values():
                self._unlink(partial)
        return True

    def _release(self, name: str) -> None:
        try:
            if name in self._appending:
                self._appending.pop(name).close()
        except OSError as error:
            # A network disk may report only now what it could not keep.
            self._refuse(name, error)

    def _unlink(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            self.problems.append(f"{path.name} could not be removed: {error.strerror or error}")

    def _refuse(self, name: str, error: OSError) -> None:
        self.problems.append(f"{name} could not be written: {error.strerror or error}")

    def _refuse_leak(self, name: str) -> None:
        self.problems.append(f"{name} was NOT written: a known secret was found in it")


def create(output_dir: Path, *, begun: Status, now: datetime, redactor: Redactor) -> Artifact:
    """Make the folder of a run that starts at `now` (UTC), with its status inside from the first moment.

    Two runs of one second get two folders. Where nothing can be written the artifact has no folder and says why.
    """
    artifact = Artifact(folder=None, redactor=redactor, status=begun)
    name = redactor.clean(f"{now:%Y%m%dT%H%M%SZ}_{begun.incident}_{_word(begun.profile)}")
    staging: Path | None = None
    try:
        output_dir.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".starting-", dir=output_dir))
        staging.chmod(0o755)
        artifact.folder = staging
        if artifact.update(begun):
            artifact.folder = _publish(staging, output_dir, name)
        else:
            artifact.folder = None
    except OSError as error:
        artifact.folder = None
        artifact.problems.append(f"{output_dir} cannot be written: {error.strerror or error}")
    finally:
        if staging:
            shutil.rmtree(staging, ignore_errors=True)
    return artifact


def open_existing(folder: Path, *, redactor: Redactor) -> Artifact:
    """The artifact in `folder`, to be finished; what a killed writer left half-written is removed.

    Raises: SettingsError when the folder is not an artifact.
    """
    artifact = Artifact(folder=folder, redactor=redactor, status=status.read(folder))
    for partial in folder.rglob(f"*{_PARTIAL}"):
        artifact.remove(partial.relative_to(folder).as_posix())
    return artifact


def _publish(staging: Path, output_dir: Path, name: str) -> Path:
    """Rename into place. A folder with anything in it is never replaced, so the first free name is ours alone."""
    number = 1
    while True:
        target = output_dir / (name if number == 1 else f"{name}-{number}")
        try:
            staging.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
            number += 1
        else:
            journal.sync_folder(output_dir)
            return target


def _write_partial(path: Path, data: bytes) -> Path:
    partial = path.with_name(f".{path.name}{_PARTIAL}")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    return partial


def _json(body: Any, indent: int | None) -> bytes:
    return json.dumps(body, ensure_ascii=False, indent=indent).encode("utf-8", "replace")


def _line(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _word(text: str) -> str:
    return "".join(c if c.isalnum() or c in "-." else "-" for c in text).strip(".-") or "profile"
