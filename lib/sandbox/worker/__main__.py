"""Start one replica: validate first, import later, as the platform's worker does."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import sys
from typing import NoReturn

from sandbox.worker.environment import Environment, EnvironmentInvalid, read_environment
from sandbox.worker.log import Log, make_log
from sandbox.worker.node_errors import last_words, module_not_found
from sandbox.worker.queue_name import IllegalQueueName, check_queue_name
from sandbox.worker.releases import Release, release_named

ENTRY = "file:///app/services/worker/src/index.ts:1:1"


def main() -> None:
    """Run the release named on the command line, in the environment given."""
    release = release_named(sys.argv[1])
    for name in release.imports:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError:
            _die(module_not_found(name))
    try:
        environment = read_environment(os.environ)
    except EnvironmentInvalid as error:
        said = f"ZodError: {error}"
        sys.stderr.write(f"❌ Environment validation error: {said}\n")
        _die(last_words(said, file="file:///app/services/worker/src/env.ts:38"))
    log = make_log(has_pino=release.has_pino, is_production=environment.is_production, level=environment.log_level)
    log("info", "worker.start", "Starting Worker service")
    log("info", "worker.config", "Environment variables loaded", queueName=environment.queue_name)
    try:
        check_queue_name(release.dead_letter_queue or "")
    except IllegalQueueName as error:
        _die(last_words(f"Error: {error}", file=ENTRY))
    asyncio.run(_run(environment, release, log))


async def _run(environment: Environment, release: Release, log: Log) -> None:
    from sandbox.worker.consumer import Consumer  # noqa: PLC0415  (slow to import: after the checks)

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await Consumer(environment, release, log).run(stop)


def _die(text: str) -> NoReturn:
    sys.stderr.write(text + "\n")
    sys.exit(1)


if __name__ == "__main__":
    main()
