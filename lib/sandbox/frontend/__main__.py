"""Start one instance of the function: load the release's modules, then answer until told to end."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import sys

from sandbox.frontend.log import write
from sandbox.frontend.releases import Release, release_named
from sandbox.http import port_of, serve


def main() -> None:
    """Run the release named on the command line, in the environment given."""
    release = release_named(sys.argv[1])
    _load(release)
    asyncio.run(_run(release))


def _load(release: Release) -> None:
    """Import what the bundler left out; a module that is not there ends the process before any request."""
    for name in release.imports:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError:
            path = "/".join(name.split(".")[2:])
            sys.stderr.write(
                f"⨯ Error: Cannot find module './{path}'\nRequire stack:\n- /var/task/.next/server/app/layout.js\n"
                "    at Module._resolveFilename (node:internal/modules/cjs/loader:1212:15) {\n"
                "  code: 'MODULE_NOT_FOUND'\n}\n"
                "Node.js process exited with exit status: 1. The logs above can help with debugging the issue.\n"
            )
            sys.exit(1)


async def _run(release: Release) -> None:
    from sandbox.frontend.application import Application  # noqa: PLC0415  (slow to import: after the checks)
    from sandbox.frontend.backends import Backends  # noqa: PLC0415
    from sandbox.frontend.routes import routes_of  # noqa: PLC0415

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    backends = Backends(os.environ)
    server = await serve(Application(backends, routes_of(release)))
    write({"listening": port_of(server)})
    await stop.wait()
    server.close()
    await backends.close()


if __name__ == "__main__":
    main()
