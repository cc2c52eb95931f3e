"""The same work for a long while: neither memory nor open files grow."""

from __future__ import annotations

import asyncio
import time

from bench.chaos.clients import percentile
from bench.chaos.figure import Figure
from bench.chaos.serving import Gateway, gateway
from bench.chaos.stub import stub
from bench.chaos.traffic import Mix, applications, offered, people

RATE, CONNECTIONS, PEOPLE, SEED = 300, 32, 2000, 20260925
SETTLED_SECONDS = 15
MB_A_MINUTE = 1.0
FILES = 2
"""At any instant a connection may be open beside the one that it replaces."""
FEW = 10
"""Samples at either end that are set against each other."""

Sample = tuple[float, float, int]
"""Seconds since the start, megabytes, open files."""


def figure(*, quick: bool) -> Figure:
    """300 requests a second; memory and open files, each second."""
    taken, seconds = Figure(23, "soak"), 5 if quick else 50
    mix = Mix(SEED, people(PEOPLE, SEED))
    with stub() as upstream, gateway(upstream.url) as serving:
        samples, reached = asyncio.run(_soak(serving, seconds, mix))
    settled = [it for it in samples if it[0] >= SETTLED_SECONDS] or samples[1:]
    slope = _slope([(it[0] / 60, it[1]) for it in settled])
    files = [it[2] for it in settled]
    taken.none("answers that are not the golden one", mix.tally.wrong)
    taken.none("answers without success, or none", mix.tally.not_2xx)
    if not quick:
        taken.demand(
            "memory grows", f"<= {MB_A_MINUTE:g} MB/min", f"{slope:.2f}", slope <= MB_A_MINUTE
        )
        grown = max(files[-FEW:]) - max(files[:FEW])
        taken.demand("more open files at the end", f"<= {FILES}", grown, grown <= FILES)
    taken.counts |= {
        "rate": round(reached),
        "requests": mix.tally.statuses.total(),
        "p99 ms": round(percentile(mix.tally.seconds, 0.99), 1),
        "samples": len(settled),
        "MB at start": round(samples[0][1], 1),
        "MB when settled": round(settled[0][1], 1),
        "MB at end": round(samples[-1][1], 1),
        "MB/min": round(slope, 2),
        "files": f"{min(files)}-{max(files)}",
        "seed": SEED,
    }
    return taken


async def _soak(serving: Gateway, seconds: float, mix: Mix) -> tuple[list[Sample], float]:
    async with applications(serving.port, CONNECTIONS) as clients:
        working = asyncio.create_task(offered(clients, RATE, seconds, mix.step))
        began, samples = time.perf_counter(), []
        while not working.done():
            now = time.perf_counter() - began
            samples.append((now, serving.rss_bytes() / 1e6, serving.open_files()))
            await asyncio.sleep(1)
        return samples, await working


def _slope(points: list[tuple[float, float]]) -> float:
    """How much the second grows with the first: the line that fits best."""
    middle = sum(x for x, _ in points) / len(points)
    height = sum(y for _, y in points) / len(points)
    spread = sum((x - middle) ** 2 for x, _ in points)
    return sum((x - middle) * (y - height) for x, y in points) / spread
