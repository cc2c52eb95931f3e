"""A protocol for uvicorn's server, hardened: what is in doubt never reaches the application."""

from __future__ import annotations

import asyncio
from typing import Any, NoReturn
from urllib.parse import unquote

import httptools
from starlette.types import Scope
from uvicorn.protocols.utils import get_local_addr, get_remote_addr, is_ssl

from proxy.front import framing
from proxy.front.alarm import NEVER
from proxy.front.bounds import Bounds
from proxy.front.connection import BODY, HEAD, IDLE, Connection
from proxy.front.exchange import Exchange
from proxy.front.fast_path import KnownHead
from proxy.front.fast_request import FastRequest
from proxy.front.first_line import FirstLine
from proxy.front.framing import Refusal
from proxy.front.same_head import SameHead
from proxy.journey.handed_over import HANDED_OVER, HandedOver
from proxy.legacy_request import Fields

MAX_QUEUED = 16
"""Requests that a client may have sent while an earlier one is not answered."""

ASGI = {"version": "3.0", "spec_version": "2.3"}


class _StopError(Exception):
    """Makes the parser stop: nothing more on this connection is read."""


class HardenedProtocol(Connection):
    """Reads the requests of a connection, within bounds, and judges each by its head."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._parser = httptools.HttpRequestParser(self)
        # Versions are judged here, so that a wrong one has a status of its own; and a request that
        # closes is none the worse for what follows it.
        self._parser.set_dangerous_leniencies(lenient_version=True, lenient_data_after_close=True)
        self._limits = self.wire.limits
        self._bounds = Bounds(self._limits)
        self._first_line = FirstLine()
        self._url = b""
        self._fields: list[tuple[bytes, bytes]] = []
        self._expects = False
        self._unread: framing.Fields = ()
        self._begun = 0
        """How many requests have begun in what came last."""
        self._last: SameHead | None = None
        self._found: Refusal | None = None
        self._known: KnownHead | None = None
        self._known_as: SameHead | None = None
        """The head of which that is known."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._server, self._client = get_local_addr(self.transport), get_remote_addr(self.transport)
        self._scheme = "https" if is_ssl(self.transport) else "http"

    def data_received(self, data: bytes) -> None:
        if self._stage is IDLE and self._last is not None:
            again = None if self._is_busy() else self._last.again(data, self._limits)
            if again is not None:
                self._let_in_again(self._last, *again)
                return
        bounds, whole = self._bounds, data if self._stage is IDLE else b""
        self._begun = 0
        while data and not self._over:
            piece = bounds.next_piece(data)
            data = data[len(piece) :]
            if self._stage is IDLE:
                self._stage = HEAD
                self._first_line.begins(piece)
            else:
                wanted = self._stage is HEAD and not self._fields
                self._first_line.goes_on(piece, wanted=wanted)
            self._feed(piece)
            if self._stage is not IDLE and bounds.bytes >= bounds.bound:
                self._refuse(bounds.excess)
        if data:
            self._discard(data)
        elif whole and self._stage is IDLE and self._begun == 1 and not self._over:
            self._last = SameHead.of(self._exchange.scope["headers"], whole)
        self._watch()

    def _let_in_again(self, last: SameHead, url: bytes, body: bytes) -> None:
        """A request whose head was judged with an earlier one."""
        self._began = None
        self._deadline.due = NEVER
        if self.wire.fast_path is not None and self.outlet.writable is None:
            if self._known_as is not last:
                self._known_as = last
                self._known = self.wire.fast_path.known(last.method, last.fields)
            if self._known is not None:
                self._running = request = self._known.begin(url, body, self)
                if request is not None:
                    return
        exchange = Exchange(self, self._scope(last.method, "1.1", url, last.fields), True, False)
        exchange.body(body)
        exchange.body_complete()
        self._let_in(exchange)

    def go_on(
        self, request: FastRequest, method: bytes, url: bytes, fields: Fields, before: HandedOver
    ) -> None:
        """Let a request go the way of all others that turned out to be no plain one."""
        scope = self._scope(method, "1.1", url, fields)
        scope["state"][HANDED_OVER] = before
        exchange = Exchange(self, scope, request.keep_alive, False)
        exchange.body_complete()
        if request.disconnected:
            exchange.disconnect()
        self._answer(exchange)

    def _feed(self, piece: bytes) -> None:
        try:
            self._parser.feed_data(piece)
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
            self._parser = httptools.HttpRequestParser(_Body(self))
            fields = b"".join(b"%b: %b\r\n" % field for field in self._unread)
            self._parser.feed_data(b"POST / HTTP/1.1\r\nConnection: close\r\n%b\r\n" % fields)
            self._unread = ()
        if rest:
            self._first_line.goes_on(rest, wanted=False)
            self._first_line.ended()
            self._feed(rest)

    # What the parser tells.

    def on_message_begin(self) -> None:
        """A request begins."""
        if self._over:
            raise _StopError
        self._stage = HEAD
        self._begun += 1

    def on_url(self, url: bytes) -> None:
        """A piece of its target."""
        self._url += url
        if len(self._url) > self._limits.target_bytes:
            self._stop(framing.TARGET_BYTES)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field, or a trailer."""
        if self._stage is BODY:
            # RFC 9110, 6.5.1: a trailer never becomes a header.
            self.wire.counts.add("trailers")
            found = self._bounds.trailer()
            if found is not None:
                self._stop(found)
            return
        name = name.lower()
        if name == b"expect":
            self._expects = True
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is whole: it is judged, and if it is good, the application is called."""
        parser, fields, target = self._parser, Fields(self._fields), self._url
        self._method = method = parser.get_method()
        current = self._first_line.is_current(method, target)
        version = "1.1" if current else parser.get_http_version()
        found = framing.refused(method, version, target, fields, self._limits)
        if found is None and not (current or self._first_line.is_proper(method, target, version)):
            found = framing.SYNTAX
        if found is None and len(self._waiting) >= MAX_QUEUED:
            found = framing.PIPELINED
        if found is not None:
            self._stop(found)
        self._stage = BODY
        self._bounds.head_complete()
        scope = self._scope(method, version, target, fields)
        # In HTTP/1.0 no connection is kept, and an expectation is ignored (RFC 9110, 10.1.1).
        keep_alive = version == "1.1" and parser.should_keep_alive()
        self._let_in(Exchange(self, scope, keep_alive, self._expects and version == "1.1"))
        if parser.should_upgrade():
            self._unread = framing.of_a_body(fields)

    def _scope(self, method: bytes, version: str, url: bytes, fields: Fields) -> Scope:
        raw_path, _, query = url.partition(b"?")
        path = raw_path.decode("ascii")
        return {
            "type": "http",
            "asgi": ASGI,
            "http_version": version,
            "server": self._server,
            "client": self._client,
            "scheme": self._scheme,
            "root_path": "",
            "headers": fields,
            "state": self.app_state.copy(),
            "method": method.decode("ascii"),
            "path": unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": query,
        }

    def on_chunk_header(self) -> None:
        """A chunk begins; if it is the last one, what comes next are trailers."""
        self._bounds.chunk_begins()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        found = self._bounds.content(len(body))
        if found is not None:
            self._stop(found)
        if self._exchange.body(body):
            self._pause_reading()

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._unread:
            return
        self._stage, self._began = IDLE, None
        self._method, self._url, self._fields, self._expects = b"", b"", [], False
        self._bounds.begin()
        self._first_line.ended()
        exchange = self._exchange
        # A trailer can end the connection, too; and a parser that reads a body reads no more.
        if not (exchange.keep_alive and self._parser.should_keep_alive()):
            exchange.keep_alive = False
            self._over = True
        exchange.body_complete()

    def _stop(self, found: Refusal) -> NoReturn:
        self._found = found
        raise _StopError


class _Body:
    """What a parser tells that reads a body alone."""

    def __init__(self, protocol: HardenedProtocol) -> None:
        self.on_chunk_header = protocol.on_chunk_header
        self.on_body = protocol.on_body
        self.on_message_complete = protocol.on_message_complete
