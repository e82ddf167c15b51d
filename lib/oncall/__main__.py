"""`runbook`: the entry point, and the last word on the exit code."""

# ruff: noqa: PLC0415 - an import that fails must end as 3 too

from __future__ import annotations

import gc
import os
import sys
import traceback
from dataclasses import dataclass
from typing import NoReturn

UNKNOWN = 3
_GARBAGE = 200_000
"""Objects made before garbage is looked for: the start makes many and frees none, and looking takes a tenth of it."""


@dataclass(slots=True)
class Outcome:
    """The exit code a command decided on; `None` until one has."""

    code: int | None = None


def main() -> NoReturn:
    """Run the command and end this process at once, whatever threads still wait for."""
    gc.set_threshold(_GARBAGE)
    code = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            # The reader is gone; the exit code still tells.
            continue
    os._exit(code)


def run(arguments: list[str]) -> int:
    """The exit code of one command line. A usage error is 3, never 2: that would read as critical."""
    import typer

    from diagnostics.errors import DiagnosticsError
    from oncall.cli import app, normalised

    # Typer exports this one of its usage errors; its base is all of them.
    usage_error: type[Exception] = typer.BadParameter.__mro__[1]
    outcome = Outcome()
    try:
        ended = app(args=normalised(arguments), obj=outcome, prog_name="runbook", standalone_mode=False)
        # `--help` ends by itself, with 0.
        outcome.code = ended if outcome.code is None else outcome.code
    except SystemExit as end:
        if outcome.code is None:
            return 0 if end.code in (0, None) else UNKNOWN
    except usage_error as error:
        told = error.format_message()  # type: ignore[attr-defined]
        _say(f"runbook: {' '.join(told.split())}" if told else "")
        return UNKNOWN
    except DiagnosticsError as error:
        _say(f"runbook: {error}")
        return UNKNOWN
    except KeyboardInterrupt:
        # Before a command has its own way to stop there is nothing to put in order.
        return UNKNOWN
    except BaseException:  # noqa: BLE001 - whatever it is, it ends as unknown and not as 1, a warning
        _say(traceback.format_exc())
        return UNKNOWN
    return UNKNOWN if outcome.code is None else outcome.code


def _say(message: str) -> None:
    from diagnostics.redaction import redactor_for

    sys.stderr.write(redactor_for(None, os.environ).clean(message) + "\n")


if __name__ == "__main__":
    main()
