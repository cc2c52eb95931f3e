"""Figure 2: nobody is ever answered with what was meant for somebody else."""

from __future__ import annotations

import asyncio
import random
import re
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from bench.chaos.clients import Answer, Client, ClosedError
from bench.chaos.figure import Figure
from tests.sockets.people import RECORDS
from tests.sockets.processes import passerelle
from tests.wire import matrix
from tests.wire.faults import SELDOM, SOME, fault_upstream
from tests.wire.hostile import UNTOLD
from tests.wire.modern_api import digest, listed

STRANGER = "another caller's"
SEED = 20_260_731
REQUESTS = 20_000
QUICK_REQUESTS = 1_000
CALLERS = 8
CONNECTIONS = 32
LISTS = 0.25
"""The part of the requests that asks for the list."""

ANY_LISTS = 1_000
"""Lists alone, with connections that any caller's call may follow on: nothing but the caller tells
one list from another, so that a late one comes out wrong. It shows what the figure can see."""

TOKENS = tuple(f"fault-{SOME}-of-caller-{number}" for number in range(CALLERS))
DIGESTS = {digest(token).encode(): token for token in TOKENS}
ANY_DIGEST = re.compile(b"|".join(DIGESTS))


@dataclass(slots=True)
class Seen:
    """What was seen in the answers."""

    statuses: Counter[int] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def note(self, what: str, asked: str, answer: Answer) -> None:
        """Something that must not be."""
        self.wrong[what] += 1
        self.examples.append(f"{what}: {asked}: {answer.status}")


def figure(*, quick: bool) -> Figure:
    """Callers who share one gateway, before a new API that fails on one call in twenty."""
    figure, requests = Figure(2, "crosstalk"), QUICK_REQUESTS if quick else REQUESTS
    seen, faults = _taken("caller", requests, LISTS)
    figure.none("answers with another id than the one asked", seen.wrong["another id"])
    figure.none("answers with a byte of another caller's", seen.wrong[STRANGER])
    figure.none("answers that nobody asked for", seen.wrong["unasked"])
    figure.none("lists that are not the caller's, whole", seen.wrong["another list"])
    figure.none("500", seen.statuses[500])
    figure.none("connections that broke", seen.wrong["closed"])
    failed = sum(times for status, times in seen.statuses.items() if status != 200)
    spoilt = sum(faults.values())
    figure.demand("failures", "<= faults", f"{failed} of {spoilt}", failed <= spoilt)
    least = int(requests / SELDOM * 0.95)
    figure.demand("faults", f">= {least}", spoilt, spoilt >= least)
    figure.counts |= {"requests": requests, "connections": CONNECTIONS, "callers": CALLERS}
    figure.counts |= {"seed": SEED}
    figure.counts |= {f"fault {name}": times for name, times in sorted(faults.items())}
    figure.counts |= {f"status {it}": times for it, times in sorted(seen.statuses.items())}
    if not quick:
        other, _ = _taken("any", ANY_LISTS, 1)
        figure.counts[f"another caller's of {ANY_LISTS} with reuse any"] = other.wrong[STRANGER]
    for place, example in enumerate(seen.examples[:5]):
        figure.counts[f"wrong {place + 1}"] = example
    return figure


def _taken(reuse: str, requests: int, lists: float) -> tuple[Seen, dict[str, int]]:
    """All requests through a gateway that keeps its connections for whom the setting says."""
    with tempfile.TemporaryDirectory() as name, fault_upstream() as upstream:
        settings = {"upstream_url": upstream.url, "upstream_reuse": reuse, "breaker_ratio": "1"}
        with passerelle(Path(name) / "gateway", "serve", "--port", "0", **settings) as process:
            seen = asyncio.run(_asked(process.port, requests, lists))
        told = upstream.told()["faults"]
    return seen, {fault: times for fault, times in told.items() if fault}


async def _asked(port: int, requests: int, part: float) -> Seen:
    seen, draw = Seen(), random.Random(SEED)  # noqa: S311 - a seed, so that it can be repeated
    wanted = iter([_target(draw, part) for _ in range(requests)])
    lists = {token: [record["id"] for record in listed(token)] for token in TOKENS}

    async def connection(number: int) -> None:
        # Each connection carries several callers: they may share a proxy of their own.
        draw, client = random.Random(SEED + number), Client(port)  # noqa: S311 - as above
        for identity in wanted:
            client.token = draw.choice(TOKENS)
            await _one(client, identity, lists[client.token], seen)
        client.close()

    await asyncio.gather(*map(connection, range(CONNECTIONS)))
    return seen


def _target(draw: random.Random, lists: float) -> str | None:
    """The id of a record, or none for the list."""
    return None if draw.random() < lists else str(UUID(int=draw.getrandbits(128)))


async def _one(client: Client, identity: str | None, mine: list[str], seen: Seen) -> None:
    path = RECORDS if identity is None else f"/api/v1/records/{identity}.json"
    try:
        answer = await client.ask("GET", path)
    except ClosedError:
        seen.wrong["closed"] += 1
        return
    seen.statuses[answer.status] += 1
    asked = "list" if identity is None else "record"
    raw = answer.body + repr(answer.headers).encode()
    strangers = {DIGESTS[found] for found in _found(raw)} - {client.token}
    if strangers:
        seen.note(STRANGER, asked, answer)
    if UNTOLD in raw:
        seen.note("unasked", asked, answer)
    if answer.status != 200:
        return
    document = matrix.whole(answer.body)
    if identity is None:
        if not isinstance(document, list) or [it["uuid"] for it in document] != mine:
            seen.note("another list", asked, answer)
    elif not isinstance(document, dict) or document["uuid"] != identity:
        seen.note("another id", asked, answer)
    elif document["zip_code"] != digest(client.token):
        seen.note(STRANGER, asked, answer)


def _found(raw: bytes) -> Iterable[bytes]:
    return ANY_DIGEST.findall(raw)
