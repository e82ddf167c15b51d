"""Triage of a healthy platform with any one, two or three of the six systems out of sight: `python -m tests.prove.sight`.

Each set once without its credentials and once with addresses that take a connection and stay silent. What is said
must be honest, and said by the deadline. Prints a line for each run; ends with 2 where one is not as promised.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path

ROOT = Path(__file__).parents[2]
AT_ONCE = 2
DEADLINE_S = 10.0
GRACE_S = 1.0
"""The command may still be writing so long after its deadline."""
CREDENTIALS = {
    "frontend": ("VERCEL_TOKEN",),
    "worker": ("RAILWAY_TOKEN",),
    "openrouter": ("OPENROUTER_API_KEY",),
    "sentry": ("SENTRY_AUTH_TOKEN",),
    "redis": ("REDIS_URL", "UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN", "UPSTASH_EMAIL", "UPSTASH_API_KEY"),
    "database": ("SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_ACCESS_TOKEN", "DATABASE_URL"),
}
ADDRESSES = {
    "frontend": ("RUNBOOK_FRONTEND__BASE_URL", "RUNBOOK_VERCEL__BASE_URL"),
    "worker": ("RUNBOOK_WORKER__BASE_URL", "RUNBOOK_RAILWAY__BASE_URL"),
    "openrouter": ("RUNBOOK_OPENROUTER__BASE_URL",),
    "sentry": ("RUNBOOK_SENTRY__BASE_URL",),
    "redis": ("REDIS_URL", "UPSTASH_REDIS_REST_URL", "RUNBOOK_UPSTASH_API__BASE_URL"),
    "database": ("SUPABASE_URL", "DATABASE_URL", "RUNBOOK_SUPABASE__BASE_URL"),
}
LOOKS_BROKEN = {"frontend": ("frontend",), "worker": ("worker",), "openrouter": ("openrouter",)}
"""Components of causes that silence of their own public address does speak for, from wherever it is met."""


@contextmanager
def mute() -> Iterator[int]:
    """A port that takes connections and never answers; nobody accepts them but the kernel."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        place.listen(4096)
        yield place.getsockname()[1]


def silenced(variable: str, port: int) -> str:
    """An address of the variable's kind that leads to the mute port."""
    match variable:
        case "REDIS_URL":
            return f"rediss://default:nobody@localhost:{port}"
        case "DATABASE_URL":
            return f"postgresql://runbook:nobody@127.0.0.1:{port}/postgres"
        case _:
            return f"http://127.0.0.1:{port}"


def ways(port: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Every set of missing systems and what it changes in the environment."""
    for size in (1, 2, 3):
        for names in combinations(CREDENTIALS, size):
            unset = {variable: "" for name in names for variable in CREDENTIALS[name]}
            yield f"without credentials: {', '.join(names)}", unset
            silent = {v: silenced(v, port) for name in names for v in ADDRESSES[name]}
            yield f"silent: {', '.join(names)}", silent


def run(label: str, environ: dict[str, str]) -> tuple[str, list[str]]:
    """One triage and what is wrong with it."""
    names = label.partition(": ")[2].split(", ")
    with tempfile.TemporaryDirectory() as folder:
        words = ("triage", "--profile", "sandbox", "--json", "--deadline", str(DEADLINE_S), "--output-dir", folder)
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "oncall", *words], cwd=ROOT, env=environ, capture_output=True, check=False
        )
        took_s = time.monotonic() - started
    verdict = json.loads(done.stdout)
    cause = verdict["causes"][0]
    is_silent = label.startswith("silent")
    honest = {part for name in names if is_silent for part in LOOKS_BROKEN.get(name, ())} | {"observer", "none"}
    wrong = []
    if cause["confidence"] >= 0.5 and cause["id"] != "unexplained" and cause["id"].split(".")[0] not in honest:
        wrong.append(f"asserts {cause['id']} ({cause['confidence']})")
    if done.returncode == 0 or verdict["severity"] == "ok":
        wrong.append("calls it healthy")
    spoken_for = is_silent and set(names) <= set(LOOKS_BROKEN)
    if not (verdict["blind_spots"] or spoken_for) or not all(spot["regain"] for spot in verdict["blind_spots"]):
        wrong.append("names no sight to regain")
    if took_s > DEADLINE_S + GRACE_S:
        wrong.append("is late")
    told = f"{label:52} {cause['id']:30} {cause['confidence']:4.2f}  exit {done.returncode}  {took_s:4.1f} s"
    return told, wrong


def main() -> int:
    """Boot one sandbox, look at it in every way, take it down."""
    with tempfile.TemporaryDirectory(prefix="rb-") as folder, mute() as port:
        where = ("--name", "sight", "--state-dir", folder)
        booted = subprocess.run(
            [sys.executable, "-m", "sandbox", "up", *where], cwd=ROOT, capture_output=True, text=True, check=True
        )
        printed = dict(line.split("=", 1) for line in booted.stdout.splitlines() if "=" in line)
        try:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                chosen = [(label, {**os.environ, **printed, **change}) for label, change in ways(port)]
                results = list(pool.map(lambda each: run(*each), chosen))
        finally:
            subprocess.run(
                [sys.executable, "-m", "sandbox", "down", *where], cwd=ROOT, capture_output=True, check=False
            )
    for told, wrong in results:
        print(f"{'WRONG' if wrong else 'right'}  {told}" + (f"\n       {'; '.join(wrong)}" if wrong else ""))
    bad = sum(bool(wrong) for _, wrong in results)
    print(f"{len(results) - bad} right, {bad} wrong")
    return 2 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
