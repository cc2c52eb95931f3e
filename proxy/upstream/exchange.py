"""One request to the new API and its answer, whole, through httpx: nothing of it stays."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import httpx

from mappings.core.errors import Problem
from proxy.errors import UpstreamContractError, UpstreamTimeoutError, UpstreamUnreachableError
from proxy.settings import Settings
from proxy.upstream import transport as transports
from proxy.upstream.answer import AnswerTooLargeError
from proxy.upstream.breaker import Count
from proxy.upstream.request import Prepared
from proxy.upstream.tls import client_context

PSEUDONYM = "passerelle"

Carrier = httpx.AsyncBaseTransport
"""What carries the calls; a test hands in its own."""

Headers = Sequence[tuple[str, str]]

LATE_SECONDS = 0.2
UNSENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.InvalidURL,
    httpx.LocalProtocolError,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)
"""Failures after which the request surely did not arrive."""

READ = frozenset({b"content-encoding", b"etag", b"link", b"retry-after"})
"""The fields of an answer that anybody looks at."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of the new API, whole."""

    status: int
    body: bytes
    etag: str | None
    retry_after: str | None
    next: str | None
    """Of one page of a list, the URL of the page that follows (RFC 8288)."""
    milliseconds: float


class Plain(httpx.AsyncClient):
    """httpx's client without what a gateway must not do: sign in, follow, keep cookies."""

    async def send(self, request: httpx.Request, **_: Any) -> httpx.Response:
        """Only what its transport does: it is where httpx's own and respx come together."""
        return await self._transport_for_url(self.base_url).handle_async_request(request)


class Exchange:
    """Where the new API is, how it is reached, and how much of an answer is read."""

    def __init__(self, settings: Settings, transport: Carrier | None, count: Count) -> None:
        self._home = httpx.URL(settings.upstream_url)
        self._max_bytes = settings.max_answer_bytes
        self._reuse = settings.upstream_reuse
        # Told apart from another gateway on the way, which may be one of these too.
        mark = hashlib.sha256(settings.upstream_url.encode()).hexdigest()[:8]
        self.pseudonym = f"{PSEUDONYM}-{mark}"
        self._always = [
            ("accept", "application/json"),
            ("accept-encoding", "identity"),
            ("user-agent", PSEUDONYM),
            ("via", f"1.1 {self.pseudonym}"),
        ]
        self._client = Plain(
            base_url=self._home,
            transport=transport or _transport(settings, count),
            trust_env=False,
        )

    def request(
        self, method: str, path: str, headers: Headers, content: bytes | None, caller: str
    ) -> httpx.Request:
        """A request for one path below the base URL; raises `UpstreamUnreachableError`."""
        given = {name for name, _ in headers}
        sent = [pair for pair in self._always if pair[0] not in given] + list(headers)
        try:
            request = Prepared(
                method,
                self._home,
                path,
                # As bytes: httpx would refuse what is not ASCII; HTTP allows it (RFC 9110, 5.5).
                [(name.encode("ascii"), value.encode("latin-1")) for name, value in sent],
                content,
            )
        except httpx.InvalidURL as error:
            raise UpstreamUnreachableError(sent=False) from error
        if self._reuse == "caller":
            request.extensions["affinity"] = caller
        return request

    async def reply(self, request: httpx.Request, until: float) -> Reply:
        """
        Its answer, until then by the clock of the event loop.

        Raises `UpstreamTimeoutError`, `UpstreamUnreachableError`, `UpstreamContractError`.
        """
        began = time.perf_counter()
        seconds = until - asyncio.get_running_loop().time()
        request.extensions["timeout"] = {"total": max(0.0, seconds)}
        try:
            # The transport keeps the time, and tells how far it came. A strange one may not.
            async with asyncio.timeout_at(until + LATE_SECONDS):
                response = await self._client.send(request)
                try:
                    told = _told(response.headers.raw)
                    body = await self._body(response, told)
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.TimeoutException) as error:
            raise UpstreamTimeoutError(sent=not isinstance(error, UNSENT)) from error
        except AnswerTooLargeError as error:
            raise UpstreamContractError([Problem("", "too_large")]) from error
        except httpx.DecodingError as error:
            raise UpstreamContractError([Problem("", "encoded")]) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UpstreamUnreachableError(sent=not isinstance(error, UNSENT)) from error
        return Reply(
            status=response.status_code,
            body=body,
            etag=told.get(b"etag"),
            retry_after=told.get(b"retry-after"),
            next=response.links.get("next", {}).get("url") if b"link" in told else None,
            milliseconds=(time.perf_counter() - began) * 1000,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _body(self, response: httpx.Response, told: dict[bytes, str]) -> bytes:
        """
        The body up to the limit. It is not decoded: a small body can hide a huge one.

        The status of an error says enough; an error's body that cannot be read is none.
        """
        if told.get(b"content-encoding", "identity").lower() != "identity":
            return self._unread(response, "encoded")
        if response.is_stream_consumed:
            # Whoever carried it has read it already, as a mock does.
            return self._within(response, response.content)
        body = bytearray()
        async for chunk in cast("httpx.AsyncByteStream", response.stream):
            body += chunk
            if len(body) > self._max_bytes:
                return self._unread(response, "too_large")
        return bytes(body)

    def _within(self, response: httpx.Response, body: bytes) -> bytes:
        return self._unread(response, "too_large") if len(body) > self._max_bytes else body

    @staticmethod
    def _unread(response: httpx.Response, reason: str) -> bytes:
        if response.is_error:
            return b""
        raise UpstreamContractError([Problem("", reason)])


def _told(raw: Iterable[tuple[bytes, bytes]]) -> dict[bytes, str]:
    """What an answer's head tells of `READ`; what stands twice is joined, as lists are."""
    told: dict[bytes, str] = {}
    for name, value in raw:
        lowered = name.lower()
        if lowered in READ:
            text = value.decode("latin-1")
            told[lowered] = f"{told[lowered]}, {text}" if lowered in told else text
    return told


def limits_of(settings: Settings) -> transports.TransportLimits:
    """The bounds of the transport, as the settings say."""
    return transports.TransportLimits(
        connect_seconds=settings.connect_seconds,
        first_byte_seconds=settings.first_byte_seconds,
        total_seconds=settings.deadline_seconds,
        connections=settings.upstream_connections,
        idle_seconds=settings.upstream_idle_seconds,
        age_seconds=settings.upstream_age_seconds,
        body_bytes=settings.max_answer_bytes,
    )


def _transport(settings: Settings, count: Count) -> Carrier:
    parts = urlsplit(settings.upstream_url)
    tls = client_context(settings) if parts.scheme == "https" else None
    return transports.Transport(
        f"{parts.scheme}://{parts.netloc}", limits_of(settings), tls=tls, count=count
    )
