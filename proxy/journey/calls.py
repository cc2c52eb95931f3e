"""The calls of the new API that one request makes, with its caller's credential."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from mappings.core.context import Document, Json
from mappings.core.endpoint import Endpoint, Pages, UpstreamCall, filled
from mappings.core.errors import Problem
from proxy import strict_json
from proxy.credentials import Caller, Credentials
from proxy.errors import (
    InvalidDocumentError,
    ListTooLongError,
    ProxyError,
    UpstreamContractError,
    UpstreamError,
    UpstreamStatusError,
    UpstreamTimeoutError,
)
from proxy.journey import headers, rejections
from proxy.observe.metrics import Metrics
from proxy.upstream import policy
from proxy.upstream.client import Outcome, Reply, Upstream

if TYPE_CHECKING:
    from proxy.observe.trace_spans import RequestSpan

Ids = Mapping[str, str]


@dataclass(slots=True)
class Calls:
    """What one request asks of the new API, and what the log tells of it."""

    upstream: Upstream
    credentials: Credentials
    caller: Caller
    shared: headers.Pairs
    """The headers that every one of these calls has."""
    max_depth: int
    ends_at: float
    """When the last of them must be over, by the clock of the event loop."""
    metrics: Metrics
    span: RequestSpan | None = None
    """The span that theirs belong to, where there are any."""
    outcome: Outcome | None = None
    """What came of the first of them, where that was made before."""
    status: int | None = None
    milliseconds: float = 0.0

    async def ask(self, call: UpstreamCall, ids: Ids, if_match: str | None = None) -> Reply:
        """A call without a body, which succeeded."""
        return self.succeeded(call, await self.exchange(call, ids, if_match=if_match))

    async def exchange(
        self,
        call: UpstreamCall,
        ids: Ids,
        document: Document | None = None,
        *,
        if_match: str | None = None,
        key: str = "",
        query: str = "",
    ) -> Reply:
        """One call; where the credential is refused, once more with a fresh one if there is any."""
        path = filled(call.path, ids) + (f"?{query}" if query else "")
        content, extra = None, []
        if document is not None:
            content = strict_json.dump(dict(document))
            extra.append(("content-type", "application/json"))
        if if_match is not None:
            extra.append(("if-match", if_match))
        if key:
            extra.append(("idempotency-key", key))
        send = self._send if self.span is None else self._traced
        reply = await send(call, path, extra, content)
        if reply.status == 401:
            try:
                fresh = await self._fresh()
            except ProxyError as error:
                # What was refused was not carried out.
                error.sent = False
                raise
            if fresh is not None:
                self.caller = fresh
                reply = await send(call, path, extra, content)
        return reply

    async def _fresh(self) -> Caller | None:
        """The caller with a fresh token, by the deadline; the work on it goes on for others."""
        try:
            async with asyncio.timeout_at(self.ends_at):
                return await self.credentials.again(self.caller)
        except TimeoutError as error:
            raise UpstreamTimeoutError from error

    async def _traced(
        self, call: UpstreamCall, path: str, extra: headers.Pairs, content: bytes | None
    ) -> Reply:
        """The same as `_send`, with a span of its own that the new API is told of."""
        assert self.span is not None  # noqa: S101 - for the type checker: `exchange` has looked
        with self.span.call(call.method, call.path) as span:
            reply = await self._send(call, path, [*extra, *span.headers], content)
            span.status = reply.status
        return reply

    async def _send(
        self, call: UpstreamCall, path: str, extra: headers.Pairs, content: bytes | None
    ) -> Reply:
        credential = self.caller.authorization
        shown = [] if credential is None else [("authorization", credential)]
        operation, began = f"{call.method} {call.path}", perf_counter()
        outcome, self.outcome = self.outcome, None
        try:
            reply = await self.upstream.ask(
                call.method,
                path,
                [*self.shared, *shown, *extra],
                content,
                operation=operation,
                caller=credential or "",
                ends_at=self.ends_at,
                outcome=outcome,
            )
        except UpstreamError as error:
            self.metrics.call_failed(operation, error, perf_counter() - began)
            raise
        self.metrics.call(operation, reply.status, perf_counter() - began)
        self.status = reply.status
        self.milliseconds += reply.milliseconds
        return reply

    def succeeded(
        self,
        call: UpstreamCall,
        reply: Reply,
        endpoint: Endpoint | None = None,
        written: Json = None,
    ) -> Reply:
        """
        The reply, if its status is one that the endpoint lists; what the new API found wrong with
        what a client wrote is told in the client's own names.
        """
        if reply.status in call.success:
            return reply
        status = policy.legacy_status(reply.status)
        if status == 422 and endpoint is not None:
            raise InvalidDocumentError(
                rejections.walked_back(reply.body, endpoint.mapping, written, self.max_depth)
            )
        if status == 422:
            raise InvalidDocumentError([Problem("", rejections.REFUSED)])
        raise UpstreamStatusError(status, reply.status, policy.retry_after(reply.retry_after))

    def document_in(self, reply: Reply) -> Json:
        """The reply's body as a document."""
        try:
            return strict_json.parse(reply.body, self.max_depth)
        except strict_json.NotStrictJsonError as error:
            raise UpstreamContractError([Problem("", "not_json")]) from error

    async def pages(
        self, endpoint: Endpoint, ids: Ids, first: Reply, max_pages: int
    ) -> AsyncIterator[Json]:
        """
        The pages of a list, each as a document. Never a part as if it were the whole.

        Raises `ListTooLongError` past so many of them.
        """
        queries, reply = [""], first
        while True:
            document = self.document_in(reply)
            yield document
            query = _next(endpoint, ids, reply, document, len(queries))
            if query is None:
                return
            if query in queries:
                raise UpstreamContractError([Problem("", "paged")])
            if len(queries) == max_pages:
                raise ListTooLongError
            queries.append(query)
            reply = self.succeeded(
                endpoint.call, await self.exchange(endpoint.call, ids, query=query)
            )


def _next(endpoint: Endpoint, ids: Ids, reply: Reply, document: Json, number: int) -> str | None:
    """The query of the page that follows, or none after the last one."""
    pages = endpoint.pages
    if pages is None or pages.by == "link":
        return None if reply.next is None else _linked(endpoint, ids, pages, reply.next)
    told = document.get(pages.told_in) if isinstance(document, Mapping) else None
    if pages.by == "page":
        if not isinstance(told, int) or isinstance(told, bool):
            raise UpstreamContractError([Problem(f"/{pages.told_in}", "not_a_number")])
        return f"{pages.parameter}={number + 1}" if number < told else None
    if told is not None and not isinstance(told, str):
        raise UpstreamContractError([Problem(f"/{pages.told_in}", "not_a_text")])
    return f"{pages.parameter}={quote(told, safe='')}" if told else None


def _linked(endpoint: Endpoint, ids: Ids, pages: Pages | None, url: str) -> str:
    """The query of a link to the next page; a link that leads elsewhere is not followed."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UpstreamContractError([Problem("", "paged")]) from error
    path = filled(endpoint.call.path, ids)
    if pages is None or not parts.query or not (parts.path.endswith(path) or not parts.path):
        raise UpstreamContractError([Problem("", "paged")])
    return parts.query
