"""
How many requests are worked on at one time, and how many may wait: in order, and not for long.

Own code: the lines of `asyncio.Semaphore` and `anyio.CapacityLimiter` are unbounded.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from proxy.errors import OverloadedError
from proxy.upstream.counting import Count, uncounted

COUNTER = "overloaded"
"""The name of the counter; its labels are full, waited and bodies."""


class Turns:
    """A turn is taken before the work, and given back after it whatever became of the work."""

    def __init__(
        self,
        at_once: int,
        waiting: int,
        seconds: float,
        count: Count = uncounted,
    ) -> None:
        """So many turns, so many who may wait for one, and how long."""
        self._at_once = at_once
        self._may_wait = waiting
        self._seconds = seconds
        self._count = count
        self._in_flight = 0
        # Who waits, first come first: a turn (true), or that it took too long (false).
        self._line: OrderedDict[asyncio.Future[bool], None] = OrderedDict()

    @property
    def in_flight(self) -> int:
        """How many turns are taken."""
        return self._in_flight

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return len(self._line)

    async def take(self) -> None:
        """Take a turn, at once where one is free; raises `OverloadedError`."""
        if self._in_flight < self._at_once:
            self._in_flight += 1
        elif len(self._line) >= self._may_wait:
            self._count(COUNTER, "full")
            raise OverloadedError
        elif not await self._handed_over():
            self._count(COUNTER, "waited")
            raise OverloadedError

    def take_now(self) -> bool:
        """Take a turn if one is free; whether it was."""
        if self._in_flight >= self._at_once:
            return False
        self._in_flight += 1
        return True

    def give_back(self) -> None:
        """End a turn; who has waited longest has it now."""
        while self._line:
            waiter, _ = self._line.popitem(last=False)
            if not waiter.done():
                waiter.set_result(True)
                return
        self._in_flight -= 1

    async def _handed_over(self) -> bool:
        """Whether somebody's turn came before the time was over."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        self._line[waiter] = None
        timer = loop.call_later(self._seconds, self._waited, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            # A turn that came in the very moment of the cancelling goes to the next in line.
            if not waiter.cancelled() and waiter.result():
                self.give_back()
            raise
        finally:
            timer.cancel()
            self._line.pop(waiter, None)

    def _waited(self, waiter: asyncio.Future[bool]) -> None:
        if not waiter.done():
            del self._line[waiter]
            waiter.set_result(False)
