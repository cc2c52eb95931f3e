"""What was not carried over, counted by field; undeclared ones without their name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from mappings.core import pointer as pointers
from mappings.core.context import Loss

UNDECLARED = "(undeclared)"
PARAMETERS = "(query parameters)"


class Losses:
    """Counts of lost values by legacy field, since the start of the process."""

    def __init__(self) -> None:
        self.by_field: Counter[str] = Counter()

    def count(self, losses: Iterable[Loss], parameters: int) -> None:
        """Count what one request lost, and how many query parameters were dropped."""
        if parameters:
            self.by_field[PARAMETERS] += parameters
        self.by_field.update(
            pointers.field_path(loss.pointer) if loss.declared else UNDECLARED for loss in losses
        )
