"""`runbook watch` on a file system that is really full: run in a mount namespace of its own (see `tests.prove`)."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.servers import binaries, running
from tests.oncall.support import environment, until
from tests.oncall.test_watch import SPEED, assert_whole, born, kept

SIZE = "size=1m"
SAMPLES = 5
"""Samples kept before the disk fills, lost while it is full, and kept after."""


def main() -> int:
    """Fill it, wait for losses, make room, wait for samples; print what was lost."""
    with tempfile.TemporaryDirectory() as name, running(binaries()["valkey"]) as port:
        folder = Path(name)
        subprocess.run(["mount", "-t", "tmpfs", "-o", SIZE, "tmpfs", name], check=True)
        try:
            (folder / "watched.toml").write_text(
                f'name = "watched"\n[redis]\n[history]\npath = "{folder / "history.sqlite3"}"\n', "utf-8"
            )
            env = environment(folder, REDIS_URL=f"redis://127.0.0.1:{port}", PYTHONDONTWRITEBYTECODE="1")
            survived(folder, env)
        finally:
            subprocess.run(["umount", "--lazy", name], check=True)
    return 0


def survived(folder: Path, env: dict[str, str]) -> None:
    life, thread = born(folder, env, "--every", 30, "--quiet", "--clock", f"{SPEED}@{round(time.time())}")
    try:
        until(lambda: (folder / "history.sqlite3").exists() and len(kept(folder)) >= SAMPLES, timeout_s=60)
        ballast = folder / "ballast"
        fill_up(ballast)
        until(lambda: len(life.lost()) >= SAMPLES, timeout_s=120)
        ballast.unlink()
        before = kept(folder)
        until(lambda: len(kept(folder)) >= len(before) + SAMPLES, timeout_s=60)
        life.process.terminate()
        assert life.process.wait(30) == 0
    finally:
        life.process.kill()
        thread.join()
    found, lost = kept(folder), life.lost()
    assert sorted([*found, *lost]) == [(found[0][0], n) for n in range(1, found[-1][1] + 1)], "one is missing or double"
    assert_whole(folder)
    print(f"{len(found)} samples kept, {len(lost)} told as lost: {next(line for line in life.said if 'LOST' in line)}")


def fill_up(ballast: Path) -> None:
    """Until not one byte more has room."""
    with ballast.open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while file.write(b"x" * size):
                    continue
            except OSError:
                continue


if __name__ == "__main__":
    sys.exit(main())
