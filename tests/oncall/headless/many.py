"""Runs all notebooks of a folder under one parent, as `runbook run` would several incidents.

Arguments: the folder, the profile, the output folder, `fork` or `kernel`, and seconds per cell.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from oncall import run, sealing
from oncall.headless import prepare
from oncall.headless.watch import Watch
from oncall.question import Wish, checked

folder, profile, outputs, how, cell_s = sys.argv[1:]
prepare.import_quickly()
import nbformat  # noqa: E402 - after the block above

sealing.RENDER_LIMIT_S = 0.0
notebooks = [nbformat.read(path, as_version=4) for path in sorted(Path(folder).glob("*.ipynb"))]
wish = Wish(slug="worker-not-processing", profile=profile, output_dir=outputs, deadline_s=600)
questions = [checked(wish) for _ in notebooks]
Watch.look_for = lambda *_: None  # type: ignore[method-assign] - each dies a death of its own
run._CELL_S = float(cell_s) - questions[0].scope.deadline_s
order = run.Order(incidents=[], parameters={}, is_json=True, is_stock_kernel=how == "kernel")
code = run.execute(questions, notebooks, order, started_s=time.monotonic())
sys.stdout.flush()
os._exit(code)
