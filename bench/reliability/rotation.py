"""Keys that are rotated while the gateway reads: no read fails, and the old key may go."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from functools import partial
from typing import Any

from pydantic import SecretStr

from bench.reliability import writer
from bench.reliability.databases import PROCESSES, Database, Databases
from bench.reliability.figure import Figure
from proxy.errors import StoreError
from proxy.settings import Settings
from proxy.settings.keys import new_key
from proxy.store import upkeep
from proxy.store.store import Aside, Store

READS_A_SECOND = 100
BATCH = 500
BEFORE_AND_AFTER_SECONDS = 0.5


def rotation(databases: Databases, *, quick: bool) -> Iterator[Figure]:
    """One figure for each database."""
    return databases.each("rotation", partial(_on, count=500 if quick else 10_000))


def _on(database: Database, figure: Figure, *, count: int) -> None:
    old, new = database.settings, new_key()
    assert old.keys is not None  # noqa: S101 - a database for figures has a key
    both = old.model_copy(update={"keys": SecretStr(f"{new},{old.keys.get_secret_value()}")})
    alone = old.model_copy(update={"keys": SecretStr(new)})
    asyncio.run(_take(figure, old, both, count))
    status = asyncio.run(upkeep.status(alone))
    left = sum(rows for name, rows in status.rows_by_key.items() if name not in status.keys)
    readable = asyncio.run(_readable(alone, count))
    figure.counts |= {
        "rows": count,
        "rows on the old key": left,
        "rows that read back without the old key": readable,
    }
    figure.expect(left == 0, "no row on the old key")
    figure.expect(readable == count, "the old key is not needed any more")


async def _take(figure: Figure, old: Settings, both: Settings, count: int) -> None:
    """Fill, then rotate in a process of its own, as an operator does, while this one reads."""
    filling = Store(old, writer.now)
    keys = _keys(count)
    for at in range(0, count, 500):
        await filling.keep([Aside(key, key[1], _values(key)) for key in keys[at : at + 500]])
    await filling.close()
    store, reading = Store(both, writer.now), asyncio.Event()
    reads = asyncio.create_task(_read(store, keys, reading))
    await asyncio.sleep(BEFORE_AND_AFTER_SECONDS)
    began = asyncio.get_running_loop().time()
    process = PROCESSES.Process(target=rotate, args=(both,))
    process.start()
    await asyncio.to_thread(process.join)
    took = asyncio.get_running_loop().time() - began
    await asyncio.sleep(BEFORE_AND_AFTER_SECONDS)
    reading.set()
    done, failed = await reads
    await store.close()
    figure.counts |= {
        "seconds of rotation": round(took, 1),
        "reads": done,
        "reads a second": round(done / (took + 2 * BEFORE_AND_AFTER_SECONDS)),
        "failed reads": failed,
    }
    figure.expect(process.exitcode == 0, "the rotation ended well")
    figure.expect(failed == 0, "no failed read")
    figure.expect(done > 0, "reads while the keys were rotated")


def rotate(settings: Settings) -> None:
    """What `passerelle store rotate-keys` does."""
    rotated = asyncio.run(upkeep.rotate(settings, BATCH))
    assert rotated.left == 0  # noqa: S101 - then its exit code is not 0


async def _read(store: Store, keys: list[Any], enough: asyncio.Event) -> tuple[int, int]:
    """Read one row after another at a steady pace; how many reads there were, and failed."""
    order = random.Random(1)  # noqa: S311 - an order, no secret
    running: list[asyncio.Task[bool]] = []
    loop = asyncio.get_running_loop()
    began = loop.time()
    while not enough.is_set():
        running.append(asyncio.create_task(_is_read(store, order.choice(keys))))
        await asyncio.sleep(max(0, began + len(running) / READS_A_SECOND - loop.time()))
    read = await asyncio.gather(*running)
    return len(read), read.count(False)


async def _is_read(store: Store, key: Any) -> bool:
    try:
        return await store.asides([key]) == {key: _values(key)}
    except StoreError:
        return False


async def _readable(settings: Settings, count: int) -> int:
    store = Store(settings, writer.now)
    found = await store.asides(_keys(count))
    await store.close()
    return sum(values == _values(key) for key, values in found.items())


def _keys(count: int) -> list[tuple[str, str]]:
    return [("record", f"r-{number}") for number in range(count)]


def _values(key: tuple[str, str]) -> dict[str, Any]:
    return {"value": f"what is kept of {key[1]}"}
