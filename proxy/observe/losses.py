"""What was not carried over, counted by field; undeclared ones without their name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from mappings.core import pointer as pointers
from mappings.core.context import Loss
from proxy.observe.logs import log

UNDECLARED = "(undeclared)"


class Losses:
    """Counts since the start of the process."""

    def __init__(self) -> None:
        self.by_field: Counter[str] = Counter()
        """Values that were lost, by legacy field."""
        self._of_clients: Counter[tuple[str, str]] = Counter()
        """The same, by field and client, of the clients that are known."""
        self.unknown: Counter[str] = Counter()
        """Codes that no table has, by modern field."""
        self.parameters = 0
        """Query parameters that were dropped."""

    def count(
        self,
        losses: Iterable[Loss],
        unknown: Iterable[str] = (),
        parameters: int = 0,
        client: str = "",
    ) -> None:
        """Count what one request lost, the codes that nobody knew, the parameters dropped."""
        for loss in losses:
            field = pointers.field_path(loss.pointer) if loss.declared else UNDECLARED
            self.by_field[field] += 1
            if client:
                self._of_clients[field, client] += 1
        for pointer in unknown:
            self.unknown[pointers.field_path(pointer)] += 1
        self.parameters += parameters

    def by_field_and_client(self) -> Counter[tuple[str, str]]:
        """Values that were lost, by both; the client is empty where none is known."""
        told = Counter({(field, ""): number for field, number in self.by_field.items()})
        for (field, client), number in self._of_clients.items():
            told[field, client] = number
            told[field, ""] -= number
        return +told

    def tell(self) -> None:
        """Say all counts in one event."""
        log.info(
            "losses",
            lost=dict(self.by_field),
            unknown=dict(self.unknown),
            dropped_parameters=self.parameters,
        )
