"""Log lines for the eye: short, and in colour where a terminal shows them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from time import gmtime, strftime
from typing import Any, TextIO

PLAIN = re.compile(r"[!#-<>-~]+", re.ASCII)
"""What stands in a line as it is; anything else is quoted, so that it can neither end the line nor
speak to the terminal."""

RED, GREEN, YELLOW, FAINT = 31, 32, 33, 2
OF_LEVELS = {"warning": YELLOW, "error": RED, "critical": RED}
FIRST = frozenset({"level", "event"})


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of lines, or none."""

    shown: bool

    @classmethod
    def of(cls, stream: TextIO) -> Colours:
        """Those that a stream shows: a terminal does, unless its user wants none (NO_COLOR)."""
        wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return cls(wanted and stream.isatty())

    def paint(self, text: str, colour: int) -> str:
        """The text in a colour."""
        return f"\x1b[{colour}m{text}\x1b[0m" if self.shown else text

    def faint(self, text: str) -> str:
        """What is there for those who look for it."""
        return self.paint(text, FAINT)

    def of_status(self, status: int) -> str:
        """A status: red where the gateway or the new API failed, yellow where the client did."""
        return self.paint(str(status), RED if status >= 500 else YELLOW if status >= 400 else GREEN)


def clock(seconds: float) -> str:
    """The time of day at the beginning of a line, in UTC as JSON lines have it."""
    return strftime("%H:%M:%SZ", gmtime(seconds))


def said(value: Any) -> str:
    """A field's value: a word as it is, a list with commas, anything else as JSON."""
    if isinstance(value, list) and value:
        return ",".join(map(said, value))
    if isinstance(value, str) and PLAIN.fullmatch(value):
        return value
    return json.dumps(value)


def line(event: Mapping[str, Any], colours: Colours, seconds: float) -> str:
    """An event: time, level, what happened, and the other fields by their names."""
    level = str(event["level"])
    painted = colours.paint(level, OF_LEVELS.get(level, FAINT))
    fields = [f"{name}={said(event[name])}" for name in sorted(event) if name not in FIRST]
    what = str(event["event"])
    what = what if what.isascii() and what.isprintable() else json.dumps(what)
    return "  ".join([colours.faint(clock(seconds)), painted, what, *fields])
