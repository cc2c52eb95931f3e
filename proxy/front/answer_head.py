"""The head of an answer, as bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus

LENGTH, CODING, CONNECTION = b"content-length", b"transfer-encoding", b"connection"
OF_THE_END = frozenset({LENGTH, CODING, CONNECTION})
"""The fields that say where an answer ends, and whether it is the connection's last."""

PHRASES = {status.value: status.phrase.encode("ascii") for status in HTTPStatus}
FIRST_LINES = {
    status: b"HTTP/1.1 %d %b" % (status, PHRASES.get(status, b"")) for status in range(100, 600)
}

WRONG_NAME = re.compile(rb"[\x00-\x1f\x7f()<>@,;:\\\[\]={} \t\"]")
NO_CONTROL = bytes(byte for byte in range(256) if byte == 0x09 or (byte >= 0x20 and byte != 0x7F))

Fields = Iterable[tuple[bytes, bytes]]


class _Begins(dict[bytes, tuple[bytes, bytes | None]]):
    """How the line of a field begins, and its name if it is one of `OF_THE_END`; by its name."""

    def __missing__(self, name: bytes) -> tuple[bytes, bytes | None]:
        if WRONG_NAME.search(name):
            raise RuntimeError("Invalid HTTP header name.")
        lower = name.lower()
        made = self[name] = b"\r\n%b: " % lower, lower if lower in OF_THE_END else None
        return made


# It holds the names that the application gives, and those are few.
BEGINS = _Begins()


def lines(fields: Fields) -> tuple[bytes, Fields]:
    """
    The lines of these fields, each behind the end of a line; and those of `OF_THE_END`.

    Raises `RuntimeError` where one would end its line, or is not a field at all.
    """
    parts: list[bytes] = []
    ends = []
    for name, value in fields:
        begin, of_the_end = BEGINS[name]
        parts += begin, value
        if of_the_end is not None:
            ends.append((of_the_end, value))
    made = b"".join(parts)
    # One look at all of them: two control characters begin a line, and there are no others.
    if len(made.translate(None, NO_CONTROL)) != len(parts):
        raise RuntimeError("Invalid HTTP header value.")
    return made, ends


class CommonLines:
    """The lines of the fields that every answer has: made again when the server changes these."""

    def __init__(self) -> None:
        self._fields: Fields = ()
        self._lines = b""

    def of(self, fields: Fields) -> bytes:
        """For these; made once a second, since that is when the server has others."""
        if fields is not self._fields:
            self._fields, (self._lines, _) = fields, lines(fields)
        return self._lines
