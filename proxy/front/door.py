"""The legacy surface as an ASGI application: the journey, the form of errors, one log line."""

from __future__ import annotations

import asyncio
import time
import traceback
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mappings.core import pointer as pointers
from proxy.errors import (
    MalformedError,
    OverloadedError,
    PartialError,
    ProxyError,
    StoreError,
    UpstreamContractError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
from proxy.front.request_id import SCOPE
from proxy.front.wire import LEFT
from proxy.journey import answers
from proxy.journey.gateway import Gateway
from proxy.journey.walk import Walk
from proxy.observe.logs import log

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
        walk = Walk(self.gateway, Request(scope, receive), scope[SCOPE])
        leaving = _Leaving(walk, asyncio.current_task())
        scope.get("state", {})[LEFT] = leaving
        try:
            response = await self._answered(walk, leaving)
            await response(scope, receive, send)
        except asyncio.CancelledError:
            if not leaving.left:
                raise
            self.gateway.counts.add("left")
            self._log(walk, CLIENT_LEFT, time.perf_counter() - began)
            return
        finally:
            # The request and what is called when its client leaves hold each other: else every
            # document would wait for the collector.
            scope.get("state", {}).pop(LEFT, None)
            walk.over()
        journey = walk.journey
        if response.status_code < 400:
            lost = () if journey is None else journey.lost
            unknown = () if journey is None else journey.unknown
            self.gateway.losses.count(lost, unknown, walk.dropped_parameters)
        self._log(walk, response.status_code, time.perf_counter() - began)

    async def _answered(self, walk: Walk, leaving: _Leaving) -> Response:
        """The answer of the walk, or the legacy form of whatever went wrong on it."""
        pack, head = self.gateway.loaded.pack, walk.request.method == "HEAD"
        try:
            return await walk.answer()
        except ProxyError as error:
            _log_error(error, walk.request_id)
            made_at = "" if walk.journey is None else walk.journey.made_at
            return answers.failure(error, pack, head=head, made_at=made_at)
        except asyncio.CancelledError:
            if leaving.left:
                raise
            # The server ends, and its patience with it: of a write nobody knows what became.
            ended = UpstreamTimeoutError() if walk.begun else OverloadedError()
            return answers.failure(ended, pack, head=head)
        except ClientDisconnect:
            return answers.failure(MalformedError(), pack, head=head)
        except Exception as error:  # noqa: BLE001 - the outermost handler: no client sees a traceback
            _log_failure(error, walk.request_id)
            return answers.failure(ProxyError(), pack, head=head)

    def _log(self, walk: Walk, status: int, seconds: float) -> None:
        fields: dict[str, object] = {}
        journey, calls, method = walk.journey, walk.calls, walk.request.method
        if journey is not None:
            fields = {
                "lost": sorted(
                    {pointers.field_path(loss.pointer) for loss in journey.lost if loss.declared}
                ),
                "lost_undeclared": sum(not loss.declared for loss in journey.lost),
                "unknown": sorted({pointers.field_path(place) for place in journey.unknown}),
            }
        if calls is not None:
            fields["upstream_status"] = calls.status
            fields["upstream_milliseconds"] = round(calls.milliseconds, 1)
        log.info(
            "request",
            request_id=walk.request_id,
            method=method if method in METHODS else "other",
            route=UNMATCHED if walk.route is None else walk.route.row.path,
            legacy_status=status,
            milliseconds=round(seconds * 1000, 1),
            dropped_parameters=walk.dropped_parameters,
            **fields,
        )


@dataclass(slots=True)
class _Leaving:
    """Called when the client has left: ends its request, unless a write has begun."""

    walk: Walk
    task: asyncio.Task[object] | None
    left: bool = False

    def __call__(self) -> None:
        if self.task is not None and not self.walk.begun:
            self.left = True
            self.task.cancel()


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


def _log_failure(error: Exception, request_id: str) -> None:
    """Where it went wrong, without the message: that could hold a value."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    at = f"{last.filename.rpartition('/')[2]}:{last.lineno} {last.name}"
    log.error("failure", request_id=request_id, error=type(error).__name__, at=at)
