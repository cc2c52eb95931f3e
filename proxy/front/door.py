"""The legacy surface as an ASGI application: the journey, the form of errors, one log line."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mappings.core import pointer as pointers
from proxy.errors import (
    MalformedError,
    ProxyError,
    UpstreamContractError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
from proxy.front.request_id import SCOPE
from proxy.journey import answers
from proxy.journey.gateway import Gateway
from proxy.journey.translation import Journey
from proxy.observe.logs import log

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "(none)"


@dataclass(frozen=True, slots=True)
class Door:
    """Where legacy requests come in and answers go out."""

    gateway: Gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        request = Request(scope, receive)
        request_id: str = scope[SCOPE]
        journey, response = await self._answered(request, request_id)
        await response(scope, receive, send)
        if journey is not None and response.status_code < 400:
            self.gateway.losses.count(journey.lost, journey.unknown, journey.dropped_parameters)
        self._log(request, request_id, journey, response, time.perf_counter() - began)

    async def _answered(self, request: Request, request_id: str) -> tuple[Journey | None, Response]:
        """The journey's answer, or the legacy form of whatever went wrong on it."""
        journey, pack, head = None, self.gateway.loaded.pack, request.method == "HEAD"
        try:
            route = self.gateway.router.resolve(request.method, request.scope["raw_path"])
            journey = Journey(self.gateway, request, route, request_id)
            return journey, await journey.answer()
        except ProxyError as error:
            if isinstance(error, UpstreamContractError):
                _log_contract(error, request_id)
            elif isinstance(error, UpstreamTimeoutError | UpstreamUnreachableError):
                log.error(
                    "upstream gave no answer", request_id=request_id, error=type(error).__name__
                )
            return journey, answers.failure(error, pack, head=head)
        except ClientDisconnect:
            return journey, answers.failure(MalformedError(), pack, head=head)
        except Exception as error:  # noqa: BLE001 - the outermost handler: no client sees a traceback
            _log_failure(error, request_id)
            return journey, answers.failure(ProxyError(), pack, head=head)

    def _log(
        self,
        request: Request,
        request_id: str,
        journey: Journey | None,
        response: Response,
        seconds: float,
    ) -> None:
        fields = {}
        if journey is not None:
            fields = {
                "lost": sorted(
                    {pointers.field_path(loss.pointer) for loss in journey.lost if loss.declared}
                ),
                "lost_undeclared": sum(not loss.declared for loss in journey.lost),
                "dropped_parameters": journey.dropped_parameters,
                "unknown": sorted({pointers.field_path(place) for place in journey.unknown}),
                "upstream_status": journey.upstream_status,
                "upstream_milliseconds": round(journey.upstream_milliseconds, 1),
            }
        log.info(
            "request",
            request_id=request_id,
            method=request.method if request.method in METHODS else "other",
            route=UNMATCHED if journey is None else journey.route.endpoint.path,
            legacy_status=response.status_code,
            milliseconds=round(seconds * 1000, 1),
            **fields,
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
