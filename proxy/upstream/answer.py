"""One answer, read from bytes as strictly as RFC 9112 lets a reader be."""

from __future__ import annotations

import io
import re
from typing import Protocol

import httpx
import msgspec

from proxy.upstream.chunks import AnswerTooLargeError, Chunks
from proxy.upstream.head import Heads, Told, closes, encoded
from proxy.upstream.limits import TransportLimits

WITHOUT_BODY = frozenset({204, 304})
UNUSUAL = frozenset({b"204", b"304", *(b"%d" % status for status in range(100, 200))})
KEPT = (None, b"keep-alive")

Raw = list[tuple[bytes, bytes]]

_BEGINNING = b"HTTP/1."
_END = b"\r\n\r\n"
_FIELD = re.compile(rb"\r\n([^:\r]+):([^\r]*)")
_STRAY = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n")
"""What no head has, seen before its end has come."""
_LENGTH_DIGITS = 18
_NOTHING = Told()


class Answer(Protocol):
    """A whole answer."""

    status: int
    told: Told
    body: bytes

    def fields(self) -> Raw:
        """Every field of its head."""


class AnswerReader(msgspec.Struct, gc=False):
    """
    Takes the bytes of one answer as they come, and is the answer once `complete`.

    `feed` raises `httpx.RemoteProtocolError` at the first fault. No text of an error holds bytes
    of the answer.
    """

    bodiless: bool
    """Whether no body follows, whatever the head says: the answer to HEAD."""
    limits: TransportLimits
    heads: Heads
    status: int = 0
    head: bytes = b""
    """The head that counts; before its end, what has come of it."""
    told: Told = _NOTHING
    """What anybody looks at, once there is a `status`."""
    body: bytes = b""
    """The body, whole once `complete`; never decoded."""
    complete: bool = False
    leftover: bool = False
    """Bytes came after the end: whoever sent them, the connection is not to be trusted."""
    keeps: bool = True
    """Whether the server lets another request follow on the connection."""
    _searched: int = 0
    _interim: int = 0
    _missing: int = 0
    _gathered: io.BytesIO | None = None
    _chunks: Chunks | None = None
    _refused: bool = False

    def fields(self) -> Raw:
        """Every field of the head. A trailer is none (RFC 9110, 6.5.1)."""
        return [
            (name, value.strip(b" \t"))
            for name, value in _FIELD.findall(self.head)
            if not (self._refused and name.lower() == b"content-encoding")
        ]

    def refuse_coding(self) -> None:
        """
        Let go of an encoded body; it is never decoded, for a small one can be huge.

        Raises `httpx.DecodingError`, but for an error, whose status says enough.
        """
        if self.body and encoded(self.told):
            if self.status < 400:
                raise httpx.DecodingError("the answer is encoded, which it was not asked to be")
            self.body = b""
            self._refused = True

    def feed(self, data: bytes) -> None:
        """Take the bytes that came next."""
        if not self.status:
            begun = None if self.head else self.heads.begun(data)
            if begun is not None and self._is_whole(data, *begun):
                return
            rest = self._read_head(data, begun)
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

    def _is_whole(self, data: bytes, told: Told, end: int) -> bool:
        """
        Whether this is all of a usual answer: its head and its body and no more. Nothing of that
        is judged here otherwise than below.
        """
        length, size = told.content_length, len(data) - end
        if (
            length is None
            or length != b"%d" % size
            or told.connection not in KEPT
            or told.transfer_encoding is not None
            or told.version != b"1"
            or told.status in UNUSUAL
            or self.bodiless
            or end > self.limits.head_bytes
            or size > self.limits.body_bytes
        ):
            return False
        self.head, self.told, self.body = data[:end], told, data[end:]
        self.status, self.complete = int(told.status), True
        return True

    def _read_head(self, data: bytes, begun: tuple[Told, int] | None) -> bytes | None:
        """What follows the head that counts; None before its end."""
        if begun is not None:
            told, end = begun
            if self._take_head(data[:end], told):
                return data[end:]
            data = data[end:]
        data = self.head + data
        while (end := data.find(_END, self._searched)) >= 0:
            end += len(_END)
            head, data = data[:end], data[end:]
            self._searched = 0
            if self._take_head(head):
                return data
        self.head = data
        if (
            len(data) > self.limits.head_bytes
            or not data.startswith(_BEGINNING[: len(data)])
            or _STRAY.search(data, self._searched)
        ):
            raise httpx.RemoteProtocolError("what came is no head, or too long a one")
        self._searched = max(0, len(data) - len(_END) + 1)
        return None

    def _take_head(self, head: bytes, told: Told | None = None) -> bool:
        """Whether this is the head that counts, and not a 1xx one."""
        if len(head) > self.limits.head_bytes:
            raise httpx.RemoteProtocolError("the head is too long")
        if told is None:
            told = self.heads.read(head)
        status = int(told.status)
        if status < 200:
            self._interim += 1
            # Nobody asked for another protocol.
            if status == 101 or self._interim > self.limits.interim:
                raise httpx.RemoteProtocolError("a 101, or too many other 1xx")
            return False
        self.head = head
        self.told = told
        self.keeps = not closes(told)
        self._frame(status, told)
        self.status = status
        return True

    def _frame(self, status: int, told: Told) -> None:
        """How the end of the body will be known (RFC 9112, 6.3); what leaves doubt is refused."""
        length, coding = told.content_length, told.transfer_encoding
        if told.twice:
            raise httpx.RemoteProtocolError("the body's end is given twice")
        if coding is not None and (told.version != b"1" or coding.lower() != b"chunked"):
            raise httpx.RemoteProtocolError("the transfer coding is not chunked")
        if length is not None and not (length.isdigit() and len(length) <= _LENGTH_DIGITS):
            raise httpx.RemoteProtocolError("the body's length is no number")
        if self.bodiless or status in WITHOUT_BODY:
            if status == 204 and (coding is not None or length not in (None, b"0")):
                self.keeps = False
        elif coding is not None:
            self._chunks = Chunks(self.limits)
        elif length is None:
            # Ended by the connection's end it could not be told from one that was cut.
            raise httpx.RemoteProtocolError("the body's end is not given")
        else:
            self._missing = int(length)
            if self._missing > self.limits.body_bytes:
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
