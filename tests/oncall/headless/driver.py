"""`runbook` with a test's notebook in place of the project's, and with faults where no real one can be had.

DRIVER_RENDER_S bounds the rendering. DRIVER_PATCH is Python that runs before the command.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from oncall import __main__, project, sealing

NOTEBOOK = Path(sys.argv[1])
if NOTEBOOK.suffix == ".ipynb":
    # A folder beside it holds others, by incident.
    project.notebook = lambda slug, _language: (
        found if (found := NOTEBOOK.with_name(f"{slug}.ipynb")).exists() else NOTEBOOK
    )
sealing.RENDER_LIMIT_S = float(os.environ.get("DRIVER_RENDER_S", sealing.RENDER_LIMIT_S))
exec(os.environ.get("DRIVER_PATCH", ""))
sys.argv = ["runbook", *sys.argv[2:]]
__main__.main()
