"""Pairs of ids: what each record of the new API is called on the legacy side, and back."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Generic, TypeAlias, TypeVar

from sqlalchemy import Column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mappings.core.context import Key
from proxy.errors import StoreError
from proxy.store.database import BATCH, Database, among, batches
from proxy.store.engine import insert
from proxy.store.schema import CROSSWALK, SEQUENCE

LegacyId: TypeAlias = int | str
"""A positive integer, or a UUID in lower case."""

LARGEST = 2**31 - 1
FIRST = range(10**6, 10**9)
"""Where a kind begins, at random: a store that was lost never gives an old id to another record."""

CACHED_PAIRS = 100_000

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """The pairs that were used last; they never go stale, for no row of the crosswalk changes."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._pairs: OrderedDict[K, V] = OrderedDict()

    def among(self, asked: Iterable[K]) -> dict[K, V]:
        """Those that are remembered."""
        found = {key: self._pairs[key] for key in asked if key in self._pairs}
        for key in found:
            self._pairs.move_to_end(key)
        return found

    def add(self, pairs: Mapping[K, V]) -> None:
        """Remember more, and forget those that were not used for longest."""
        self._pairs.update(pairs)
        while len(self._pairs) > self._size:
            self._pairs.popitem(last=False)


class Crosswalk:
    """The pairs in the database, those of committed rows behind a cache."""

    def __init__(self, database: Database, cached_pairs: int = CACHED_PAIRS) -> None:
        self._database = database
        self._to_legacy: Recent[Key, LegacyId] = Recent(cached_pairs)
        self._to_modern: Recent[tuple[str, LegacyId], str] = Recent(cached_pairs)

    async def legacy_ids(self, asked: Collection[Key]) -> dict[Key, LegacyId]:
        """The legacy id of every one; those that had none get an integer, for good."""
        found = await self.known_legacy_ids(asked)
        missing = [key for key in dict.fromkeys(asked) if key not in found]
        if missing:
            made = await self._database.write(lambda connection: _allocate(connection, missing))
            self._remember(made)
            found |= made
        return found

    async def known_legacy_ids(self, asked: Collection[Key]) -> dict[Key, LegacyId]:
        """The legacy ids of those that have one."""
        found = self._to_legacy.among(asked)
        if missing := set(asked) - found.keys():
            read = await self._database.read(lambda connection: _by_modern(connection, missing))
            self._remember(read)
            found |= read
        return found

    async def modern_ids(
        self, asked: Collection[tuple[str, LegacyId]]
    ) -> dict[tuple[str, LegacyId], str]:
        """The modern ids of those legacy ids that were given out."""
        found = self._to_modern.among(asked)
        if missing := {(kind, str(id_)) for kind, id_ in asked if (kind, id_) not in found}:
            read = await self._database.read(lambda connection: _by_legacy(connection, missing))
            self._remember(read)
            found |= {(kind, legacy): modern for (kind, modern), legacy in read.items()}
        return found

    def _remember(self, pairs: Mapping[Key, LegacyId]) -> None:
        self._to_legacy.add(pairs)
        self._to_modern.add({(kind, legacy): id_ for (kind, id_), legacy in pairs.items()})


def _legacy(text: str) -> LegacyId:
    return int(text) if text.isdecimal() else text


async def _by_modern(connection: AsyncConnection, asked: Collection[Key]) -> dict[Key, LegacyId]:
    return await _pairs(connection, CROSSWALK.c.modern_id, asked)


async def _by_legacy(
    connection: AsyncConnection, asked: Collection[tuple[str, str]]
) -> dict[Key, LegacyId]:
    return await _pairs(connection, CROSSWALK.c.legacy_id, asked)


async def _pairs(
    connection: AsyncConnection, column: Column[str], asked: Collection[tuple[str, str]]
) -> dict[Key, LegacyId]:
    found: dict[Key, LegacyId] = {}
    for some in batches(asked):
        rows = await connection.execute(select(CROSSWALK).where(among(CROSSWALK, column, some)))
        found |= {(row.kind, row.modern_id): _legacy(row.legacy_id) for row in rows}
    return found


async def _allocate(connection: AsyncConnection, asked: Sequence[Key]) -> dict[Key, LegacyId]:
    made: dict[Key, LegacyId] = {}
    # In one order everywhere: two who wait for each other's kind would wait for ever.
    for kind in sorted({kind for kind, _ in asked}):
        made |= await _allocate_kind(connection, kind, [key for key in asked if key[0] == kind])
    return made


async def _allocate_kind(
    connection: AsyncConnection, kind: str, asked: Sequence[Key]
) -> dict[Key, LegacyId]:
    """Give each an integer under the lock of the kind's sequence; `asked` is of this kind."""
    start = FIRST.start + secrets.randbelow(len(FIRST))
    # Setting the column to itself locks a row that is there, and gives it back.
    sequence = (
        insert(connection, SEQUENCE)
        .values(kind=kind, next_id=start)
        .on_conflict_do_update(
            index_elements=[SEQUENCE.c.kind], set_={"next_id": SEQUENCE.c.next_id}
        )
        .returning(SEQUENCE.c.next_id)
    )
    next_id: int = (await connection.execute(sequence)).scalar_one()
    # Another may have given them a number while this one waited. An import takes no such lock, so
    # that even a number that is free here may be lost to it: what is in the table decides.
    while len(found := await _by_modern(connection, asked)) < len(asked):
        missing = [id_ for key in asked if key not in found for id_ in key[1:]]
        numbers = await _free(connection, kind, next_id, len(missing))
        next_id = numbers[-1] + 1
        rows = [
            {"kind": kind, "legacy_id": str(number), "modern_id": id_}
            for number, id_ in zip(numbers, missing, strict=True)
        ]
        await connection.execute(insert(connection, CROSSWALK).on_conflict_do_nothing(), rows)
    await connection.execute(
        update(SEQUENCE).where(SEQUENCE.c.kind == kind).values(next_id=next_id)
    )
    return found


async def _free(connection: AsyncConnection, kind: str, at: int, count: int) -> list[int]:
    """The next integers that are not taken."""
    free: list[int] = []
    size = count
    while len(free) < count:
        window = range(at, min(at + min(size, BATCH), LARGEST + 1))
        if not window:
            raise StoreError("no integer is left for a kind of record")
        pairs = await _by_legacy(connection, [(kind, str(number)) for number in window])
        taken = set(pairs.values())
        free += [number for number in window if number not in taken]
        # Imported integers stand close together: the longer they go on, the longer the stride.
        at, size = window.stop, size * 2
    return free[:count]
