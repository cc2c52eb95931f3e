"""Legacy applications before several gateways: each request goes to the next one."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.chaos.clients import Answer, Client, ClosedError
from bench.chaos.traffic import drawing

RECORDS = "/api/v1/records.json"
TRIES = 8
WAIT_SECONDS = 20
MAY_BE_TRIED_AGAIN = (502, 503, 504)
MAY_BE_DONE = 409
"""What is said of a creation whose first try may have made something, and that has no key."""

CHANCES = {"make": 3, "vaccinate": 3, "change": 3, "read": 6, "list": 1}
"""What is done, and how often beside the others."""


class UnansweredError(Exception):
    """However often it was asked, nobody answered."""


@dataclass(slots=True)
class Known:
    """One record as its application knows it: as it was acknowledged last."""

    identity: str
    fields: dict[str, Any]
    batches: dict[int, str] = field(default_factory=dict)
    """Of its vaccinations, by their legacy id."""
    perhaps: set[str] = field(default_factory=set)
    """Of those that nobody knows whether they were made."""

    @property
    def path(self) -> str:
        """Where it is, without the ending."""
        return f"/api/v1/records/{self.identity}"

    def is_in(self, document: Any) -> bool:
        """Whether a document is this record, with all that was acknowledged and nothing else."""
        return bool(
            document["uuid"] == self.identity
            and all(document[name] == value for name, value in self.fields.items())
            and self._shown(document) == self.batches
        )

    def _shown(self, document: Any) -> dict[int, str]:
        batches = {it["id"]: it["batch"] for it in document["vaccinations"]}
        return {key: batch for key, batch in batches.items() if batch not in self.perhaps}


@dataclass(slots=True)
class Tally:
    """What all applications together met."""

    done: Counter[str] = field(default_factory=Counter)
    """What was answered rightly, by what was asked."""
    wrong: Counter[str] = field(default_factory=Counter)
    cut: int = 0
    """Requests whose connection ended before an answer."""
    refused: int = 0
    """Connections that nobody took."""
    put_off: Counter[int] = field(default_factory=Counter)
    """Answers after which a client may try again, by status."""
    unanswered: int = 0
    unknown: int = 0
    """Creations of which the gateway said that they may have happened: a client reads again."""

    @property
    def total(self) -> int:
        """How many things were done."""
        return self.done.total() + self.wrong.total() + self.unanswered


class Application:
    """One legacy application with a credential of its own, which tries elsewhere what failed."""

    def __init__(self, name: str, ports: Sequence[int], tally: Tally, seed: int) -> None:
        self.name = name
        self.known: list[Known] = []
        self.perhaps: set[str] = set()
        """The marks of records that nobody knows whether they were made."""
        self._ports = ports
        """Of each replica, where it serves now."""
        self._tally = tally
        self._random: random.Random = drawing(seed)
        self._next = self._random.randrange(len(ports))
        self._clients: dict[int, Client] = {}
        self._made = 0

    async def works(self, is_over: Callable[[], bool]) -> None:
        """Do one thing after the other until it is over."""
        names, weights = list(CHANCES), list(CHANCES.values())
        while not is_over():
            name = self._random.choices(names, weights)[0] if self.known else "make"
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    right = await getattr(self, name)()
            except (UnansweredError, TimeoutError):
                self._tally.unanswered += 1
            else:
                (self._tally.done if right else self._tally.wrong)[name] += 1

    async def make(self) -> bool:
        """Make a record that no other one is like."""
        document = {
            "first_name": self._mark(),
            "last_name": "Farfadet",
            "birth_date": "1971-10-28",
            "gender": "female",
            **self._contact(),
        }
        answer = await self._ask("POST", RECORDS, document)
        if answer.status == MAY_BE_DONE:
            return await self._made_after_all(document)
        if answer.status != 201:
            return False
        made = Known(answer.document["uuid"], document)
        self.known.append(made)
        return made.is_in(answer.document)

    async def _made_after_all(self, document: dict[str, Any]) -> bool:
        """Whether a list shows what may have been made; where it does not, nobody knows."""
        mark = document["first_name"]
        answer = await self._ask("GET", RECORDS)
        if answer.status != 200:
            return False
        self._tally.unknown += 1
        found = [it for it in answer.document if it["first_name"] == mark]
        self.known += [Known(it["uuid"], {"first_name": mark}) for it in found]
        self.perhaps |= set() if found else {mark}
        return len(found) < 2

    async def vaccinate(self) -> bool:
        """Add a vaccination to a record."""
        record, batch = self._any(), self._mark()
        document = {"vaccine": {"id": 901}, "date": "2013-02-20", "batch": batch}
        answer = await self._ask("POST", f"{record.path}/vaccinations.json", document)
        if answer.status == MAY_BE_DONE:
            return await self._vaccinated_after_all(record, batch)
        if answer.status != 201:
            return False
        record.batches[answer.document["id"]] = batch
        return bool(answer.document["batch"] == batch)

    async def _vaccinated_after_all(self, record: Known, batch: str) -> bool:
        answer = await self._ask("GET", f"{record.path}.json")
        if answer.status != 200:
            return False
        self._tally.unknown += 1
        found = [it["id"] for it in answer.document["vaccinations"] if it["batch"] == batch]
        record.batches |= dict.fromkeys(found, batch)
        record.perhaps |= set() if found else {batch}
        return len(found) < 2

    async def change(self) -> bool:
        """Change a field that the new API has, and one that the gateway keeps."""
        record, changes = self._any(), self._contact()
        answer = await self._ask("PUT", f"{record.path}.json", changes)
        if answer.status != 200:
            return False
        record.fields |= changes
        return record.is_in(answer.document)

    async def read(self) -> bool:
        """Read a record."""
        record = self._any()
        answer = await self._ask("GET", f"{record.path}.json")
        return answer.status == 200 and record.is_in(answer.document)

    async def list(self) -> bool:
        """List the records: the application's own, each as it is known."""
        answer = await self._ask("GET", RECORDS)
        documents = answer.document if answer.status == 200 else []
        shown = {it["uuid"]: it for it in documents if it["first_name"] not in self.perhaps}
        return len(shown) == len(self.known) and all(
            it.identity in shown and it.is_in(shown[it.identity]) for it in self.known
        )

    async def _ask(self, method: str, path: str, document: Any = None) -> Answer:
        """One request, tried on another replica where one died or may not serve."""
        for _ in range(TRIES):
            client = self._client()
            try:
                answer = await client.ask(method, path, document)
            except ClosedError:
                self._tally.cut += 1
            except OSError:
                self._tally.refused += 1
            else:
                if answer.status not in MAY_BE_TRIED_AGAIN:
                    return answer
                self._tally.put_off[answer.status] += 1
        raise UnansweredError

    def _client(self) -> Client:
        """The connection to the replica whose turn it is; a new one where that was replaced."""
        self._next = (self._next + 1) % len(self._ports)
        port, client = self._ports[self._next], self._clients.get(self._next)
        if client is None or client.port != port:
            if client is not None:
                client.close()
            client = self._clients[self._next] = Client(port, self.name)
        return client

    def close(self) -> None:
        """Leave."""
        for client in self._clients.values():
            client.close()

    def _any(self) -> Known:
        return self._random.choice(self.known)

    def _mark(self) -> str:
        self._made += 1
        return f"{self.name}-{self._made}"

    def _contact(self) -> dict[str, Any]:
        number = self._random.randrange(10**5)
        return {"zip_code": f"{number:05}", "email": f"ondine.{number}@inbox.example"}


async def worked(applications: Sequence[Application], is_over: Callable[[], bool]) -> None:
    """All of them at one time, until it is over."""
    try:
        await asyncio.gather(*(application.works(is_over) for application in applications))
    finally:
        for application in applications:
            application.close()
