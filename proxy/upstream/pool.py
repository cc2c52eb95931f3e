"""The connections that are kept, and who waits for one; it opens none itself."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Hashable

import httpx

from proxy.upstream.connection import Connection
from proxy.upstream.limits import TransportLimits

Waiter = asyncio.Future["Connection | None"]
Idle = OrderedDict[Connection, None]
"""The one that came back last is at the end."""


class Pool:
    """
    Slots, each for one connection, open or being opened.

    Whoever takes a slot gives it back with `keep` or `free`, once. While anybody waits, every
    slot is taken and no connection is idle: what comes back goes to the first who waits.
    """

    def __init__(self, limits: TransportLimits) -> None:
        self._limits = limits
        self._taken = 0
        self._waiting: OrderedDict[Waiter, Hashable] = OrderedDict()
        self._idle: Idle = OrderedDict()
        self._idle_of: dict[Hashable, Idle] = {}
        """The same ones by affinity."""
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    async def take(self, affinity: Hashable, until: float) -> Connection | None:
        """
        A slot: with a connection that carried calls of the same affinity, or to open one in.

        Raises `httpx.PoolTimeout`.
        """
        connection = self._kept(affinity)
        if connection is not None:
            return connection
        if self._taken == self._limits.connections:
            if not self._idle:
                return await self._wait(affinity, until)
            next(iter(self._idle)).close("evicted")
        self._taken += 1
        return None

    def keep(self, connection: Connection, unfit: str) -> None:
        """Give a slot back, and its connection for another call unless it is unfit for one."""
        if unfit or connection.closed or self._closed:
            connection.close(unfit or "shutdown")
            self.free()
            return
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        waiter, affinity = self._first()
        if waiter is None:
            self._idle[connection] = None
            self._idle_of.setdefault(connection.affinity, OrderedDict())[connection] = None
            if self._sweep is None:
                self._sweep = loop.call_later(self._limits.idle_seconds, self._close_idle)
        elif affinity == connection.affinity:
            waiter.set_result(connection)
        else:
            connection.close("evicted")
            waiter.set_result(None)

    def free(self) -> None:
        """Give a slot back whose connection is closed."""
        waiter, _ = self._first()
        if waiter is None:
            self._taken -= 1
        else:
            waiter.set_result(None)

    def forget(self, connection: Connection) -> None:
        """It was closed; if nobody used it, its slot is free."""
        if connection in self._idle:
            self._remove(connection)
            self.free()

    def close(self) -> None:
        """Close what is idle; what is in use is closed when its call is over."""
        self._closed = True
        for connection in list(self._idle):
            connection.close("shutdown")
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None

    def _kept(self, affinity: Hashable) -> Connection | None:
        idle = self._idle_of.get(affinity)
        now = asyncio.get_running_loop().time()
        while idle:
            connection = next(reversed(idle))
            unfit = connection.unfit(now)
            if not unfit:
                self._remove(connection)
                return connection
            connection.close(unfit)
        return None

    async def _wait(self, affinity: Hashable, until: float) -> Connection | None:
        loop = asyncio.get_running_loop()
        waiter: Waiter = loop.create_future()
        self._waiting[waiter] = affinity
        timer = loop.call_at(until, self._expire, waiter)
        try:
            connection = await waiter
        except asyncio.CancelledError:
            self._waiting.pop(waiter, None)
            # Both at one time: the slot came, and the caller left.
            if not waiter.cancelled() and waiter.exception() is None:
                self._pass_on(waiter.result())
            raise
        finally:
            timer.cancel()
        if connection is not None and (unfit := connection.unfit(loop.time())):
            connection.close(unfit)
            return None
        return connection

    def _expire(self, waiter: Waiter) -> None:
        if not waiter.done():
            del self._waiting[waiter]
            waiter.set_exception(httpx.PoolTimeout("no connection was free in time"))

    def _pass_on(self, connection: Connection | None) -> None:
        if connection is None:
            self.free()
        else:
            self.keep(connection, "")

    def _first(self) -> tuple[Waiter | None, Hashable]:
        while self._waiting:
            waiter, affinity = self._waiting.popitem(last=False)
            if not waiter.done():
                return waiter, affinity
        return None, None

    def _remove(self, connection: Connection) -> None:
        del self._idle[connection]
        idle = self._idle_of[connection.affinity]
        del idle[connection]
        if not idle:
            del self._idle_of[connection.affinity]

    def _close_idle(self) -> None:
        """Close those that nobody used for long; one timer does for all."""
        loop = asyncio.get_running_loop()
        self._sweep = None
        while self._idle:
            oldest = next(iter(self._idle))
            until = oldest.idle_since + self._limits.idle_seconds
            if loop.time() < until:
                self._sweep = loop.call_at(until, self._close_idle)
                return
            oldest.close("idle")
