"""Boot every fault and control of the sandbox, let triage judge it, and print one table.

Usage: python -m oncall.proving [--public] [--at-once N] [--evidence FOLDER] [FAULT …]. The expectations are the rows of
`docs/causes.md`; a row `A+B` applies A, then B.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

EXIT_CODES = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}
AT_ONCE = 2
"""Sandboxes running side by side: one for each core this is planned for."""
_NUMBERS = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One row of `docs/causes.md`."""

    fault: str
    accepted: tuple[str, ...]
    severity: str
    public: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What triage said about one sandbox. Times are in seconds."""

    fault: str
    cause: str
    confidence: float
    severity: str
    exit_code: int
    boot_s: float
    triage_s: float
    is_right: bool
    said: str = ""


def expectations(document: str) -> tuple[Expectation, ...]:
    """The rows of the table in `docs/causes.md`, in order."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in document.splitlines() if line[:1] == "|"]
    return tuple(
        Expectation(
            fault=row[0],
            accepted=tuple(row[1].split()),
            severity=row[2],
            public=() if row[5] == "-" else tuple(row[5].split()),
        )
        for row in rows
        if row[0] not in ("fault", "control") and not row[0].startswith("---")
    )


async def prove(
    expected: Expectation, *, state_dir: Path, public: bool = False, evidence: Path | None = None
) -> Outcome:
    """Boot one sandbox with the row's faults, run triage against it, take the sandbox down.

    `evidence`: a folder that gets the run's evidence as `<fault>.jsonl`.
    """
    where = ("--name", f"prove-{os.getpid()}-{next(_NUMBERS)}", "--state-dir", str(state_dir))
    names = () if expected.fault == "none" else expected.fault.split("+")
    faults = [part for name in names for part in ("--fault", name)]
    started = time.monotonic()
    code, out, err = await _run("sandbox", "up", *where, *faults)
    boot_s = time.monotonic() - started
    try:
        if code != 0:
            return _failed(expected, boot_s, f"sandbox up: {err.strip()[-300:]}")
        printed = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
        keep = evidence / f"{expected.fault}.jsonl" if evidence else None
        return await _triage(expected, printed, boot_s, public=public, keep=keep)
    finally:
        await _run("sandbox", "down", *where)


async def _triage(
    expected: Expectation, printed: Mapping[str, str], boot_s: float, *, public: bool, keep: Path | None
) -> Outcome:
    secrets = {} if not public else dict.fromkeys(("REDIS_URL", "RAILWAY_TOKEN", "OPENROUTER_API_KEY"), "")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        code, out, err = await _run(
            "oncall", "triage", "--profile", "sandbox", "--json", "--output-dir", folder, environ={**printed, **secrets}
        )
        if keep is not None:
            _keep(Path(folder), keep)
    took = time.monotonic() - started
    try:
        verdict = json.loads(out)
    except ValueError:
        return _failed(expected, boot_s, f"no verdict: {err.strip()[-300:]}")
    cause = verdict["causes"][0]
    accepted = expected.public if public else expected.accepted
    is_right = cause["id"] in accepted and cause["confidence"] >= 0.5 and code == EXIT_CODES[verdict["severity"]]
    if not public:
        is_right &= verdict["severity"] == expected.severity
    abnormal = [f"{f['id']}={f['state']}" for f in verdict["findings"] if f["severity"] in ("warning", "critical")]
    return Outcome(
        fault=expected.fault,
        cause=cause["id"],
        confidence=cause["confidence"],
        severity=verdict["severity"],
        exit_code=code,
        boot_s=round(boot_s, 1),
        triage_s=round(took, 1),
        is_right=is_right,
        said=" ".join([*abnormal, *(f"blind:{b['check']}" for b in verdict["blind_spots"])]),
    )


def _keep(folder: Path, target: Path) -> None:
    """Copy the evidence of the one run in `folder`."""
    shutil.copy(next(folder.glob("*/evidence.jsonl")), target)


def _failed(expected: Expectation, boot_s: float, said: str) -> Outcome:
    return Outcome(
        fault=expected.fault,
        cause="-",
        confidence=0.0,
        severity="-",
        exit_code=-1,
        boot_s=round(boot_s, 1),
        triage_s=0.0,
        is_right=False,
        said=said,
    )


async def _run(*arguments: str, environ: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **(environ or {})},
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def _prove_all(
    chosen: Sequence[Expectation], *, public: bool, evidence: Path | None, at_once: int
) -> list[Outcome]:
    gate = asyncio.Semaphore(at_once)
    with tempfile.TemporaryDirectory(prefix="rb-") as folder:

        async def one(expected: Expectation) -> Outcome:
            async with gate:
                outcome = await prove(expected, state_dir=Path(folder), public=public, evidence=evidence)
            sys.stdout.write(_line(outcome) + "\n")
            sys.stdout.flush()
            return outcome

        return list(await asyncio.gather(*(one(expected) for expected in chosen)))


def _line(outcome: Outcome) -> str:
    mark = "right" if outcome.is_right else "WRONG"
    return (
        f"{mark}  {outcome.fault:34} {outcome.cause:32} {outcome.confidence:4.2f}  {outcome.severity:8} "
        f"exit {outcome.exit_code:2}  boot {outcome.boot_s:5.1f} s  triage {outcome.triage_s:4.1f} s"
        + ("" if outcome.is_right else f"\n       {outcome.said}")
    )


def main() -> int:
    """Print the table; 0 when every row is right."""
    parser = argparse.ArgumentParser(prog="python -m oncall.proving", description=__doc__)
    parser.add_argument("faults", nargs="*")
    parser.add_argument("--public", action="store_true", help="with the public addresses only")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, metavar="N", help=f"sandboxes side by side ({AT_ONCE})")
    parser.add_argument("--evidence", type=Path, metavar="FOLDER", help="keep each run's evidence there")
    options = parser.parse_args()
    rows = expectations((Path(__file__).parents[2] / "docs" / "causes.md").read_text("utf-8"))
    if options.evidence is not None:
        options.evidence.mkdir(parents=True, exist_ok=True)
    unknown = sorted(set(options.faults) - {row.fault for row in rows})
    if unknown:
        sys.stderr.write(f"not in docs/causes.md: {', '.join(unknown)}\n")
        return 3
    chosen = [row for row in rows if not options.faults or row.fault in options.faults]
    if options.public:
        chosen = [row for row in chosen if row.public]
    outcomes = asyncio.run(
        _prove_all(chosen, public=options.public, evidence=options.evidence, at_once=options.at_once)
    )
    wrong = [outcome for outcome in outcomes if not outcome.is_right]
    sys.stdout.write(f"{len(outcomes) - len(wrong)} right, {len(wrong)} wrong\n")
    return 2 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
