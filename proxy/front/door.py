"""The legacy surface as an ASGI application: the journey, the form of errors, one log line."""

from __future__ import annotations

import asyncio
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from mappings.core import pointer as pointers
from proxy.errors import (
    OverloadedError,
    PartialError,
    ProxyError,
    StoreError,
    UpstreamContractError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
from proxy.front.request_id import FIELD, SCOPE, request_id_of
from proxy.front.wire import LEFT
from proxy.journey import answers, headers
from proxy.journey.answers import Answer
from proxy.journey.gateway import Gateway
from proxy.journey.handed_over import HANDED_OVER, HandedOver
from proxy.journey.walk import Walk
from proxy.legacy_request import LegacyRequest
from proxy.observe.access_log import NOTHING_LOST
from proxy.observe.logs import access, log

if TYPE_CHECKING:
    from proxy.observe.trace_spans import RequestSpan

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "(none)"
CLIENT_LEFT = 499
"""Logged where nobody was there any more to be answered; nginx has made this number known."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where legacy requests come in and answers go out."""

    gateway: Gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        request, given = LegacyRequest(scope, receive), scope.get(SCOPE)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - for the type checker: a coroutine runs in a task
        state = scope.get("state", {})
        before: HandedOver | None = state.pop(HANDED_OVER, None)
        if before is None:
            walk = Walk(self.gateway, request, given or request_id_of(request.fields), task)
        else:
            began = before.began
            walk = Walk(self.gateway, request, before.request_id, task, handed_over=before)
            walk.held = len(before.body)
        if self.gateway.spans is not None:
            walk.span = self.gateway.spans.begin(headers.trace(request.fields))
        state[LEFT] = walk.leave
        try:
            answer = await self.answered(walk)
            if given is None:
                answer.fields.append((FIELD, walk.request_id.encode()))
            await answer(scope, receive, send)
        except asyncio.CancelledError:
            if not walk.left:
                raise
            self.gateway.counts.add("left")
            self._log(walk, CLIENT_LEFT, time.perf_counter() - began, walk.dropped_parameters())
            return
        finally:
            # The request and what is called when its client leaves hold each other: else every
            # document would wait for the collector.
            state.pop(LEFT, None)
            walk.over()
        dropped = walk.dropped_parameters()
        if answer.status < 400:
            self._count(walk, dropped)
        self._log(walk, answer.status, time.perf_counter() - began, dropped)

    async def answered(self, walk: Walk) -> Answer:
        """The answer of the walk, or the legacy form of whatever went wrong on it."""
        pack, head = self.gateway.loaded.pack, walk.request.method == "HEAD"
        try:
            return await walk.answer()
        except ProxyError as error:
            _log_error(error, walk.request_id)
            made_at = "" if walk.journey is None else walk.journey.made_at
            return answers.failure(error, pack, head=head, made_at=made_at)
        except asyncio.CancelledError:
            if walk.left:
                raise
            # The server ends, and its patience with it: of a write nobody knows what became.
            ended = UpstreamTimeoutError() if walk.begun else OverloadedError()
            return answers.failure(ended, pack, head=head)
        except Exception as error:  # noqa: BLE001 - the outermost handler: no client sees a traceback
            log_failure(error, walk.request_id)
            return answers.failure(ProxyError(), pack, head=head)

    def _count(self, walk: Walk, dropped: int) -> None:
        """Count what a request lost on its way."""
        journey = walk.journey
        if journey is not None and (journey.lost or journey.unknown):
            self.gateway.losses.count(journey.lost, journey.unknown, dropped, walk.client)
        elif dropped:
            self.gateway.losses.count((), (), dropped)

    def _log(self, walk: Walk, status: int, seconds: float, dropped: int) -> None:
        journey, calls, method = walk.journey, walk.calls, walk.request.method
        carried = None if journey is None else NOTHING_LOST
        if journey is not None and (journey.lost or journey.unknown):
            declared = [loss.pointer for loss in journey.lost if loss.declared]
            carried = (
                frozenset(map(pointers.field_path, declared)),
                len(journey.lost) - len(declared),
                frozenset(map(pointers.field_path, journey.unknown)),
            )
        method = method if method in METHODS else "other"
        route = UNMATCHED if walk.route is None else walk.route.row.path
        if walk.span is not None:
            _end(walk.span, walk, method, status, dropped)
        self.gateway.metrics.request(route, method, status, seconds)
        access.tell(
            request_id=walk.request_id,
            method=method,
            route=route,
            status=status,
            milliseconds=seconds * 1000,
            dropped_parameters=dropped,
            carried=carried,
            called=None if calls is None else (calls.status, calls.milliseconds),
            client=walk.client,
        )


def _end(span: RequestSpan, walk: Walk, method: str, status: int, dropped: int) -> None:
    """End the span of a request: what is lost is a number there."""
    journey = walk.journey
    span.end(
        method=method,
        route=None if walk.route is None else walk.route.row.path,
        status=status,
        request_id=walk.request_id,
        lost=0 if journey is None else len(journey.lost),
        unknown=0 if journey is None else len(journey.unknown),
        dropped_parameters=dropped,
    )


def _log_error(error: ProxyError, request_id: str) -> None:
    """What an operator must hear of: whatever is not the client's own fault."""
    cause = error.__cause__ if isinstance(error, PartialError) else error
    if isinstance(cause, UpstreamContractError):
        _log_contract(cause, request_id)
    elif isinstance(cause, UpstreamTimeoutError | UpstreamUnreachableError):
        log.error("upstream gave no answer", request_id=request_id, error=type(cause).__name__)
    elif isinstance(cause, StoreError):
        # Its text holds a code or the name of a key, never a value.
        log.error(
            "the store cannot be used", request_id=request_id, error=str(cause) or "StoreError"
        )


def _log_contract(error: UpstreamContractError, request_id: str) -> None:
    places = sorted(
        {f"{pointers.field_path(found.pointer)}: {found.reason}" for found in error.problems}
    )
    log.error("upstream answer does not fit", request_id=request_id, places=places)


def log_failure(error: Exception, request_id: str) -> None:
    """Say where it went wrong, without the message: that could hold a value."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    at = f"{last.filename.rpartition('/')[2]}:{last.lineno} {last.name}"
    log.error("failure", request_id=request_id, error=type(error).__name__, at=at)
