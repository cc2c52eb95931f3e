"""Replicas: three gateways on one PostgreSQL, killed one after the other under load."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.chaos.clients import Client
from bench.chaos.figure import Figure
from bench.chaos.hopping import Application, Known, Tally, worked
from proxy.settings.keys import new_key
from tests.postgresql import database, postgresql
from tests.sockets.processes import PROGRAM, Process, environment, passerelle
from tests.wire.surface import tables

NUMBER = 27
COUNT = 3
SEED = 20261125
SERVE = ("serve", "--port", "0")
LOOK_SECONDS = 0.02


@dataclass(slots=True)
class Replicas:
    """Gateways that share a store; each may be killed, and started anew."""

    folder: Path
    settings: dict[str, str]
    sandbox_port: int
    ports: list[int]
    running: list[Process]
    until_the_end: ExitStack
    killed: int = 0

    def kill(self, place: int) -> None:
        """End one as by a loss of power, whatever it is at."""
        os.kill(self.running[place].running.pid, signal.SIGKILL)
        self.killed += 1

    def start(self, place: int) -> None:
        """Start one, and let clients know where it serves."""
        folder = self.folder / f"{place}-{self.killed}"
        process = self.until_the_end.enter_context(passerelle(folder, *SERVE, **self.settings))
        port = process.port
        self.running[place : place + 1] = [process]
        self.ports[place : place + 1] = [port]


@contextmanager
def several_replicas(postgresql_url: str, *, idempotent: bool) -> Iterator[Replicas]:
    """
    Three of them on this empty database, before a sandbox of their own without any record.

    It honours the key that a creation has, and the gateways know, or neither.
    """
    with ExitStack() as until_the_end:
        folder = Path(until_the_end.enter_context(tempfile.TemporaryDirectory()))
        honoured = "--idempotency" if idempotent else "--no-idempotency"
        sandbox = until_the_end.enter_context(
            passerelle(folder / "sandbox", "sandbox", "--empty", honoured, "--port", "0")
        )
        options = folder / "options.toml"
        options.write_text(f"[upstream]\nidempotent = {str(idempotent).lower()}\n", "utf-8")
        settings = {
            "store_url": postgresql_url,
            "keys": new_key(),
            "upstream_url": sandbox.url,
            "tables": str(tables(folder / "tables")),
            "pack_options": str(options),
        }
        upgraded = subprocess.run(  # noqa: S603 - the program itself
            [PROGRAM, "store", "upgrade"],
            env=environment(**settings),
            capture_output=True,
            check=False,
        )
        if upgraded.returncode:
            raise RuntimeError(f"no tables: {upgraded.stderr.decode()}")
        several = Replicas(folder, settings, sandbox.port, [], [], until_the_end)
        for place in range(COUNT):
            several.start(place)
        yield several


@dataclass(slots=True)
class Compared:
    """What of all that was acknowledged is there, as each replica and the new API tell."""

    lost: int = 0
    """Records that a replica does not show as they were acknowledged."""
    disagreeing: int = 0
    """Records that two replicas show in different words or with different ids."""
    made: Counter[str] = field(default_factory=Counter)
    """Records and vaccinations in the new API, by the mark that each was made with."""
    marks: set[str] = field(default_factory=set)
    """The marks of those that were acknowledged."""
    perhaps: set[str] = field(default_factory=set)
    """The marks of those of which it was said that nobody knows."""
    ids: Counter[int] = field(default_factory=Counter)
    """The legacy ids of vaccinations."""

    @property
    def twice(self) -> int:
        """How many were made more than once."""
        return sum(times > 1 for times in self.made.values())

    @property
    def gone(self) -> int:
        """How many that were acknowledged the new API does not have."""
        return len(self.marks - self.made.keys())

    @property
    def unasked(self) -> int:
        """How many there are that nobody was told of."""
        return len(self.made.keys() - self.marks - self.perhaps)

    @property
    def shared_ids(self) -> int:
        """How many legacy ids two vaccinations have."""
        return sum(times > 1 for times in self.ids.values())


async def compared(several: Replicas, applications: Sequence[Application]) -> Compared:
    """Ask every replica for every record that was acknowledged, and the new API for all it has."""
    found = Compared()
    for application in applications:
        await _compare(found, several, application)
    return found


async def _compare(found: Compared, several: Replicas, application: Application) -> None:
    found.perhaps |= application.perhaps
    for record in application.known:
        found.perhaps |= record.perhaps
        found.marks |= {record.fields["first_name"], *record.batches.values()}
        found.ids.update(record.batches.keys())
    shown = [await _shown(port, application) for port in several.ports]
    for record, *documents in zip(application.known, *shown, strict=True):
        found.lost += not all(_is_in(record, document) for document in documents)
        found.disagreeing += any(document != documents[0] for document in documents)
    with closing(Client(several.sandbox_port, application.name)) as client:
        for modern in (await client.ask("GET", "/health_records")).document:
            found.made[modern["first_name"]] += 1
            found.made.update(act["batch_number"] for act in modern["vaccination_acts"])


async def _shown(port: int, application: Application) -> list[Any]:
    """What one replica shows of each record; nothing where it has none."""
    with closing(Client(port, application.name)) as client:
        answers = [await client.ask("GET", f"{it.path}.json") for it in application.known]
    return [answer.document if answer.status == 200 else None for answer in answers]


def _is_in(record: Known, document: Any) -> bool:
    return document is not None and record.is_in(document)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done in one round."""

    applications: int
    steps: int
    kills: int


def figure(*, quick: bool) -> Figure:
    """Applications make, change and read records while replicas are killed in turns."""
    taken = Figure(NUMBER, "replicas", quick)
    size = Size(12, 200, 1) if quick else Size(24, 2_000, 4)
    with postgresql() as server:
        for idempotent in (True,) if quick else (True, False):
            with database(server) as url, several_replicas(url, idempotent=idempotent) as several:
                tally, found = asyncio.run(played(several, size))
            _note(taken, tally, found, idempotent=idempotent)
            killed = several.killed
            taken.demand("replicas killed", f"{size.kills}", killed, killed == size.kills)
    taken.counts |= {"replicas": COUNT, "applications": size.applications, "seed": SEED}
    return taken


async def played(several: Replicas, size: Size) -> tuple[Tally, Compared]:
    """Applications at work, replicas killed meanwhile and replaced; then all is compared."""
    tally = Tally()
    applications = [
        Application(f"application-{number}", several.ports, tally, SEED + number)
        for number in range(size.applications)
    ]
    killing = asyncio.create_task(_kill(several, tally, size))
    await worked(applications, lambda: killing.done() and tally.total >= size.steps)
    await killing
    return tally, await compared(several, applications)


async def _kill(several: Replicas, tally: Tally, size: Size) -> None:
    """One after the other, each once there is a new one for the last and enough was done."""
    for number in range(size.kills):
        enough = size.steps * (number + 1) // (size.kills + 1)
        while tally.total < enough:  # noqa: ASYNC110 - the steps tell nobody
            await asyncio.sleep(LOOK_SECONDS)
        place = number % COUNT
        several.kill(place)
        await asyncio.to_thread(several.start, place)


def _note(taken: Figure, tally: Tally, found: Compared, *, idempotent: bool) -> None:
    way = "with keys" if idempotent else "without keys"
    for what, count in (
        ("answers that are not what was acknowledged last", tally.wrong.total()),
        ("requests that no replica answered", tally.unanswered),
        ("records that a replica shows otherwise", found.lost),
        ("acknowledged, and not in the new API", found.gone),
        ("made twice", found.twice),
        ("made, and told nobody", found.unasked),
        ("records on which the replicas differ", found.disagreeing),
        ("legacy ids that two vaccinations have", found.shared_ids),
        *([("creations of which nobody knows", tally.unknown)] if idempotent else []),
    ):
        taken.none(f"{way}: {what}", count)
    taken.demand(f"{way}: requests that a kill cut", "> 0", tally.cut, tally.cut > 0)
    counts = {
        **{f"{name} steps": times for name, times in sorted(tally.done.items())},
        "records and vaccinations": len(found.marks),
        "requests cut": tally.cut,
        "connections refused": tally.refused,
        "creations told as unknown": tally.unknown,
        **{f"put off by {status}": times for status, times in tally.put_off.items()},
    }
    taken.counts |= {f"{way}: {name}": count for name, count in counts.items()}
