"""One module per system: speak its protocol, map its errors, keep to the allow-list, drop secrets."""

import sys

# httpx would load its own command line, and click, rich and pygments with it: a tenth of the time before the first
# look. It does without where that cannot be imported, as where the three are not installed.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
