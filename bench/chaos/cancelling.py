"""Cancelling: calls that end while they wait leave the connections as good as they were."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

import httpx

from bench.chaos.figure import Figure
from proxy.upstream.transport import Transport, TransportLimits

NUMBER = 3
BURST, POOL = 600, 20
DEADLINE_SECONDS = 0.25
SLOW_SECONDS = 0.05
AFTERWARDS_SECONDS = 1.0
SETTLED_SECONDS = 0.1
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


def figure(*, quick: bool) -> Figure:
    """Cancel nearly every call, burst after burst, and then use the same connections."""
    taken = Figure(NUMBER, "cancelling")
    asyncio.run(_storm(taken, bursts=2 if quick else 20))
    return taken


class _Server:
    """An upstream that takes its time; it knows who is connected."""

    def __init__(self) -> None:
        self.seconds = SLOW_SECONDS
        self.open: set[asyncio.Protocol] = set()


class _Connection(asyncio.Protocol):
    def __init__(self, server: _Server) -> None:
        self._server = server
        self._read = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._server.open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.open.discard(self)

    def data_received(self, data: bytes) -> None:
        self._read += data
        if self._read.endswith(b"\r\n\r\n"):
            self._read = b""
            asyncio.get_running_loop().call_later(self._server.seconds, self._answer)

    def _answer(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(ANSWER)


async def _storm(taken: Figure, *, bursts: int) -> None:
    upstream = _Server()
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: _Connection(upstream), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    happened: Counter[str] = Counter()
    transport = Transport(
        url, TransportLimits(connections=POOL), count=lambda name, _: happened.update([name])
    )
    ended: Counter[str] = Counter()
    base = len(asyncio.all_tasks())
    async with httpx.AsyncClient(transport=transport, base_url=url) as client:
        for _ in range(bursts):
            ended.update(await _burst(client, BURST))
        upstream.seconds = 0
        began = time.perf_counter()
        after = await _burst(client, POOL)
        seconds = time.perf_counter() - began
        await asyncio.sleep(SETTLED_SECONDS)
        taken.demand("afterwards", f"{POOL} x 200", _told(after), after["200"] == POOL)
        within = f"<= {AFTERWARDS_SECONDS:.0f} s"
        taken.demand("afterwards, all", within, f"{seconds:.2f} s", seconds <= AFTERWARDS_SECONDS)
        kept = len(upstream.open)
        taken.demand("afterwards, connections", f"1 to {POOL}", kept, 1 <= kept <= POOL)
        counted = happened["opened"] - happened["closed"]
        taken.demand("the same by its own counts", f"{kept}", counted, counted == kept)
        taken.none("tasks that are left", len(asyncio.all_tasks()) - base)
    await asyncio.sleep(SETTLED_SECONDS)
    taken.none("connections after the end", len(upstream.open))
    listening.close()
    cut = ended["TimeoutError"]
    taken.demand("nearly all are cancelled", ">= 8 of 10", _told(ended), cut >= 0.8 * ended.total())
    taken.counts |= {"calls": ended.total(), "burst": BURST, "pool": POOL, **happened}


async def _burst(client: httpx.AsyncClient, width: int) -> Counter[str]:
    """How so many calls at once ended."""
    return Counter(await asyncio.gather(*(_call(client) for _ in range(width))))


async def _call(client: httpx.AsyncClient) -> str:
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return str((await client.get("/")).status_code)
    except (TimeoutError, httpx.HTTPError) as error:
        return type(error).__name__


def _told(ended: Counter[str]) -> str:
    return ", ".join(f"{count:,} x {what}" for what, count in sorted(ended.items()))
