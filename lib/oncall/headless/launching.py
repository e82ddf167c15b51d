"""Choosing how notebooks run here, and running them."""

# ruff: noqa: PLC0415 - what a command does not need is not imported: triage must be quick

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial

from oncall.headless import fork
from oncall.headless.live import Bounds
from oncall.headless.stopping import Stop
from oncall.headless.supervisor import Supervisor
from oncall.headless.watch import Watch


def run(
    watches: Sequence[Watch],
    *,
    stop: Stop,
    bounds: Bounds,
    ended: Callable[[Watch], None],
    kernel_name: str | None = None,
    is_stock_kernel: bool = False,
) -> None:
    """Execute the notebooks of `watches` in forked children, or in stock kernels where asked or necessary."""
    if is_stock_kernel or not fork.is_possible():
        from oncall.headless import kernel

        launch = partial(kernel.start, bounds=bounds, kernel_name=kernel_name or "python3")
    else:
        fork.warm_up()
        launch = partial(fork.start, bounds=bounds)
    # Two at least: a cell that hangs must not hold up the others.
    Supervisor(launch, stop=stop, at_once=max(2, os.cpu_count() or 1), ended=ended).run(watches)
