"""A body that comes in chunks, of which httptools' parser finds the ends."""

from __future__ import annotations

import io

import httpx
from httptools import HttpParserError, HttpResponseParser

from proxy.upstream.limits import TransportLimits

_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
"""All that the parser need know of a head, which was read already."""
_END = b"\r\n\r\n"
_AROUND_A_CHUNK = 32
"""How many bytes beside its own a chunk may have, for as many chunks as there are."""


class AnswerTooLargeError(httpx.RemoteProtocolError):
    """A body beyond its bound."""


class Chunks:
    """Takes what follows the head of an answer; raises `httpx.RemoteProtocolError`."""

    def __init__(self, limits: TransportLimits) -> None:
        self.complete = False
        self.leftover = False
        """Bytes came after the end."""
        self._limits = limits
        self._body = io.BytesIO()
        self._size = 0
        self._aside = 0
        """Bytes of extensions and trailers: neither head nor body, and bounded as a head is."""
        self._tail = b""
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self._parser.feed_data(_HEAD)

    @property
    def body(self) -> bytes:
        """The body, whole once `complete`."""
        return self._body.getvalue()

    def drop(self) -> None:
        """Let go of a body that will not be used."""
        # The parser and this reader hold each other: else it would wait for the collector.
        self._parser = None
        self._body = io.BytesIO()

    def feed(self, data: bytes) -> None:
        """Take the bytes that came next."""
        assert self._parser is not None  # noqa: S101 - for the type checker: nothing comes later
        self._aside += len(data)
        self._tail = (self._tail + data[-5:])[-5:]
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            if not self.complete:
                raise httpx.RemoteProtocolError("a chunk is malformed") from error
            self.leftover = True
        if self._size > self._limits.body_bytes:
            raise AnswerTooLargeError("the body is too large")
        if self.complete:
            self._parser = None
            # The parser passes over blank lines after the end, which is one blank line.
            self.leftover |= not self._tail.endswith(_END) or self._tail[0] in b"\r\n"
        elif self._aside > self._limits.head_bytes:
            raise httpx.RemoteProtocolError("too much that is neither head nor body")

    # What the parser calls.

    def on_message_begin(self) -> None:
        """A second message where one was asked for."""
        self.leftover |= self.complete

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
        self.complete = True
