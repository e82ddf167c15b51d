"""The past of a sandbox: what would be there if it had run for hours, in the layout of what is really there.

One past is made up once; job rows, event stream, dead letters and log lines are written from it.
"""

from sandbox.history.lines import past_lines
from sandbox.history.past import Past, make_past
from sandbox.history.rows import write_rows

__all__ = ["Past", "make_past", "past_lines", "write_rows"]
