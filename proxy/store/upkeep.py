"""What an operator does with a store from time to time: look, rotate keys, forget, purge."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from proxy.settings import StoreSettings
from proxy.store import asides, intents, migrating, sessions
from proxy.store.connection import Connection, Row
from proxy.store.engine import make_engine
from proxy.store.opening import (
    Progress,
    expired_at,
    in_thread,
    modern_ids_of,
    opened,
    path_of,
    sealing,
    unseen,
)
from proxy.store.seal import Seal, SealError, keys_of
from proxy.store.statements import places
from proxy.store.store import DAY, SESSION_DAYS

TABLES = ("crosswalk", "intent", "secret", "sequence", "session", "set_aside")
"""The tables of schema.py, which is loaded only where they are made."""

SEALED = {"set_aside": ("kind", "modern_id"), "session": ("access",)}
"""The tables with sealed rows; each row is sealed for its table and its primary key."""

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


@in_thread
def status(settings: StoreSettings) -> Status:
    """Look at a store, and change nothing in it."""
    keys = keys_of(settings)
    names = tuple(keys.by_name) if keys else ()
    if settings.store_url is None:
        path_of(settings)
    with make_engine(settings).connected() as connection:
        revision = migrating.revision(connection)
        rows = _counts(connection)
        by_key = _rows_by_key(connection) if rows else {}
        database = "SQLite" if connection.is_sqlite else "PostgreSQL"
    by_key = {**dict.fromkeys(names, 0), **by_key}
    return Status(database, revision, migrating.HEAD, rows, by_key, names)


async def locked(settings: StoreSettings) -> dict[str, int]:
    """How many sealed rows there are that no configured key opens, by the name of their key."""
    found = await status(settings)
    return {name: count for name, count in found.rows_by_key.items() if name not in found.keys}


@in_thread
def upgrade(settings: StoreSettings) -> tuple[str | None, str]:
    """Bring the tables to this version; gives the revision before and after."""
    with make_engine(settings).connected() as connection:
        before = migrating.revision(connection)
        migrating.upgrade(connection)
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


@in_thread
def rotate(settings: StoreSettings, batch: int, progress: Progress = unseen) -> Rotated:
    """Seal every row by the first key, some at a time, while others read and write."""
    seal = sealing(settings)
    sealed = broken = 0
    with opened(settings) as connection:
        total = _left(connection, seal)
        for table, key in SEALED.items():
            after: Row = ("",) * len(key)
            while True:
                with connection.transaction():
                    rows = _next_rows(connection, table, seal, after, batch)
                    anew = _seal_anew(connection, table, seal, rows)
                if not rows:
                    break
                sealed, broken = sealed + anew, broken + len(rows) - anew
                after = rows[-1][: len(key)]
                progress("sealing", sealed + broken, total)
        left = _left(connection, seal)
        _settle(connection)
    return Rotated(sealed, broken, left)


def _left(connection: Connection, seal: Seal) -> int:
    """How many rows are under another key than the one that seals."""
    by_key = _rows_by_key(connection)
    return sum(by_key.values()) - by_key.get(seal.sealing, 0)


def _next_rows(connection: Connection, table: str, seal: Seal, after: Row, batch: int) -> list[Row]:
    """The next rows under another key, which nobody else writes until they were sealed anew."""
    key = ", ".join(SEALED[table])
    # In SQLite nobody else writes during any transaction.
    lock = "" if connection.is_sqlite else "FOR UPDATE"
    select = (
        f"SELECT {key}, key_id, sealed FROM {table} "  # noqa: S608 - names of SEALED
        f"WHERE key_id <> ? AND ({key}) > ({places(after)}) ORDER BY {key} LIMIT ? {lock}"
    )
    return connection.execute(select, seal.sealing, *after, batch)


def _seal_anew(connection: Connection, table: str, seal: Seal, rows: Sequence[Row]) -> int:
    """Seal those that can be opened, and give their number."""
    where = " AND ".join(f"{name} = ?" for name in SEALED[table])
    update = f"UPDATE {table} SET key_id = ?, sealed = ? WHERE {where}"  # noqa: S608 - names of SEALED
    anew = 0
    for *key, key_id, sealed in rows:
        place = (table, *key)
        with suppress(SealError):
            connection.execute(update, *seal.seal(seal.open(key_id, sealed, *place), *place), *key)
            anew += 1
    return anew


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased."""

    rows: Counts
    """By table."""
    settled: bool
    """Whether the write-ahead log is rid of it too; else somebody was reading all the time."""


@in_thread
def forget(settings: StoreSettings, record: str) -> Erased:
    """
    Erase what is set aside for a record and those within it, and the creations that made them.

    The record is named as legacy clients do, or as the new API does. Its pair of ids stays, so
    that its legacy id is never given to another record.
    """
    with opened(settings) as connection:
        with connection.transaction():
            ids = modern_ids_of(connection, record)
            some = places(ids)
            values = f"FROM set_aside WHERE modern_id IN ({some}) OR owner_id IN ({some})"
            within = f"modern_id IN (SELECT modern_id {values})"
            before = _counts(connection)
            made = f"DELETE FROM intent WHERE modern_id IN ({some}) OR {within}"  # noqa: S608 - places of values
            connection.execute(made, *ids, *ids, *ids)
            connection.execute(f"DELETE {values}", *ids, *ids)
            after = _counts(connection)
        return Erased(_less(before, after), _settle(connection))


@in_thread
def purge(settings: StoreSettings, now: float) -> Erased:
    """Erase values, creations and sessions that are too old to be found again."""
    with opened(settings) as connection:
        with connection.transaction():
            before = _counts(connection)
            asides.expire(connection, expired_at(settings, now))
            intents.expire(connection, now - settings.intent_minutes * 60)
            sessions.expire(connection, now - SESSION_DAYS * DAY)
            after = _counts(connection)
        return Erased(_less(before, after), _settle(connection))


def _less(before: Counts, after: Counts) -> Counts:
    names = ("set_aside", "intent", "session")
    return {name: before[name] - after[name] for name in names}


def _settle(connection: Connection) -> bool:
    """Write what is in the write-ahead log of SQLite to its place, and leave the log empty."""
    if not connection.is_sqlite:
        return True
    ((busy, *_),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return bool(busy == 0)


def _counts(connection: Connection) -> Counts:
    """The rows of each table that is there."""
    there = connection.tables()
    counted = {}
    for table in TABLES:
        if table in there:
            ((counted[table],),) = connection.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - one of TABLES
    return counted


def _rows_by_key(connection: Connection) -> Counts:
    """The sealed rows by the name of their key."""
    by_key: Counts = {}
    for table in SEALED:
        query = f"SELECT key_id, count(*) FROM {table} GROUP BY key_id ORDER BY key_id"  # noqa: S608 - one of SEALED
        for key_id, count in connection.execute(query):
            by_key[key_id] = by_key.get(key_id, 0) + count
    return by_key
