"""Many requests at a steady rate, and every answer checked whole against a golden one."""

from __future__ import annotations

import asyncio

from bench.chaos.clients import percentile
from bench.chaos.figure import Figure
from bench.chaos.serving import Gateway, gateway
from bench.chaos.stub import stub
from bench.chaos.traffic import Mix, applications, offered

RATE, CONNECTIONS, SEED = 300, 32, 20260923
WITHIN_MILLISECONDS = 150


def figure(*, quick: bool) -> Figure:
    """300 requests a second for half a minute: none is wrong, none fails, none is slow."""
    taken, mix = Figure(1, "load", quick), Mix(SEED)
    with stub() as upstream, gateway(upstream.url) as serving:
        reached, cpu = asyncio.run(_load(serving, 3 if quick else 30, mix))
        made = dict(upstream.made())
        posts = upstream.calls()["POST /health_records"]
    tally = mix.tally
    p99, limit = percentile(tally.seconds, 0.99), taken.at_most(WITHIN_MILLISECONDS)
    taken.none("answers that are not the golden one", tally.wrong)
    taken.none("answers without success, or none", tally.not_2xx)
    taken.none("creations with another id than the new API's", _unlike(tally.made, made))
    taken.none("creations sent twice", posts - len(made))
    taken.demand(
        "99 of 100 within",
        f"<= {limit:.0f} ms",
        f"{p99:.0f} ms",
        p99 <= limit,
    )
    taken.demand("rate", f">= {0.98 * RATE:.0f}/s", f"{reached:.0f}/s", reached >= 0.98 * RATE)
    taken.counts |= {
        "requests": tally.statuses.total() + tally.closed,
        "creations": len(made),
        "connections": CONNECTIONS,
        "p50 ms": round(percentile(tally.seconds, 0.5), 1),
        "p99 ms": round(p99, 1),
        "p99 ms late": round(percentile(tally.late, 0.99), 1),
        "gateway's CPU ms a request": round(1000 * cpu / tally.statuses.total(), 2),
        "seed": SEED,
    }
    return taken


async def _load(serving: Gateway, seconds: float, mix: Mix) -> tuple[float, float]:
    """The rate that was reached, and for how long the gateway had a processor."""
    async with applications(serving.port, CONNECTIONS) as clients:
        # What is only done once, such as opening the store, is no part of the figure.
        warm = Mix(SEED + 1)
        await offered(clients, RATE, 1, warm.step)
        mix.tally.made |= warm.tally.made
        before = serving.cpu_seconds()
        reached = await offered(clients, RATE, seconds, mix.step)
        return reached, serving.cpu_seconds() - before


def _unlike(told: dict[str, str], made: dict[str, str]) -> int:
    return sum(made.get(name) != identity for name, identity in told.items())
