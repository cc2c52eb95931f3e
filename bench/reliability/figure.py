"""What a figure says when it was taken: its counts, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

Count: TypeAlias = int | float | str


@dataclass
class Figure:
    """One figure on one database: what was counted, and every way in which it does not hold."""

    name: str
    counts: dict[str, Count] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    skipped: str = ""
    """Why it could not be taken at all."""

    def expect(self, well: bool, otherwise: str) -> None:
        """Note a failure where something is not so."""
        if not well:
            self.failures.append(otherwise)

    @property
    def verdict(self) -> str:
        """One word: HELD, FAILED or SKIPPED."""
        if self.skipped:
            return "SKIPPED"
        return "FAILED" if self.failures else "HELD"

    def lines(self) -> list[str]:
        """What is printed: the counts, every failure, and the verdict last."""
        counts = [f"{self.name}: {name}: {count}" for name, count in self.counts.items()]
        wrong = [f"{self.name}: NOT SO: {failure}" for failure in self.failures]
        why = f" ({self.skipped})" if self.skipped else ""
        return [*counts, *wrong, f"{self.name}: {self.verdict}{why}"]
