"""What was not carried over, counted by field; undeclared names are counted without their name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from mappings.core import pointer as pointers
from mappings.core.context import Loss

UNDECLARED = "(undeclared)"


class Losses:
    """Counts of lost values by legacy field, since the start of the process."""

    def __init__(self) -> None:
        self.by_field: Counter[str] = Counter()

    def count(self, losses: Iterable[Loss]) -> None:
        """Count what one request lost."""
        self.by_field.update(
            pointers.field_path(loss.pointer) if loss.declared else UNDECLARED for loss in losses
        )
