"""`make prove`: what takes too long for every day. Usage: python -m tests.prove [jobs] [day] [disk] [sight] [live] [faults].

    jobs    default triage at 10^7 jobs, on each server and each way (4 GB of memory, 15 minutes)
    day     a day of `runbook watch` at 100 times its speed, killed 400 times, its clock set between (25 minutes)
    disk    the watcher on a file system of one megabyte that fills up and is emptied (a minute; user namespaces)
    sight   triage with any one, two or three of the six systems out of sight, in two ways (6 minutes)
    live    the tests marked `long`: faults that take minutes to heal, every notebook in every way (5 minutes)
    faults  ten runs out of ten with jobs of 0.2 s and of 20 s (FAULTS="name …" chooses; hours for all)

Ends with 2 when something is not as promised, with 0 when everything chosen is.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEN_MILLION = "10000000"
KILLS = "400"
TIMES = "10"
JOB_SECONDS = ("0.2", "20")
QUEUE_FAULTS = (
    "queue-paused queue-delayed-backlog queue-prioritized-backlog queue-rate-limited queue-orphaned handlers-hung "
    "queue-merely-busy jobs-slow-but-finishing"
)
"""Stuck, slow, paused, delayed, prioritised, rate-limited, orphaned, hung and merely busy, told apart."""


def python(*words: str, **environ: str) -> bool:
    """Whether a program of ours ended well; it prints for itself."""
    return (
        subprocess.run([sys.executable, *words], cwd=ROOT, env={**os.environ, **environ}, check=False).returncode == 0
    )


def jobs() -> bool:
    """Flat cost up to ten million."""
    return python("-m", "tests.bench", "triage", MANY=TEN_MILLION)


def day() -> bool:
    """No sample lost but the one in flight, none twice."""
    test = "tests/oncall/test_watch.py::test_no_sample_is_lost_or_doubled_by_kills_and_clocks"
    return python("-m", "pytest", "-n", "0", "-q", "--durations", "1", test, WATCH_KILLS=KILLS)


def disk() -> bool:
    """The only part that mounts something, in a namespace of its own."""
    own = ("unshare", "--user", "--map-root-user", "--mount")
    return subprocess.run([*own, sys.executable, "-m", "tests.prove.disk"], cwd=ROOT, check=False).returncode == 0


def sight() -> bool:
    """Nothing wrong is asserted, whatever is missing, and all is said by the deadline."""
    return python("-m", "tests.prove.sight")


def live() -> bool:
    """What the daily suite leaves out."""
    return python("-m", "pytest", "-m", "long", "tests")


def faults() -> bool:
    """Each fault, each length of jobs, ten times."""
    names = os.environ.get("FAULTS", QUEUE_FAULTS).split()
    told = [python("-m", "oncall.proving", "--times", TIMES, "--job-seconds", s, *names) for s in JOB_SECONDS]
    return all(told)


PARTS = {"jobs": jobs, "day": day, "disk": disk, "sight": sight, "live": live, "faults": faults}


def main() -> int:
    """The chosen parts, or all, one after the other."""
    results = {}
    for part in sys.argv[1:] or PARTS:
        print(f"== {part}", flush=True)
        results[part] = PARTS[part]()
    print(", ".join(f"{part} {'proved' if is_so else 'NOT PROVED'}" for part, is_so in results.items()))
    return 0 if all(results.values()) else 2


if __name__ == "__main__":
    sys.exit(main())
