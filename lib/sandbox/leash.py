"""Run a command that cannot outlive its parent.

Started as a script by the supervisor, in front of every child: `leash.py PARENT SIGNAL IDENTITY COMMAND…`.
The kernel sends SIGNAL to the command when the parent dies, however it dies. It is asked for last, because
a change of identity clears the request, and from the child itself, because running Python between fork and
exec of a threaded parent is not safe. Standard library only: it runs before any package is importable.
"""

import ctypes
import os
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
NOBODY = 65534


def main(arguments: list[str]) -> None:
    """Become the command: `PARENT` is the expected pid, `IDENTITY` is `same` or `nobody`."""
    parent, death_signal, identity, *command = arguments
    if identity == "nobody":
        _become_nobody()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(0)
    os.execv(command[0], command)  # noqa: S606  (there is no shell to quote for)


def _become_nobody() -> None:
    """Drop root, which PostgreSQL refuses: a user namespace if the kernel allows it, else another user."""
    user, group = os.geteuid(), os.getegid()
    if user != 0:
        return
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) == 0:
        own = Path("/proc/self")
        (own / "setgroups").write_text("deny")
        (own / "gid_map").write_text(f"{NOBODY} {group} 1")
        (own / "uid_map").write_text(f"{NOBODY} {user} 1")
        return
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


if __name__ == "__main__":
    main(sys.argv[1:])
