"""Which way a request walks: the journey of an endpoint, or a shorter one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from mappings.core.context import Json
from mappings.core.endpoint import Endpoint, Local, Refused, Token
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
from proxy.journey.routing import Route
from proxy.journey.translation import Journey
from proxy.legacy_request import LegacyRequest

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
    _held: int = 0

    async def answer(self) -> Answer:
        """The legacy answer; whatever goes wrong is raised."""
        request = self.request
        self.route = route = self.gateway.router.resolve(request.method, request.path)
        headers.check(request.fields)
        row = route.row
        if isinstance(row, Endpoint):
            return await self._carried(route, row)
        if isinstance(row, Local):
            return await self._within_the_deadline(lambda: self._looked_up(row))
        if isinstance(row, Token):
            return await self._signed_in()
        raise NotServedError(row.status if isinstance(row, Refused) else NOT_SERVED)

    async def _carried(self, route: Route, row: Endpoint) -> Answer:
        """Carried over to the new API. The body comes first: it may hold the credential."""
        gateway, request = self.gateway, self.request
        shared = headers.to_upstream(
            request.fields,
            self.request_id,
            pseudonym=gateway.upstream.pseudonym,
            version=request.scope["http_version"],
        )
        body, token = (None, None) if route.reads else await self._body(row)

        async def carry() -> Answer:
            caller = await gateway.credentials.caller(request, token)
            self.calls = Calls(
                gateway.upstream,
                gateway.credentials,
                caller,
                shared,
                gateway.settings.max_depth,
                self.ends_at,
            )
            ids = await gateway.memory.modern(row, route.ids)
            self.journey = Journey(gateway, request, route, row, self.calls, ids, body)
            if not route.reads:
                self._begin()
            return await self.journey.answer()

        return await self._within_the_deadline(carry)

    async def _signed_in(self) -> Answer:
        """Tokens for who signs in."""
        body = await legacy_body.read(
            self.request, self.gateway.settings.max_body_bytes, self._hold
        )

        async def sign_in() -> Answer:
            # Whoever leaves ends it as little as a write; its deadline does.
            self.begun = True
            return await self.gateway.credentials.sign_in(self.request, body)

        return await self._within_the_deadline(sign_in)

    async def _within_the_deadline(self, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """
        What comes of a request that has arrived whole, once it has its turn.

        Raises `OverloadedError`, `UpstreamTimeoutError`.
        """
        turns, deadlines = self.gateway.turns, self.gateway.deadlines
        task = self.task
        cancelled = task.cancelling()
        self.ends_at = deadlines.begin(task)
        try:
            await turns.take()
            try:
                return await work()
            finally:
                turns.give_back()
        except asyncio.CancelledError:
            # Whoever cancels it besides has the last word.
            if deadlines.end(task) and task.uncancel() <= cancelled:
                raise UpstreamTimeoutError(sent=False) from None
            raise
        finally:
            if deadlines.end(task):
                task.uncancel()

    def over(self) -> None:
        """Whatever came of it, nothing of what its client sent is held any more."""
        self.gateway.room.give_back(self._held)
        self._held = 0

    def _hold(self, size: int) -> None:
        self.gateway.room.take(size)
        self._held += size

    def _begin(self) -> None:
        """From here on the work is not cut short: each of its calls is, by the same deadline."""
        self.begun = True
        self.gateway.deadlines.put_off(self.task)

    async def _body(self, row: Endpoint) -> tuple[Json, str | None]:
        """The document that the client sent, and the token that old clients put into it."""
        settings = self.gateway.settings
        try:
            document = legacy_body.parse(
                await legacy_body.read(self.request, settings.max_body_bytes, self._hold),
                self.request.fields.get(b"content-type") or "",
                self.gateway.loaded.pack.charset,
                settings.max_depth,
            )
        except (MalformedError, UnsupportedMediaError):
            # What is only done or deleted needs no body; it may still hold a token.
            if row.action in ("run", "delete"):
                return None, None
            raise
        return without_token(document) if isinstance(document, dict) else (document, None)

    async def _looked_up(self, row: Local) -> Answer:
        """An answer from the operator's tables alone."""
        await self.gateway.credentials.check(self.request)
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
