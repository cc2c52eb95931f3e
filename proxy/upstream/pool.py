"""The connections that are kept, and who waits for one; it opens none itself."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

import httpx

from proxy.upstream.connection import Connection
from proxy.upstream.limits import TransportLimits

Waiter = asyncio.Future["Connection | None"]


class Connections(NamedTuple):
    """How many connections there are, and how many calls wait for one."""

    used: int = 0
    idle: int = 0
    waiting: int = 0


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
        # By affinity, and never an empty line of them; the one that came back last is at the end.
        self._idle: dict[Hashable, list[Connection]] = {}
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def connections(self) -> Connections:
        """How many there are now; one that is being opened is used."""
        idle = sum(map(len, self._idle.values()))
        return Connections(self._taken - idle, idle, len(self._waiting))

    def kept(self, affinity: Hashable, now: float) -> Connection | None:
        """A slot with a connection that carried calls of the same affinity, if one is idle."""
        while (line := self._idle.get(affinity)) is not None:
            connection = line[-1]
            unfit = connection.unfit(now)
            if not unfit:
                line.pop()
                if not line:
                    del self._idle[affinity]
                return connection
            connection.close(unfit)
        return None

    async def take(self, affinity: Hashable, until: float) -> Connection | None:
        """
        A slot when no connection is `kept`: to open one in, or with one for which it waited.

        Raises `httpx.PoolTimeout`.
        """
        if self._taken == self._limits.connections:
            if not self._idle:
                return await self._wait(affinity, until)
            self._oldest().close("evicted")
        self._taken += 1
        return None

    def keep(self, connection: Connection, unfit: str, now: float) -> None:
        """Give a slot back, and its connection for another call unless it is unfit for one."""
        if unfit or connection.closed or self._closed:
            connection.close(unfit or "shutdown")
            self.free()
            return
        connection.idle_since = now
        waiter, affinity = self._first() if self._waiting else (None, None)
        if waiter is None:
            self._idle.setdefault(connection.affinity, []).append(connection)
            if self._sweep is None:
                loop = asyncio.get_running_loop()
                self._sweep = loop.call_at(now + self._limits.idle_seconds, self._close_idle)
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
        line = self._idle.get(connection.affinity, [])
        if connection in line:
            line.remove(connection)
            if not line:
                del self._idle[connection.affinity]
            self.free()

    def close(self) -> None:
        """Close what is idle; what is in use is closed when its call is over."""
        self._closed = True
        while self._idle:
            self._oldest().close("shutdown")
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None

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
            self.keep(connection, "", asyncio.get_running_loop().time())

    def _first(self) -> tuple[Waiter | None, Hashable]:
        while self._waiting:
            waiter, affinity = self._waiting.popitem(last=False)
            if not waiter.done():
                return waiter, affinity
        return None, None

    def _oldest(self) -> Connection:
        """The one that has been idle longest; there is one."""
        return min([line[0] for line in self._idle.values()], key=_idle_since)

    def _close_idle(self) -> None:
        """Close those that nobody used for long; one timer does for all."""
        loop = asyncio.get_running_loop()
        self._sweep = None
        while self._idle:
            oldest = self._oldest()
            until = oldest.idle_since + self._limits.idle_seconds
            if loop.time() < until:
                self._sweep = loop.call_at(until, self._close_idle)
                return
            oldest.close("idle")


def _idle_since(connection: Connection) -> float:
    return connection.idle_since
