"""Retries: an upstream that fails is not asked much more than one that does not."""

from __future__ import annotations

import asyncio
from collections import Counter
from uuid import uuid4

from bench.chaos.clients import Client, ClosedError
from bench.chaos.figure import Figure
from bench.chaos.serving import gateway
from bench.chaos.stub import Stub, stub
from bench.chaos.traffic import RECORDS, applications, new_record, offered

NUMBER = 6
PER_SECOND, CONNECTIONS = 200, 32
MAKES_ONE_OF = 7
"""One of so many requests makes a record; the others read one."""

AMPLIFIED, SPARE = 1.2, 10
"""The calls of the new API are at most so many for each request, and so many more each second."""


def figure(*, quick: bool) -> Figure:
    """Ask of an upstream that fails; with the breaker, and with nothing but the budget."""
    taken = Figure(NUMBER, "retries")
    seconds = 2 if quick else 10
    with stub() as upstream:
        _amplified(taken, upstream, "all fail", seconds, failing=1.0)
        what = "7 of 10 fail, no breaker"
        _amplified(taken, upstream, what, seconds, failing=0.7, breaker_ratio="1")
    taken.counts |= {"requests/s": PER_SECOND, "for s": seconds, "connections": CONNECTIONS}
    return taken


def _amplified(
    taken: Figure, upstream: Stub, what: str, seconds: int, *, failing: float, **settings: str
) -> None:
    with gateway(upstream.url, workers=1, **settings) as served:
        upstream.mode(failing=failing)
        upstream.reset()
        asked, answers = asyncio.run(_asked(served.port, seconds))
    calls: Counter[str] = Counter()
    for operation, count in upstream.calls().items():
        calls[operation.partition(" ")[0]] += count
    limit = AMPLIFIED * asked.total() + SPARE * seconds
    taken.demand(
        f"{what}: calls for {asked.total():,} requests",
        f"<= {limit:,.0f}",
        f"{calls.total():,}",
        calls.total() <= limit,
    )
    taken.demand(
        f"{what}: calls for {asked['POST']:,} requests that make a record",
        f"<= {asked['POST']:,}",
        f"{calls['POST']:,}",
        calls["POST"] <= asked["POST"],
    )
    if failing < 1:
        again = calls["GET"] - asked["GET"]
        taken.demand(f"{what}: calls that try again", ">= 1", f"{again:,}", again >= 1)
    taken.none(f"{what}: requests without an answer", answers[0])
    told = [f"{count:,} x {status}" for status, count in sorted(answers.items())]
    taken.counts[f"{what}: answers"] = " + ".join(told)


async def _asked(port: int, seconds: int) -> tuple[Counter[str], Counter[int]]:
    """How many requests there were by method, and how many answers by status; 0 is for none."""
    asked: Counter[str] = Counter()
    answers: Counter[int] = Counter()

    async def step(client: Client, number: int, due: float) -> None:
        method = "GET" if number % MAKES_ONE_OF else "POST"
        path = f"/api/v1/records/{uuid4()}.json" if method == "GET" else RECORDS
        document = None if method == "GET" else new_record(str(uuid4()))
        asked[method] += 1
        try:
            answers[(await client.ask(method, path, document)).status] += 1
        except (ClosedError, OSError):
            answers[0] += 1

    async with applications(port, CONNECTIONS) as clients:
        await offered(clients, PER_SECOND, seconds, step)
    return asked, answers
