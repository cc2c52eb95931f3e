"""The heads of answers, read strictly; one that has the shape of another is read at one go."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import httpx
import msgspec

from proxy.upstream.limits import TransportLimits


class Told(msgspec.Struct, frozen=True, gc=False):
    """What anybody looks at in a head; values of a field that stands twice are joined, as lists."""

    version: bytes = b"1"
    """The digit after the point."""
    status: bytes = b""
    connection: bytes | None = None
    content_encoding: bytes | None = None
    content_length: bytes | None = None
    etag: bytes | None = None
    link: bytes | None = None
    retry_after: bytes | None = None
    transfer_encoding: bytes | None = None
    twice: bool = False
    """Whether the body's end is told more than once."""


_ENDINGS = ("content_length", "transfer_encoding")
_PLACES = {place.replace("_", "-"): place for place in Told.__struct_fields__[2:-1]}
"""By the name of a field that anybody looks at, in lower case, its place in `Told`."""

_VALUE = rb"[\t\x20-\x7e\x80-\xff]*+"
_START = rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: " + _VALUE + rb")?\r\n"
_HEAD = re.compile(_START + rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++:" + _VALUE + rb"\r\n)*+\r\n")
"""httptools' parser is more lenient: with versions, statuses, blank lines before a head."""
_TOLD = re.compile(rb"\r\n((?i:" + "|".join(_PLACES).encode() + rb")):([^\r]*)")
"""It need not be strict: the head is one already."""
_NAME = re.compile(rb"\r\n([^:\r]+):")

_SHAPES = 8
"""How many are known at one time; a server has about one for each kind of answer."""
_LEARNED = 64
"""How many are learned at all, for one costs as much as reading many heads without it."""
_SHAPE_FIELDS = 30


class _Shape(NamedTuple):
    """Heads with the same fields in the same order."""

    pattern: re.Pattern[bytes]
    places: tuple[int, ...]
    """The groups of what is told, in the order of `Told`."""


class Heads:
    """Reads the heads of one server's answers, which differ in little but their values."""

    def __init__(self, limits: TransportLimits) -> None:
        self._limits = limits
        self._last = _shape([])
        self._known = [self._last]
        self._to_learn = _LEARNED

    def begun(self, data: bytes) -> tuple[Told, int] | None:
        """
        What `read` would say of the head that `data` begins with, and where it ends; None where
        it has not the shape of the last one.
        """
        found = self._last.pattern.match(data)
        return None if found is None else (_told(self._last, found), found.end())

    def read(self, head: bytes) -> Told:
        """
        What `read_head` says of it, which it is asked when the head has a new shape.

        Shapes are made of names that `read_head` found to be right: what has one is right too.
        """
        for shape in self._known:
            found = shape.pattern.match(head)
            if found is not None:
                self._last = shape
                return _told(shape, found)
        if head.count(b"\n") - 2 > self._limits.fields:
            raise httpx.RemoteProtocolError("the head is too long")
        told = read_head(head)
        self._learn(head, told)
        return told

    def _learn(self, head: bytes, told: Told) -> None:
        names = [name.decode() for name in _NAME.findall(head)]
        places = [place for name in names if (place := _PLACES.get(name.lower()))]
        # What is told twice is joined, which no shape does.
        joined = told.twice or len(set(places)) < len(places)
        if self._to_learn and len(names) <= _SHAPE_FIELDS and not joined:
            self._to_learn -= 1
            self._last = _shape(names)
            self._known = [self._last, *self._known[: _SHAPES - 1]]


def read_head(head: bytes) -> Told:
    """
    What a head says, which has its end and nothing after it.

    Raises `httpx.RemoteProtocolError`.
    """
    found = _HEAD.fullmatch(head)
    if found is None:
        raise httpx.RemoteProtocolError("the head is malformed")
    return told_of(_TOLD.findall(head), found[1], found[2])


def told_of(
    fields: Iterable[tuple[bytes, bytes]], version: bytes = b"1", status: bytes = b""
) -> Told:
    """What these fields tell."""
    found: dict[str, bytes] = {}
    endings = 0
    for field, value in fields:
        place = _PLACES.get(field.lower().decode("latin-1"))
        if place is not None:
            endings += place in _ENDINGS
            text = value.strip(b" \t")
            found[place] = found[place] + b", " + text if place in found else text
    return Told(version, status, **found, twice=endings > 1)


def closes(told: Told) -> bool:
    """Whether no other message follows."""
    if told.version != b"1":
        return True
    connection = told.connection
    # In most answers the word is not there at all.
    return (
        connection is not None
        and b"close" in connection.lower()
        and b"close" in _tokens(connection)
    )


def encoded(told: Told) -> bool:
    """Whether the body is something else than it says (Content-Encoding)."""
    coding = told.content_encoding
    return coding is not None and not _tokens(coding) <= {b"", b"identity"}


def _told(shape: _Shape, found: re.Match[bytes]) -> Told:
    values: tuple[Any, ...] = found.group(*shape.places)
    return Told(*values)


def _shape(names: list[str]) -> _Shape:
    """The shape of heads with these fields; each that is looked at has a group, without blanks."""
    # The third group is of what is not there.
    pattern, groups = _START + b"((?!))?", {"version": 1, "status": 2}
    for name in names:
        value, place = _VALUE, _PLACES.get(name.lower())
        if place is not None:
            value = rb"[ \t]*+((?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)[ \t]*+"
            groups[place] = len(groups) + 2
        pattern += re.escape(name.encode()) + b":" + value + rb"\r\n"
    places = tuple(groups.get(place, 3) for place in Told.__struct_fields__[:-1])
    return _Shape(re.compile(pattern + rb"\r\n"), places)


def _tokens(value: bytes) -> set[bytes]:
    return {token.strip(b" \t").lower() for token in value.split(b",")}
