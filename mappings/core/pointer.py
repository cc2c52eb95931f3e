"""Where in a document: JSON Pointers (RFC 6901), and the same place as a client reads it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache


def child(pointer: str, segment: str | int) -> str:
    """The pointer of a member or an item of what `pointer` names."""
    return f"{pointer}/{str(segment).replace('~', '~0').replace('/', '~1')}"


def segments(pointer: str) -> list[str]:
    """The pointer's parts, unescaped. The whole document ("") has none."""
    return (
        [
            part.replace("~1", "/").replace("~0", "~")
            for part in pointer.removeprefix("/").split("/")
        ]
        if pointer
        else []
    )


def join(parts: Iterable[str | int]) -> str:
    """The pointer of these parts, from the outermost in."""
    pointer = ""
    for part in parts:
        pointer = child(pointer, part)
    return pointer


def path(pointer: str) -> str:
    """The place as a form's author writes it: "/vaccinations/0/date" -> "vaccinations[0].date"."""
    written = ""
    for part in segments(pointer):
        written += f"[{part}]" if part.isdigit() and written else f".{part}" if written else part
    return written


def field_path(pointer: str) -> str:
    """The place without its positions, for names of fields: "vaccinations[].date"."""
    # A client may have written a longer one: it is not kept.
    return _remembered(pointer) if len(pointer) <= REMEMBERED else _field_path(pointer)


def _field_path(pointer: str) -> str:
    written = ""
    for part in segments(pointer):
        written += "[]" if part.isdigit() and written else f".{part}" if written else part
    return written


REMEMBERED = 100
"""The longest pointer whose field path is remembered."""

_remembered = lru_cache(maxsize=1024)(_field_path)
