"""Writers that are killed at random, and a server too: what was acknowledged is all there."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from bench.reliability import writer
from bench.reliability.databases import PROCESSES, Database, Databases, pull_the_plug
from bench.reliability.figure import Figure
from proxy.store.engine import FILE, make_engine
from proxy.store.store import Store

WRITERS = 4
SEED = 20260724
LONGEST_LIVES_SECONDS = {"SQLite": 0.4, "PostgreSQL": 1.0}
"""How long a writer may live at most once it has written something; to connect takes its time."""

TWICE = (
    "SELECT count(*) FROM (SELECT 1 FROM crosswalk GROUP BY kind, {} HAVING count(*) > 1) AS twice"
)


def kills(databases: Databases, *, quick: bool) -> Iterator[Figure]:
    """One figure for each database."""
    return databases.each("kills", partial(_on, quick=quick))


def _on(database: Database, figure: Figure, *, quick: bool) -> None:
    """Kill, and compare what is there with what was acknowledged."""
    seconds, least_kills, least_writes = (2.0, 3, 100) if quick else (15.0, 50, 10_000)
    killing = Killing(database, random.Random(SEED))  # noqa: S311 - moments, no secret
    plugs = (1 if quick else 3) if database.server is not None else 0
    killing.run(seconds, plugs)
    lost, changed = asyncio.run(_compare(database, killing.acknowledged))
    damage = _damage(database)
    figure.counts |= {
        "seed": SEED,
        "seconds": round(killing.took, 1),
        "writers killed": killing.killed,
        "servers killed": plugs,
        "acknowledged commits": killing.commits,
        "acknowledged writes (ids and values)": len(killing.acknowledged),
        "lost": lost,
        "changed": changed,
        "integrity": damage or "ok",
    }
    if database.name == "PostgreSQL" and database.server is None:
        figure.counts["servers killed"] = "none: the server that is given is not ours to kill"
    figure.expect(killing.killed >= least_kills, f"at least {least_kills} kills")
    figure.expect(len(killing.acknowledged) >= least_writes, f"at least {least_writes} writes")
    figure.expect(lost == 0, "nothing lost")
    figure.expect(changed == 0, "nothing changed")
    figure.expect(not damage, "integrity ok")


@dataclass
class Killing:
    """Starts writers and kills them, one after another, and notes what they acknowledged."""

    database: Database
    moments: random.Random
    acknowledged: dict[str, Any] = field(default_factory=dict)
    commits: int = 0
    killed: int = 0
    took: float = 0

    def run(self, seconds: float, plugs: int) -> None:
        """Kill for so long, and pull the server's plug so often in between."""
        began = time.monotonic()
        threads = [
            threading.Thread(target=self._lives, args=(place, began + seconds))
            for place in range(WRITERS)
        ]
        for thread in threads:
            thread.start()
        for _ in range(plugs):
            time.sleep(seconds / (plugs + 1))
            pull_the_plug(self.database.server)
        for thread in threads:
            thread.join()
        self.took = time.monotonic() - began

    def _lives(self, place: int, end: float) -> None:
        number = 0
        while time.monotonic() < end:
            number += 1
            reading, writing = PROCESSES.Pipe(duplex=False)
            arguments = (self.database.settings, f"{place}-{number}", writing)
            process = PROCESSES.Process(target=writer.write, args=arguments, daemon=True)
            process.start()
            writing.close()
            with reading:
                self._until_its_death(process, reading)
            process.join()
            process.close()
            self.killed += 1

    def _until_its_death(self, process: Any, reading: Connection) -> None:
        """Note what a writer says, kill it at a random moment, and note what it said before."""
        dies_at: float | None = None
        while True:
            wait = 0.01 if dies_at is None else max(dies_at - time.monotonic(), 0)
            if reading.poll(wait):
                try:
                    said = json.loads(reading.recv_bytes())
                except (EOFError, OSError):
                    return
                self.acknowledged.update(said)
                self.commits += 1
                if dies_at is None:
                    life = self.moments.uniform(0, LONGEST_LIVES_SECONDS[self.database.name])
                    dies_at = time.monotonic() + life
            if dies_at is not None and time.monotonic() >= dies_at:
                process.kill()


async def _compare(database: Database, acknowledged: dict[str, Any]) -> tuple[int, int]:
    """How many of the writes are not there, and how many say something else."""
    store = Store(database.settings, writer.now)
    ids = {name: value for name, value in acknowledged.items() if "/" not in name}
    values = {name: value for name, value in acknowledged.items() if "/" in name}
    legacy = await store.known_legacy_ids([("act", name) for name in ids])
    keys = {name: (kind, id_) for name in values for kind, id_ in [name.split("/")]}
    kept = await store.asides(list(keys.values()))
    await store.close()
    found = {name: legacy.get(("act", name)) for name in ids}
    found |= {name: kept.get(keys[name], {}).get("value") for name in values}
    lost = sum(value is None for value in found.values())
    changed = sum(found[name] not in (None, value) for name, value in acknowledged.items())
    return lost, changed


def _damage(database: Database) -> str:
    """What is wrong with the database itself."""
    if database.settings.store_url is None:
        with closing(sqlite3.connect(database.settings.data_dir / FILE)) as store:
            told = [line for (line,) in store.execute("PRAGMA integrity_check")]
        return "" if told == ["ok"] else "; ".join(told)
    twice = 0
    with make_engine(database.settings).connected() as connection:
        # Through the table and not the indexes, which would say no in any case.
        connection.execute("SET enable_indexscan = off")
        connection.execute("SET enable_indexonlyscan = off")
        for column in ("legacy_id", "modern_id"):
            ((count,),) = connection.execute(TWICE.format(column))
            twice += count
    return f"{twice} ids twice" if twice else ""
