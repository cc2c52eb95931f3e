"""
What can go wrong in a mapping.

* MappingError
  + ContradictionError: a declaration contradicts itself; all contradictions at once, at import
  + DocumentError: a document does not fit, or cannot be carried over; all problems at once
  + OptionsError: an option or a table of the operator's cannot be used
* RefusedError: a codec cannot carry a value over; the mapping makes a problem of it
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """A place in a document and the reason why it cannot be accepted; never a value."""

    pointer: str
    reason: str
    """A word of a closed set ("blank", "invalid", ...); a pack has the sentence for it."""

    def __str__(self) -> str:
        return f"{self.pointer or '(the whole document)'}: {self.reason}"


class MappingError(Exception):
    """Something is wrong with a declaration, an option or a document."""


class ContradictionError(MappingError):
    """A declaration contradicts itself or leaves a field undecided."""

    def __init__(self, subject: str, contradictions: Sequence[str]) -> None:
        self.contradictions = tuple(contradictions)
        super().__init__("\n  ".join((f"{subject} cannot be used:", *contradictions)))


class DocumentError(MappingError):
    """A document does not fit its model, or cannot be carried over."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in problems))


class OptionsError(MappingError):
    """An option or a table that an operator supplied cannot be used."""


@dataclass(slots=True)
class RefusedError(Exception):
    """Raised by a codec: the value that it was given cannot be carried over."""

    reason: str
    within: tuple[str | int, ...] = field(default=())
    """Where in the value, when it is not the value itself."""
