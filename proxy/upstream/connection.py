"""One connection: one call at a time, and nothing kept of a call that went wrong."""

from __future__ import annotations

import asyncio
import math
import select
import ssl
from collections.abc import Callable, Hashable
from functools import partial
from typing import cast

import httpx

from proxy.upstream.answer import AnswerReader
from proxy.upstream.counting import Count
from proxy.upstream.head import Heads
from proxy.upstream.limits import TransportLimits

# Where poll tells the end of a stream from bytes (Linux), the label of a closing tells it too.
_ENDED = getattr(select, "POLLRDHUP", 0)

_NEVER = math.inf


class Connection(asyncio.Protocol):
    """
    A connection and its present call.

    It closes itself when bytes or its end come while no call is under way; `when_closed` is told.
    """

    def __init__(
        self,
        limits: TransportLimits,
        affinity: Hashable,
        count: Count,
        when_closed: Callable[[Connection], None],
        heads: Heads,
    ) -> None:
        self.affinity = affinity
        """Whose calls it carries."""
        self.closed = ""
        """Why it was closed; empty while it is open."""
        self.begun = False
        """Whether a byte of the present answer has come."""
        self.opened = False
        self.idle_since = 0.0
        self._limits = limits
        self._count = count
        self._when_closed = when_closed
        self._heads = heads
        self._opened_at = 0.0
        self._early = False
        self._reader: AnswerReader | None = None
        self._when_over: Callable[[], None] | None = None
        self._failure: httpx.TransportError | None = None
        # One timer for the deadlines of all calls: most are moved, and hardly one is reached.
        self._timer: asyncio.TimerHandle | None = None
        self._fires = self._due = _NEVER
        self._total_at = 0.0
        self._loop: asyncio.AbstractEventLoop

    def begin(
        self,
        payload: bytes,
        method: str,
        first_byte_at: float,
        total_at: float,
        when_over: Callable[[], None],
    ) -> None:
        """
        Write a request whole.

        `when_over` is called once, when its answer is whole or will not come; `answer` tells
        which then, and must be asked.
        """
        self._reader = AnswerReader(method == "HEAD", self._limits, self._heads)
        self._when_over = when_over
        self.begun = self._early = False
        self._total_at = total_at
        self._due = due = first_byte_at if first_byte_at < total_at else total_at
        if due < self._fires:
            self._fire_at(due)
        self.transport.write(payload)

    def answer(self) -> AnswerReader:
        """The answer to what was begun, whole; raises httpx's errors, and then it is closed."""
        reader, failure = self._reader, self._failure
        assert reader is not None  # noqa: S101 - for the type checker: something was begun
        self._due = _NEVER
        self._reader = self._failure = None
        if failure is None:
            return reader
        reader.drop()
        self.close("failed")
        try:
            raise failure
        finally:
            # Else it would hold its own traceback, and the request with it.
            del failure

    def abandon(self, reason: str) -> None:
        """Nobody wants the answer any more: it is closed."""
        assert self._reader is not None  # noqa: S101 - for the type checker: as above
        self._reader.drop()
        self._due = _NEVER
        self._reader = self._when_over = self._failure = None
        self.close(reason)

    async def exchange(
        self, payload: bytes, method: str, first_byte_at: float, total_at: float
    ) -> AnswerReader:
        """
        Write a request whole and read its answer whole; raises httpx's errors.

        Whatever goes wrong, also when the caller leaves, it is closed.
        """
        over: asyncio.Future[None] = self._loop.create_future()
        try:
            self.begin(payload, method, first_byte_at, total_at, partial(_set, over))
            await over
        except BaseException as error:
            self.abandon(closing_reason(error))
            raise
        return self.answer()

    def unfit_after(self, answer: AnswerReader) -> str:
        """Why no other call may follow this answer; empty when one may."""
        if self._early:
            return "early"
        if answer.leftover:
            return "leftover"
        return "" if answer.keeps else "told"

    def unfit(self, now: float) -> str:
        """Why it cannot be used again; empty when it can."""
        if self.closed or self.transport.is_closing():
            return self.closed or "ended"
        if now - self._opened_at >= self._limits.age_seconds:
            return "age"
        if now - self.idle_since >= self._limits.idle_seconds:
            return "idle"
        return self.heard()

    def heard(self) -> str:
        """What stands in the kernel and has not come to the loop: "ended", "unsolicited" or ""."""
        events = self._poll.poll(0)
        if not events:
            return ""
        return "ended" if events[0][1] & (_ENDED | select.POLLHUP) else "unsolicited"

    def close(self, reason: str) -> None:
        """Close at once, whatever is under way."""
        if self.closed:
            return
        self.closed = reason
        self._cancel_timer()
        self._count("closed", reason)
        self.transport.abort()
        self._when_closed(self)

    async def secure(self, tls: ssl.SSLContext, host: str) -> None:
        """Go on through TLS, with a server that shows a certificate of this name."""
        transport = await self._loop.start_tls(self._socket, self, tls, server_hostname=host)
        self.transport = cast("asyncio.Transport", transport)

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is no subclass of asyncio's.
        self.transport = self._socket = cast("asyncio.Transport", transport)
        self.opened = True
        self._loop = asyncio.get_running_loop()
        self._opened_at = self._loop.time()
        self._poll = select.poll()
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN | _ENDED)
        self._count("opened", "")

    def data_received(self, data: bytes) -> None:
        reader = self._reader
        if reader is None:
            self.close("unsolicited")
        elif self._when_over is None:
            # Between the end of the answer and the caller's next step.
            reader.leftover = True
        else:
            if not self.begun:
                self.begun = True
                self._early = self._unwritten()
                self._due = self._total_at
            try:
                reader.feed(data)
            except httpx.RemoteProtocolError as error:
                self._end(error)
            else:
                if reader.complete:
                    self._end(None)

    def eof_received(self) -> None:
        self._lost(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._lost(error)

    def _unwritten(self) -> bool:
        transport, below = self.transport, self._socket
        if transport.get_write_buffer_size():
            return True
        return below is not transport and below.get_write_buffer_size() > 0

    def _lost(self, error: Exception | None) -> None:
        if self._reader is not None:
            failure: httpx.TransportError
            if isinstance(error, BrokenPipeError):
                failure = httpx.WriteError("the connection ended under the request")
            elif error is None and self.begun:
                failure = httpx.RemoteProtocolError("the answer was cut short")
            else:
                failure = httpx.ReadError("the connection ended without the answer")
            failure.__cause__ = error
            self.close("ended")
            self._end(failure)
        self.close("ended")

    def _fire_at(self, due: float) -> None:
        self._cancel_timer()
        self._fires = due
        self._timer = self._loop.call_at(due, self._time_is_up)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._fires = None, _NEVER

    def _time_is_up(self) -> None:
        self._timer, self._fires = None, _NEVER
        if self._loop.time() < self._due:
            if self._due < _NEVER:
                self._fire_at(self._due)
        else:
            self._end(httpx.ReadTimeout("the answer did not come in time"))

    def _end(self, failure: httpx.TransportError | None) -> None:
        when_over, self._when_over = self._when_over, None
        if when_over is not None:
            self._failure = failure
            when_over()


def _set(over: asyncio.Future[None]) -> None:
    # It is done where its caller leaves in the same moment.
    if not over.done():
        over.set_result(None)


def closing_reason(error: BaseException) -> str:
    """What is counted of a connection that is closed because of this."""
    return "failed" if isinstance(error, Exception) else "cancelled"
