"""One answer, read from bytes as strictly as RFC 9112 lets a reader be."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence

import httpx

from proxy.upstream.chunks import AnswerTooLargeError, Chunks
from proxy.upstream.limits import TransportLimits

WITHOUT_BODY = frozenset({204, 304})

Fields = Sequence[tuple[bytes, bytes]]
Told = Mapping[bytes, bytes]
"""By name in lower case, what the fields tell; what stands twice is joined, as lists are."""

_BEGINNING = b"HTTP/1."
_END = b"\r\n\r\n"
_VALUE = rb"[\t\x20-\x7e\x80-\xff]*+"
_HEAD = re.compile(
    rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: " + _VALUE + rb")?\r\n"
    rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++:" + _VALUE + rb"\r\n)*+\r\n"
)
"""httptools' parser is more lenient: with versions, statuses, blank lines before a head."""
_FIELD = re.compile(rb"\r\n([^:\r]+):([^\r]*)")
_TOLD = re.compile(
    rb"\r\n((?i:connection|content-encoding|content-length|etag|link|retry-after"
    rb"|transfer-encoding)):([^\r]*)"
)
"""The fields that anybody looks at. It need not be strict: the head is one already."""
_STRAY = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n")
"""What no head has, seen before its end has come."""
_LENGTH_DIGITS = 18
_ENDINGS = (b"content-length", b"transfer-encoding")


class AnswerReader:
    """
    Takes the bytes of one answer as they come.

    `feed` raises `httpx.RemoteProtocolError` at the first fault. No text of an error holds bytes
    of the answer.
    """

    # Here and not in `__init__`: an answer that comes in one piece changes few of them.
    status = 0
    head = b""
    """The head that counts; before its end, what has come of it."""
    told: Told
    """What anybody looks at, once there is a `status`."""
    body = b""
    """The body, whole once `complete`; never decoded."""
    complete = False
    leftover = False
    """Bytes came after the end: whoever sent them, the connection is not to be trusted."""
    keeps = True
    """Whether the server lets another request follow on the connection."""
    _searched = 0
    _interim = 0
    _missing = 0
    _gathered: io.BytesIO | None = None
    _chunks: Chunks | None = None

    def __init__(self, method: str, limits: TransportLimits) -> None:
        self._limits = limits
        self._bodiless = method == "HEAD"

    def fields(self) -> list[tuple[bytes, bytes]]:
        """Every field of the head. A trailer is none (RFC 9110, 6.5.1)."""
        return [(name, value.strip(b" \t")) for name, value in _FIELD.findall(self.head)]

    def feed(self, data: bytes) -> None:
        """Take the bytes that came next."""
        if not self.status:
            rest = self._read_head(data)
            if rest is None:
                return
            data = rest
        if self._chunks is None:
            self._read_counted(data)
        else:
            self._read_chunks(self._chunks, data)

    def drop(self) -> None:
        """Let go of an answer that will not be used."""
        if self._chunks is not None:
            self._chunks.drop()
        self._gathered = None

    def _read_head(self, data: bytes) -> bytes | None:
        """What follows the head that counts; None before its end."""
        data = self.head + data
        while (end := data.find(_END, self._searched)) >= 0:
            end += len(_END)
            head, data = data[:end], data[end:]
            self._searched = 0
            if self._take_head(head):
                return data
        self.head = data
        if (
            len(data) > self._limits.head_bytes
            or not data.startswith(_BEGINNING[: len(data)])
            or _STRAY.search(data, self._searched)
        ):
            raise httpx.RemoteProtocolError("what came is no head, or too long a one")
        self._searched = max(0, len(data) - len(_END) + 1)
        return None

    def _take_head(self, head: bytes) -> bool:
        """Whether this is the head that counts, and not a 1xx one."""
        if len(head) > self._limits.head_bytes or head.count(b"\n") - 2 > self._limits.fields:
            raise httpx.RemoteProtocolError("the head is too long")
        found = _HEAD.fullmatch(head)
        if found is None:
            raise httpx.RemoteProtocolError("the head is malformed")
        version, status = found[1], int(found[2])
        if status < 200:
            self._interim += 1
            # Nobody asked for another protocol.
            if status == 101 or self._interim > self._limits.interim:
                raise httpx.RemoteProtocolError("a 101, or too many other 1xx")
            return False
        self.head = head
        fields = _TOLD.findall(head)
        self.told = told_of(fields)
        self._frame(version, status, fields)
        self.status = status
        return True

    def _frame(self, version: bytes, status: int, fields: Fields) -> None:
        """How the end of the body will be known (RFC 9112, 6.3); what leaves doubt is refused."""
        length, coding = self.told.get(b"content-length"), self.told.get(b"transfer-encoding")
        if (coding is not None or len(fields) > len(self.told)) and (
            sum(name.lower() in _ENDINGS for name, _ in fields) > 1
        ):
            raise httpx.RemoteProtocolError("the body's end is given twice")
        if coding is not None and (version == b"0" or coding.lower() != b"chunked"):
            raise httpx.RemoteProtocolError("the transfer coding is not chunked")
        if length is not None and not (length.isdigit() and len(length) <= _LENGTH_DIGITS):
            raise httpx.RemoteProtocolError("the body's length is no number")
        self.keeps = version == b"1" and not _closes(self.told.get(b"connection", b""))
        if self._bodiless or status in WITHOUT_BODY:
            if status == 204 and (coding is not None or length not in (None, b"0")):
                self.keeps = False
        elif coding is not None:
            self._chunks = Chunks(self._limits)
        elif length is None:
            # Ended by the connection's end it could not be told from one that was cut.
            raise httpx.RemoteProtocolError("the body's end is not given")
        else:
            self._missing = int(length)
            if self._missing > self._limits.body_bytes:
                raise AnswerTooLargeError("the body is too large")

    def _read_counted(self, data: bytes) -> None:
        if len(data) > self._missing:
            self.leftover = True
            data = data[: self._missing]
        self._missing -= len(data)
        self.complete = not self._missing
        if self._gathered is None:
            if self.complete:
                self.body = data
                return
            self._gathered = io.BytesIO()
        self._gathered.write(data)
        if self.complete:
            self.body = self._gathered.getvalue()

    def _read_chunks(self, chunks: Chunks, data: bytes) -> None:
        chunks.feed(data)
        self.leftover |= chunks.leftover
        self.complete = chunks.complete
        if self.complete:
            self.body = chunks.body


def told_of(fields: Fields) -> Told:
    """What these fields tell."""
    told = {name.lower(): value.strip(b" \t") for name, value in fields}
    if len(told) < len(fields):
        told = {name: b", ".join(values) for name, values in _by_name(fields).items()}
    return told


def encoded(told: Told) -> bool:
    """Whether the body is something else than it says (Content-Encoding)."""
    return not _tokens(told.get(b"content-encoding", b"")) <= {b"", b"identity"}


def _by_name(fields: Fields) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        found.setdefault(name.lower(), []).append(value.strip(b" \t"))
    return found


def _closes(connection: bytes) -> bool:
    # In most answers the word is not there at all.
    return b"close" in connection.lower() and b"close" in _tokens(connection)


def _tokens(value: bytes) -> set[bytes]:
    return {token.strip(b" \t").lower() for token in value.split(b",")}
