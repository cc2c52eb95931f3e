"""Where a fact comes from: every rule, endpoint and option cites one of these."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["documented", "inferred", "guess"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One source of a fact and how far it can be trusted."""

    level: Level
    where: str
    """A key or section of `docs/apis.md`, such as "SEED" or "4.2"."""
    question: str = ""
    """A guess only: what the API's owner should be asked."""
    option: str = ""
    """A guess only: the dotted option that changes the default."""

    def __str__(self) -> str:
        return f"{self.level}: {self.where}"

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON, to stand in a schema."""
        return asdict(self)


def documented(where: str) -> Evidence:
    """A public page or file states it."""
    return Evidence("documented", where)


def inferred(where: str) -> Evidence:
    """It follows from documented material; the section cited gives the reason."""
    return Evidence("inferred", where)


def guess(where: str, *, question: str, option: str) -> Evidence:
    """No evidence: the most sensible assumption, the option that changes it, what to ask."""
    return Evidence("guess", where, question, option)
