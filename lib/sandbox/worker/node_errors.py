"""What Node says where Python says something else: one table, and the last words of a dying process."""

from __future__ import annotations

import errno
import socket
import ssl

from redis.exceptions import ResponseError

VERSION = "Node.js v20.19.5"
TLS_CUT = "Client network socket disconnected before secure TLS connection was established"

BY_ERRNO = {
    errno.ECONNREFUSED: "connect ECONNREFUSED {address}",
    errno.ETIMEDOUT: "connect ETIMEDOUT",
    errno.EHOSTUNREACH: "connect EHOSTUNREACH {address}",
    errno.ENETUNREACH: "connect ENETUNREACH {address}",
    errno.ECONNRESET: "read ECONNRESET",
    errno.EPIPE: "write EPIPE",
}


def network_text(error: Exception, *, host: str, address: str) -> str:
    """Text of a failed connection to `host`, which resolved to `address` (`1.2.3.4:6379`) if it did."""
    if isinstance(error, socket.gaierror):
        code = "EAI_AGAIN" if error.errno == socket.EAI_AGAIN else "ENOTFOUND"
        return f"getaddrinfo {code} {host}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message or "unable to verify the first certificate"
    if isinstance(error, TimeoutError):
        return "connect ETIMEDOUT"
    if isinstance(error, ssl.SSLError | EOFError):
        return TLS_CUT
    if isinstance(error, OSError) and error.errno in BY_ERRNO:
        return BY_ERRNO[error.errno].format(address=address)
    if isinstance(error, ConnectionResetError):
        return "read ECONNRESET"
    return str(error)


def reply_text(error: ResponseError | Exception) -> str:
    """Text of an error reply, with the code that redis-py splits off."""
    code = getattr(error, "status_code", None)
    return f"{code} {error}" if code else str(error)


def last_words(error: str, *, file: str, details: str = "") -> str:
    """What a process leaves on stderr when an exception ends it."""
    stack = f"    at ModuleJob.run (node:internal/modules/esm/module_job:263:25)\n    at async {file}"
    return f"{file}\n\n{error}\n{stack}{details}\n\n{VERSION}"


def module_not_found(name: str) -> str:
    """The uncaught error of an import that leads nowhere."""
    path = "/app/services/worker/src/" + "/".join(name.split(".")[2:])
    importer = "/app/services/worker/src/index.ts"
    return (
        "node:internal/modules/run_main:123\n    triggerUncaughtException(\n    ^\n\n"
        f"Error [ERR_MODULE_NOT_FOUND]: Cannot find module '{path}' imported from {importer}\n"
        "    at finalizeResolution (node:internal/modules/esm/resolve:283:11)\n"
        "    at moduleResolve (node:internal/modules/esm/resolve:932:10)\n"
        "    at defaultResolve (node:internal/modules/esm/resolve:1056:11) {\n"
        "  code: 'ERR_MODULE_NOT_FOUND',\n"
        f"  url: 'file://{path}'\n}}\n\n{VERSION}"
    )
