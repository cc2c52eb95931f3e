"""Calls of the new API, calm when it fails: a bounded retry, and a breaker for each operation."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

import httpx

from proxy.errors import (
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
from proxy.settings import Settings
from proxy.upstream.breaker import Breakers, Count, uncounted
from proxy.upstream.budget import RetryBudget
from proxy.upstream.exchange import (
    FAILURES,
    UNFIT,
    Exchange,
    Headers,
    Reply,
    failure_of,
    reply_of,
)
from proxy.upstream.plain import Carrier
from proxy.upstream.request import Prepared

__all__ = ["Carrier", "Reply", "Upstream"]

READS = frozenset({"GET", "HEAD"})
TROUBLE = frozenset({502, 503, 504})
"""Statuses that say that the new API is in trouble. A 500 can be about one record alone."""

PAUSE_SECONDS = 0.2
"""At most so long after a failure, a read is tried once more."""


class Upstream:
    """The new API. Shared by all callers, it keeps nothing of any of them."""

    def __init__(
        self,
        settings: Settings,
        transport: Carrier | None = None,
        count: Count = uncounted,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        `transport` carries the calls, for tests; breakers and the budget of retries go by `clock`.
        Raises `ConfigurationError`.
        """
        self._exchange = Exchange(settings, transport, count)
        self._deadline = settings.deadline_seconds
        self._count = count
        self._budget = RetryBudget(settings.retry_ratio, clock)
        self.breakers = Breakers(settings.breaker_ratio, settings.breaker_seconds, clock, count)

    @property
    def pseudonym(self) -> str:
        """What this gateway calls itself among the hops of a request."""
        return self._exchange.pseudonym

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
        request = self._exchange.request(method, path, headers, content, caller=caller, until=until)
        try:
            reply = await self._guarded(request, operation, self._budget.deposit)
        except (UpstreamTimeoutError, UpstreamUnreachableError):
            if not self._once_more(method, operation, until):
                raise
        else:
            if not _passing(reply) or not self._once_more(method, operation, until):
                return reply
        await asyncio.sleep(random.uniform(0, PAUSE_SECONDS))  # noqa: S311 - full jitter, no secret
        return await self._guarded(request, operation)

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
        self, request: Prepared, operation: str, paid: Callable[[], None] = lambda: None
    ) -> Reply:
        """A call that the operation's breaker admits, and is told the outcome of."""
        if asyncio.get_running_loop().time() >= request.until:
            # A kept connection would still carry it, and nobody would wait for the answer.
            raise UpstreamTimeoutError(sent=False)
        breaker = self.breakers.of(operation)
        admitted = breaker.admit()
        paid()
        end = breaker.abandoned
        began = time.perf_counter()
        try:
            answered = await self._exchange.send(request)
            end = breaker.failed if answered.status_code in TROUBLE else breaker.succeeded
        except FAILURES as error:
            end = breaker.failed
            if isinstance(error, httpx.PoolTimeout):
                # It waited for other calls, and says nothing of the new API.
                end = breaker.abandoned
            elif isinstance(error, UNFIT):
                # It came, and is wrong for this request: others may fare better.
                end = breaker.succeeded
            raise failure_of(error) from error
        finally:
            end(admitted)
        return reply_of(answered, time.perf_counter() - began)

    async def close(self) -> None:
        """Close the connections."""
        await self._exchange.close()


def _passing(reply: Reply) -> bool:
    """Whether a status is one that may be gone in a moment, and nobody says when."""
    return reply.status in TROUBLE and reply.retry_after is None
