"""Clients that leave at any moment: nothing of them stays, and no write is half done."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bench.chaos.clients import Answer, Client, percentile
from bench.chaos.figure import Figure
from bench.chaos.serving import Gateway, gateway
from bench.chaos.stub import Stub, stub
from bench.chaos.traffic import RECORDS, applications, drawing, is_made_of, new_id, new_record

CLIENTS, AT_ONCE, CALLERS, SEED = 2000, 50, 200, 20260924
TURNS = 100
"""The gateway's own default; nobody may wait, so that a turn which is not given back is missed."""

LATENCY, LIST_LENGTH = 0.05, 60
SETTLE_SECONDS = 6
FLOOR_MILLISECONDS = 250
"""What twice is taken of at least, for the p99 of a hundred requests at once."""

CANARY = "7c9e6679-7425-40de-944b-000000000001"
MOMENTS = ("asking", "waiting", "reading")
RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Leaver:
    """What one client asks for, and when it leaves."""

    token: str
    method: str
    path: str
    sent: dict[str, Any] | None
    moment: str
    part: float
    """How much of its request it sends, or how long of the usual time it waits."""
    resets: bool
    """Whether it leaves by a reset, and not by an orderly end."""

    @property
    def whole(self) -> bool:
        """Whether the gateway gets its whole request."""
        return self.moment != "asking"


def figure(*, quick: bool) -> Figure:
    """2,000 clients that leave: before they asked, while they wait, while they are answered."""
    taken, leavers = Figure(4, "leaving", quick), list(_leavers(200 if quick else CLIENTS))
    with (
        stub() as upstream,
        gateway(
            upstream.url,
            max_requests=str(TURNS),
            max_waiting="0",
            upstream_idle_seconds="1" if quick else "4",
        ) as serving,
    ):
        asyncio.run(_storm(serving, upstream, leavers, taken))
        log = "\n".join(serving.log)
    taken.none("failures in the log", log.count('"event": "failure"') + log.count("Traceback"))
    taken.counts |= {"clients": len(leavers), "at once": AT_ONCE, "seed": SEED}
    return taken


async def _storm(serving: Gateway, upstream: Stub, leavers: list[Leaver], taken: Figure) -> None:
    upstream.mode(latency=LATENCY, list_length=LIST_LENGTH)
    await _warm(serving.port)
    before = await _canaries(serving.port)
    await _settled(lambda: not serving.connections() and not upstream.connections())
    files = serving.open_files()
    upstream.reset()
    moments = await _leave(serving.port, leavers)
    seconds = await _settled(
        lambda: (
            not serving.connections()
            and not upstream.connections()
            and serving.open_files() <= files
        )
    )
    taken.none("connections of clients left", serving.connections())
    taken.none("connections to the new API left", upstream.connections())
    taken.none("open files left", max(0, serving.open_files() - files))
    unheard = upstream.unheard()
    taken.none("creations given up while the new API worked", unheard.get("POST", 0))
    given_up = unheard.get("GET", 0)
    taken.demand("reads given up, since nobody waited", ">= 1", given_up, given_up >= 1)
    await _tried_again(serving.port, upstream, leavers, taken)
    after = await _canaries(serving.port)
    _demand_canaries(taken, before, after)
    taken.counts |= {**moments, "settled after s": round(seconds, 1)}


async def _warm(port: int) -> None:
    """As much at one time as there are turns, so that all is open that ever will be."""
    draw = drawing(SEED + 1)
    async with applications(port, TURNS) as clients:
        for _ in range(2):
            await asyncio.gather(*(client.ask("GET", RECORDS) for client in clients))
            await asyncio.gather(
                *(client.ask("POST", RECORDS, new_record(new_id(draw))) for client in clients)
            )


async def _leave(port: int, leavers: list[Leaver]) -> dict[str, int]:
    """All of them, so many at once; gives how many left when."""
    left: Counter[str] = Counter()
    waiting = iter(leavers)

    async def one_by_one() -> None:
        for leaver in waiting:
            await _left(port, leaver)
            left[f"left {leaver.moment}"] += 1

    await asyncio.gather(*(one_by_one() for _ in range(AT_ONCE)))
    return dict(left)


async def _left(port: int, leaver: Leaver) -> None:
    """One client, which leaves at its moment."""
    line = socket.socket()
    # Little room, so that the gateway cannot write a long answer all at once.
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.setblocking(False)
    loop = asyncio.get_running_loop()
    with line, contextlib.suppress(ConnectionError):
        await loop.sock_connect(line, ("127.0.0.1", port))
        request = _bytes(leaver)
        if not leaver.whole:
            await loop.sock_sendall(line, request[: int(leaver.part * len(request))])
            await asyncio.sleep(leaver.part * LATENCY / 5)
        else:
            await loop.sock_sendall(line, request)
            if leaver.moment == "reading":
                async with asyncio.timeout(SETTLE_SECONDS):
                    await loop.sock_recv(line, 1)
            else:
                await asyncio.sleep(1.5 * leaver.part * LATENCY)
        if leaver.resets:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


async def _tried_again(port: int, upstream: Stub, leavers: list[Leaver], taken: Figure) -> None:
    """Each creation that was sent whole, by the same caller again: the same record, and one."""
    upstream.mode()
    first = Counter(name for name, _ in upstream.made())
    made = dict(upstream.made())
    creations = [it for it in leavers if it.sent is not None]
    again = [it for it in creations if it.whole]
    answers = await _asked(port, again)
    refused = sum(answer.status != 201 for answer in answers)
    others = sum(
        answer.status == 201 and not _is_what_was_made(answer, leaver, made)
        for leaver, answer in zip(again, answers, strict=True)
    )
    then = Counter(name for name, _ in upstream.made())
    partly = sum((it.sent or {})["first_name"] in first for it in creations if not it.whole)
    taken.none("creations made though never sent whole", partly)
    taken.none("creations whose repeat is refused", refused)
    taken.none("creations whose repeat is another record", others)
    taken.none("creations made twice", sum(count > 1 for count in then.values()))
    taken.counts |= {
        "creations sent whole": len(again),
        "made before the repeat": sum(first.values()),
    }


def _is_what_was_made(answer: Answer, leaver: Leaver, made: dict[str, str]) -> bool:
    sent, identity = leaver.sent or {}, answer.document["uuid"]
    return is_made_of(answer.document, sent) and made.get(sent["first_name"], identity) == identity


async def _asked(port: int, leavers: list[Leaver]) -> list[Answer]:
    waiting, answers = iter(enumerate(leavers)), dict[int, Answer]()

    async def one_by_one() -> None:
        for number, leaver in waiting:
            client = Client(port, leaver.token)
            answers[number] = await client.ask(leaver.method, leaver.path, leaver.sent)
            client.close()

    await asyncio.gather(*(one_by_one() for _ in range(AT_ONCE // 2)))
    return [answers[number] for number in range(len(leavers))]


async def _canaries(port: int) -> list[Answer]:
    """One request of each of as many applications as there are turns, all at once; three times."""
    async with applications(port, TURNS) as clients:
        answers = []
        for _ in range(3):
            path = f"/api/v1/records/{CANARY}.json"
            answers += await asyncio.gather(*(client.ask("GET", path) for client in clients))
    return answers


def _demand_canaries(taken: Figure, before: list[Answer], after: list[Answer]) -> None:
    base = max(FLOOR_MILLISECONDS, percentile([it.seconds for it in before], 0.99))
    p99 = percentile([it.seconds for it in after], 0.99)
    refused = sum(it.status != 200 for it in after)
    taken.none(f"refused of {TURNS} at once afterwards, 3 times", refused)
    soon = taken.at_most(2 * base)
    taken.demand("their p99", f"<= {soon:.0f} ms", f"{p99:.0f} ms", p99 <= soon)
    taken.counts["canaries' p99 ms before"] = round(
        percentile([it.seconds for it in before], 0.99), 1
    )


async def _settled(holds: Callable[[], bool]) -> float:
    """Wait until it holds, and no longer than everything idle is kept; gives how long it took."""
    began = time.perf_counter()
    for _ in range(10 * SETTLE_SECONDS):
        if holds():
            break
        await asyncio.sleep(0.1)
    return time.perf_counter() - began


def _leavers(count: int) -> Iterator[Leaver]:
    draw = drawing(SEED)
    for number in range(count):
        identity = new_id(draw)
        kind = draw.choices(("read", "list", "make"), (4, 2, 4))[0]
        yield Leaver(
            f"leaver-{number % CALLERS}",
            "POST" if kind == "make" else "GET",
            f"/api/v1/records/{identity}.json" if kind == "read" else RECORDS,
            new_record(identity) if kind == "make" else None,
            draw.choice(MOMENTS),
            draw.random(),
            draw.random() < 0.5,
        )


def _bytes(leaver: Leaver) -> bytes:
    body = b"" if leaver.sent is None else json.dumps(leaver.sent).encode()
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return (
        f"{leaver.method} {leaver.path} HTTP/1.1\r\nHost: old.example\r\n"
        f"Authorization: Bearer {leaver.token}\r\n{length}\r\n"
    ).encode() + body
