"""Drain: SIGTERM ends the gateway, and no answer is cut, nor does a stuck upload hold it."""

from __future__ import annotations

import asyncio
import math
import signal
import time
from collections import Counter
from uuid import uuid4

from bench.chaos.clients import Answer, Client, ClosedError, parsed
from bench.chaos.figure import Figure
from bench.chaos.serving import Gateway, gateway
from bench.chaos.stub import stub

NUMBER = 21
LATENCY_SECONDS = 0.15
SOON_SECONDS = 0.2
"""How soon after SIGTERM /readyz must say no, while requests are served as before."""

EXIT_SECONDS = 1.0
"""How much longer than its drain and its grace it may take to exit."""


def figure(*, quick: bool) -> Figure:
    """Send SIGTERM to a gateway whose clients keep their connections, and one of which is stuck."""
    taken = Figure(NUMBER, "drain")
    clients, drain, grace = (8, 0.5, 1) if quick else (40, 1.0, 3)
    settings = {"drain_seconds": str(drain), "grace_seconds": str(grace)}
    with stub() as upstream, gateway(upstream.url, workers=1, **settings) as served:
        upstream.mode(latency=LATENCY_SECONDS)
        asyncio.run(_drained(taken, served, clients=clients, drain=drain, grace=grace))
    taken.counts |= {"clients": clients, "stuck uploads": 1, "drain s": drain, "grace s": grace}
    return taken


async def _drained(
    taken: Figure, served: Gateway, *, clients: int, drain: float, grace: float
) -> None:
    counts: Counter[str] = Counter()
    told: list[float] = []
    reading = [asyncio.create_task(_read(served.port, counts, told)) for _ in range(clients)]
    await asyncio.sleep(4 * LATENCY_SECONDS)
    stuck = await _begun(served.port, b"POST", b"Content-Length: 1000\r\n\r\n{")
    half = await _begun(served.port, b"GET", b"Accept: application")
    began = time.monotonic()
    served.running.send_signal(signal.SIGTERM)
    refused, answered = await _refused_first(served.port, drain)
    completed = await _completed(half)
    await asyncio.gather(*reading)
    code = await asyncio.to_thread(served.running.wait, drain + grace + 10)
    seconds = time.monotonic() - began
    stuck[1].close()
    taken.none("answers that were cut", counts["cut"])
    taken.none("answers that were wrong", counts["wrong"])
    taken.demand("clients told Connection: close", f"{clients}", len(told), len(told) == clients)
    said = refused - began if refused else math.inf
    taken.demand("/readyz says no", f"<= {SOON_SECONDS} s", f"{said:.2f} s", said <= SOON_SECONDS)
    taken.demand("new clients served after /readyz says no", ">= 1", answered, answered >= 1)
    taken.demand("half a head, completed", "200", completed, completed == "200")
    taken.demand("exit code", "0", code, code == 0)
    limit = drain + grace + EXIT_SECONDS
    taken.demand("exit", f"<= {limit:.1f} s", f"{seconds:.2f} s", seconds <= limit)
    taken.counts["answers"] = counts["answered"]


async def _read(port: int, counts: Counter[str], told: list[float]) -> None:
    """Ask, again and again, until the connection is told to be the last."""
    client = Client(port)
    while True:
        identity = str(uuid4())
        try:
            answer = await client.ask("GET", _path(identity))
        except (ClosedError, OSError):
            counts["cut"] += 1
            return
        right = answer.status == 200 and answer.document["uuid"] == identity
        counts["answered" if right else "wrong"] += 1
        if answer.headers.get("connection") == "close":
            told.append(time.monotonic())
            return


async def _refused_first(port: int, drain: float) -> tuple[float, int]:
    """When /readyz said no for the first time, and how many new clients were served after that."""
    refused, answered = 0.0, 0
    end = time.monotonic() + drain
    while time.monotonic() < end - 2 * LATENCY_SECONDS:
        if not refused:
            ready = await _asked_once(port, "/readyz")
            if ready is not None and ready.status == 503:
                refused = time.monotonic()
            await asyncio.sleep(0.01)
        else:
            read = await _asked_once(port, _path(str(uuid4())))
            answered += read is not None and read.status == 200
    return refused, answered


async def _asked_once(port: int, path: str) -> Answer | None:
    client = Client(port)
    try:
        return await client.ask("GET", path)
    except (ClosedError, OSError):
        return None
    finally:
        client.close()


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _begun(port: int, method: bytes, rest: bytes) -> Connection:
    """A request that has begun and goes no further."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    path = _path(str(uuid4())) if method == b"GET" else "/api/v1/records.json"
    head = f" {path} HTTP/1.1\r\nHost: old.example\r\nAuthorization: Bearer chaos\r\n"
    writer.write(method + head.encode() + rest)
    await writer.drain()
    return reader, writer


async def _completed(half: Connection) -> str:
    """The status that it gets once its head is whole."""
    reader, writer = half
    try:
        writer.write(b"/json\r\n\r\n")
        status, _ = parsed(await reader.readuntil(b"\r\n\r\n"))
    except (asyncio.IncompleteReadError, OSError) as error:
        return type(error).__name__
    finally:
        writer.close()
    return str(status)


def _path(identity: str) -> str:
    return f"/api/v1/records/{identity}.json"
