"""One plain request: its call is under way, and the end of the call writes the answer."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING

from xxhash import xxh3_128_hexdigest

from proxy.front.answer_head import FIRST_LINES
from proxy.front.door import CLIENT_LEFT, log_failure
from proxy.journey.direct import Asked, Shown
from proxy.journey.handed_over import HandedOver
from proxy.observe.access_log import NOTHING_LOST
from proxy.observe.logs import access
from proxy.upstream.client import Answer, Flight

if TYPE_CHECKING:
    from proxy.front.fast_path import KnownHead, Way
    from proxy.front.protocol import HardenedProtocol

HEAD = (
    b"%b%b\r\ncache-control: no-store\r\ncontent-type: application/json; charset=utf-8"
    b'\r\ncontent-length: %d%b\r\netag: "%b"\r\nx-request-id: %b%b\r\n\r\n'
)
"""The head that `proxy.journey.answers` and `proxy.front.answer_head` make of fields."""

CLOSE = b"\r\nconnection: close"


class FastRequest:
    """One that was begun, until it is answered or goes on like all others."""

    __slots__ = (
        "_asked",
        "_began",
        "_body",
        "_connection",
        "_ends_at",
        "_flight",
        "_head",
        "_request_id",
        "_url",
        "_way",
        "complete",
        "disconnected",
        "keep_alive",
        "more_body",
    )

    def __init__(
        self, head: KnownHead, way: Way, asked: Asked, connection: HardenedProtocol, request_id: str
    ) -> None:
        self._head, self._way, self._asked = head, way, asked
        self._connection = connection
        self._request_id = request_id
        self.keep_alive = True
        """Whether the connection goes on behind the answer."""
        self.complete = False
        """Whether all of the answer is written."""
        self.disconnected = False
        """Whether nobody waits for the answer any more."""
        self.more_body = False
        """Whether the request's body goes on: it came whole."""

    def under_way(
        self, flight: Flight, url: bytes, body: bytes, began: float, ends_at: float
    ) -> None:
        """Its call is made."""
        self._flight = flight
        self._url, self._body = url, body
        self._began, self._ends_at = began, ends_at
        self._connection.tasks.add(self)

    def answered(self) -> None:
        """Its call is over: show what came of it."""
        way, asked, flight, shown = self._way, self._asked, self._flight, None
        try:
            answer = flight.answer()
        except Exception as error:  # noqa: BLE001 - a client waits, and the journey raises it
            self._go_on(None, error)
            return
        seconds = perf_counter() - flight.began
        if answer.status in way.direct.call.success:
            try:
                shown = way.direct.shown(asked, answer.body)
            except Exception as error:  # noqa: BLE001 - a client waits: the journey answers it
                log_failure(error, self._request_id)
        if shown is None:
            self._go_on(answer, None)
            return
        gateway, status = self._head.gateway, way.direct.endpoint.status
        gateway.upstream.went_well(flight)
        gateway.metrics.call(way.operation, answer.status, seconds)
        self._end()
        if not self.disconnected:
            self._write(status, shown, b"" if asked.lost is None else asked.lost.line)
        self._connection.answered(self)
        if asked.lost is not None:
            gateway.losses.count_declared(asked.lost.fields)
        whole = perf_counter() - self._began
        told = way.direct.told if asked.lost is None else asked.lost.told
        gateway.metrics.request(told.route, told.method, status, whole)
        access.tell_alike(told, self._request_id, whole * 1000, (answer.status, seconds * 1000))

    def left(self) -> None:
        """Its client has left: a creation goes on, all else ends."""
        self.disconnected = True
        if not self._way.direct.writes:
            gateway, told = self._head.gateway, self._way.direct.told
            self._flight.abandon()
            self._flight.breaker.abandoned(self._flight.admitted)
            self._end()
            gateway.counts.add("left")
            whole = perf_counter() - self._began
            gateway.metrics.request(told.route, told.method, CLIENT_LEFT, whole)
            access.tell(
                request_id=self._request_id,
                method=told.method,
                route=told.route,
                status=CLIENT_LEFT,
                milliseconds=whole * 1000,
                dropped_parameters=0,
                carried=NOTHING_LOST,
                called=(None, 0.0),
            )

    def cancel(self, msg: object = None) -> None:
        """What the server does to each task when its patience is over; this is one of them."""
        self._connection.loop.call_soon(self._cancelled)

    def _cancelled(self) -> None:
        if not self.complete:
            self._flight.abandon()
            self._go_on(None, asyncio.CancelledError())

    def _write(self, status: int, shown: Shown, lost: bytes) -> None:
        connection = self._connection
        if connection.is_the_last(self):
            self.keep_alive = False
        head = HEAD % (
            FIRST_LINES[status],
            connection.wire.common.of(connection.server_state.default_headers),
            len(shown.body),
            lost + shown.place,
            xxh3_128_hexdigest(shown.body).encode(),
            self._request_id.encode(),
            b"" if self.keep_alive else CLOSE,
        )
        connection.transport.write(head + shown.body)

    def _end(self) -> None:
        """Nothing of what its client sent is held any more."""
        gateway = self._head.gateway
        gateway.turns.give_back()
        gateway.room.give_back(len(self._body))
        self.complete = True
        self._connection.tasks.discard(self)
        del self._asked, self._body, self._url, self._flight

    def _go_on(self, answer: Answer | None, error: BaseException | None) -> None:
        """There is something to tell: the journey does, and makes no second call for it."""
        outcome = self._flight.outcome(answer, error)
        before = HandedOver(self._request_id, self._began, self._ends_at, self._body, outcome)
        head, connection = self._head, self._connection
        self.complete = True
        connection.tasks.discard(self)
        connection.go_on(self, head.method, self._url, head.fields, before)
