"""One line of an audit log: a JSON object whose last member is its hash."""

from __future__ import annotations

from typing import Any

import msgspec

FIRST = "opened"
LAST = "closed"
START = "0" * 64
"""What stands for the hash of the line before the first one."""

_MEMBER = b',"hash":"'
_END = b'"}\n'
_TAIL = len(_MEMBER) + len(START) + len(_END)


class Claim(msgspec.Struct, frozen=True):
    """What the first line of a file tells of another file: what its last line was then."""

    file: str
    sequence: int
    hash: str
    closed: bool = False
    written: bool = False
    """Whether a process still wrote it."""


class First(msgspec.Struct, frozen=True):
    """What is read of a file's first line."""

    sequence: int
    event: str
    file: str
    folder: str
    """The name that chance gave to its folder: a file of another one does not belong there."""
    key: str
    before: tuple[Claim, ...] = ()
    """The files of which no other file tells how they ended."""
    removed: tuple[Claim, ...] = ()
    """The files that were too old."""


class Line(msgspec.Struct, frozen=True):
    """What is read of every line."""

    sequence: int
    at: str
    event: str
    unwritten: int = 0


def line_of(content: bytes, digest: str) -> bytes:
    """The line of a content, which is a JSON object, and its hash."""
    return b"".join((content[:-1], _MEMBER, digest.encode(), _END))


def parted(line: bytes) -> tuple[bytes, str] | None:
    """The content and the hash of a line; nothing for what is none."""
    if line[-_TAIL:].startswith(_MEMBER) and line.endswith(_END):
        return line[:-_TAIL] + b"}", line[len(_MEMBER) - _TAIL : -len(_END)].decode("latin-1")
    return None


def read_as(kind: type[Any], line: bytes) -> Any:
    """A line as `First` or `Line`; nothing for what is none."""
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
