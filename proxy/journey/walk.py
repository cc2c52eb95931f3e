"""Which way a request walks: the journey of an endpoint, or a shorter one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from mappings.core.context import Json
from mappings.core.endpoint import Endpoint, Local, Refused, Row, Token
from proxy.credentials import PARAMETERS, without_token
from proxy.errors import (
    MalformedError,
    NotServedError,
    UnsupportedMediaError,
    UpstreamTimeoutError,
)
from proxy.journey import answers, headers, legacy_body
from proxy.journey.answers import Answer
from proxy.journey.calls import Calls
from proxy.journey.gateway import Gateway
from proxy.journey.handed_over import HandedOver
from proxy.journey.routing import Route
from proxy.journey.translation import Journey
from proxy.legacy_request import LegacyRequest

if TYPE_CHECKING:
    from proxy.observe.trace_spans import RequestSpan

NOT_SERVED = 501


@dataclass(slots=True)
class Walk:
    """One request, and what the log tells of it."""

    gateway: Gateway
    request: LegacyRequest
    request_id: str
    task: asyncio.Task[Any]
    """In which it is answered."""
    route: Route | None = None
    journey: Journey | None = None
    calls: Calls | None = None
    ends_at: float = 0.0
    """When it must be over, by the clock of the event loop."""
    begun: bool = False
    """Whether a write has begun: then it goes on to its end, even when its client leaves."""
    left: bool = False
    """Whether its client left, and it was ended for that."""
    span: RequestSpan | None = None
    """Its span, where there are any."""
    client: str = ""
    """The uid of the legacy application that sent it, where it is one of the operator's list."""
    handed_over: HandedOver | None = None
    """How far it had come on a faster way, where it did."""
    held: int = 0
    """How many bytes of its body are held."""

    async def answer(self) -> Answer:
        """The legacy answer; whatever goes wrong is raised."""
        request, gateway = self.request, self.gateway
        self.route = route = gateway.router.resolve(request.method, request.path)
        headers.check(request.fields)
        if isinstance(route.row, Refused):
            raise NotServedError(route.row.status)
        # The body comes first: it may hold the credential.
        body = None if route.reads else await self._body(route.row)
        turns, deadlines, task = gateway.turns, gateway.deadlines, self.task
        cancelled = task.cancelling()
        self.ends_at = deadlines.begin(task)
        try:
            if self.handed_over is None:
                await turns.take()
            else:
                # It has its turn, and its time began with it.
                self.ends_at = self.handed_over.ends_at
            try:
                return await self._work(route, body)
            finally:
                turns.give_back()
        except asyncio.CancelledError:
            # Whoever cancels it besides has the last word.
            if deadlines.end(task) and task.uncancel() <= cancelled:
                raise UpstreamTimeoutError(sent=False) from None
            raise
        finally:
            deadlines.end(task)

    async def _work(self, route: Route, body: bytes | None) -> Answer:
        """What comes of a request that has arrived whole and has its turn."""
        row = route.row
        if isinstance(row, Endpoint):
            return await self._carried(route, row, body)
        if isinstance(row, Token):
            # Whoever leaves ends it as little as a write; its deadline does.
            self._begin()
            return await self.gateway.credentials.sign_in(self.request, body or b"")
        assert isinstance(row, Local)  # noqa: S101 - for the type checker: there is no other
        return await self._looked_up(row)

    async def _carried(self, route: Route, row: Endpoint, body: bytes | None) -> Answer:
        """Carried over to the new API, and its answer back."""
        gateway, request = self.gateway, self.request
        document, token = (None, None) if body is None else self._written(row, body)
        shared = headers.to_upstream(
            request.fields,
            self.request_id,
            pseudonym=gateway.upstream.pseudonym,
            version=request.scope["http_version"],
            traced=self.span is not None,
        )
        caller = await gateway.credentials.caller(request, token)
        self.client = caller.client
        calls = self.calls = Calls(
            gateway.upstream,
            gateway.credentials,
            caller,
            shared,
            gateway.settings.max_depth,
            self.ends_at,
            gateway.metrics,
            self.span,
            None if self.handed_over is None else self.handed_over.outcome,
        )
        ids = await gateway.memory.modern(row, route.ids)
        journey = self.journey = Journey(gateway, request, route, row, calls, ids, document)
        if not route.reads:
            # From here on it is not cut short: each of its calls is, by the same deadline.
            self._begin()
            gateway.deadlines.put_off(self.task)
        return await journey.answer()

    def _begin(self) -> None:
        """Go on to the end of a write; where there is an audit log, that is written down first."""
        if self.gateway.audit is not None:
            self.gateway.audit.begun(self)
        self.begun = True

    def leave(self) -> None:
        """Its client has left: it ends, unless a write has begun."""
        if not self.begun:
            self.left = True
            self.task.cancel()

    def over(self) -> None:
        """Whatever came of it, nothing of what its client sent is held any more."""
        self.gateway.room.give_back(self.held)
        self.held = 0

    def _hold(self, size: int) -> None:
        self.gateway.room.take(size)
        self.held += size

    async def _body(self, row: Row) -> bytes:
        """What the client sent, whole."""
        if self.handed_over is not None:
            return self.handed_over.body
        try:
            return await legacy_body.read(
                self.request, self.gateway.settings.max_body_bytes, self._hold
            )
        except UnsupportedMediaError:
            if _needs_no_body(row):
                return b""
            raise

    def _written(self, row: Endpoint, body: bytes) -> tuple[Json, str | None]:
        """The document that the client sent, and the token that old clients put into it."""
        try:
            document = legacy_body.parse(
                body,
                self.request.fields.get(b"content-type") or "",
                self.gateway.loaded.pack.charset,
                self.gateway.settings.max_depth,
            )
        except (MalformedError, UnsupportedMediaError):
            if _needs_no_body(row):
                return None, None
            raise
        return without_token(document) if isinstance(document, dict) else (document, None)

    async def _looked_up(self, row: Local) -> Answer:
        """An answer from the operator's tables alone."""
        self.client = await self.gateway.credentials.check(self.request)
        query = self.request.query.decode("latin-1")
        asked = dict(parse_qsl(query, keep_blank_values=True))
        document = row.answer(asked, self.gateway.loaded.tables)
        if document is None:
            raise NotServedError(NOT_SERVED)
        body = answers.encode(document, self.gateway.loaded.pack)
        return answers.shown(self.request, 200, body, {}, reads=True)

    def dropped_parameters(self) -> int:
        """How many query parameters the client sent that nobody reads."""
        query = self.request.query
        if not query or self.route is None or isinstance(self.route.row, Local):
            return 0
        names = [part.partition(b"=")[0] for part in query.split(b"&")]
        return sum(bool(name) and name.decode("latin-1") not in PARAMETERS for name in names)


def _needs_no_body(row: Row) -> bool:
    """What is only done or deleted needs none; there may still be one, with a token in it."""
    return isinstance(row, Endpoint) and row.action in ("run", "delete")
