"""
The way of a plain request: one whose head came before, and of which there is nothing to tell.

It has no task and waits for nothing: the end of its call calls it. Where anything is unusual it
goes on like all others (`proxy.front.door`), from where it has come to.

* FastPath: of a gateway
* KnownHead: of a head that came before on a connection
* Way: of such a head and an endpoint
* FastRequest: one request (`proxy.front.fast_request`)
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from mappings.core.endpoint import Endpoint, Row
from proxy.errors import ProxyError
from proxy.front.door import log_failure
from proxy.front.fast_request import FastRequest
from proxy.front.request_id import given_id, new_id
from proxy.journey import headers
from proxy.journey.direct import Direct, direct, fresh_key
from proxy.journey.gateway import Gateway
from proxy.legacy_request import Fields
from proxy.upstream.client import Breaker

if TYPE_CHECKING:
    from proxy.front.protocol import HardenedProtocol

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
        except Exception as error:  # noqa: BLE001 - a client waits: the journey answers it
            log_failure(error, self._request_id or "")
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
        flight = None
        try:
            flight = gateway.upstream.begin(
                way.breaker,
                way.template % said + asked.content,
                way.direct.call.method,
                self._affinity,
                until=ends_at,
                when_over=request.answered,
            )
        finally:
            if flight is None:
                gateway.turns.give_back()
                gateway.room.give_back(len(body))
        if flight is None:
            return None
        request.under_way(flight, url, body, began, ends_at)
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
