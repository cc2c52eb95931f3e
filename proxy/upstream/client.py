"""Calls of the new API, through httpx: no cookies kept, no redirects, no proxies of the machine."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlsplit

import httpx

from mappings.core.errors import Problem
from proxy.errors import (
    UpstreamContractError,
    UpstreamError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
from proxy.settings import Settings
from proxy.upstream import transport as transports
from proxy.upstream.answer import TooLargeError
from proxy.upstream.breaker import Breakers, Count, uncounted
from proxy.upstream.budget import RetryBudget
from proxy.upstream.tls import client_context

PSEUDONYM = "passerelle"

Transport = httpx.AsyncBaseTransport
"""What carries the calls; a test hands in its own."""

Headers = Sequence[tuple[str, str]]

READS = frozenset({"GET", "HEAD"})
FAILURES = frozenset({502, 503, 504})
"""Statuses that say that the new API is in trouble. A 500 can be about one record alone."""

PAUSE_SECONDS = 0.2
"""At most so long after a failure, a read is tried once more."""

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


class Upstream:
    """The new API. Shared by all callers, it keeps nothing of any of them."""

    def __init__(
        self,
        settings: Settings,
        transport: Transport | None = None,
        count: Count = uncounted,
    ) -> None:
        """`transport` carries the calls, for tests. Raises `ConfigurationError`."""
        self._base = settings.upstream_url
        self._deadline = settings.deadline_seconds
        self._max_bytes = settings.max_answer_bytes
        self._reuse = settings.upstream_reuse
        self._count = count
        self._budget = RetryBudget(settings.retry_ratio, time.monotonic)
        self.breakers = Breakers(
            settings.breaker_ratio, settings.breaker_seconds, time.monotonic, count
        )
        # Told apart from another gateway on the way, which may be one of these too.
        mark = hashlib.sha256(self._base.encode()).hexdigest()[:8]
        self.pseudonym = f"{PSEUDONYM}-{mark}"
        self._client = httpx.AsyncClient(
            transport=transport or _transport(settings, count),
            headers={
                "accept": "application/json",
                "accept-encoding": "identity",
                "user-agent": PSEUDONYM,
                "via": f"1.1 {self.pseudonym}",
            },
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            follow_redirects=False,
            trust_env=False,
            timeout=settings.deadline_seconds,
        )

    async def ask(
        self,
        method: str,
        path: str,
        headers: Headers,
        content: bytes | None = None,
        *,
        operation: str,
        caller: str = "",
        ends_at: float | None = None,
    ) -> Reply:
        """
        One call, until `ends_at` by the clock of the event loop, or for as long as a request has.

        `path` is made of constants and typed ids; `operation` is its template, which stands for
        all calls of the kind; `caller` tells whose connections it may use. A read that failed is
        tried once more where the budget and the time allow it. Raises `SuspendedError`,
        `UpstreamTimeoutError`, `UpstreamUnreachableError`, `UpstreamContractError`.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self._deadline if ends_at is None else ends_at
        request = self._request(method, path, headers, content, caller)
        try:
            reply = await self._guarded(request, operation, until, self._budget.deposit)
        except (UpstreamTimeoutError, UpstreamUnreachableError):
            if not self._once_more(method, operation, until):
                raise
        else:
            if not _passing(reply) or not self._once_more(method, operation, until):
                return reply
        await asyncio.sleep(random.uniform(0, PAUSE_SECONDS))  # noqa: S311 - full jitter, no secret
        return await self._guarded(request, operation, until)

    def _once_more(self, method: str, operation: str, until: float) -> bool:
        """Whether a call that failed is tried again: it changes nothing, and can be afforded."""
        late = asyncio.get_running_loop().time() + PAUSE_SECONDS >= until
        if method not in READS or late or self.breakers.of(operation).is_open:
            return False
        if not self._budget.withdraw():
            return False
        self._count("retried", "")
        return True

    async def _guarded(
        self,
        request: httpx.Request,
        operation: str,
        until: float,
        paid: Callable[[], None] = lambda: None,
    ) -> Reply:
        """A call that the operation's breaker admits, and is told the outcome of."""
        if asyncio.get_running_loop().time() >= until:
            # A kept connection would still carry it, and nobody would wait for the answer.
            raise UpstreamTimeoutError(sent=False)
        breaker = self.breakers.of(operation)
        admitted = breaker.admit()
        paid()
        end = breaker.abandoned
        try:
            reply = await self._exchanged(request, until)
            end = breaker.failed if reply.status in FAILURES else breaker.succeeded
            return reply
        except UpstreamError as error:
            end = breaker.failed
            if isinstance(error.__cause__, httpx.PoolTimeout):
                # It waited for other calls, and says nothing of the new API.
                end = breaker.abandoned
            elif isinstance(error, UpstreamContractError):
                # It came, and is wrong for this request: others may fare better.
                end = breaker.succeeded
            raise
        finally:
            end(admitted)

    async def _exchanged(self, request: httpx.Request, until: float) -> Reply:
        """One request and its answer, whole."""
        began = time.perf_counter()
        seconds = until - asyncio.get_running_loop().time()
        request.extensions["timeout"] = {"total": max(0.0, seconds)}
        try:
            # The transport keeps the time, and tells how far it came. A strange one may not.
            async with asyncio.timeout_at(until + LATE_SECONDS):
                response = await self._client.send(request, stream=True)
                try:
                    body = await self._body(response)
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.TimeoutException) as error:
            raise UpstreamTimeoutError(sent=not isinstance(error, UNSENT)) from error
        except TooLargeError as error:
            raise UpstreamContractError([Problem("", "too_large")]) from error
        except httpx.DecodingError as error:
            raise UpstreamContractError([Problem("", "encoded")]) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UpstreamUnreachableError(sent=not isinstance(error, UNSENT)) from error
        return Reply(
            status=response.status_code,
            body=body,
            etag=response.headers.get("etag"),
            retry_after=response.headers.get("retry-after"),
            next=response.links.get("next", {}).get("url"),
            milliseconds=(time.perf_counter() - began) * 1000,
        )

    def _request(
        self, method: str, path: str, headers: Headers, content: bytes | None, caller: str
    ) -> httpx.Request:
        try:
            request = self._client.build_request(
                method,
                self._base + path,
                # As bytes: httpx would refuse what is not ASCII; HTTP allows it (RFC 9110, 5.5).
                headers=[
                    (name.encode("ascii"), value.encode("latin-1")) for name, value in headers
                ],
                content=content,
            )
        except httpx.InvalidURL as error:
            raise UpstreamUnreachableError(sent=False) from error
        if self._reuse == "caller":
            request.extensions["affinity"] = caller
        return request

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _body(self, response: httpx.Response) -> bytes:
        """
        The body up to the limit. It is not decoded: a small body can hide a huge one.

        The status of an error says enough; an error's body that cannot be read is none.
        """
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            return self._unread(response, "encoded")
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > self._max_bytes:
                return self._unread(response, "too_large")
        return bytes(body)

    @staticmethod
    def _unread(response: httpx.Response, reason: str) -> bytes:
        if response.is_error:
            return b""
        raise UpstreamContractError([Problem("", reason)])


def _passing(reply: Reply) -> bool:
    """Whether a status is one that may be gone in a moment, and nobody says when."""
    return reply.status in (502, 503, 504) and reply.retry_after is None


def _transport(settings: Settings, count: Count) -> Transport:
    limits = transports.TransportLimits(
        connect_seconds=settings.connect_seconds,
        first_byte_seconds=settings.first_byte_seconds,
        total_seconds=settings.deadline_seconds,
        connections=settings.upstream_connections,
        idle_seconds=settings.upstream_idle_seconds,
        age_seconds=settings.upstream_age_seconds,
        body_bytes=settings.max_answer_bytes,
    )
    parts = urlsplit(settings.upstream_url)
    tls = client_context(settings) if parts.scheme == "https" else None
    return transports.Transport(f"{parts.scheme}://{parts.netloc}", limits, tls=tls, count=count)
