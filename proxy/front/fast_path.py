"""
The way of a plain request: one whose head came before, and of which there is nothing to tell.

It has no task and waits for nothing: the end of its call calls it. Where anything is unusual it
goes on like all others (`proxy.front.door`), from where it has come to.

* FastPath: of a gateway
* KnownHead: of a head that came before on a connection
* Way: of such a head and an endpoint
* FastRequest: one request
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from xxhash import xxh3_128_hexdigest

from mappings.core.endpoint import Endpoint, Row
from proxy.errors import ProxyError
from proxy.front.answer_head import FIRST_LINES
from proxy.front.door import CLIENT_LEFT
from proxy.front.request_id import given_id, new_id
from proxy.journey import headers
from proxy.journey.begun import Begun
from proxy.journey.direct import Asked, Direct, Shown, direct, fresh_key
from proxy.journey.gateway import Gateway
from proxy.legacy_request import Fields
from proxy.observe.access_log import NOTHING_LOST
from proxy.observe.logs import access
from proxy.upstream.client import Answer, Breaker, Flight

if TYPE_CHECKING:
    from proxy.front.protocol import HardenedProtocol

HEAD = (
    b"%b%b\r\ncache-control: no-store\r\ncontent-type: application/json; charset=utf-8"
    b'\r\ncontent-length: %d%b\r\netag: "%b"\r\nx-request-id: %b%b\r\n\r\n'
)
"""The head that `proxy.journey.answers` and `proxy.front.answer_head` make of fields."""

CLOSE = b"\r\nconnection: close"
OF_A_CREATION: list[tuple[str, str | None]] = [
    ("content-type", "application/json"),
    ("idempotency-key", None),
]


class FastPath:
    """What the plain requests of a gateway have in common."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        # By identity: to compare rows by what they say would take longer than all the rest.
        self._directs = {
            id(row): found
            for row in gateway.loaded.pack.endpoints
            if isinstance(row, Endpoint) and (found := direct(gateway, row)) is not None
        }
        self._methods = {found.method.encode() for found in self._directs.values()}

    def direct_of(self, row: Row) -> Direct | None:
        """How requests for a row are plain, where they can be."""
        return self._directs.get(id(row))

    def known(self, method: bytes, fields: Fields) -> KnownHead | None:
        """What is known of each request with such a head; none where it decides too little."""
        if method not in self._methods or fields.stands_twice(headers.ONCE):
            return None
        caller = self.gateway.credentials.plainly(fields)
        return None if caller is None else KnownHead(self, method, fields, caller.authorization)


class Way(NamedTuple):
    """What all requests with one head to one endpoint have in common."""

    direct: Direct
    template: bytes
    """The head of the call, to be filled with a path, a request id and the line of a length."""
    operation: str
    breaker: Breaker


class KnownHead:
    """A head that came before, on the same connection."""

    def __init__(
        self, path: FastPath, method: bytes, fields: Fields, authorization: str | None
    ) -> None:
        self.gateway = path.gateway
        self.method, self.fields = method, fields
        self._path = path
        self._resolved_as = method.decode("ascii")
        self._authorization = authorization
        self._affinity = self.gateway.upstream.affinity(authorization or "")
        self._request_id = given_id(fields)
        """The one that the client gave; none: each request has its own."""
        self._ways: dict[int, Way | None] = {}

    def begin(self, url: bytes, body: bytes, connection: HardenedProtocol) -> FastRequest | None:
        """Begin to answer a request, if it is a plain one; else nothing is done."""
        began, gateway = perf_counter(), self.gateway
        try:
            route = gateway.router.resolve(self._resolved_as, url)
        except ProxyError:
            return None
        row = route.row
        way = self._ways[id(row)] if id(row) in self._ways else self._way(row)
        if way is None or not gateway.turns.take_now():
            return None
        try:
            asked = way.direct.asked(route, body)
        except Exception:  # noqa: BLE001 - the others' way tells what it is
            asked = None
        if asked is None or (body and not gateway.room.take_now(len(body))):
            gateway.turns.give_back()
            return None
        request_id = self._request_id or new_id()
        ends_at = connection.loop.time() + gateway.settings.deadline_seconds
        request = FastRequest(self, way, asked, connection, request_id)
        said: tuple[bytes, ...] = (asked.path.encode(), request_id.encode(), b"")
        if way.direct.writes:
            length = b"Content-Length: %d\r\n" % len(asked.content)
            said = (*said[:2], fresh_key(), length)
        flight = gateway.upstream.begin(
            way.breaker,
            way.template % said + asked.content,
            way.direct.call.method,
            self._affinity,
            until=ends_at,
            when_over=request.answered,
        )
        if flight is None:
            gateway.turns.give_back()
            gateway.room.give_back(len(body))
            return None
        request.begun(flight, url, body, began, ends_at)
        return request

    def _way(self, row: Row) -> Way | None:
        found, upstream = self._path.direct_of(row), self.gateway.upstream
        self._ways[id(row)] = None
        if found is None or not found.takes(self.fields):
            return None
        call = found.call
        try:
            _, *shared = headers.to_upstream(self.fields, "", pseudonym=upstream.pseudonym)
        except ProxyError:
            return None
        fields: list[tuple[str, str | None]] = [("x-request-id", None), *shared]
        if self._authorization is not None:
            fields.append(("authorization", self._authorization))
        if found.writes:
            fields += OF_A_CREATION
        operation = f"{call.method} {call.path}"
        template = upstream.template(call.method, fields)
        if template is None:
            return None
        way = Way(found, template, operation, upstream.breakers.of(operation))
        self._ways[id(row)] = way
        return way


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

    def begun(self, flight: Flight, url: bytes, body: bytes, began: float, ends_at: float) -> None:
        """Its call is under way."""
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
            except Exception:  # noqa: BLE001 - a client waits: the others' way tells what it is
                shown = None
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
        begun = Begun(self._request_id, self._began, self._ends_at, self._body, outcome)
        head, connection = self._head, self._connection
        self.complete = True
        connection.tasks.discard(self)
        connection.go_on(self, head.method, self._url, head.fields, begun)
