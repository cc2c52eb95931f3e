"""
One span for a request, and one for each of its calls of the new API.

A span holds what is named here and nothing else: templates, statuses, numbers, the request id. It
is made without OpenTelemetry's instrumentations, which would tell URLs, and without its recording
of exceptions, whose messages could hold a value.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextvars import ContextVar
from importlib.metadata import version
from types import TracebackType
from typing import Self
from uuid import uuid4

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

from proxy.observe.logs import log
from proxy.observe.trace_export import Counted
from proxy.upstream.counting import Count

NAME = "passerelle"
PATIENCE_SECONDS = 1.0
"""How long the end of the process waits for the last batch."""

AGAIN = frozenset({"retried", "stale_retry"})
"""What is counted when a call is sent once more."""

Pairs = list[tuple[str, str]]


class Spans:
    """Makes the spans of one process."""

    def __init__(
        self,
        exporter: SpanExporter,
        *,
        ratio: float,
        pack: str,
        processor: Callable[[SpanExporter], SpanProcessor] = BatchSpanProcessor,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """`processor` makes what stands between a span that ended and the exporter."""
        self._patience = patience_seconds
        self._exporter = Counted(exporter)
        resource = {
            "service.name": NAME,
            "service.version": version(NAME),
            "service.instance.id": str(uuid4()),
            "passerelle.pack": pack,
        }
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(ratio)),
            resource=Resource(resource),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(processor(self._exporter))
        self._tracer = self._provider.get_tracer(NAME)
        self.made = 0
        """Spans that were to be sent."""

    @property
    def sent(self) -> int:
        """Spans that arrived."""
        return self._exporter.sent

    def begin(self, trace: Pairs) -> RequestSpan:
        """The span of a request that is part of this trace, by `proxy.journey.headers.trace`."""
        told = dict(trace)
        span = self._tracer.start_span("", _parent(told.get("traceparent")), SpanKind.SERVER)
        return RequestSpan(self, self._tracer, span, told.get("tracestate"))

    def counting(self, count: Count) -> Count:
        """The same counter, from which the span of a call learns that it was sent once more."""

        def counted(name: str, label: str = "") -> None:
            count(name, label)
            call = _CALL.get()
            if call is not None and name in AGAIN:
                call.again += 1

        return counted

    def ended(self, span: Span) -> None:
        """A span is over."""
        self.made += span.is_recording()
        span.end()

    async def close(self) -> None:
        """Send what is left, as far as patience goes."""
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, self._patience)
        if self.sent < self.made:
            log.warning("spans lost", counts={"made": self.made, "sent": self.sent})


class RequestSpan:
    """The span of one request."""

    __slots__ = ("_context", "_span", "_spans", "_state", "_tracer")

    def __init__(self, spans: Spans, tracer: Tracer, span: Span, state: str | None) -> None:
        self._spans = spans
        self._tracer = tracer
        self._span = span
        self._context = set_span_in_context(span, Context())
        self._state = state

    def call(self, method: str, template: str) -> CallSpan:
        """The span of one call of the new API; to be entered."""
        span = self._tracer.start_span(
            f"{method} {template}",
            self._context,
            SpanKind.CLIENT,
            {"http.request.method": method, "url.template": template},
        )
        return CallSpan(self._spans, span, self._state)

    def end(
        self,
        *,
        method: str,
        route: str | None,
        status: int,
        request_id: str,
        lost: int,
        unknown: int,
        dropped_parameters: int,
    ) -> None:
        """The request was answered; `route` is its template, where any matched."""
        span = self._span
        if span.is_recording():
            span.update_name(method if route is None else f"{method} {route}")
            span.set_attributes(
                {
                    "http.request.method": method,
                    "http.response.status_code": status,
                    "passerelle.request_id": request_id,
                    "passerelle.lost": lost,
                    "passerelle.unknown": unknown,
                    "passerelle.dropped_parameters": dropped_parameters,
                }
            )
            if route is not None:
                span.set_attribute("http.route", route)
            if status >= 500:
                _failed(span, str(status))
        self._spans.ended(span)


class CallSpan:
    """The span of one call of the new API, for as long as it is entered."""

    __slots__ = ("_span", "_spans", "_state", "_token", "again", "status")

    def __init__(self, spans: Spans, span: Span, state: str | None) -> None:
        self._spans = spans
        self._span = span
        self._state = state
        self.status = 0
        """What the new API answered."""
        self.again = 0
        """How often the call was sent once more."""

    @property
    def headers(self) -> Pairs:
        """What tells the new API of this span (W3C Trace Context)."""
        at = self._span.get_span_context()
        parent = f"00-{at.trace_id:032x}-{at.span_id:016x}-{at.trace_flags:02x}"
        # What others say of the trace goes on as it came, and into no span: it could be anything.
        more = [] if self._state is None else [("tracestate", self._state)]
        return [("traceparent", parent), *more]

    def __enter__(self) -> Self:
        self._token = _CALL.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _CALL.reset(self._token)
        span = self._span
        if kind is None:
            span.set_attribute("http.response.status_code", self.status)
        if self.again:
            span.set_attribute("http.request.resend_count", self.again)
        if kind is not None or self.status >= 400:
            # The name of the error's class, as the log has it: never its text.
            _failed(span, str(self.status) if kind is None else kind.__name__)
        self._spans.ended(span)


_CALL: ContextVar[CallSpan | None] = ContextVar("call", default=None)
"""The span of the call that is under way in this task."""


def _failed(span: Span, error: str) -> None:
    span.set_attribute("error.type", error)
    span.set_status(Status(StatusCode.ERROR))


def _parent(traceparent: str | None) -> Context:
    """Where a trace stands that a client told; begun anew where it told none."""
    if traceparent is None:
        return Context()
    _, trace, span, flags, *_ = traceparent.split("-")
    sampled = int(flags, 16) & TraceFlags.SAMPLED
    told = SpanContext(
        int(trace, 16), int(span, 16), is_remote=True, trace_flags=TraceFlags(sampled)
    )
    return set_span_in_context(NonRecordingSpan(told), Context())
