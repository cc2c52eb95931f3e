"""A connection of a client: whose turn it is to be answered, how long it has, and how it ends."""

from __future__ import annotations

import asyncio
from collections import deque
from enum import Enum, auto
from typing import Any, cast

from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.server import ServerState

from proxy.credentials.shown import TLS_SUBJECT
from proxy.front import framing
from proxy.front.alarm import NEVER, Alarm
from proxy.front.exchange import Exchange
from proxy.front.fast_request import FastRequest
from proxy.front.framing import Refusal
from proxy.front.outlet import LINGER_BYTES, Outlet
from proxy.front.tls import subject_of
from proxy.front.wire import WIRE, Wire
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


class Connection(asyncio.Protocol):
    """
    Answers in the order of the requests, refusals among them; after a refusal nothing is read.

    uvicorn makes one for each client, as it would its own protocol. The state of the application's
    life holds the `Wire`.
    """

    transport: asyncio.Transport
    _exchange: Exchange
    """Whose request comes, or has come last."""
    outlet: Outlet

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.loop = _loop or asyncio.get_event_loop()
        self.server_state, self.app_state = server_state, app_state
        self.tasks: set[Any] = server_state.tasks
        """What the server waits for when it ends, and cancels when it has waited for long."""
        self.wire: Wire = app_state[WIRE]
        self._app = cast("ASGIApp", config.loaded_app)
        self._idle_seconds = config.timeout_keep_alive
        self._reading_paused = False
        self._stage = IDLE
        self._over = False
        """Whether nothing more is read."""
        self._ending = False
        """Whether the server ends: the next answer is the last one."""
        self._method = b""
        self._began: float | None = None
        self._deadline = Alarm(self.loop, self._overdue)
        self._running: Exchange | FastRequest | None = None
        self._waiting: deque[Exchange] = deque()
        """Requests that wait until those before them are answered."""
        self._refusal: bytes | None = None
        """What is answered once every earlier request is."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.server_state.connections.add(cast("Any", self))
        subject = subject_of(transport)
        if subject is not None:
            # It belongs to the connection, and this is copied for each of its requests.
            self.app_state = {**self.app_state, TLS_SUBJECT: subject}
        limits = self.wire.limits
        self.outlet = Outlet(self.transport, self.loop, limits.body_seconds)
        self._began = self.loop.time()
        self._deadline.set(self._began + limits.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._over = True
        self.server_state.connections.discard(cast("Any", self))
        self._deadline.end()
        self.outlet.lost()
        self._waiting.clear()
        running, self._running = self._running, None
        if running is not None and not running.complete:
            running.left()

    def eof_received(self) -> None:
        self.outlet.shut()

    def pause_writing(self) -> None:
        self.outlet.writing_paused()

    def resume_writing(self) -> None:
        self.outlet.writing_resumed()

    def _pause_reading(self) -> None:
        if not self._reading_paused:
            self._reading_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on, if reading was paused."""
        if self._reading_paused:
            self._reading_paused = False
            self.transport.resume_reading()

    def shutdown(self) -> None:
        """The server ends: what has begun to come is still answered, and nothing after it."""
        self._ending = True
        running = self._running
        if running is not None and not running.complete:
            running.keep_alive = False
        else:
            # A request may be on its way: it would be lost if the connection closed at once.
            self.loop.call_later(LAST_SECONDS, self._shut_if_idle)

    def _shut_if_idle(self) -> None:
        running = self._running
        waits = running is None or running.complete
        if waits and self._stage is IDLE and not self.outlet.is_closing():
            self.outlet.shut()

    # Answers.

    def _let_in(self, exchange: Exchange) -> None:
        """It is answered once every earlier request is."""
        self._exchange = exchange
        running = self._running
        if running is None or running.complete:
            self._answer(exchange)
        else:
            self._pause_reading()
            self._waiting.append(exchange)

    def _is_busy(self) -> bool:
        """Whether a request that came before is not answered."""
        return self._over or (self._running is not None and not self._running.complete)

    def _answer(self, exchange: Exchange) -> None:
        self._running = exchange
        exchange.task = task = self.loop.create_task(exchange.run(self._app))
        self.tasks.add(task)

    def is_the_last(self, exchange: Exchange | FastRequest) -> bool:
        """Whether nothing is read behind this one."""
        # What is left of a request that is answered early is not worth the reading.
        return exchange.more_body or self._ending or self.wire.draining

    def answered(self, exchange: Exchange | FastRequest) -> None:
        """All of its answer is written."""
        self.server_state.total_requests += 1
        if not exchange.keep_alive:
            self.finish()
        if self.outlet.is_closing():
            return
        self.resume_reading()
        if self._waiting:
            self._answer(self._waiting.popleft())
        elif self._stage is IDLE:
            self._deadline.set(self.loop.time() + self._idle_seconds)
        if self._refusal is not None:
            self._answer_refusal()
        elif self._stage is not IDLE:
            # It may have waited for its turn: its time begins now.
            self._began = None
            self._watch()

    def _refuse(self, refusal: Refusal) -> None:
        """Answer this to the request that comes, once its turn is, and read nothing more."""
        if self._over:
            return
        self._over = True
        self.wire.counts.add("refused", refusal.reason)
        log.info("refused", legacy_status=refusal.status, reason=refusal.reason)
        if self._stage is BODY and not self._withdrawn(self._exchange):
            return
        answer = self.wire.refusal(refusal.status)
        if self._method == b"HEAD":
            answer = answer.partition(END_OF_HEAD)[0] + END_OF_HEAD
        self._refusal = answer
        self._answer_refusal()

    def _withdrawn(self, exchange: Exchange) -> bool:
        """Take back a request whose body is bad; whether a refusal can still be its answer."""
        if self._waiting and self._waiting[-1] is exchange:
            self._waiting.pop()
            return True
        exchange.disconnect()
        if exchange.started:
            self.outlet.shut()
        return not exchange.started

    def _answer_refusal(self) -> None:
        running = self._running
        waits = running is not None and not (running.complete or running.disconnected)
        if self._refusal is not None and not waits and not self.transport.is_closing():
            self.transport.write(self._refusal)
            self._linger()

    # Ends.

    def finish(self) -> None:
        """The last answer is written."""
        unread = self._stage is not IDLE or self._waiting or self.outlet.discarded
        if unread or self._refusal is not None:
            self._linger()
        else:
            self.outlet.shut()

    def _linger(self) -> None:
        self._over = True
        self._deadline.set(NEVER)
        self._waiting.clear()
        self.resume_reading()
        self.outlet.linger()

    def _discard(self, data: bytes) -> None:
        """Throw away what comes after the end, up to a bound; then let the client wait."""
        self.outlet.discarded += len(data)
        if self.outlet.discarded > LINGER_BYTES:
            self._pause_reading()

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
        if self._stage is IDLE:
            self.outlet.shut()
        elif self._reading_paused:
            # It is not the client that is slow.
            self._began = None
            self._watch()
        else:
            self._refuse(framing.HEAD_TIME if self._stage is HEAD else framing.BODY_TIME)
