"""Hands a call to our transport, or as a request of httpx to what a test put in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

import httpx

from proxy.upstream.answer import Answer
from proxy.upstream.answered import Answered
from proxy.upstream.chunks import AnswerTooLargeError
from proxy.upstream.head import encoded, told_of
from proxy.upstream.request import Call, Prepared
from proxy.upstream.transport import Transport, is_mocked

Carrier = httpx.AsyncBaseTransport
"""What carries the calls; a test hands in its own."""

LATE_SECONDS = 0.2

_found = httpx.AsyncClient._transport_for_url
_UNMOCKED = _found if _found.__module__.startswith("httpx.") else None
"""What it is unless something is mocked."""


class Plain(httpx.AsyncClient):
    """One for all callers, of whom nothing stays."""

    def __init__(self, home: httpx.URL, carrier: Carrier, max_bytes: int) -> None:
        super().__init__(base_url=home, transport=carrier, trust_env=False)
        self._max_bytes = max_bytes
        self._own = carrier if isinstance(carrier, Transport) else None

    def carry(self, call: Call) -> Coroutine[Any, Any, Answer]:
        """The answer to a call; raises httpx's errors, some of them at once."""
        transport = self.transport
        if transport is not None:
            return transport.carry(call)
        return self._through(self._transport_for_url(self.base_url), call)

    @property
    def transport(self) -> Transport | None:
        """Our own, where nothing else carries the calls, as a mock would."""
        if self._own is not None and httpx.AsyncClient._transport_for_url is _UNMOCKED:
            return None if is_mocked() else self._own
        # It is where httpx's own and respx come together.
        carrier = self._transport_for_url(self.base_url)
        return carrier if isinstance(carrier, Transport) and not is_mocked() else None

    async def _through(self, carrier: Carrier, call: Call) -> Answered:
        """The same of a strange one, which may keep no time and give no answer whole."""
        async with asyncio.timeout_at(call.until + LATE_SECONDS):
            response = await carrier.handle_async_request(Prepared(call))
            try:
                body = await self._body(response)
            finally:
                await response.aclose()
        raw = response.headers.raw
        return Answered(response.status_code, told_of(raw), lambda: raw, body)

    async def _body(self, response: httpx.Response) -> bytes:
        """
        The body up to the limit. It is not decoded: a small body can hide a huge one.

        The status of an error says enough; an error's body that cannot be read is none.
        """
        if encoded(told_of(response.headers.raw)):
            if response.is_error:
                return b""
            raise httpx.DecodingError("the answer is encoded, which it was not asked to be")
        if response.is_stream_consumed:
            # Whoever carried it has read it already, as a mock does.
            return self._within(response, response.content)
        body = bytearray()
        async for chunk in cast("httpx.AsyncByteStream", response.stream):
            body += chunk
            if len(body) > self._max_bytes:
                break
        return self._within(response, bytes(body))

    def _within(self, response: httpx.Response, body: bytes) -> bytes:
        if len(body) <= self._max_bytes:
            return body
        if response.is_error:
            return b""
        raise AnswerTooLargeError("the body is too large")
