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
        self._by_field: Counter[str] = Counter()
        self._of_clients: Counter[tuple[str, str]] = Counter()
        """By field and client, of the clients that are known."""
        self._together: Counter[tuple[str, ...]] = Counter()
        """Requests that lost these fields, which are not yet counted by field."""
        self.unknown: Counter[str] = Counter()
        """Codes that no table has, by modern field."""
        self.parameters = 0
        """Query parameters that were dropped."""

    @property
    def by_field(self) -> Counter[str]:
        """Values that were lost, by legacy field."""
        while self._together:
            fields, times = self._together.popitem()
            for field in fields:
                self._by_field[field] += times
        return self._by_field

    def count_declared(self, fields: tuple[str, ...]) -> None:
        """Count what one request lost of the fields that the legacy model has."""
        self._together[fields] += 1

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
            self._by_field[field] += 1
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
