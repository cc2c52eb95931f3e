"""One request and its answer, as an ASGI application sees them."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Scope

from proxy.front import answer_head
from proxy.front.answer_head import CODING, FIRST_LINES, LENGTH
from proxy.front.wire import LEFT

if TYPE_CHECKING:
    from proxy.front.connection import Connection

HIGH_WATER_BYTES = 64 * 1024
"""Once so much of a body waits for the application, no more is read."""

GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
START, BODY = "http.response.start", "http.response.body"
FAILED = b"Internal Server Error"
FAILED_FIELDS = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"content-length", b"%d" % len(FAILED)),
    (b"connection", b"close"),
]

# Where uvicorn itself tells what an application did wrong.
log = logging.getLogger("uvicorn.error")


class Exchange:
    """
    A request that was let in, until its answer is written.

    The head of an answer waits for the first of its body: they are written at once.
    """

    __slots__ = (
        "_body",
        "_body_bytes",
        "_chunked",
        "_connection",
        "_news",
        "_owed",
        "_start",
        "_wanted",
        "complete",
        "disconnected",
        "expects",
        "keep_alive",
        "more_body",
        "scope",
        "started",
        "task",
    )

    task: asyncio.Task[None]
    """In which the application runs."""

    def __init__(
        self, connection: Connection, scope: Scope, keep_alive: bool, expects: bool
    ) -> None:
        self._connection = connection
        self.scope = scope
        self.keep_alive = keep_alive
        """Whether the connection goes on behind the answer."""
        self.expects = expects
        """Whether the client waits to be told to go on."""
        self.disconnected = False
        """Whether nobody waits for the answer any more."""
        self.more_body = True
        """Whether the request's body goes on."""
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._news = False
        """Whether there is something that the application was not told."""
        self._wanted: asyncio.Event | None = None
        """Set once there are news; there only while the application waits for them."""
        self.started = False
        """Whether the head of the answer is written."""
        self.complete = False
        """Whether all of the answer is written."""
        self._start: Message | None = None
        self._chunked: bool | None = None
        self._owed = 0
        """How many bytes of the answer's body are still to come, by its own word."""

    # What the connection tells.

    def body(self, piece: bytes) -> bool:
        """One more piece of the body has come; whether enough of it waits."""
        self._body.append(piece)
        self._body_bytes += len(piece)
        self._tell()
        return self._body_bytes > HIGH_WATER_BYTES

    def body_complete(self) -> None:
        """No more of it comes."""
        self.more_body = False
        self._tell()

    def disconnect(self) -> None:
        """Nobody waits for the answer any more, and what is sent of it goes nowhere."""
        self.disconnected, self.expects = True, False
        self._tell()

    def left(self) -> None:
        """The client is gone: the application hears of it, if it has asked to."""
        self.disconnect()
        left = self.scope["state"].pop(LEFT, None)
        if left is not None:
            left()

    def _tell(self) -> None:
        self._news = True
        if self._wanted is not None:
            self._wanted.set()
            self._wanted = None

    # What the application does.

    async def run(self, app: ASGIApp) -> None:
        """Let the application answer; where it does not, do so for it."""
        try:
            await app(self.scope, self.receive, self.send)
        except BaseException as error:
            log.error("Exception in ASGI application\n", exc_info=error)
            await self._give_up()
        else:
            if not (self.complete or self.disconnected):
                without = "completing" if self.started else "starting"
                log.error("ASGI callable returned without %s response.", without)
                await self._give_up()
        finally:
            # Cheaper than a callback of the task, and nothing comes behind it.
            self._connection.tasks.discard(self.task)

    async def _give_up(self) -> None:
        if self.started:
            self._connection.finish()
            return
        self._start, self._chunked, self._owed = None, None, 0
        await self.send({"type": START, "status": 500, "headers": FAILED_FIELDS})
        await self.send({"type": BODY, "body": FAILED})

    async def receive(self) -> Message:
        """The next of the body, once there is more; at the end, that nobody waits any more."""
        connection = self._connection
        if self.expects and not connection.outlet.is_closing():
            self.expects = False
            connection.transport.write(GO_ON)
        if not (self.disconnected or self.complete):
            connection.resume_reading()
            if not self._news:
                if self._wanted is None:
                    self._wanted = asyncio.Event()
                await self._wanted.wait()
            self._news = False
        if self.disconnected or self.complete:
            return {"type": "http.disconnect"}
        body, self._body, self._body_bytes = b"".join(self._body), [], 0
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    async def send(self, message: Message) -> None:
        """The head of the answer, then the pieces of its body."""
        connection = self._connection
        writable = connection.outlet.writable
        if writable is not None and not self.disconnected:
            await writable.wait()
        if self.disconnected:
            return
        kind, start = message["type"], self._start
        if kind != (START if start is None else BODY) or self.complete:
            raise RuntimeError(f"Unexpected ASGI message '{kind}'.")
        if start is None:
            self._start, self.expects = message, False
            return
        more = message.get("more_body", False)
        head = b"" if self.started else self._head(start)
        body = self._as_sent(message.get("body", b""), more=more)
        if head and body:
            connection.transport.writelines((head, body))
        else:
            connection.transport.write(head or body)
        self.started = True
        if not more:
            self.complete = True
            if self._wanted is not None:
                self._tell()
            connection.answered(self)

    def _head(self, start: Message) -> bytes:
        """The head as bytes; what it says of the body is what the body must keep to."""
        connection, status = self._connection, start["status"]
        lines, ends = answer_head.lines(start.get("headers", ()))
        if connection.is_the_last(self):
            self.keep_alive = False
        says_close = False
        for name, value in ends:
            if name == LENGTH:
                if self._chunked is None:
                    self._chunked, self._owed = False, int(value)
            elif name == CODING:
                self._chunked, self._owed = True, 0
            elif b"close" in [token.strip() for token in value.lower().split(b",")]:
                self.keep_alive, says_close = False, True
        if not (self.keep_alive or says_close):
            lines += b"\r\nconnection: close"
        bodiless = self.scope["method"] == "HEAD" or status in (204, 304)
        if self._chunked is None and not bodiless:
            self._chunked = True
            lines += b"\r\ntransfer-encoding: chunked"
        common = connection.wire.common.of(connection.server_state.default_headers)
        return b"%b%b%b\r\n\r\n" % (FIRST_LINES[status], common, lines)

    def _as_sent(self, body: bytes, *, more: bool) -> bytes:
        """A piece of the body in the form that the head told; empty for HEAD."""
        if self.scope["method"] == "HEAD":
            return b""
        if self._chunked:
            end = b"" if more else b"0\r\n\r\n"
            return b"%x\r\n%b\r\n%b" % (len(body), body, end) if body else end
        self._owed -= len(body)
        if self._owed < 0:
            raise RuntimeError("Response content longer than Content-Length")
        if self._owed and not more:
            raise RuntimeError("Response content shorter than Content-Length")
        return body
