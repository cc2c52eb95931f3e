"""What an operator does with a store from time to time: look, rotate keys, forget, purge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import (
    Table,
    bindparam,
    delete,
    func,
    inspect,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from proxy.settings import StoreSettings
from proxy.store import asides, intents, migrating, sessions
from proxy.store.engine import failures, for_reading, is_sqlite, make_engine
from proxy.store.opening import (
    Progress,
    expired_at,
    modern_ids_of,
    opened,
    path_of,
    sealing,
    unseen,
)
from proxy.store.schema import INTENT, METADATA, SESSION, SET_ASIDE
from proxy.store.seal import Seal, SealError, keys_of
from proxy.store.store import DAY, SESSION_DAYS

SEALED: Mapping[Table, Callable[[Row[Any]], tuple[str, ...]]] = {
    SET_ASIDE: lambda row: asides.place((row.kind, row.modern_id)),
    SESSION: lambda row: sessions.place(row.access),
}
"""The tables with sealed rows, and the place that each row is sealed for."""

Counts: TypeAlias = dict[str, int]


@dataclass(frozen=True, slots=True)
class Status:
    """What a store is and holds, without a value of it."""

    database: str
    revision: str | None
    newest_revision: str
    rows: Counts
    """By table; nothing where the tables are not there."""
    rows_by_key: Counts
    """Sealed rows by the name of their key, those that are configured first."""
    keys: tuple[str, ...]
    """The names of the keys that are configured; the first one seals."""


async def status(settings: StoreSettings) -> Status:
    """Look at a store, and change nothing in it."""
    keys = keys_of(settings)
    names = tuple(keys.by_name) if keys else ()
    if settings.store_url is None:
        path_of(settings)
    engine = make_engine(settings)
    try:
        revision = await migrating.revision(engine)
        with failures():
            async with for_reading(engine).connect() as connection:
                rows = await _counts(connection)
                by_key = await _rows_by_key(connection) if rows else {}
        database = "SQLite" if is_sqlite(engine) else "PostgreSQL"
    finally:
        await engine.dispose()
    by_key = {**dict.fromkeys(names, 0), **by_key}
    return Status(database, revision, migrating.HEAD, rows, by_key, names)


async def locked(settings: StoreSettings) -> dict[str, int]:
    """How many sealed rows there are that no configured key opens, by the name of their key."""
    found = await status(settings)
    return {name: count for name, count in found.rows_by_key.items() if name not in found.keys}


async def upgrade(settings: StoreSettings) -> tuple[str | None, str]:
    """Bring the tables to this version; gives the revision before and after."""
    engine = make_engine(settings)
    try:
        before = await migrating.revision(engine)
        await migrating.upgrade(engine)
    finally:
        await engine.dispose()
    return before, migrating.HEAD


@dataclass(frozen=True, slots=True)
class Rotated:
    """What came of a rotation."""

    sealed: int
    """How many rows were sealed anew."""
    broken: int
    """How many could not be opened, and stay as they are."""
    left: int
    """How many are under another key than the first; without them those may go."""


async def rotate(settings: StoreSettings, batch: int, progress: Progress = unseen) -> Rotated:
    """Seal every row by the first key, some at a time, while others read and write."""
    seal = sealing(settings)
    sealed = broken = 0
    async with opened(settings) as engine:
        total = await _left(engine, seal)
        for table in SEALED:
            after: list[Any] = []
            while True:
                async with engine.begin() as connection:
                    rows = await _next_rows(connection, table, seal, after, batch)
                    anew = await _seal_anew(connection, table, seal, rows)
                if not rows:
                    break
                sealed, broken = sealed + anew, broken + len(rows) - anew
                after = [getattr(rows[-1], column.name) for column in table.primary_key]
                progress("sealing", sealed + broken, total)
        left = await _left(engine, seal)
        await _settle(engine)
    return Rotated(sealed, broken, left)


async def _left(engine: AsyncEngine, seal: Seal) -> int:
    """How many rows are under another key than the one that seals."""
    async with for_reading(engine).connect() as connection:
        by_key = await _rows_by_key(connection)
    return sum(by_key.values()) - by_key.get(seal.sealing, 0)


async def _next_rows(
    connection: AsyncConnection, table: Table, seal: Seal, after: list[Any], batch: int
) -> Sequence[Row[Any]]:
    """The next rows under another key, which nobody else writes until they were sealed anew."""
    key = tuple(table.primary_key)
    rows = select(table).where(table.c.key_id != seal.sealing).order_by(*key).limit(batch)
    if after:
        rows = rows.where(tuple_(*key) > tuple_(*after))
    return (await connection.execute(rows.with_for_update())).all()


async def _seal_anew(
    connection: AsyncConnection, table: Table, seal: Seal, rows: Sequence[Row[Any]]
) -> int:
    """Seal those that can be opened, and give their number."""
    anew = []
    for row in rows:
        place = SEALED[table](row)
        with suppress(SealError):
            key_id, sealed = seal.seal(seal.open(row.key_id, row.sealed, *place), *place)
            at = {f"at_{column.name}": getattr(row, column.name) for column in table.primary_key}
            anew.append({**at, "new_key_id": key_id, "new_sealed": sealed})
    if anew:
        here = [column == bindparam(f"at_{column.name}") for column in table.primary_key]
        write = update(table).where(*here)
        await connection.execute(
            write.values(key_id=bindparam("new_key_id"), sealed=bindparam("new_sealed")), anew
        )
    return len(anew)


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased."""

    rows: Counts
    """By table."""
    settled: bool
    """Whether the write-ahead log is rid of it too; else somebody was reading all the time."""


async def forget(settings: StoreSettings, record: str) -> Erased:
    """
    Erase what is set aside for a record and those within it, and the creations that made them.

    The record is named as legacy clients do, or as the new API does. Its pair of ids stays, so
    that its legacy id is never given to another record.
    """
    async with opened(settings) as engine:
        async with engine.begin() as connection:
            ids = await modern_ids_of(connection, record)
            values = or_(SET_ASIDE.c.modern_id.in_(ids), SET_ASIDE.c.owner_id.in_(ids))
            within = select(SET_ASIDE.c.modern_id).where(values)
            before = await _counts(connection)
            made = or_(INTENT.c.modern_id.in_(ids), INTENT.c.modern_id.in_(within))
            await connection.execute(delete(INTENT).where(made))
            await connection.execute(delete(SET_ASIDE).where(values))
            after = await _counts(connection)
        return Erased(_less(before, after), await _settle(engine))


async def purge(settings: StoreSettings, now: float) -> Erased:
    """Erase values, creations and sessions that are too old to be found again."""
    async with opened(settings) as engine:
        async with engine.begin() as connection:
            before = await _counts(connection)
            await asides.expire(connection, expired_at(settings, now))
            await intents.expire(connection, now - settings.intent_minutes * 60)
            await sessions.expire(connection, now - SESSION_DAYS * DAY)
            after = await _counts(connection)
        return Erased(_less(before, after), await _settle(engine))


def _less(before: Counts, after: Counts) -> Counts:
    names = (SET_ASIDE.name, INTENT.name, SESSION.name)
    return {name: before[name] - after[name] for name in names}


async def _settle(engine: AsyncEngine) -> bool:
    """Write what is in the write-ahead log of SQLite to its place, and leave the log empty."""
    if not is_sqlite(engine):
        return True
    async with for_reading(engine).connect() as connection:
        done = await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        return bool(done.one()[0] == 0)


async def _counts(connection: AsyncConnection) -> Counts:
    """The rows of each table that is there."""
    there = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    counted = {}
    for table in METADATA.sorted_tables:
        if table.name in there:
            count = await connection.execute(select(func.count()).select_from(table))
            counted[table.name] = count.scalar_one()
    return counted


async def _rows_by_key(connection: AsyncConnection) -> Counts:
    """The sealed rows by the name of their key."""
    by_key: Counts = {}
    for table in SEALED:
        query = select(table.c.key_id, func.count()).group_by(table.c.key_id)
        for key_id, count in (await connection.execute(query.order_by(table.c.key_id))).all():
            by_key[key_id] = by_key.get(key_id, 0) + count
    return by_key
