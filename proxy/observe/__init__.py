"""What the gateway tells its operators; never a value of a record."""

from __future__ import annotations

import sys
from importlib import import_module


def _import_structlog_without_rich() -> None:
    """For tracebacks in colour, which are never written here, it would bring in 4 MB of rich."""
    there = {name: sys.modules[name] for name in ("rich",) if name in sys.modules}
    sys.modules["rich"] = None  # type: ignore[assignment]  # to importlib: "not to be had"
    import_module("structlog")
    del sys.modules["rich"]
    sys.modules.update(there)


_import_structlog_without_rich()
