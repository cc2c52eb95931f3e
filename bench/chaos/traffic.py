"""Legacy applications at work: what they ask for, when, and whether each answer is right."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from bench.chaos.clients import Answer, Client, ClosedError
from bench.chaos.records import caption, legacy_record, listed, without_own_ids

RECORDS = "/api/v1/records.json"
LISTED = 3
"""How many records each caller is shown: what the stub gives unless it is told otherwise."""


@dataclass(slots=True)
class Tally:
    """What became of many requests."""

    seconds: list[float] = field(default_factory=list)
    """How long each one took, from when it was due."""
    late: list[float] = field(default_factory=list)
    """How long after it was due each one was sent."""
    statuses: Counter[int] = field(default_factory=Counter)
    closed: int = 0
    wrong: int = 0
    made: dict[str, str] = field(default_factory=dict)
    """Ids by the first name of the record that was made."""

    @property
    def not_2xx(self) -> int:
        """How many were answered with anything else, or not at all."""
        others = sum(count for status, count in self.statuses.items() if status // 100 != 2)
        return others + self.closed


Step = Callable[[Client, int, float], Awaitable[None]]
"""One request by one client: its number, and the instant at which it is due."""


async def offered(clients: Sequence[Client], rate: float, seconds: float, step: Step) -> float:
    """
    So many requests a second, each when it is due, however long others take; gives the rate at
    which they went out. One that is due while no client is free goes out as soon as one is.
    """
    count = round(rate * seconds)
    numbers = iter(range(count))
    began = last = time.perf_counter()

    async def work(client: Client) -> None:
        nonlocal last
        for number in numbers:
            due = began + number / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            last = time.perf_counter()
            await step(client, number, due)

    await asyncio.gather(*map(work, clients))
    return count / max(seconds, last - began)


@asynccontextmanager
async def applications(port: int, count: int) -> AsyncIterator[list[Client]]:
    """So many legacy applications, each with a token and a connection of its own, open already."""
    clients = [Client(port, f"application-{number}") for number in range(count)]
    try:
        for client in clients:
            await client.ask("GET", "/healthz")
        yield clients
    finally:
        for client in clients:
            client.close()


@dataclass(slots=True)
class Mix:
    """Of ten requests seven read a record, two list records, one makes one; each is checked."""

    seed: int
    people: Sequence[str] | None = None
    """The ids of those whose records are read; by default a new one each time."""
    tally: Tally = field(default_factory=Tally)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = drawing(self.seed)

    async def step(self, client: Client, number: int, due: float) -> None:
        """One request and the check of its answer."""
        late = time.perf_counter() - due
        chance = self._random.random()
        step = self._read if chance < 0.7 else self._list if chance < 0.9 else self._make
        try:
            answer, right = await step(client)
        except (ClosedError, OSError):
            self.tally.closed += 1
            return
        self.tally.late.append(late)
        self.tally.seconds.append(time.perf_counter() - due)
        self.tally.statuses[answer.status] += 1
        self.tally.wrong += answer.status // 100 == 2 and not right

    async def _read(self, client: Client) -> tuple[Answer, bool]:
        identity = self._random.choice(self.people) if self.people else new_id(self._random)
        answer = await client.ask("GET", f"/api/v1/records/{identity}.json")
        return answer, answer.status == 200 and is_right(answer.document, identity)

    async def _list(self, client: Client) -> tuple[Answer, bool]:
        answer = await client.ask("GET", RECORDS)
        if answer.status != 200:
            return answer, False
        shown, asked = answer.document, listed(client.token, LISTED)
        return answer, len(shown) == len(asked) and all(map(is_right, shown, asked))

    async def _make(self, client: Client) -> tuple[Answer, bool]:
        sent = new_record(new_id(self._random))
        answer = await client.ask("POST", RECORDS, sent)
        if answer.status != 201:
            return answer, False
        shown = answer.document
        self.tally.made[sent["first_name"]] = shown["uuid"]
        return answer, is_made_of(shown, sent)


def drawing(seed: int) -> random.Random:
    """Chance that is the same each time."""
    return random.Random(seed)  # noqa: S311 - nothing here is secret


def new_id(draw: random.Random) -> str:
    """An id that no record had yet."""
    return str(UUID(int=draw.getrandbits(128), version=4))


def people(count: int, seed: int) -> list[str]:
    """The ids of so many records."""
    draw = drawing(seed)
    return [new_id(draw) for _ in range(count)]


def is_right(document: Any, identity: str) -> bool:
    """Whether an answer is the record of this id: every value, and the order of the fields."""
    golden = legacy_record(identity)
    return bool(without_own_ids(document) == golden) and list(document) == list(golden)


def new_record(mark: str) -> dict[str, Any]:
    """A record to make that no other one is like."""
    return {
        "first_name": f"Ondine {mark}",
        "last_name": "Farfadet",
        "birth_date": "1971-10-28",
        "gender": "female",
        "zip_code": "01320",
    }


def is_made_of(document: Any, sent: dict[str, Any]) -> bool:
    """Whether an answer is the record that a creation made of what was sent."""
    golden = {
        **legacy_record(document["uuid"]),
        **sent,
        "birth_name": "",
        "created_at": "2024-01-16T09:30:00+01:00",
        "updated_at": "2024-01-16T09:30:00+01:00",
        "caption": caption("Femme", sent["birth_date"]),
        "sharing_status": "private_record",
        "vaccinations": [],
    }
    return bool(document == golden) and list(document) == list(golden)
