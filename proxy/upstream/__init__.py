"""What stands behind the journey: the new API as a server."""

from __future__ import annotations

import sys

# httpx can do without its own command line, which brings rich and pygments into each worker.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None: "not to be had"
