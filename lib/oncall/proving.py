"""Boot every fault and control of the sandbox, let triage judge it, and print one table.

Usage: python -m oncall.proving [--job-seconds S] [--at-once N] [--times N] [--evidence FOLDER] [FAULT …]. The
expectations are the rows of `docs/causes.md`: each with all credentials, then those that the public addresses show
with none, then the healthy sandbox seen with less. A row `A+B` applies A, then B.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import count
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXIT_CODES = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}
AT_ONCE = 2
"""Sandboxes running side by side: one for each core this is planned for."""
_NUMBERS = count(1)


class Sight(Enum):
    """What triage is given to see with."""

    WHOLE = ""
    PUBLIC = "credentials unset"
    SECTION_REMOVED = "[openrouter] removed"
    REST = "REDIS_URL unset"


UNSET = {
    Sight.PUBLIC: (
        "REDIS_URL",
        "UPSTASH_REDIS_REST_URL",
        "UPSTASH_REDIS_REST_TOKEN",
        "RAILWAY_TOKEN",
        "OPENROUTER_API_KEY",
        "UPSTASH_EMAIL",
        "UPSTASH_API_KEY",
        "SUPABASE_ANON_KEY",
        "SUPABASE_SERVICE_ROLE_KEY",
        "SUPABASE_ACCESS_TOKEN",
        "DATABASE_URL",
        "VERCEL_TOKEN",
        "SENTRY_AUTH_TOKEN",
    ),
    Sight.REST: ("REDIS_URL",),
}
"""Variables that a sight goes without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What triage must say of one fault, seen in one way."""

    fault: str
    accepted: tuple[str, ...]
    severities: tuple[str, ...]
    """Accepted ones; empty: any."""
    sight: Sight = Sight.WHOLE

    @property
    def label(self) -> str:
        return f"{self.fault}, {self.sight.value}" if self.sight.value else self.fault


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
    """What the tables of `docs/causes.md` expect: as they stand, then with less sight."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in document.splitlines() if line[:1] == "|"]
    rows = [row for row in rows if row[0] not in ("fault", "control", "sight") and not row[0].startswith("---")]
    sights = {sight.value: sight for sight in Sight}
    whole = [row for row in rows if row[0] not in sights]
    return (
        *map(_whole, whole),
        *(
            Expectation(fault=row[0], accepted=tuple(row[5].split()), severities=(), sight=Sight.PUBLIC)
            for row in whole
            if row[5] != "-"
        ),
        *(replace(_whole(["none", *row[1:]]), sight=sights[row[0]]) for row in rows if row[0] in sights),
    )


def _whole(row: Sequence[str]) -> Expectation:
    return Expectation(fault=row[0], accepted=tuple(row[1].split()), severities=tuple(row[2].split()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Under which terms rows are proved."""

    state_dir: Path
    job_seconds: float | None = None
    """Usual length of the sandbox's jobs; `None` leaves it to the sandbox."""
    evidence: Path | None = None
    """A folder that gets each right run's evidence as `<fault>.jsonl`, and each wrong one's beside it."""
    at_once: int = AT_ONCE


async def prove(expected: Expectation, terms: Terms) -> Outcome:
    """Boot one sandbox with the row's faults, run triage against it, take the sandbox down."""
    (outcome,) = await prove_sights((expected,), terms)
    return outcome


async def prove_sights(rows: Sequence[Expectation], terms: Terms) -> list[Outcome]:
    """The same for rows of one fault, each a sight of one sandbox, in turn."""
    (fault,) = {row.fault for row in rows}
    where = ("--name", f"prove-{os.getpid()}-{next(_NUMBERS)}", "--state-dir", str(terms.state_dir))
    names = () if fault == "none" else fault.split("+")
    faults = [part for name in names for part in ("--fault", name)]
    length = () if terms.job_seconds is None else ("--job-seconds", str(terms.job_seconds))
    started = time.monotonic()
    try:
        code, out, err = await _run("sandbox", "up", *where, *length, *faults)
        boot_s = time.monotonic() - started
        if code != 0:
            return [_failed(row, boot_s, f"sandbox up: {err.strip()[-300:]}") for row in rows]
        printed = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
        # The same fault seen with less is another run.
        keep = terms.evidence / f"{fault}.jsonl" if terms.evidence else None
        return [await _triage(row, printed, boot_s, keep=keep if row.sight is Sight.WHOLE else None) for row in rows]
    finally:
        await _run("sandbox", "down", *where)


async def _triage(expected: Expectation, printed: Mapping[str, str], boot_s: float, *, keep: Path | None) -> Outcome:
    environ = {**printed, **dict.fromkeys(UNSET.get(expected.sight, ()), "")}
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        profile = _profile(Path(folder), expected.sight)
        options = ("--profile", str(profile), "--json", "--output-dir", folder)
        code, out, err = await _run("oncall", "triage", *options, environ=environ)
        kept = _evidence(Path(folder)) if keep else b""
    took = time.monotonic() - started
    try:
        verdict = json.loads(out)
    except ValueError:
        return _failed(expected, boot_s, f"no verdict: {err.strip()[-300:]}")
    cause = verdict["causes"][0]
    is_right = cause["id"] in expected.accepted and cause["confidence"] >= 0.5
    is_right &= code == EXIT_CODES[verdict["severity"]]
    is_right &= not expected.severities or verdict["severity"] in expected.severities
    if keep and kept:
        (keep if is_right else keep.with_suffix(f".wrong-{next(_NUMBERS)}.jsonl")).write_bytes(kept)
    abnormal = [f"{f['id']}={f['state']}" for f in verdict["findings"] if f["severity"] in ("warning", "critical")]
    return Outcome(
        fault=expected.label,
        cause=cause["id"],
        confidence=cause["confidence"],
        severity=verdict["severity"],
        exit_code=code,
        boot_s=round(boot_s, 1),
        triage_s=round(took, 1),
        is_right=is_right,
        said=" ".join([*abnormal, *(f"blind:{b['check']}" for b in verdict["blind_spots"])]),
    )


def _profile(folder: Path, sight: Sight) -> Path:
    """The sandbox's profile, or a copy of it that lacks a system which is not essential."""
    own = ROOT / "profiles" / "sandbox.toml"
    if sight is not Sight.SECTION_REMOVED:
        return own
    less = folder / "less.toml"
    less.write_text(re.sub(r"(?ms)^\[openrouter\]\n.*?(?=^\[)", "", own.read_text("utf-8")), "utf-8")
    return less


def _evidence(folder: Path) -> bytes:
    """The evidence of the one run in `folder`; nothing where it left none."""
    return b"".join(path.read_bytes() for path in folder.glob("*/evidence.jsonl"))


def _failed(expected: Expectation, boot_s: float, said: str) -> Outcome:
    return Outcome(
        fault=expected.label,
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
    try:
        out, err = await process.communicate()
    except asyncio.CancelledError:
        # Stopped by hand: what it has begun goes with it.
        process.terminate()
        await process.wait()
        raise
    return process.returncode or 0, out.decode(), err.decode()


async def _prove_all(chosen: Sequence[Sequence[Expectation]], terms: Terms) -> list[Outcome]:
    gate = asyncio.Semaphore(terms.at_once)
    with tempfile.TemporaryDirectory(prefix="rb-") as folder:

        async def one(rows: Sequence[Expectation]) -> list[Outcome]:
            async with gate:
                outcomes = await prove_sights(rows, replace(terms, state_dir=Path(folder)))
            sys.stdout.write("".join(_line(outcome) + "\n" for outcome in outcomes))
            sys.stdout.flush()
            return outcomes

        found = await asyncio.gather(*(one(rows) for rows in chosen))
        return [outcome for outcomes in found for outcome in outcomes]


def _line(outcome: Outcome) -> str:
    mark = "right" if outcome.is_right else "WRONG"
    return (
        f"{mark}  {outcome.fault:48} {outcome.cause:32} {outcome.confidence:4.2f}  {outcome.severity:8} "
        f"exit {outcome.exit_code:2}  boot {outcome.boot_s:5.1f} s  triage {outcome.triage_s:4.1f} s"
        + ("" if outcome.is_right else f"\n       {outcome.said}")
    )


def main() -> int:
    """Print the table; 0 when every row is right."""
    parser = argparse.ArgumentParser(prog="python -m oncall.proving", description=__doc__)
    parser.add_argument("faults", nargs="*")
    parser.add_argument("--job-seconds", type=float, help="usual length of the sandbox's jobs (s)")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, metavar="N", help=f"sandboxes side by side ({AT_ONCE})")
    parser.add_argument("--times", type=int, default=1, metavar="N", help="prove each row so often (1)")
    parser.add_argument("--evidence", type=Path, metavar="FOLDER", help="keep each run's evidence there")
    options = parser.parse_args()
    rows = expectations((ROOT / "docs" / "causes.md").read_text("utf-8"))
    if options.evidence is not None:
        options.evidence.mkdir(parents=True, exist_ok=True)
    unknown = sorted(set(options.faults) - {row.fault for row in rows})
    if unknown:
        sys.stderr.write(f"not in docs/causes.md: {', '.join(unknown)}\n")
        return 3
    chosen = [row for row in rows if not options.faults or row.fault in options.faults]
    terms = Terms(state_dir=Path(), job_seconds=options.job_seconds, evidence=options.evidence, at_once=options.at_once)
    # The sights of one fault share its sandbox.
    sights = [[row for row in chosen if row.fault == fault] for fault in dict.fromkeys(row.fault for row in chosen)]
    outcomes = asyncio.run(_prove_all(sights * options.times, terms))
    wrong = [outcome for outcome in outcomes if not outcome.is_right]
    sys.stdout.write(f"{len(outcomes) - len(wrong)} right, {len(wrong)} wrong\n")
    if options.times > 1:
        for row in chosen:
            runs = [outcome.is_right for outcome in outcomes if outcome.fault == row.label]
            sys.stdout.write(f"{sum(runs):3} of {len(runs)}  {row.label}\n")
    return 2 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
