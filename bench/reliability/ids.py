"""Two processes that map the same ids at once: one row each, and everybody agrees."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from bench.reliability import writer
from bench.reliability.databases import PROCESSES, Database, Databases
from bench.reliability.figure import Figure
from proxy.errors import StoreError
from proxy.settings import Settings
from proxy.store import upkeep
from proxy.store.store import Store

TOGETHER, TASKS = 2, 16
AT_ONCE = 5


def ids(databases: Databases, *, quick: bool) -> Iterator[Figure]:
    """One figure for each database."""
    return databases.each("ids", partial(_on, count=100 if quick else 1000))


def _on(database: Database, figure: Figure, *, count: int) -> None:
    started = []
    for _ in range(TOGETHER):
        reading, writing = PROCESSES.Pipe(duplex=False)
        arguments = (database.settings, count, writing)
        started.append((PROCESSES.Process(target=map_ids, args=arguments, daemon=True), reading))
    for process, _ in started:
        process.start()
    answers: list[tuple[dict[str, Any], int, list[str]]] = [it.recv() for _, it in started]
    for process, _ in started:
        process.join()
    (first, _, _), *others = answers
    rows = asyncio.run(upkeep.status(database.settings)).rows["crosswalk"]
    disagreeing = sum(disagreed for _, disagreed, _ in answers)
    disagreeing += sum(other != first for other, _, _ in others)
    failures = [failure for _, _, found in answers for failure in found]
    figure.counts |= {
        "processes": TOGETHER,
        "tasks in each": TASKS,
        "ids": count,
        "rows": rows,
        "answers that disagree": disagreeing,
        "failures of the store": len(failures),
    }
    figure.expect(rows == len(set(first.values())) == count, f"{count} rows, an integer each")
    figure.expect(disagreeing == 0, "all agree")
    figure.expect(not failures, f"no failure, such as a locked database: {failures[:1]}")


def map_ids(settings: Settings, count: int, answer: Connection) -> None:
    """Every task asks for every id, in an order of its own; gives what they got."""
    answer.send(asyncio.run(_map(settings, count)))


async def _map(settings: Settings, count: int) -> tuple[dict[str, Any], int, list[str]]:
    store = Store(settings, writer.now)
    found: dict[str, Any] = {}
    failures: list[str] = []
    disagreed = 0

    async def ask(order: random.Random) -> None:
        nonlocal disagreed
        keys = [("act", f"a-{number}") for number in range(count)]
        order.shuffle(keys)
        for at in range(0, count, AT_ONCE):
            try:
                got = await store.legacy_ids(keys[at : at + AT_ONCE])
            except StoreError as error:
                failures.append(str(error))
                continue
            for (_, modern), legacy in got.items():
                disagreed += found.setdefault(modern, legacy) != legacy

    await asyncio.gather(*(ask(random.Random(task)) for task in range(TASKS)))  # noqa: S311 - an order, no secret
    await store.close()
    return found, disagreed, failures
