"""A process that writes through the store, and says on a pipe what was committed."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any

from proxy.errors import StoreError
from proxy.settings import Settings, settings_of_environment
from proxy.store.store import Aside, Store

AT_ONCE = 25
"""How many records one commit gives an id, as for a list of so many."""


def now() -> datetime:
    """The clock of the writers."""
    return datetime.now(UTC)


def write(settings: Settings, name: str, acknowledge: Connection) -> None:
    """Write without an end; whatever is acknowledged was committed."""
    asyncio.run(_write(Store(settings, now), name, acknowledge))


async def _write(store: Store, name: str, acknowledge: Connection) -> None:
    number = 0
    while True:
        number += 1
        try:
            # Each is acknowledged only after the store said that it is committed.
            acknowledge.send_bytes(json.dumps(await give_ids(store, f"{name}-{number}")).encode())
            acknowledge.send_bytes(json.dumps(await set_aside(store, f"{name}-{number}")).encode())
        except StoreError:
            # A server that was killed: nobody knows whether this one was committed.
            await asyncio.sleep(0.02)


async def give_ids(store: Store, name: str) -> list[tuple[str, Any]]:
    """One commit: an integer for each of some records."""
    keys = [("act", f"{name}-{position}") for position in range(AT_ONCE)]
    return [(modern, legacy) for (_, modern), legacy in (await store.legacy_ids(keys)).items()]


async def set_aside(store: Store, name: str) -> list[tuple[str, Any]]:
    """One commit: values of a record and of one within it, which stand or fall together."""
    values = {"record": {"value": name}, "within": {"value": f"{name} within"}}
    await store.keep([Aside((kind, name), name, kept) for kind, kept in values.items()])
    return [(f"{kind}/{name}", kept["value"]) for kind, kept in values.items()]


async def commit(count: int) -> None:
    """So many commits on the store that the environment names."""
    store = Store(settings_of_environment(), now)
    await store.open()
    for number in range(count):
        await set_aside(store, f"{os.getpid()}-{number}")
    await store.close()


if __name__ == "__main__":
    asyncio.run(commit(int(sys.argv[1])))
