"""The command line of the sandbox. Exit status: 0 done, 3 refused or failed, with one line on stderr."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from sandbox import control, daemon
from sandbox.control import Refused
from sandbox.faults import FAULTS, fault_named
from sandbox.plan import Plan
from sandbox.state import Files, env_lines, is_alive

COMMANDS = ("up", "down", "fault", "heal", "status", "faults")
UNITS_S = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
END_WITHIN_S = 30.0


class _Parser(argparse.ArgumentParser):
    """One line and status 3 instead of usage and status 2."""

    def error(self, message: str) -> NoReturn:
        raise Refused(message)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        _check_command(words)
        options = _parser().parse_args(words)
        return int(options.run(options) or 0)
    except Refused as refusal:
        _complain(f"{refusal}")
        return 3
    except KeyboardInterrupt:
        return 3


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _complain(text: str) -> None:
    sys.stderr.write(f"sandbox: {text}\n")


def _up(options: argparse.Namespace) -> int:
    plan = _plan(options)
    for name in options.fault:
        fault_named(name)
    files = Files(folder=plan.folder)
    if files.is_locked():
        raise Refused(f"'{plan.name}' is running already; `sandbox down --name {plan.name}` ends it")
    _clean(files)
    if options.foreground:
        return _stay(plan, options.fault)
    return _report(daemon.start(plan, options.fault))


def _stay(plan: Plan, faults: Sequence[str]) -> int:
    # Nothing runs yet, so Ctrl-C may end us outright. As an exception it could be lost: one raised in a callback of
    # the import system is printed and ignored.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from sandbox.supervisor import supervise  # noqa: PLC0415  (slow to import)

    Files(folder=plan.folder).folder.mkdir(parents=True, exist_ok=True)
    return asyncio.run(supervise(plan, faults, _report))


def _report(announcement: Mapping[str, Any]) -> int:
    if "settings" in announcement:
        _say(env_lines(announcement["settings"]).rstrip())
        return 0
    _complain(f"{announcement.get('refused') or announcement['failed']}")
    return 3


def _down(options: argparse.Namespace) -> None:
    files = _files(options)
    if not files.is_locked():
        _clean(files)
        _complain(f"'{options.name}' is not running")
        return
    address = _address(files)
    control.order(address["control"], "down")
    give_up_at = time.monotonic() + END_WITHIN_S
    while files.is_locked() or is_alive(int(address["pid"])):
        if time.monotonic() > give_up_at:
            raise Refused(f"'{options.name}' did not end within {END_WITHIN_S:g} s; see {files.log}")
        time.sleep(0.02)


def _fault(options: argparse.Namespace) -> None:
    fault_named(options.fault)
    address = _address(_files(options))
    control.order(address["control"], "fault", name=options.fault, for_s=options.for_s)


def _heal(options: argparse.Namespace) -> None:
    if options.fault is not None:
        fault_named(options.fault)
    control.order(_address(_files(options))["control"], "heal", name=options.fault)


def _status(options: argparse.Namespace) -> None:
    status = control.order(_address(_files(options))["control"], "status")
    if options.json:
        _say(json.dumps(status, indent=2))
        return
    faults = ", ".join(each["name"] for each in status["faults"]) or "none"
    replicas = ", ".join(f"{each['status']} ({each['restarts']})" for each in status["worker"]["replicas"])
    commands = ", ".join(f"{client} {count}" for client, count in status["edge"]["commands"].items())
    _say(f"{status['name']}: pid {status['pid']}, since {status['started_at']}")
    _say(f"faults: {faults}\nreplicas (restarts): {replicas}\nRedis commands: {commands}")


def _faults(_options: argparse.Namespace) -> None:
    width = max(len(fault.name) for fault in FAULTS)
    for fault in FAULTS:
        tail = f"  [control: {fault.control}]" if fault.control else ""
        _say(f"{fault.name:<{width}}  {fault.kind:<7}  {fault.cause}: {fault.summary}{tail}")


def _plan(options: argparse.Namespace) -> Plan:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,40}", options.name):
        raise Refused(f"a sandbox cannot be called '{options.name}': letters, digits, '.', '_' and '-' only")
    return Plan(
        name=options.name,
        state_dir=options.state_dir,
        replicas=options.replicas,
        job_seconds=options.job_seconds,
        arrival_per_s=options.arrival_per_s,
        history_s=options.history,
        release=options.release,
        function_s=options.function_seconds,
    )


def _files(options: argparse.Namespace) -> Files:
    return Files(folder=options.state_dir / options.name)


def _address(files: Files) -> dict[str, str]:
    address = files.read_address()
    if address is None or not files.is_locked():
        raise Refused(f"'{files.folder.name}' is not running; `sandbox up --name {files.folder.name}` starts it")
    return address


def _clean(files: Files) -> None:
    """Remove what a killed supervisor may have left."""
    address = files.read_address()
    if address is not None:
        shutil.rmtree(address["scratch"], ignore_errors=True)
    files.forget()


def _check_command(words: Sequence[str]) -> None:
    command = next((word for word in words if not word.startswith("-")), None)
    if command is None or command in COMMANDS:
        return
    nearest = get_close_matches(command, COMMANDS, n=1, cutoff=0.4)
    raise Refused(f"no command '{command}'" + (f"; did you mean '{nearest[0]}'?" if nearest else ""))


def _duration(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"'{text}' is not a duration such as 90s, 30m or 3h")
    return float(match[1]) * UNITS_S[match[2]]


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is not a positive number")
    return value


def _replicas(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 20:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of replicas from 1 to 20")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="sandbox", description="The platform, embedded: real parts on loopback ports.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = _Parser(add_help=False)
    common.add_argument("--name", default="default", help="which sandbox (default: default)")
    common.add_argument("--state-dir", type=Path, default=Path(".sandbox"), help="default: ./.sandbox")
    up = commands.add_parser("up", parents=[common], help="start one and print its settings")
    up.set_defaults(run=_up)
    up.add_argument("--fault", action="append", default=[], metavar="FAULT", help="apply it before returning")
    up.add_argument("--history", type=_duration, default=0.0, metavar="SPAN", help="past to begin with, e.g. 3h")
    up.add_argument("--job-seconds", type=_positive, default=0.2, help="usual length of a job (s)")
    up.add_argument("--arrival-per-s", type=_positive, help="jobs added per second")
    up.add_argument("--replicas", type=_replicas, default=2)
    up.add_argument("--release", choices=("head", "seed"), default="head", help="state of the worker's code")
    up.add_argument(
        "--function-seconds", type=_positive, default=15.0, help="longest that a function of the frontend may take (s)"
    )
    up.add_argument("--foreground", action="store_true", help="stay until interrupted")
    down = commands.add_parser("down", parents=[common], help="end one and remove what it left")
    down.set_defaults(run=_down)
    fault = commands.add_parser("fault", parents=[common], help="break something")
    fault.set_defaults(run=_fault)
    fault.add_argument("fault", metavar="FAULT")
    fault.add_argument("--for", type=_positive, dest="for_s", metavar="S", help="heal it after S seconds")
    heal = commands.add_parser("heal", parents=[common], help="mend one fault, or all")
    heal.set_defaults(run=_heal)
    heal.add_argument("fault", metavar="FAULT", nargs="?")
    status = commands.add_parser("status", parents=[common], help="what runs and who asked Redis for how much")
    status.set_defaults(run=_status)
    status.add_argument("--json", action="store_true")
    commands.add_parser("faults", help="list every fault and its control").set_defaults(run=_faults)
    return parser


if __name__ == "__main__":
    sys.exit(main())
