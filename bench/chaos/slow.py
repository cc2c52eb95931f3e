"""Clients that drip and never end: each is closed in time, and the others notice nothing."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from bench.chaos.clients import percentile
from bench.chaos.figure import Figure
from bench.chaos.serving import Gateway, gateway
from bench.chaos.stub import stub
from bench.chaos.traffic import Mix, applications, offered

RATE, CONNECTIONS, SEED = 20, 4, 20260927
FLOOR_MILLISECONDS = 20
"""What twice is taken of at least: a p99 of 3 ms doubles by chance."""

HEAD = b"POST /api/v1/records.json HTTP/1.1\r\nHost: old.example\r\nContent-Length: 5000\r\n"
SHAPES = {
    "sends nothing": (b"", b""),
    "stops within its first line": (b"GET /api/v1/rec", b""),
    "drips its head": (b"GET /api/v1/records.json HTTP/1.1\r\nX-Drip: ", b"a"),
    "drips its body": (HEAD + b"\r\n{", b" "),
}
"""What each kind sends at once, and then each second."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many and how long."""

    drips: int
    head_seconds: float
    body_seconds: float
    before_seconds: float
    pace: int
    """How many of them come in a second."""

    def limit(self, shape: str) -> float:
        """By when a connection of this shape is closed, with a second of grace."""
        return 1 + (self.body_seconds if "body" in shape else self.head_seconds)


WHOLE = Size(500, 10, 30, 8, 150)
"""What the gateway's own defaults must hold."""

QUICK = Size(50, 1, 2, 2, 150)


@dataclass(slots=True)
class Closed:
    """When connections were closed, and what they were told."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)


def figure(*, quick: bool) -> Figure:
    """500 connections that drip, beside an application that works."""
    size = QUICK if quick else WHOLE
    taken, closed = Figure(12, "slow", quick), Closed()
    with stub() as upstream, _gateway(upstream.url, quick=quick) as serving:
        before, during, left = asyncio.run(_run(serving, size, closed))
    for shape in SHAPES:
        latest, limit = max(closed.seconds[shape]), size.limit(shape)
        taken.demand(
            f"{shape}: closed within", f"<= {limit:g} s", f"{latest:.1f} s", latest <= limit
        )
    base = max(FLOOR_MILLISECONDS, percentile(before.tally.seconds, 0.99))
    p99 = percentile(during.tally.seconds, 0.99)
    soon = taken.at_most(2 * base)
    taken.demand("others' p99", f"<= {soon:.0f} ms", f"{p99:.0f} ms", p99 <= soon)
    taken.none("others' answers wrong or without success", _bad(before) + _bad(during))
    taken.none("connections left", left)
    taken.counts |= {
        "drips": sum(map(len, closed.seconds.values())),
        **dict(closed.told),
        "others' requests": during.tally.statuses.total(),
        "their p99 ms before": round(percentile(before.tally.seconds, 0.99), 1),
        "their p99 ms": round(p99, 1),
        "seed": SEED,
    }
    return taken


def _gateway(url: str, *, quick: bool) -> AbstractContextManager[Gateway]:
    return gateway(url, head_seconds="1", body_seconds="2") if quick else gateway(url)


async def _run(serving: Gateway, size: Size, closed: Closed) -> tuple[Mix, Mix, int]:
    before, during = Mix(SEED), Mix(SEED + 1)
    async with applications(serving.port, CONNECTIONS) as clients:
        await offered(clients, RATE, 1, Mix(SEED + 2).step)
        await offered(clients, RATE, size.before_seconds, before.step)
        # They come one after another: else it is this process that keeps the others waiting.
        dripping = [
            asyncio.create_task(_drip(serving.port, shape, size, closed, after=number / size.pace))
            for number, shape in enumerate(_shapes(size))
        ]
        seconds = size.limit("drips its body")
        working = asyncio.create_task(offered(clients, RATE, seconds, during.step))
        await asyncio.gather(*dripping)
        await working
        left = serving.connections() - CONNECTIONS
    return before, during, max(0, left)


async def _drip(port: int, shape: str, size: Size, closed: Closed, after: float) -> None:
    """One such connection, until it is closed; one that never is counts as twice its limit."""
    await asyncio.sleep(after)
    at_once, each_second = SHAPES[shape]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.perf_counter()
    writer.write(at_once)
    ended = asyncio.create_task(_until_closed(reader))
    while not ended.done() and time.perf_counter() - began < size.limit(shape) + 2:
        await asyncio.wait([ended], timeout=1)
        if each_second and not ended.done():
            writer.write(each_second)
    seconds = time.perf_counter() - began if ended.done() else 2 * size.limit(shape)
    ended.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        closed.told[await ended] += 1
    closed.seconds.setdefault(shape, []).append(seconds)
    writer.transport.abort()


async def _until_closed(reader: asyncio.StreamReader) -> str:
    """What the gateway said before it closed."""
    try:
        told = await reader.read()
    except ConnectionError:
        return "reset"
    return f"told {told.split()[1].decode()}" if told.startswith(b"HTTP/") else "told nothing"


def _shapes(size: Size) -> Iterator[str]:
    for number in range(size.drips):
        yield list(SHAPES)[number % len(SHAPES)]


def _bad(mix: Mix) -> int:
    return mix.tally.wrong + mix.tally.not_2xx
