"""A process of its own that opens the store and maps many ids at once; prints what it got."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from datetime import UTC, datetime

from proxy.settings import settings_of_environment
from proxy.store.store import Key, LegacyId, Store


async def main(ids: int, tasks: int) -> dict[str, LegacyId]:
    """Each task asks for every id, some at a time, in an order of its own."""
    store = Store(settings_of_environment(), lambda: datetime.now(UTC))
    found: dict[Key, LegacyId] = {}

    async def ask(order: random.Random) -> None:
        keys = [("act", f"a-{number}") for number in range(ids)]
        order.shuffle(keys)
        for at in range(0, ids, 25):
            for key, legacy in (await store.legacy_ids(keys[at : at + 25])).items():
                assert found.setdefault(key, legacy) == legacy

    await store.open()
    await asyncio.gather(*(ask(random.Random(task)) for task in range(tasks)))  # noqa: S311 - an order, no secret
    await store.close()
    return {modern: legacy for (_, modern), legacy in found.items()}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))))
