"""Errors as a notebook shows them, where the kernel is somebody else's: JupyterLab's, or stock papermill's."""

# ruff: noqa: PLC0415 - where there is no IPython, none is imported

from __future__ import annotations

import sys
from typing import Any

from diagnostics.redaction import Redactor


def clean_tracebacks(redactor: Redactor) -> None:
    """Have this kernel show errors without the secrets `redactor` knows; outside a kernel do nothing.

    What a cell prints is its author's. Exception groups, which IPython prints instead of showing, stay as they are.
    """
    if "IPython" not in sys.modules:
        return
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    if shell is None:
        return
    # The class's own, so that opening another session wraps nothing twice.
    show = type(shell)._showtraceback

    def show_clean(etype: type[BaseException], evalue: BaseException, stb: list[str]) -> None:
        show(shell, etype, Exception(redactor.clean(str(evalue))), [redactor.clean(part) for part in stb])

    shell._showtraceback = show_clean
