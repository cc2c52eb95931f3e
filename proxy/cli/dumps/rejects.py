"""What is told of a record that is not carried over."""

from __future__ import annotations

from dataclasses import dataclass

from mappings.core.errors import Problem
from proxy import strict_json


@dataclass(frozen=True, slots=True)
class Wrong:
    """One reason why a record is rejected."""

    reason: str
    pointer: str | None = None
    """None for what is no document at all."""
    column: int | None = None

    def __str__(self) -> str:
        if self.pointer is None:
            return self.reason
        return str(Problem(self.pointer, self.reason))


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that is not carried over."""

    line: int
    to: int
    """Its last line: a quote that is not closed takes what follows with it."""
    problems: tuple[Wrong, ...]
    text: str | None = None
    """What was rejected, where that is asked for."""

    @property
    def lines(self) -> int:
        """How many it takes."""
        return self.to - self.line + 1

    def __str__(self) -> str:
        where = f"line {self.line}" if self.to == self.line else f"lines {self.line} to {self.to}"
        return f"{where}: {'; '.join(map(str, self.problems))}"

    def row(self) -> bytes:
        """A line of NDJSON."""
        row: dict[str, object] = {"line": self.line}
        if self.to != self.line:
            row["to"] = self.to
        row["problems"] = [
            {
                name: value
                for name in ("pointer", "column", "reason")
                if (value := getattr(wrong, name)) is not None
            }
            for wrong in self.problems
        ]
        if self.text is not None:
            row["text"] = self.text
        return strict_json.dump(row) + b"\n"
