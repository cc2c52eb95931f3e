"""What happened how often, since the start of the process."""

from __future__ import annotations

from collections import Counter

from proxy.observe.logs import log


class Counts:
    """Counters by name and label; both come from closed sets, never from a request."""

    def __init__(self) -> None:
        self.of: Counter[tuple[str, str]] = Counter()
        """By name and label: `("refused", "too_large")`."""

    def add(self, name: str, label: str = "") -> None:
        """Count one more."""
        self.of[name, label] += 1

    def tell(self) -> None:
        """Say all counts in one event, if there are any."""
        if not self.of:
            return
        told = {f"{name}.{label}".strip("."): count for (name, label), count in self.of.items()}
        log.info("counts", counts=dict(sorted(told.items())))
