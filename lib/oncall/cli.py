"""The command line. Commands are declared here and done elsewhere, imported when they are called."""

# ruff: noqa: PLC0415, PLR0913, PLR0917 - each command imports what it does; its options are its arguments

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from diagnostics.errors import SettingsError
from oncall import process

app = typer.Typer(
    name="runbook",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Executable runbooks: what is broken, why, how sure, and the next step.",
    epilog="Exit codes: 0 ok, 1 warning, 2 critical, 3 unknown, a usage error, or a run that died.",
)

Profile = Annotated[str | None, typer.Option("--profile", help="Name or TOML file; else RUNBOOK_PROFILE.")]
Deadline = Annotated[float | None, typer.Option("--deadline", metavar="S", help="Seconds until the verdict.")]
Since = Annotated[str | None, typer.Option("--since", metavar="TIME", help="ISO 8601; default 3 h ago.")]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="ISO 8601; default now.")]
Json = Annotated[bool, typer.Option("--json", help="One verdict per line on stdout, nothing else.")]
OutputDir = Annotated[Path | None, typer.Option("--output-dir", help="Where artifacts go; default outputs/.")]
Language = Annotated[str | None, typer.Option("--language", help="en or ru; default the profile's.")]
Commands = Annotated[
    int | None, typer.Option("--redis-commands", metavar="N", help="Most commands Redis may receive from us.")
]
Verbose = Annotated[bool, typer.Option("--verbose", help="More about what is going on, on stderr.")]
Given = Annotated[
    list[str] | None,
    typer.Option("-p", metavar="NAME VALUE", help="A notebook's parameter; also -p NAME=VALUE. Repeatable."),
]
Incidents = Annotated[list[str], typer.Argument(metavar="INCIDENT...", help="Slugs, or `all`.")]


@app.command()
def triage(
    ctx: typer.Context,
    profile: Profile = None,
    deadline: Deadline = None,
    since: Since = None,
    until: Until = None,
    as_json: Json = False,
    output_dir: OutputDir = None,
    language: Language = None,
    redis_commands: Commands = None,
    verbose: Verbose = False,
) -> None:
    """All probes, no notebook: what is broken, why, and which runbook comes next."""
    from oncall.log import set_up_logging
    from oncall.question import Wish
    from oncall.triage import triage as do

    set_up_logging(is_verbose=verbose)
    wish = Wish(
        slug="triage",
        profile=profile,
        since=since,
        until=until,
        deadline_s=deadline,
        redis_commands=redis_commands,
        language=language,
        output_dir=_absolute(output_dir),
    )
    ctx.obj.code = do(wish, is_json=as_json, started_s=process.monotonic_start())


@app.command()
def run(
    ctx: typer.Context,
    incidents: Incidents,
    given: Given = None,
    profile: Profile = None,
    deadline: Deadline = None,
    since: Since = None,
    until: Until = None,
    as_json: Json = False,
    output_dir: OutputDir = None,
    language: Language = None,
    redis_commands: Commands = None,
    kernel: Annotated[bool, typer.Option("--kernel", help="In a stock Jupyter kernel; slower.")] = False,
    verbose: Verbose = False,
) -> None:
    """The notebooks of these incidents, headless; each leaves an artifact."""
    from oncall.log import set_up_logging
    from oncall.run import Order
    from oncall.run import run as do

    set_up_logging(is_verbose=verbose)
    options = {
        "profile": profile or os.environ.get("RUNBOOK_PROFILE"),
        "since": since,
        "until": until,
        "deadline_s": deadline,
        "redis_commands": redis_commands,
        "language": language,
        "output_dir": _absolute(output_dir),
    }
    parameters = {name: str(value) for name, value in options.items() if value is not None}
    parameters |= _pairs(given or [])
    order = Order(incidents=incidents, parameters=parameters, is_json=as_json, is_stock_kernel=kernel)
    ctx.obj.code = do(order, started_s=process.monotonic_start())


@app.command(context_settings={"ignore_unknown_options": True})  # a negative number is refused by us, in one line
def queue(
    ctx: typer.Context,
    limits: Annotated[
        list[str] | None, typer.Argument(metavar="[CRITICAL [WARNING]]", help="Jobs; default the profile's 1000 500.")
    ] = None,
    profile: Profile = None,
    deadline: Deadline = None,
    as_json: Json = False,
    language: Language = None,
    redis_commands: Commands = None,
    verbose: Verbose = False,
) -> None:
    """The queue at a glance, in place of scripts/monitor-redis-queue.sh."""
    from oncall.log import set_up_logging
    from oncall.question import Wish
    from oncall.queue import queue as do

    set_up_logging(is_verbose=verbose)
    wish = Wish(slug="queue", profile=profile, deadline_s=deadline, redis_commands=redis_commands, language=language)
    ctx.obj.code = do(wish, limits or [], is_json=as_json, started_s=process.monotonic_start())


@app.command()
def watch(
    ctx: typer.Context,
    every: Annotated[float, typer.Option("--every", metavar="S", help="Seconds between two samples, 1 to 300.")] = 30,
    profile: Profile = None,
    language: Language = None,
    redis_commands: Commands = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No line for each sample.")] = False,
    clock: Annotated[str | None, typer.Option("--clock", hidden=True, help="SPEED@ORIGIN+OFFSET, for tests.")] = None,
    verbose: Verbose = False,
) -> None:
    """Sample the vital signs into the local history until stopped."""
    from oncall.history.clock import parsed
    from oncall.log import set_up_logging
    from oncall.question import Wish
    from oncall.watch import watch as do

    set_up_logging(is_verbose=verbose)
    wish = Wish(slug="triage", profile=profile, language=language, redis_commands=redis_commands)
    ctx.obj.code = do(wish, every_s=every, clock=parsed(clock), is_quiet=quiet)


@app.command()
def seal(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The artifact of a killed run.")],
    dead: Annotated[bool, typer.Option("--dead", help="The run's host or container is gone for good.")] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Finish the artifact of a run that was killed, or refresh report and postmortem around your edits."""
    from oncall.log import set_up_logging
    from oncall.seal import seal as do

    set_up_logging(is_verbose=verbose)
    ctx.obj.code = do(folder, is_json=as_json, is_dead=dead)


def normalised(arguments: list[str]) -> list[str]:
    """`-p NAME VALUE` as papermill writes it, turned into `-p NAME=VALUE`."""
    result: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        result.append(word)
        if word == "-p" and rest:
            name = rest.pop(0)
            has_value = "=" not in name and rest and not rest[0].startswith("--")
            result.append(f"{name}={rest.pop(0)}" if has_value else name)
    return result


def _pairs(given: list[str]) -> dict[str, str]:
    pairs = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals:
            raise SettingsError(f"-p {name} has no value: write -p {name} VALUE or -p {name}=VALUE")
        pairs[name] = value
    return pairs


def _absolute(folder: Path | None) -> str | None:
    """What is typed is meant from here; the library counts from the project."""
    return str(Path.cwd() / folder) if folder else None
