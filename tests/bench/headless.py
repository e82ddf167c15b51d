"""What a run costs beside its peers and beside the floor, in one go, as ratios: `python -m tests.bench.headless`.

Every command runs against the same healthy sandbox, in turn (A B C, A B C, …), so that a slow moment of the machine
hits all alike. "own" is wall time less the seconds the diagnosis itself spent looking, which all of them share.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.bench.measure import Measure

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "01_worker_not_processing.ipynb"
ROUNDS = int(os.environ.get("ROUNDS", "5"))


def floor_script(folder: Path) -> Path:
    """The notebook's own cells as one plain script: what nobody who does this work can beat."""
    cells = [
        "".join(cell["source"])
        for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
        if cell["cell_type"] == "code" and "skip-execution" not in cell["metadata"].get("tags", [])
    ]
    body = "\n".join(cells).replace("\n", "\n    ")
    script = folder / "floor.py"
    script.write_text(
        "import asyncio\n\n\nasync def main():\n    display = print\n    " + body + "\n\n\nasyncio.run(main())\n",
        "utf-8",
    )
    return script


def commands(folder: Path) -> dict[str, list[str]]:
    """What is compared; the first is the floor."""
    python = sys.executable
    out = str(folder / "out")
    return {
        "floor: the cells as a script": [python, str(floor_script(folder))],
        "runbook run": [python, "-m", "oncall", "run", "worker-not-processing", "--output-dir", out],
        "runbook run --kernel": [
            python,
            "-m",
            "oncall",
            "run",
            "worker-not-processing",
            "--kernel",
            "--output-dir",
            out,
        ],
        "papermill": [python, "-m", "papermill", str(NOTEBOOK), str(folder / "a.ipynb"), "--no-progress-bar"],
        "papermill --engine runbook": [
            *(python, "-m", "papermill", str(NOTEBOOK), str(folder / "b.ipynb"), "--no-progress-bar"),
            *("--engine", "runbook"),
        ],
        "runbook triage": [python, "-m", "oncall", "triage", "--json", "--output-dir", out],
        "runbook --help": [python, "-m", "oncall", "--help"],
        "python -c pass": [python, "-c", "pass"],
    }


def timed(command: list[str], environ: Mapping[str, str], folder: Path) -> tuple[float, float]:
    """Seconds until the first line of output, and until the end."""
    started = time.monotonic()
    with subprocess.Popen(
        command, env=dict(environ), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        told = time.monotonic() - started
        process.communicate(timeout=300)
    return told, time.monotonic() - started


def slowest_s(folder: Path) -> list[float]:
    """The slowest look of each `triage`, from its evidence: nothing can be quicker."""
    found = []
    for path in sorted(folder.rglob("evidence.jsonl")):
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        if lines[0]["slug"] == "triage":
            found.append(max(line["cost"]["elapsed_s"] for line in lines if "cost" in line))
    return found


def looking_s(folder: Path) -> float:
    """The median time the diagnoses themselves took, from their verdicts."""
    found = [json.loads(path.read_text("utf-8"))["budget"]["elapsed_s"] for path in folder.rglob("verdict.json")]
    return statistics.median(found) if found else 0.0


def run() -> Iterator[Measure]:
    """Boot, measure, take down, print the table of all commands."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        where = ["--name", "bench", "--state-dir", str(folder / "state")]
        up = subprocess.run(
            [sys.executable, "-m", "sandbox", "up", *where, "--history", "1h"],
            capture_output=True,
            text=True,
            check=True,
        )
        printed = dict(line.split("=", 1) for line in up.stdout.splitlines() if "=" in line)
        environ = {**os.environ, **printed, "RUNBOOK_PROFILE": "sandbox", "OUTPUT_DIR": str(folder / "out")}
        try:
            times: dict[str, list[float]] = {name: [] for name in commands(folder)}
            told: list[float] = []
            for _ in range(ROUNDS + 1):
                for label, command in commands(folder).items():
                    first, whole = timed(command, environ, folder)
                    times[label].append(whole)
                    if label == "runbook triage":
                        told.append(first)
        finally:
            subprocess.run([sys.executable, "-m", "sandbox", "down", *where], capture_output=True, check=False)
        report(times, looking_s(folder))
        slowest = slowest_s(folder)
    note = f"slowest probe {statistics.median(slowest):.2f} s"
    for what, walls in (("verdict of triage", told), ("whole triage, report and all,", times["runbook triage"])):
        beyond = [wall - look for wall, look in zip(walls, slowest, strict=True)][1:]
        yield Measure(what=f"{what} beyond its slowest probe (s)", got=statistics.median(beyond), asked=0.6, note=note)
    shown = statistics.median(times["runbook --help"][1:])
    yield Measure(what="runbook --help (s)", got=shown, asked=0.2)


def report(times: dict[str, list[float]], shared: float) -> None:
    """Medians without the first, warming round; ratios against the floor."""
    medians = {label: statistics.median(values[1:]) for label, values in times.items()}
    floor = next(iter(medians.values()))
    print(f"{ROUNDS} rounds; the diagnosis itself looks for {shared:.2f} s in each (two samples, 2 s apart)")
    print(f"{'command':32} {'wall s':>8} {'min':>6} {'max':>6} {'wall/floor':>11} {'own s':>7} {'own/floor':>10}")
    for label, value in medians.items():
        is_run = label not in ("runbook --help", "python -c pass")
        own, base = value - shared, floor - shared
        row = f"{label:32} {value:8.2f} {min(times[label][1:]):6.2f} {max(times[label][1:]):6.2f}"
        print(row + (f" {value / floor:11.2f} {own:7.2f} {own / base:10.2f}" if is_run else ""))


if __name__ == "__main__":
    for measure in run():
        print(measure.line(), flush=True)
