"""The journal: what happened, one line each, on disk before the next thing happens.

It is what survives when the process that writes the artifact is killed. Sealing turns it
into the artifact and removes it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

NAME = "journal.jsonl"


class Journal:
    """An append-only file of JSON lines. Every line is on the disk when `append` returns."""

    def __init__(self, path: Path) -> None:
        """Raises: OSError when the file cannot be opened."""
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        sync_folder(path.parent)

    def append(self, lines: list[bytes]) -> None:
        """Write `lines`, each without its newline.

        Raises: OSError; the file is then as it was before. A line cut short is left by deaths alone.
        """
        data = b"".join(line + b"\n" for line in lines)
        before = os.fstat(self._file).st_size
        try:
            while data:
                data = data[os.write(self._file, data) :]
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, before)
            raise

    def close(self) -> None:
        """Release the file."""
        os.close(self._file)


def read(folder: Path) -> list[dict[str, Any]]:
    """All whole entries of the journal in `folder`; a torn line is what a death leaves and is left out."""
    try:
        lines = (folder / NAME).read_bytes().splitlines()
    except FileNotFoundError:
        return []
    entries = []
    for line in lines:
        try:
            entries.append(json.loads(line))
        except ValueError:
            continue
    return entries


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut. Raises: OSError."""
    opened = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
