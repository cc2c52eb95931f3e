"""Breaker: an operation that fails is left alone for a while, and no other one with it."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass, field
from uuid import uuid4

from bench.chaos.clients import Client, ClosedError, percentile
from bench.chaos.figure import Figure
from bench.chaos.serving import gateway
from bench.chaos.stub import Stub, stub
from bench.chaos.traffic import RECORDS, applications, offered

NUMBER = 7
PER_SECOND, CONNECTIONS = 100, 32
OPENS_SECONDS, CLOSES_SECONDS = 1.0, 5.0
FAST_MILLISECONDS = 100
UPSTREAM_FAILS = 502
"""What the new API answers when it fails: not what the gateway says when it does not ask it."""

SUSPENDED = 503
READ, LIST = "GET /health_records/{id}", "GET /health_records"
ALIVE_EVERY_SECONDS = 0.1
LOOK_SECONDS, SETTLED_SECONDS = 0.01, 0.1
ASKED_ASIDE = 3
"""How many lists are asked for while reads are refused: too few to be refused as well."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of one read."""

    asked: float
    seconds: float
    status: int
    """0 where there was no answer."""


@dataclass(slots=True)
class Outage:
    """One time that the new API fails and comes back, by one clock."""

    failed: float
    opened: float = math.inf
    """When the first read was asked for that was refused without a call."""
    recovered: float = 0.0
    closed: float = 0.0
    """When the last one was asked for that did not succeed."""
    probes: int = 0
    lists: int = 0
    """How many calls there were for lists, while reads were refused."""
    listed: int = 0
    """What a list was answered once the new API was back, and no read had tried that yet."""


@dataclass(slots=True)
class Seen:
    """What was seen, all along."""

    replies: list[Reply] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    alive: list[int] = field(default_factory=list)
    """What /healthz said."""


def figure(*, quick: bool) -> Figure:
    """Have the new API fail and come back, twice, under reads that go on."""
    taken = Figure(NUMBER, "breaker", quick)
    rounds, failing, well = (1, 2.5, 2.5) if quick else (2, 5.0, CLOSES_SECONDS + 1)
    with stub() as upstream, gateway(upstream.url) as served:
        seen = asyncio.run(_watched(upstream, served.port, rounds, failing, well))
    for number, outage in enumerate(seen.outages, start=1):
        _judged(taken, f"outage {number}", outage)
    refused = [it.seconds for it in seen.replies if it.status == SUSPENDED]
    slow, fast = percentile(refused, 0.99), taken.at_most(FAST_MILLISECONDS)
    taken.demand(
        "refusals, 99 of 100 within",
        f"<= {fast:.0f} ms",
        f"{slow:.0f} ms",
        bool(refused) and slow <= fast,
    )
    taken.none("reads without an answer", sum(it.status == 0 for it in seen.replies))
    taken.none("/healthz is not 200", sum(status != 200 for status in seen.alive))
    taken.counts |= {
        "reads": len(seen.replies),
        "refused": len(refused),
        "asked of /healthz": len(seen.alive),
        "reads/s": PER_SECOND,
    }
    return taken


def _judged(taken: Figure, name: str, outage: Outage) -> None:
    opened, closed = outage.opened - outage.failed, outage.closed - outage.recovered
    open_for = outage.recovered - outage.opened if outage.opened < math.inf else 0
    for what, limit, seconds in (
        ("opens", OPENS_SECONDS, opened),
        ("closes", CLOSES_SECONDS, closed),
    ):
        within = f"{seconds:.2f} s"
        taken.demand(f"{name}: {what} within", f"<= {limit:.0f} s", within, seconds <= limit)
    taken.demand(
        f"{name}: probes in {open_for:.1f} s",
        f"<= {math.ceil(open_for)}",
        outage.probes,
        outage.probes <= math.ceil(open_for),
    )
    taken.demand(
        f"{name}: calls of another operation meanwhile",
        f">= {ASKED_ASIDE}",
        outage.lists,
        outage.lists >= ASKED_ASIDE,
    )
    what = f"{name}: another operation, once the new API is back"
    taken.demand(what, "200", outage.listed, outage.listed == 200)


async def _watched(upstream: Stub, port: int, rounds: int, failing: float, well: float) -> Seen:
    seen = Seen()
    total = 1 + rounds * (failing + well)

    async def step(client: Client, number: int, due: float) -> None:
        asked = time.perf_counter()
        status = await _status(client, f"/api/v1/records/{uuid4()}.json")
        seen.replies.append(Reply(asked, time.perf_counter() - asked, status))

    async with applications(port, CONNECTIONS + 2) as (health, aside, *clients):
        reading = asyncio.create_task(offered(clients, PER_SECOND, total, step))
        living = asyncio.create_task(_alive(health, seen, reading))
        await asyncio.sleep(1)
        for _ in range(rounds):
            seen.outages.append(await _outage(upstream, aside, seen, failing, well))
        await asyncio.gather(reading, living)
    return seen


async def _outage(upstream: Stub, aside: Client, seen: Seen, failing: float, well: float) -> Outage:
    await asyncio.to_thread(upstream.mode, failing=1, status=UPSTREAM_FAILS)
    outage = Outage(time.perf_counter())
    while time.perf_counter() < outage.failed + failing - OPENS_SECONDS:
        refused = [it.asked for it in seen.replies if it.status == SUSPENDED]
        outage.opened = min((at for at in refused if at > outage.failed), default=math.inf)
        if outage.opened < math.inf:
            break
        await asyncio.sleep(LOOK_SECONDS)
    await asyncio.sleep(SETTLED_SECONDS)
    await asyncio.to_thread(upstream.reset)
    for _ in range(ASKED_ASIDE):
        await _status(aside, RECORDS)
    await asyncio.sleep(outage.failed + failing - time.perf_counter())
    calls = await asyncio.to_thread(upstream.calls)
    outage.probes, outage.lists = calls.get(READ, 0), calls.get(LIST, 0)
    await asyncio.to_thread(upstream.mode)
    outage.recovered = time.perf_counter()
    outage.listed = await _status(aside, RECORDS)
    await asyncio.sleep(well)
    asked = [it.asked for it in seen.replies if it.status != 200]
    outage.closed = max(outage.recovered, *asked)
    return outage


async def _alive(client: Client, seen: Seen, reading: asyncio.Task[float]) -> None:
    while not reading.done():
        seen.alive.append(await _status(client, "/healthz"))
        await asyncio.sleep(ALIVE_EVERY_SECONDS)


async def _status(client: Client, path: str) -> int:
    """The status of an answer; 0 where there is none."""
    try:
        return (await client.ask("GET", path)).status
    except (ClosedError, OSError):
        return 0
