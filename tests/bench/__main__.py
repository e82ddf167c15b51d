"""`make bench`: everything that was promised in numbers, measured in one run, each beside what was asked.

Usage: python -m tests.bench [headless] [queue] [triage]. Two sides of a ratio take turns, so that a slow moment of the
machine hits both. Ends with 2 when a promise is missed; no test depends on it, for other machines are slower.
"""

from __future__ import annotations

import os
import sys

from tests.bench import headless, queue, triage

PARTS = {"queue": queue.run, "triage": triage.run, "headless": headless.run}


def main() -> int:
    """Print each measure as it is known."""
    chosen = sys.argv[1:] or list(PARTS)
    found = []
    print(f"{'measured':58} {'got':>9} {'asked':>9}")
    for part in chosen:
        for measure in PARTS[part]():
            found.append(measure)
            print(measure.line(), flush=True)
    missed = sum(measure.is_missed for measure in found)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{len(found) - missed} met, {missed} missed; load of this machine {load}, {os.cpu_count()} processors")
    return 2 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
