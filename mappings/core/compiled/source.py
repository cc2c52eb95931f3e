"""Functions from text: the values that they use get names, the rest is plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from mappings.core.errors import RefusedError


class DeclinedError(Exception):
    """There is something to tell that only the rules can tell."""


DECLINED = (
    DeclinedError,
    RefusedError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    msgspec.DecodeError,
)
"""
What ends a compiled function: whatever a codec raises over a value, and bytes that do not fit
or are no JSON. The rules tell what it is, or raise.
"""


class Codes(dict[Any, Any]):
    """One direction of a code table; declines what is not in it."""

    def __missing__(self, code: Any) -> Any:
        raise DeclinedError


def shown_codes(shown: Mapping[Any, Any]) -> Codes:
    """Legacy code by modern code, null included."""
    return Codes({**shown, None: None})


class Source:
    """The text of one function in the making."""

    def __init__(self, head: str) -> None:
        self.lines = [f"def {head}:"]
        self.values: dict[str, Any] = {"DeclinedError": DeclinedError}
        self._names: dict[int, str] = {}

    def name(self, value: Any) -> str:
        """What a value is called in the text; one value has one name."""
        name = self._names.setdefault(id(value), f"v{len(self.values)}")
        # Kept here, or another value might get the same id.
        self.values[name] = value
        return name

    def add(self, *lines: str) -> None:
        """Lines of its body."""
        self.lines += (f"    {line}" for line in lines)

    def function(self, subject: str) -> Any:
        """The function itself; `subject` stands in tracebacks."""
        code = compile("\n".join(self.lines), f"<compiled: {subject}>", "exec")
        known = set(self.values)
        exec(code, self.values)  # noqa: S102 - the text is made of rules alone, never of a document
        (made,) = self.values.keys() - known - {"__builtins__"}
        return self.values[made]


def items(pairs: Iterable[tuple[str, str]]) -> str:
    """A dictionary as text, given the names and the expressions of its values."""
    return "{" + ", ".join(f"{name!r}: {value}" for name, value in pairs) + "}"
