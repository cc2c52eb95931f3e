"""Workers that tell their numbers, and what asks them: all in the process of the tests."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette

from proxy.observe.metrics import BOUNDS, Metrics
from proxy.observe.reporting import line, reporting
from proxy.observe.snapshot import Reason, Snapshot, snapshot
from proxy.observe.workers import PATIENCE_SECONDS, Workers

BUILD = ("1.2.3", "a-pack", "0123456789ab")
ROW = [1.0, *[0.0] * len(BOUNDS), 0.5]

Tell = Callable[[], Awaitable[Snapshot]]


def teller(app: Starlette, metrics: Metrics) -> Tell:
    """What a gateway tells, with these numbers of its requests and calls."""
    gateway, wire = app.state.gateway, app.state.wire
    return lambda: snapshot(gateway, metrics, draining=wire.draining)


def told(requests: int = 1, *not_ready: Reason, breaker: float = 0) -> Snapshot:
    """What a worker tells that answered so many requests."""
    return Snapshot(
        os.getpid(),
        BUILD,
        not_ready,
        [("passerelle_requests", ("/things/{id}", "GET", "200"), requests)],
        [("passerelle_request_duration_seconds", ("/things/{id}",), [*ROW])],
        [
            ("passerelle_turns_in_flight", (), 2),
            ("passerelle_breaker_open", ("GET /things/{id}",), breaker),
        ],
    )


def always(snapshot: Snapshot) -> Tell:
    """Tells the same whenever it is asked."""

    async def tell() -> Snapshot:
        return snapshot

    return tell


class Ends:
    """Both ends of a line, and the workers on it."""

    def __init__(self, hears: socket.socket, tells: socket.socket, patience_seconds: float) -> None:
        self.tells = tells
        self.workers = Workers(hears, patience_seconds)
        self._working = AsyncExitStack()

    async def start(self, tell: Tell) -> AsyncExitStack:
        """A worker that works until what this gives is closed, or the test is over."""
        worker = await self._working.enter_async_context(AsyncExitStack())
        await worker.enter_async_context(reporting(self.tells, tell))
        await self.heard()
        return worker

    async def heard(self) -> None:
        """Until the other end has read what was written."""
        for _ in range(20):
            await asyncio.sleep(0)


@asynccontextmanager
async def ends(patience_seconds: float = PATIENCE_SECONDS) -> AsyncIterator[Ends]:
    """A line, heard for as long as the test lasts."""
    hears, tells = line()
    with hears, tells:
        both = Ends(hears, tells, patience_seconds)
        async with both.workers.heard(), both._working:
            yield both
