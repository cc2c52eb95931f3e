"""A connection of a client: whose turn it is to be answered, how long it has, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from enum import Enum, auto
from typing import Any, cast

from uvicorn._types import (
    ASGI3Application,
    ASGIReceiveCallable,
    ASGISendCallable,
    ASGISendEvent,
    Scope,
)
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from proxy.credentials.shown import TLS_SUBJECT
from proxy.front import framing
from proxy.front.alarm import NEVER, Alarm
from proxy.front.framing import Refusal
from proxy.front.outlet import LINGER_BYTES, Outlet
from proxy.front.tls import subject_of
from proxy.front.wire import LEFT, WIRE, Wire
from proxy.observe.logs import log

END_OF_HEAD = b"\r\n\r\n"
LAST_SECONDS = 0.5
"""How long, once the server ends, a connection without a request may still bring one."""


class Stage(Enum):
    """What of a request comes next."""

    IDLE = auto()
    HEAD = auto()
    BODY = auto()


IDLE, HEAD, BODY = Stage


class Connection(HttpToolsProtocol):
    """
    Answers in the order of the requests, refusals among them; after a refusal nothing is read.

    The state of the application's life holds the `Wire`.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.access_log = False
        self.wire: Wire = self.app_state[WIRE]
        self._stage = IDLE
        self._over = False
        """Whether nothing more is read."""
        self._ending = False
        """Whether the server ends: the next answer is the last one."""
        self._method = b""
        self._began: float | None = None
        self._deadline = Alarm(self.loop, self._overdue)
        self._running: RequestResponseCycle | None = None
        self._refusal: bytes | None = None
        """What is answered once every earlier request is."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        writable = cast("asyncio.Transport", transport)
        super().connection_made(writable)
        subject = subject_of(transport)
        if subject is not None:
            # It belongs to the connection, and uvicorn copies this for each of its requests.
            self.app_state = {**self.app_state, TLS_SUBJECT: subject}
        limits = self.wire.limits
        self._outlet = Outlet(writable, self.loop, limits.body_seconds, self._finish)
        self._began = self.loop.time()
        self._deadline.set(self._began + limits.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._over = True
        self._deadline.end()
        self._outlet.lost()
        self._unset_keepalive_if_required()
        self.pipeline.clear()
        super().connection_lost(exc)
        running, self._running = self._running, None
        if running is not None and not running.response_complete:
            running.disconnected = True
            running.message_event.set()
            left = running.scope["state"].pop(LEFT, None)
            if left is not None:
                left()

    def eof_received(self) -> None:
        self._outlet.shut()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._outlet.writing_paused()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._outlet.writing_resumed()

    def shutdown(self) -> None:
        """The server ends: what has begun to come is still answered, and nothing after it."""
        self._ending = True
        running = self._running
        if running is not None and not running.response_complete:
            running.keep_alive = False
        else:
            # A request may be on its way: it would be lost if the connection closed at once.
            self.loop.call_later(LAST_SECONDS, self._shut_if_idle)

    def _shut_if_idle(self) -> None:
        running = self._running
        waits = running is None or running.response_complete
        if waits and self._stage is IDLE and not self._outlet.is_closing():
            self._outlet.shut()

    def timeout_keep_alive_handler(self) -> None:
        self._outlet.shut()

    # Answers.

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        cycle.transport = self._outlet

        async def answering(
            scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
        ) -> None:
            def saying_whether_it_is_the_last(message: ASGISendEvent) -> Awaitable[None]:
                if not cycle.response_started and self._is_the_last(cycle):
                    cycle.keep_alive = False
                return send(message)

            await app(scope, receive, saying_whether_it_is_the_last)

        super()._start_asgi_task(cycle, answering)

    def _is_the_last(self, cycle: RequestResponseCycle) -> bool:
        # What is left of a request that is answered early is not worth the reading.
        return cycle.more_body or self._ending or self.wire.draining

    def on_response_complete(self) -> None:
        if self._outlet.lingering:
            self.server_state.total_requests += 1
            return
        super().on_response_complete()
        if self._refusal is not None:
            self._answer_refusal()
        elif self._stage is not IDLE:
            # It may have waited for its turn: its time begins now.
            self._unset_keepalive_if_required()
            self._began = None
            self._watch()

    def _refuse(self, refusal: Refusal) -> None:
        """Answer this to the request that comes, once its turn is, and read nothing more."""
        if self._over:
            return
        self._over = True
        self.wire.counts.add("refused", refusal.reason)
        log.info("refused", legacy_status=refusal.status, reason=refusal.reason)
        if self._stage is BODY and not self._withdrawn(self.cycle):
            return
        answer = self.wire.refusal(refusal.status)
        if self._method == b"HEAD":
            answer = answer.partition(END_OF_HEAD)[0] + END_OF_HEAD
        self._refusal = answer
        self._answer_refusal()

    def _withdrawn(self, cycle: RequestResponseCycle) -> bool:
        """Take back a request whose body is bad; whether a refusal can still be its answer."""
        if self.pipeline and self.pipeline[0][0] is cycle:
            self.pipeline.popleft()
            return True
        cycle.disconnected = True
        cycle.waiting_for_100_continue = False
        cycle.message_event.set()
        if cycle.response_started:
            self._outlet.shut()
        return not cycle.response_started

    def _answer_refusal(self) -> None:
        running = self._running
        waits = running is not None and not (running.response_complete or running.disconnected)
        if self._refusal is not None and not waits and not self.transport.is_closing():
            self.transport.write(self._refusal)
            self._linger()

    # Ends.

    def _finish(self) -> None:
        """The last answer is written."""
        unread = self._stage is not IDLE or self.pipeline or self._outlet.discarded
        if unread or self._refusal is not None:
            self._linger()
        else:
            self._outlet.shut()

    def _linger(self) -> None:
        self._over = True
        self._deadline.set(NEVER)
        self._unset_keepalive_if_required()
        self.pipeline.clear()
        self.flow.resume_reading()
        self._outlet.linger()

    def _discard(self, data: bytes) -> None:
        """Throw away what comes after the end, up to a bound; then let the client wait."""
        self._outlet.discarded += len(data)
        if self._outlet.discarded > LINGER_BYTES:
            self.flow.pause_reading()

    def _watch(self) -> None:
        """Give what comes its time; it counts from the first byte of a request."""
        if self._stage is IDLE or self._over:
            self._deadline.due = NEVER
            return
        if self._began is None:
            self._began = self.loop.time()
        limits = self.wire.limits
        seconds = limits.head_seconds if self._stage is HEAD else limits.body_seconds
        self._deadline.set(self._began + seconds)

    def _overdue(self) -> None:
        if self.flow.read_paused:
            # It is not the client that is slow.
            self._began = None
            self._watch()
        elif self._stage is IDLE:
            self._outlet.shut()
        else:
            self._refuse(framing.HEAD_TIME if self._stage is HEAD else framing.BODY_TIME)
