"""Values set aside, into the store from a dump of the old API, and out of it line by line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from typing import Any, BinaryIO

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mappings.core.context import Json, Key
from mappings.core.record_mapping import RecordMapping
from proxy.settings import StoreSettings
from proxy.store import asides
from proxy.store.database import BATCH, among, batches
from proxy.store.dump import MODERN_ID, Dumped, Reader
from proxy.store.engine import for_reading, insert
from proxy.store.opening import (
    Progress,
    expired_at,
    modern_ids_of,
    opened,
    paged,
    sealing,
    unseen,
)
from proxy.store.schema import CROSSWALK, SET_ASIDE
from proxy.store.seal import Seal
from proxy.store.staging import Pair, Problems, SealedAside, Staged, lines, staged
from proxy.store.transfer import add_pairs, lock, parsed

UNKNOWN = (
    f"its modern id is not known: say it as {MODERN_ID}, or import it before "
    "(passerelle crosswalk import)"
)
READ_AT_ONCE = 100
"""How many lines of a dump are held in memory: one may be megabytes."""


@dataclass(frozen=True, slots=True)
class ImportedRecords:
    """What the import of a dump did."""

    lines: int
    records: int
    """How many records, those within others included, have values to set aside."""
    filled: int
    """How many of them had none here, or not all."""
    pairs: int
    """How many pairs of ids were added."""


async def import_records(
    settings: StoreSettings,
    file: BinaryIO,
    mapping: RecordMapping,
    *,
    uuid_kinds: Collection[str],
    keeps: Callable[[str], bool],
    now: float,
    progress: Progress = unseen,
) -> ImportedRecords:
    """
    Fill in what is set aside, from legacy records in NDJSON; all of the file or nothing.

    What is here already is newer than any dump, and stays. `keeps` tells which fields are kept.
    Raises `ImportRefusedError`.
    """
    seal, problems = sealing(settings), Problems()
    with staged() as ready:
        async with opened(settings, fresh=True) as engine:
            async with for_reading(engine).connect() as connection:
                reading = _Reading(connection, Reader(mapping, keeps), uuid_kinds, seal, ready)
                count = await reading.all(file, problems, progress)
            problems.check()
            async with engine.begin() as connection:
                await lock(connection)
                pairs = await add_pairs(connection, ready, problems)
                problems.check()
                filling = _Filling(connection, seal, expired_at(settings, now), now)
                filled = await filling.all(ready, progress)
        return ImportedRecords(count, ready.asides_count, filled, pairs)


@dataclass(slots=True)
class _Reading:
    """Reads a dump, finds the modern id of each record, and seals what is to be kept."""

    connection: AsyncConnection
    reader: Reader
    uuid_kinds: Collection[str]
    seal: Seal
    ready: Staged

    async def all(self, file: BinaryIO, problems: Problems, progress: Progress) -> int:
        read, batch = 0, []
        for number, line in lines(file, problems):
            document = parsed(number, line, problems)
            if document is not None:
                batch.append((number, list(self.reader.records(document))))
            if len(batch) == READ_AT_ONCE:
                await self._stage(batch, problems)
                read, batch = read + len(batch), []
                progress("reading", read, None)
        await self._stage(batch, problems)
        return read + len(batch)

    async def _stage(self, batch: list[tuple[int, list[Dumped]]], problems: Problems) -> None:
        known = await self._modern_ids([dumped for _, line in batch for dumped in line])
        for number, line in batch:
            owner = self._modern_id(line[0], known)
            for dumped in line:
                for problem in dumped.problems:
                    problems.add(number, str(problem))
                if not dumped.problems:
                    self._stage_one(number, dumped, self._modern_id(dumped, known), owner, problems)

    def _stage_one(
        self, line: int, dumped: Dumped, modern: str | None, owner: str | None, problems: Problems
    ) -> None:
        where = f"{dumped.pointer or '(the whole document)'}: "
        if dumped.modern_id and dumped.legacy_id and dumped.modern_id != dumped.legacy_id:
            if dumped.crosswalk_kind is None:
                problems.add(line, f"{where}its id is the same on both sides, {MODERN_ID} is not")
                return
            pair = Pair(line, dumped.crosswalk_kind, dumped.legacy_id, dumped.modern_id)
            self.ready.add_pair(pair, problems)
        if not dumped.values:
            return
        if modern is None or owner is None:
            problems.add(line, where + UNKNOWN)
            return
        key = (dumped.mapping.kind, modern)
        key_id, sealed = self.seal.seal(dumped.values, *asides.place(key))
        self.ready.add_aside(SealedAside(line, *key, owner, key_id, sealed), problems)

    def _modern_id(self, dumped: Dumped, known: dict[tuple[str, str], str]) -> str | None:
        kind, legacy = dumped.crosswalk_kind, dumped.legacy_id
        if dumped.modern_id or legacy is None:
            return dumped.modern_id
        same = kind is None or kind in self.uuid_kinds
        return known.get((kind or "", legacy), legacy if same else None)

    async def _modern_ids(self, batch: list[Dumped]) -> dict[tuple[str, str], str]:
        asked = {
            (dumped.crosswalk_kind, dumped.legacy_id)
            for dumped in batch
            if dumped.crosswalk_kind and dumped.legacy_id and not dumped.modern_id
        }
        found: dict[tuple[str, str], str] = {}
        for some in batches(asked):
            where = among(CROSSWALK, CROSSWALK.c.legacy_id, some)
            for row in await self.connection.execute(select(CROSSWALK).where(where)):
                found[row.kind, row.legacy_id] = row.modern_id
        return found


@dataclass(frozen=True, slots=True)
class _Filling:
    """Writes the values that are not here yet, while nobody else writes."""

    connection: AsyncConnection
    seal: Seal
    since: float
    now: float

    async def all(self, ready: Staged, progress: Progress) -> int:
        filled = done = 0
        key = (SET_ASIDE.c.kind, SET_ASIDE.c.modern_id)
        fresh = insert(self.connection, SET_ASIDE).on_conflict_do_nothing().returning(*key)
        for some in ready.asides(BATCH):
            # As with pairs: what is new is found by writing it.
            rows = [self._row(aside, aside.key_id, aside.sealed) for aside in some]
            new = {tuple(row) for row in await self.connection.execute(fresh, rows)}
            others = [aside for aside in some if _key(aside) not in new]
            filled += len(new) + await self._merge(others)
            done += len(some)
            progress("writing", done, ready.asides_count)
        return filled

    async def _merge(self, some: list[SealedAside]) -> int:
        """Lay the values under those that are here, and give the number of rows that change."""
        keys = [_key(aside) for aside in some]
        kept = await asides.read(self.connection, self.seal, keys, self.since)
        rows = [row for aside in some if (row := self._merged(aside, kept.get(_key(aside), {})))]
        if rows:
            upsert = insert(self.connection, SET_ASIDE)
            written = ("owner_id", "key_id", "sealed", "written_at")
            changes = {name: upsert.excluded[name] for name in written}
            columns = [SET_ASIDE.c.kind, SET_ASIDE.c.modern_id]
            await self.connection.execute(
                upsert.on_conflict_do_update(index_elements=columns, set_=changes), rows
            )
        return len(rows)

    def _merged(self, aside: SealedAside, kept: dict[str, Json]) -> dict[str, Any] | None:
        """The row with the values of both; none where the dump has nothing that is not here."""
        place = asides.place(_key(aside))
        values = self.seal.open(aside.key_id, aside.sealed, *place)
        if values.keys() <= kept.keys():
            return None
        return self._row(aside, *self.seal.seal({**values, **kept}, *place))

    def _row(self, aside: SealedAside, key_id: str, sealed: bytes) -> dict[str, Any]:
        return {
            "kind": aside.kind,
            "modern_id": aside.modern_id,
            "owner_id": aside.owner_id,
            "key_id": key_id,
            "sealed": sealed,
            "written_at": self.now,
        }


def _key(aside: SealedAside) -> Key:
    return aside.kind, aside.modern_id


async def export_records(
    settings: StoreSettings, *, now: float, record: str | None = None
) -> AsyncIterator[dict[str, Json]]:
    """What is set aside, of every record or of one and those within it; raises `SealError`."""
    seal, columns = sealing(settings), (SET_ASIDE.c.kind, SET_ASIDE.c.modern_id)
    pair = and_(CROSSWALK.c.kind == columns[0], CROSSWALK.c.modern_id == columns[1])
    query = (
        select(SET_ASIDE, CROSSWALK.c.legacy_id)
        .outerjoin(CROSSWALK, pair)
        .where(SET_ASIDE.c.written_at > expired_at(settings, now))
    )
    async with opened(settings) as engine, for_reading(engine).connect() as connection:
        if record is not None:
            asked = await modern_ids_of(connection, record)
            query = query.where(or_(columns[1].in_(asked), SET_ASIDE.c.owner_id.in_(asked)))
        async for rows in paged(connection, query, columns):
            for row in rows:
                values = seal.open(row.key_id, row.sealed, *asides.place((row.kind, row.modern_id)))
                yield _exported(row, values)


def _exported(row: Any, values: dict[str, Json]) -> dict[str, Json]:
    legacy = row.legacy_id
    if legacy is not None and legacy.isdecimal():
        legacy = int(legacy)
    return {
        "kind": row.kind,
        "modern_id": row.modern_id,
        "owner_id": row.owner_id,
        "legacy_id": legacy,
        "values": values,
    }
