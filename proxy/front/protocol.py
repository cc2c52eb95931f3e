"""uvicorn's protocol, hardened: what is in doubt never reaches the application."""

from __future__ import annotations

from typing import Any, NoReturn

import httptools

from proxy.front import framing
from proxy.front.bounds import Bounds
from proxy.front.connection import BODY, HEAD, IDLE, Connection
from proxy.front.first_line import FirstLine
from proxy.front.framing import Fields, Refusal

MAX_QUEUED = 16
"""Requests that a client may have sent while an earlier one is not answered."""


class _StopError(Exception):
    """Makes the parser stop: nothing more on this connection is read."""


class HardenedProtocol(Connection):
    """Reads the requests of a connection, within bounds, and judges each by its head."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        # Versions are judged here, so that a wrong one has a status of its own.
        self.parser.set_dangerous_leniencies(lenient_version=True)
        self._bounds = Bounds(self.wire.limits)
        self._first_line = FirstLine()
        self._unread: Fields = ()
        self._found: Refusal | None = None

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        while data and not self._over:
            if self._stage is IDLE:
                self._stage, self.headers = HEAD, []
                self._first_line.awaited()
            piece = self._bounds.next_piece(data)
            data = data[len(piece) :]
            self._feed(piece)
            if self._stage is not IDLE and self._bounds.exceeded is not None:
                self._refuse(self._bounds.exceeded)
        if data:
            self._discard(data)
        self._watch()

    def _feed(self, piece: bytes) -> None:
        self._first_line.fed(piece, wanted=self._stage is HEAD and not self.headers)
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as ignored:
            self._go_on_after_upgrade(piece[ignored.args[0] :])
        except httptools.HttpParserError:
            self._refuse(self._found or framing.SYNTAX)

    def _go_on_after_upgrade(self, rest: bytes) -> None:
        """
        Read on, as if no upgrade had been asked for.

        What follows the head is the body, if it has one, or the next request; but the parser
        takes it for the first bytes of another protocol. So another one reads the body.
        """
        if self._unread:
            self.parser = httptools.HttpRequestParser(_Body(self))
            fields = b"".join(b"%b: %b\r\n" % field for field in self._unread)
            self.parser.feed_data(b"POST / HTTP/1.1\r\nConnection: close\r\n%b\r\n" % fields)
            self._unread = ()
        if rest:
            self._feed(rest)

    # What the parser tells.

    def on_message_begin(self) -> None:
        if self._over:
            raise _StopError
        super().on_message_begin()
        self._first_line.begun()
        self._stage, self._method = HEAD, b""

    def on_url(self, url: bytes) -> None:
        self.url += url
        if len(self.url) > self.wire.limits.target_bytes:
            self._stop(framing.TARGET_BYTES)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._stage is BODY:
            # RFC 9110, 6.5.1: a trailer never becomes a header.
            self.wire.counts.add("trailers")
            found = self._bounds.trailer()
            if found is not None:
                self._stop(found)
            return
        name = name.lower()
        if name == b"expect":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        method, version = self.parser.get_method(), self.parser.get_http_version()
        self._method = method
        found = framing.refused(method, version, self.url, self.headers, self.wire.limits)
        if found is None and not self._first_line.is_proper(method, self.url, version):
            found = framing.SYNTAX
        if found is None and len(self.pipeline) >= MAX_QUEUED:
            found = framing.PIPELINED
        if found is not None:
            self._stop(found)
        if version == "1.0":
            # RFC 9110, 10.1.1: an expectation in HTTP/1.0 is ignored.
            self.expect_100_continue = False
        self._stage = BODY
        self._bounds.head_complete()
        super().on_headers_complete()
        if self.parser.should_upgrade():
            self._unread = framing.of_a_body(self.headers)

    def on_chunk_header(self) -> None:
        """A chunk begins; if it is the last one, what comes next are trailers."""
        self._bounds.chunk_begins()

    def on_body(self, body: bytes) -> None:
        found = self._bounds.content(len(body))
        if found is not None:
            self._stop(found)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._unread:
            return
        self._stage, self._began = IDLE, None
        self._bounds.begin()
        self._first_line.ended()
        # A trailer can end the connection, too; and a parser that reads a body reads no more.
        if not (self.cycle.keep_alive and self.parser.should_keep_alive()):
            self.cycle.keep_alive = False
            self._over = True
        super().on_message_complete()

    def _should_upgrade(self) -> bool:
        return False

    def _stop(self, found: Refusal) -> NoReturn:
        self._found = found
        raise _StopError


class _Body:
    """What a parser tells that reads a body alone."""

    def __init__(self, protocol: HardenedProtocol) -> None:
        self.on_chunk_header = protocol.on_chunk_header
        self.on_body = protocol.on_body
        self.on_message_complete = protocol.on_message_complete
