"""The past of a sandbox: what would be there if it had run for hours, in the layout of what is really there.

One past is made up once; job rows, event stream, dead letters and log lines are written from it.
"""

from sandbox.history.dating import begin_past, deployed_at, finish_past
from sandbox.history.past import Past

__all__ = ["Past", "begin_past", "deployed_at", "finish_past"]
