"""Rolling: workers are replaced, one after the other, and no client notices."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable
from uuid import uuid4

from bench.chaos.clients import Client, ClosedError
from bench.chaos.figure import Figure
from bench.chaos.serving import Gateway, gateway
from bench.chaos.stub import stub

NUMBER = 22
WORKERS = 2
LOOK_SECONDS = 0.05
PAUSE_SECONDS = 0.05
"""Between an answer and the next request: else nothing is left of the machine for new workers."""

PATIENCE_SECONDS = 25


def figure(*, quick: bool) -> Figure:
    """Roll the workers under clients that ask one thing after the other."""
    taken = Figure(NUMBER, "rolling")
    clients, seconds, rolls, fewest = (8, 4, 1, 100) if quick else (32, 12, 2, 3_000)
    with stub() as upstream, gateway(upstream.url, workers=WORKERS) as served:
        rolled = _rolled(served, clients=clients, seconds=seconds, rolls=rolls, fewest=fewest)
        counts = asyncio.run(rolled)
    replaced, wanted = counts.pop("workers replaced", 0), rolls * WORKERS
    taken.none("requests that were cut", counts.pop("cut", 0))
    taken.none("answers that are wrong", counts.pop("wrong", 0))
    taken.demand("workers replaced", f"{wanted}", replaced, replaced == wanted)
    answered = counts.pop("answered", 0)
    taken.demand("requests answered", f">= {fewest:,}", f"{answered:,}", answered >= fewest)
    taken.counts |= {**counts, "clients": clients, "rolls": rolls, "workers": WORKERS}
    return taken


async def _rolled(
    served: Gateway, *, clients: int, seconds: float, rolls: int, fewest: int
) -> Counter[str]:
    """The clients go on until all is rolled, the time is over, and enough was asked."""
    counts: Counter[str] = Counter()
    began = time.monotonic()
    over = asyncio.Event()

    def is_over() -> bool:
        return over.is_set() and counts["answered"] >= fewest

    reading = [asyncio.create_task(_read(served.port, counts, is_over)) for _ in range(clients)]
    for number in range(rolls):
        await asyncio.sleep(began + seconds * (2 * number + 1) / (2 * rolls + 1) - time.monotonic())
        await _roll(served, counts)
    counts["last roll done after s"] = round(time.monotonic() - began)
    await asyncio.sleep(began + seconds - time.monotonic())
    over.set()
    _, late = await asyncio.wait(reading, timeout=PATIENCE_SECONDS)
    for task in late:
        task.cancel()
    return counts


async def _roll(served: Gateway, counts: Counter[str]) -> None:
    """Have every worker replaced, and wait until that is done."""
    before = set(served.pids)
    end = time.monotonic() + PATIENCE_SECONDS
    served.running.send_signal(signal.SIGHUP)
    after = before
    while (after & before or len(after) != WORKERS) and time.monotonic() < end:
        await asyncio.sleep(LOOK_SECONDS)
        after = set(served.pids)
    counts["workers replaced"] += len(after - before)


async def _read(port: int, counts: Counter[str], is_over: Callable[[], bool]) -> None:
    """One client, which connects anew where it was told to, and never asks twice."""
    client = Client(port)
    while not is_over():
        identity = str(uuid4())
        try:
            answer = await client.ask("GET", f"/api/v1/records/{identity}.json")
        except (ClosedError, OSError):
            counts["cut"] += 1
        else:
            right = answer.status == 200 and answer.document["uuid"] == identity
            counts["answered" if right else "wrong"] += 1
        await asyncio.sleep(PAUSE_SECONDS)
    counts["connections"] += client.connects
    client.close()
