"""Pairs of ids: what each record of the new API is called on the legacy side, and back."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeAlias

from mappings.core.context import Key
from proxy.errors import StoreError
from proxy.store.connection import Connection
from proxy.store.database import Database
from proxy.store.recent import Recent
from proxy.store.statements import BATCH, among, batches, rows

LegacyId: TypeAlias = int | str
"""A positive integer, or a UUID in lower case."""

LARGEST = 2**31 - 1
FIRST = range(10**6, 10**9)
"""Where a kind begins, at random: a store that was lost never gives an old id to another record."""

CACHED_PAIRS = 200_000

# Setting the column to itself locks a row that is there, and gives it back.
SEQUENCE = """
    INSERT INTO sequence (kind, next_id) VALUES (?, ?)
    ON CONFLICT (kind) DO UPDATE SET next_id = sequence.next_id
    RETURNING next_id
"""


class Crosswalk:
    """The pairs in the database, those of committed rows behind a cache."""

    def __init__(self, database: Database, cached_pairs: int = CACHED_PAIRS) -> None:
        self._database = database
        self.known: Recent[str, LegacyId] = Recent(cached_pairs)
        """Legacy ids by kind and modern id, for as long as they are in memory."""
        self._modern: Recent[LegacyId, str] = Recent(cached_pairs)

    async def legacy_ids(self, asked: Collection[Key]) -> dict[Key, LegacyId]:
        """The legacy id of every one; those that had none get an integer, for good."""
        found = await self.known_legacy_ids(asked)
        if len(found) < len(asked):
            missing = [key for key in dict.fromkeys(asked) if key not in found]
            if missing:
                made = await self._database.write(lambda connection: allocate(connection, missing))
                self._remember(made)
                found |= made
        return found

    async def known_legacy_ids(self, asked: Collection[Key]) -> dict[Key, LegacyId]:
        """The legacy ids of those that have one."""
        found, missing = self.known.among(asked)
        if missing:
            read = await self._database.read(lambda connection: by_modern(connection, missing))
            self._remember(read)
            found |= read
        return found

    async def modern_ids(
        self, asked: Collection[tuple[str, LegacyId]]
    ) -> dict[tuple[str, LegacyId], str]:
        """The modern ids of those legacy ids that were given out."""
        found, unknown = self._modern.among(asked)
        if unknown:
            missing = {(kind, str(legacy)) for kind, legacy in unknown}
            read = await self._database.read(lambda connection: _by_legacy(connection, missing))
            self._remember(read)
            found |= {(kind, legacy): modern for (kind, modern), legacy in read.items()}
        return found

    def _remember(self, pairs: Mapping[Key, LegacyId]) -> None:
        for (kind, modern), legacy in pairs.items():
            self.known[kind].add(modern, legacy)
            self._modern[kind].add(legacy, modern)


def _legacy(text: str) -> LegacyId:
    return int(text) if text.isdecimal() else text


def by_modern(connection: Connection, asked: Collection[Key]) -> dict[Key, LegacyId]:
    """The legacy ids of those records that have one."""
    return _pairs(connection, "modern_id", asked)


def _by_legacy(connection: Connection, asked: Collection[tuple[str, str]]) -> dict[Key, LegacyId]:
    return _pairs(connection, "legacy_id", asked)


def _pairs(
    connection: Connection, column: str, asked: Collection[tuple[str, str]]
) -> dict[Key, LegacyId]:
    found: dict[Key, LegacyId] = {}
    for kind, legacy, modern in pairs_by(connection, column, asked):
        found[kind, modern] = _legacy(legacy)
    return found


def pairs_by(
    connection: Connection, column: str, asked: Collection[tuple[str, str]]
) -> Iterator[tuple[str, str, str]]:
    """The kind, legacy id and modern id of the rows that have these pairs of kind and `column`."""
    for some in batches(asked):
        where, values = among(column, some)
        select = "SELECT kind, legacy_id, modern_id FROM crosswalk WHERE "
        yield from connection.execute(select + where, *values)


def add_pairs(
    connection: Connection, pairs: Sequence[tuple[str, str, str]]
) -> set[tuple[str, str, str]]:
    """Add what contradicts nothing that is here, and give it; a statement takes so many."""
    insert = (
        f"INSERT INTO crosswalk (kind, legacy_id, modern_id) VALUES {rows(3, len(pairs))} "  # noqa: S608 - places of values
        "ON CONFLICT DO NOTHING RETURNING kind, legacy_id, modern_id"
    )
    added = connection.execute(insert, *(value for pair in pairs for value in pair))
    return {(kind, legacy, modern) for kind, legacy, modern in added}


def allocate(connection: Connection, asked: Sequence[Key]) -> dict[Key, LegacyId]:
    """Give each record an integer unless it has one; within a transaction."""
    made: dict[Key, LegacyId] = {}
    # In one order everywhere: two who wait for each other's kind would wait for ever.
    for kind in sorted({kind for kind, _ in asked}):
        made |= _allocate_kind(connection, kind, [key for key in asked if key[0] == kind])
    return made


def _allocate_kind(connection: Connection, kind: str, asked: Sequence[Key]) -> dict[Key, LegacyId]:
    """Give each an integer under the lock of the kind's sequence; `asked` is of this kind."""
    start = FIRST.start + secrets.randbelow(len(FIRST))
    ((next_id,),) = connection.execute(SEQUENCE, kind, start)
    # Another may have given them a number while this one waited. An import takes no such lock, so
    # that even a number that is free here may be lost to it: what is in the table decides.
    while len(found := by_modern(connection, asked)) < len(asked):
        missing = [id_ for key in asked if key not in found for id_ in key[1:]]
        numbers = _free(connection, kind, next_id, len(missing))
        next_id = numbers[-1] + 1
        new = [(kind, str(number), id_) for number, id_ in zip(numbers, missing, strict=True)]
        for at in range(0, len(new), BATCH):
            add_pairs(connection, new[at : at + BATCH])
    connection.execute("UPDATE sequence SET next_id = ? WHERE kind = ?", next_id, kind)
    return found


def _free(connection: Connection, kind: str, at: int, count: int) -> list[int]:
    """The next integers that are not taken."""
    free: list[int] = []
    size = count
    while len(free) < count:
        window = range(at, min(at + min(size, BATCH), LARGEST + 1))
        if not window:
            raise StoreError("no integer is left for a kind of record")
        pairs = _by_legacy(connection, [(kind, str(number)) for number in window])
        taken = set(pairs.values())
        free += [number for number in window if number not in taken]
        # Imported integers stand close together: the longer they go on, the longer the stride.
        at, size = window.stop, size * 2
    return free[:count]
