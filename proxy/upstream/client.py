"""Calls of the new API, calm when it fails: a bounded retry, and a breaker for each operation."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import httpx

from proxy.errors import (
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
from proxy.settings import Settings
from proxy.upstream.answer import Answer
from proxy.upstream.breaker import Breaker, Breakers
from proxy.upstream.budget import RetryBudget
from proxy.upstream.counting import Count, uncounted
from proxy.upstream.exchange import (
    FAILURES,
    UNFIT,
    Exchange,
    Headers,
    Reply,
    failure_of,
    reply_of,
)
from proxy.upstream.flight import Flight, Outcome
from proxy.upstream.plain import Carrier
from proxy.upstream.pool import Connections
from proxy.upstream.request import Call

__all__ = [
    "FAILURES",
    "Answer",
    "Breaker",
    "Carrier",
    "Flight",
    "Outcome",
    "Reply",
    "Upstream",
]

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

    def affinity(self, caller: str) -> str | None:
        """Whose connections a caller may use."""
        return self._exchange.affinity(caller)

    def template(self, method: str, fields: Iterable[tuple[str, str | None]]) -> bytes | None:
        """What calls with these fields have in common; see `Exchange.template`."""
        return self._exchange.template(method, fields)

    @property
    def connections(self) -> Connections:
        """How many connections there are now."""
        return self._exchange.connections

    def ask(
        self,
        method: str,
        path: str,
        headers: Headers,
        content: bytes | None = None,
        *,
        operation: str,
        caller: str = "",
        ends_at: float | None = None,
        outcome: Outcome | None = None,
    ) -> Coroutine[Any, Any, Reply]:
        """
        One call, until `ends_at` by the clock of the event loop, or for as long as a request has.

        `path` is made of constants and typed ids; `operation` is its template, which stands for
        all calls of the kind; `caller` tells whose connections it may use; of one that was made
        before, `outcome` is what came of it. A read that failed is
        tried once more where the budget and the time allow it. Raises `SuspendedError`,
        `UpstreamTimeoutError`, `UpstreamUnreachableError`, `UpstreamContractError`.
        """
        now = asyncio.get_running_loop().time()
        until = now + self._deadline if ends_at is None else ends_at
        call = self._exchange.call(method, path, headers, content, caller=caller, until=until)
        return self._asked(call, self.breakers.of(operation), now, outcome)

    def begin(
        self,
        breaker: Breaker,
        payload: bytes,
        method: str,
        affinity: str | None,
        *,
        until: float,
        when_over: Callable[[], None],
    ) -> Flight | None:
        """
        One call, by a `template`, where nothing stands in its way: a connection is kept for it,
        and its operation is not suspended. Else none, and nothing is sent.

        `when_over` is called once, when it is over: then the flight is asked what came of it.
        """
        transport = self._exchange.transport
        if transport is None or breaker.is_open:
            return None
        began = time.perf_counter()
        connection = transport.begin(payload, method, affinity, until=until, when_over=when_over)
        if connection is None:
            return None
        return Flight(transport, connection, method, breaker, breaker.admit(), began)

    def went_well(self, flight: Flight) -> None:
        """A flight was answered as it should be."""
        flight.breaker.succeeded(flight.admitted)
        self._budget.deposit()

    async def _asked(
        self,
        call: Call,
        breaker: Breaker,
        now: float,
        outcome: Outcome | None = None,
        *,
        again: bool = False,
    ) -> Reply:
        if outcome is None and now >= call.until:
            # A kept connection would still carry it, and nobody would wait for the answer.
            raise UpstreamTimeoutError(sent=False)
        admitted = breaker.admit() if outcome is None else outcome.admitted
        if not again:
            self._budget.deposit()
        end: Callable[[int], None] = breaker.abandoned
        began = time.perf_counter() if outcome is None else outcome.began
        try:
            try:
                answer = None if outcome is None else outcome.result()
                if answer is None:
                    answer = await self._exchange.send(call)
                end = breaker.failed if answer.status in TROUBLE else breaker.succeeded
            except FAILURES as error:
                end = _ending(breaker, error)
                raise failure_of(error) from error
            finally:
                end(admitted)
            reply = reply_of(answer, time.perf_counter() - began)
            # A trouble may be gone in a moment, unless it is told for how long it stays.
            passing = reply.status in TROUBLE and reply.retry_after is None
            if again or not passing or not self._once_more(call, breaker):
                return reply
        except (UpstreamTimeoutError, UpstreamUnreachableError):
            if again or not self._once_more(call, breaker):
                raise
        await asyncio.sleep(random.uniform(0, PAUSE_SECONDS))  # noqa: S311 - full jitter, no secret
        now = asyncio.get_running_loop().time()
        return await self._asked(call, breaker, now, again=True)

    def _once_more(self, call: Call, breaker: Breaker) -> bool:
        """Whether a call that failed is tried again: it changes nothing, and can be afforded."""
        late = asyncio.get_running_loop().time() + PAUSE_SECONDS >= call.until
        if call.method not in READS or late or breaker.is_open or not self._budget.withdraw():
            return False
        self._count("retried", "")
        return True

    async def close(self) -> None:
        """Close the connections."""
        await self._exchange.close()


def _ending(breaker: Breaker, error: Exception) -> Callable[[int], None]:
    """Whom to tell that a call ended with this error."""
    if isinstance(error, httpx.PoolTimeout):
        # It waited for other calls, and says nothing of the new API.
        return breaker.abandoned
    # What is unfit came, and is wrong for this request: others may fare better.
    return breaker.succeeded if isinstance(error, UNFIT) else breaker.failed
