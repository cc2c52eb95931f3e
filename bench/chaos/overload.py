"""Four times as much as may be taken: what is taken is done, the rest is refused at once."""

from __future__ import annotations

import asyncio
import http.client
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.chaos.clients import Answer, Client, ClosedError, percentile
from bench.chaos.figure import Figure
from bench.chaos.serving import Gateway, gateway
from bench.chaos.stub import Stub, stub
from bench.chaos.traffic import applications, drawing, is_right, offered, people

TURNS, WAITING, LATENCY, TIMES, CONNECTIONS, SEED = 20, 10, 0.1, 4, 150, 20260926
REFUSAL_MILLISECONDS, HEALTH_MILLISECONDS, MEGABYTES, RECOVERY_SECONDS = 50, 100, 50, 2
AFTERWARDS = 20
"""How many requests are made one after another once it is over."""

PEOPLE = people(100, SEED)
"""Whose records are read: few enough to be known already, so that no turn waits for the disk."""


@dataclass(slots=True)
class Seen:
    """What became of the requests."""

    admitted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    wrong: int = 0
    """Neither the record that was asked for nor a refusal in the old form that says when again."""
    _random: random.Random = field(default_factory=lambda: drawing(SEED))

    async def step(self, client: Client, number: int, due: float) -> None:
        """One reading of a record."""
        self.late.append(time.perf_counter() - due)
        identity = self._random.choice(PEOPLE)
        try:
            answer = await client.ask("GET", f"/api/v1/records/{identity}.json")
        except (ClosedError, OSError):
            self.wrong += 1
            return
        if answer.status == 200:
            self.admitted.append(answer.seconds)
            self.wrong += not is_right(answer.document, identity)
        else:
            self.refused.append(answer.seconds)
            self.wrong += not _is_refusal(answer)


@dataclass(slots=True)
class Health:
    """Asks again and again whether the process lives; from a thread, so that only it is timed."""

    port: int
    seconds: list[float] = field(default_factory=list)
    bad: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Until it is over."""
        while not self._over.wait(0.1):
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            began = time.perf_counter()
            try:
                line.request("GET", "/healthz")
                self.bad += line.getresponse().status != 200
            except OSError:
                self.bad += 1
            finally:
                line.close()
            self.seconds.append(time.perf_counter() - began)

    def end(self) -> None:
        """Ask no more."""
        self._over.set()


def figure(*, quick: bool) -> Figure:
    """Four times the limit for a quarter of a minute."""
    taken = Figure(8, "overload", quick)
    with (
        stub() as upstream,
        gateway(upstream.url, max_requests=str(TURNS), max_waiting=str(WAITING)) as serving,
    ):
        asyncio.run(_overload(serving, upstream, 3 if quick else 15, taken))
    return taken


async def _overload(serving: Gateway, upstream: Stub, seconds: float, taken: Figure) -> None:
    upstream.mode(latency=LATENCY)
    async with applications(serving.port, CONNECTIONS) as clients:
        await _at_limit(clients, 1)
        limit, base = await _at_limit(clients, 3)
        held, cpu = serving.rss_bytes(), serving.cpu_seconds()
        seen, health = Seen(), Health(serving.port)
        watching = asyncio.create_task(asyncio.to_thread(health.watch))
        reached = await offered(clients, TIMES * limit, seconds, seen.step)
        ended, cpu = time.perf_counter(), serving.cpu_seconds() - cpu
        health.end()
        await watching
        grown = (serving.peak_rss_bytes() - held) / 1e6
        recovered = await _recovered(clients[0], upstream, ended)
    _demand(taken, seen, len(seen.admitted) / seconds / limit, base)
    worst, soon = 1000 * max(health.seconds), taken.at_most(HEALTH_MILLISECONDS)
    taken.demand("offered", ">= 3.8 x the limit", f"{reached / limit:.2f}", reached >= 3.8 * limit)
    taken.demand(
        "/healthz: 200 within",
        f"<= {soon:.0f} ms",
        f"{worst:.0f} ms, {health.bad} bad",
        worst <= soon and not health.bad,
    )
    taken.demand("memory", f"<= +{MEGABYTES} MB", f"+{grown:.0f} MB", grown <= MEGABYTES)
    taken.demand(
        f"{AFTERWARDS} right ones in a row after it",
        f"<= {RECOVERY_SECONDS} s",
        f"{recovered:.2f} s",
        recovered <= RECOVERY_SECONDS,
    )
    taken.counts |= {
        "limit/s": round(limit),
        "offered/s": round(reached),
        "gateway's CPU %": round(100 * cpu / seconds),
        "connections": CONNECTIONS,
        "opened anew": sum(client.connects - 1 for client in clients),
        "seed": SEED,
    }


def _demand(taken: Figure, seen: Seen, goodput: float, base: float) -> None:
    admitted, refused = percentile(seen.admitted, 0.99), percentile(seen.refused, 0.99)
    at_once, soon = taken.at_most(REFUSAL_MILLISECONDS), taken.at_most(2 * base)
    taken.demand("of the limit is done", ">= 90 %", f"{100 * goodput:.0f} %", goodput >= 0.9)
    taken.none("neither right nor a refusal in the old form with Retry-After", seen.wrong)
    taken.demand(
        "refusals' p99",
        f"<= {at_once:.0f} ms",
        f"{refused:.0f} ms",
        refused <= at_once and bool(seen.refused),
    )
    taken.demand(
        "admitted ones' p99, beside that at the limit",
        f"<= {soon:.0f} ms",
        f"{admitted:.0f} ms",
        admitted <= soon,
    )
    taken.counts |= {
        "admitted": len(seen.admitted),
        "refused": len(seen.refused),
        "p99 ms at the limit": round(base, 1),
        "p99 ms late": round(percentile(seen.late, 0.99), 1),
    }


async def _at_limit(clients: Sequence[Client], seconds: float) -> tuple[float, float]:
    """What is done in a second, and the p99, where as many ask at one time as there are turns."""
    seen, end = Seen(), time.perf_counter() + seconds

    async def again_and_again(client: Client) -> None:
        while (now := time.perf_counter()) < end:
            await seen.step(client, 0, now)

    await asyncio.gather(*map(again_and_again, clients[:TURNS]))
    return len(seen.admitted) / seconds, percentile(seen.admitted, 0.99)


async def _recovered(client: Client, upstream: Stub, ended: float) -> float:
    """How long after the end it took until so many in a row were right."""
    # One after another they could not be done in time at the latency of the figure.
    upstream.mode()
    seen = Seen()
    while len(seen.admitted) < AFTERWARDS and time.perf_counter() - ended < 10:
        await seen.step(client, 0, time.perf_counter())
        if seen.refused or seen.wrong:
            seen = Seen()
    return time.perf_counter() - ended


def _is_refusal(answer: Answer) -> bool:
    """Whether it says in the old form that it is too much now, and when to come again."""
    return (
        answer.status == 503
        and answer.headers.get("retry-after", "").isdigit()
        and list(answer.document) == ["error"]
    )
