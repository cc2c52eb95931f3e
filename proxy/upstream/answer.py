"""One answer, read from bytes as strictly as RFC 9112 lets a reader be."""

from __future__ import annotations

import io
import re

import httpx
from httptools import HttpParserError, HttpResponseParser

from proxy.upstream.limits import TransportLimits

WITHOUT_BODY = frozenset({204, 304})

_BEGINNING = b"HTTP/1."
_END = b"\r\n\r\n"
_VALUE = rb"[\t\x20-\x7e\x80-\xff]*+"
_HEAD = re.compile(
    rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: " + _VALUE + rb")?\r\n"
    rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++:" + _VALUE + rb"\r\n)*+\r\n"
)
"""The parser below it is more lenient: with versions, statuses, blank lines before a head."""
_STRAY = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n")
"""What no head has, seen before its end has come."""
_LENGTH = re.compile(rb"[0-9]{1,18}")
_AROUND_A_CHUNK = 32
"""How many bytes beside its own a chunk may have, for as many chunks as there are."""
_FRAMING = frozenset({b"connection", b"content-encoding", b"content-length", b"transfer-encoding"})


class AnswerTooLargeError(httpx.RemoteProtocolError):
    """A body beyond its bound."""


class AnswerReader:
    """
    Takes the bytes of one answer as they come.

    `feed` raises `httpx.RemoteProtocolError` at the first fault. No text of an error holds bytes
    of the answer.
    """

    def __init__(self, method: str, limits: TransportLimits) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.complete = False
        self.leftover = False
        """Bytes came after the end: whoever sent them, the connection is not to be trusted."""
        self.keeps = True
        """Whether the server lets another request follow on the connection."""
        self._limits = limits
        self._bodiless = method == "HEAD"
        self._head = b""
        self._searched = 0
        self._interim = 0
        self._framing: dict[bytes, list[bytes]] = {}
        self._body = io.BytesIO()
        self._size = 0
        self._missing = 0
        self._chunks: HttpResponseParser | None = None
        self._aside = 0
        """Bytes of extensions and trailers: neither head nor body, and bounded as a head is."""
        self._tail = b""

    @property
    def body(self) -> bytes:
        """The body, whole once `complete`; never decoded."""
        return self._body.getvalue()

    @property
    def encoded(self) -> bool:
        """Whether the body is something else than it says (Content-Encoding)."""
        return not self._tokens(b"content-encoding") <= {b"", b"identity"}

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
            self._read_chunks(data)

    def drop(self) -> None:
        """Let go of an answer that will not be used."""
        # The parser and this reader hold each other: else it would wait for the collector.
        self._chunks = None
        self._body = io.BytesIO()

    def _read_head(self, data: bytes) -> bytes | None:
        """What follows the head that counts; None before its end."""
        self._head += data
        while (end := self._head.find(_END, self._searched)) >= 0:
            end += len(_END)
            head, self._head = self._head[:end], self._head[end:]
            self._searched = 0
            if self._take_head(head):
                rest, self._head = self._head, b""
                return rest
        if (
            len(self._head) > self._limits.head_bytes
            or not self._head.startswith(_BEGINNING[: len(self._head)])
            or _STRAY.search(self._head, self._searched)
        ):
            raise httpx.RemoteProtocolError("what came is no head, or too long a one")
        self._searched = max(0, len(self._head) - len(_END) + 1)
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
        parser = HttpResponseParser(self)
        try:
            parser.feed_data(head)
        except HttpParserError as error:
            raise httpx.RemoteProtocolError("the head is malformed") from error
        self._frame(version, status, parser)
        self.status = status
        return True

    def _frame(self, version: bytes, status: int, parser: HttpResponseParser) -> None:
        """How the end of the body will be known (RFC 9112, 6.3); what leaves doubt is refused."""
        lengths = self._framing.get(b"content-length", [])
        codings = self._framing.get(b"transfer-encoding", [])
        if len(lengths) + len(codings) > 1:
            raise httpx.RemoteProtocolError("the body's end is given twice")
        if codings and (version == b"0" or codings[0].lower() != b"chunked"):
            raise httpx.RemoteProtocolError("the transfer coding is not chunked")
        if lengths and not _LENGTH.fullmatch(lengths[0]):
            raise httpx.RemoteProtocolError("the body's length is no number")
        self.keeps = version == b"1" and b"close" not in self._tokens(b"connection")
        if self._bodiless or status in WITHOUT_BODY:
            if status == 204 and (codings or lengths not in ([], [b"0"])):
                self.keeps = False
        elif codings:
            self._chunks = parser
        elif not lengths:
            # Ended by the connection's end it could not be told from one that was cut.
            raise httpx.RemoteProtocolError("the body's end is not given")
        else:
            self._missing = int(lengths[0])
            if self._missing > self._limits.body_bytes:
                raise AnswerTooLargeError("the body is too large")

    def _read_counted(self, data: bytes) -> None:
        if len(data) > self._missing:
            self.leftover = True
            data = data[: self._missing]
        self._body.write(data)
        self._missing -= len(data)
        self.complete = not self._missing

    def _read_chunks(self, data: bytes) -> None:
        assert self._chunks is not None  # noqa: S101 - for the type checker: `feed` has looked
        self._aside += len(data)
        self._tail = (self._tail + data[-5:])[-5:]
        try:
            self._chunks.feed_data(data)
        except HttpParserError as error:
            if not self.complete:
                raise httpx.RemoteProtocolError("a chunk is malformed") from error
            self.leftover = True
        if self._size > self._limits.body_bytes:
            raise AnswerTooLargeError("the body is too large")
        if self.complete:
            self._chunks = None
            # The parser passes over blank lines after the end, which is one blank line.
            self.leftover |= not self._tail.endswith(_END) or self._tail[0] in b"\r\n"
        elif self._aside > self._limits.head_bytes:
            raise httpx.RemoteProtocolError("too much that is neither head nor body")

    def _tokens(self, name: bytes) -> set[bytes]:
        return {
            token.strip(b" \t").lower()
            for value in self._framing.get(name, ())
            for token in value.split(b",")
        }

    # What the parser calls.

    def on_message_begin(self) -> None:
        """A second message where one was asked for."""
        self.leftover |= self.complete

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head. A trailer is none (RFC 9110, 6.5.1), nor is a later head's."""
        if self.status:
            return
        value = value.strip(b" \t")
        self.headers.append((name, value))
        if (lowered := name.lower()) in _FRAMING:
            self._framing.setdefault(lowered, []).append(value)

    def on_body(self, data: bytes) -> None:
        """A part of a chunk."""
        if self.complete:
            return
        self._aside -= len(data)
        self._size += len(data)
        if self._size <= self._limits.body_bytes:
            self._body.write(data)

    def on_chunk_complete(self) -> None:
        """A chunk is over, and what stood around it in order."""
        self._aside -= _AROUND_A_CHUNK

    def on_message_complete(self) -> None:
        """The last chunk is over."""
        self.complete = self._chunks is not None
