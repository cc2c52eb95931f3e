"""The numbers of all workers together, those that have ended included."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from proxy.observe import families
from proxy.observe.metrics import Rows, add
from proxy.observe.snapshot import Reason, Snapshot

Place = tuple[str, tuple[str, ...]]
"""A metric and the values of its labels."""

Build = tuple[str, str, str]


@dataclass(slots=True)
class Totals:
    """What the admin port tells."""

    counters: Counter[Place] = field(default_factory=Counter)
    timings: Rows[Place] = field(default_factory=Rows)
    gauges: Counter[Place] = field(default_factory=Counter)
    builds: Counter[Build] = field(default_factory=Counter)
    not_ready: Counter[Reason] = field(default_factory=Counter)
    processes: set[int] = field(default_factory=set)

    def count(self, told: Snapshot) -> None:
        """Add what happened in a worker; that stays true when it has ended."""
        for name, labels, number in told.counters:
            self.counters[name, labels] += int(number)
        for name, labels, row in told.timings:
            add(self.timings[name, labels], row)

    def include(self, others: Totals) -> None:
        """Add what happened in others."""
        self.counters.update(others.counters)
        for place, row in others.timings.items():
            add(self.timings[place], row)

    def look(self, told: Snapshot) -> None:
        """Add how a worker is now."""
        for name, labels, number in told.gauges:
            self.gauges[name, labels] += int(number)
        self.builds[told.build] += 1
        self.gauges[families.BUILD, told.build] += 1
        self.gauges[families.READY, ()] += not told.not_ready
        self.processes.add(told.process)
        self.not_ready.update(told.not_ready)

    @property
    def ready(self) -> int:
        """How many workers take requests."""
        return self.gauges[families.READY, ()]

    @property
    def open_breakers(self) -> list[str]:
        """The operations that some worker does not ask for."""
        return sorted(
            labels[0]
            for (name, labels), number in self.gauges.items()
            if name == families.BREAKER_OPEN and number
        )
