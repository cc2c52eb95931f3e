"""Values set aside: legacy-only values of a record, sealed in one row."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, or_, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from mappings.core.context import Json, Key
from proxy.store.database import among, batches
from proxy.store.engine import insert
from proxy.store.schema import SET_ASIDE
from proxy.store.seal import Seal


@dataclass(frozen=True, slots=True)
class Aside:
    """Values to keep of one record, by legacy field; `None` erases the field."""

    key: Key
    owner_id: str
    """The modern id of the record around it, or its own."""
    values: Mapping[str, Json]


def place(key: Key) -> tuple[str, ...]:
    """What the row of this record is sealed for."""
    return ("set_aside", *key)


async def read(
    connection: AsyncConnection, seal: Seal, asked: Collection[Key], since: float
) -> dict[Key, dict[str, Json]]:
    """The values of those records that have some, written after `since`; raises `SealError`."""
    found: dict[Key, dict[str, Json]] = {}
    for some in batches(asked):
        where = among(SET_ASIDE, SET_ASIDE.c.modern_id, some)
        rows = await connection.execute(select(SET_ASIDE).where(where))
        found |= {
            (row.kind, row.modern_id): _opened(seal, row) for row in rows if _young(row, since)
        }
    return found


async def merge(
    connection: AsyncConnection, seal: Seal, aside: Aside, *, since: float, now: float
) -> None:
    """Lay the values over those that are kept, under the lock of the row."""
    kept = await _locked(connection, seal, aside, since=since, now=now)
    values = {
        field: value for field, value in {**kept, **aside.values}.items() if value is not None
    }
    kind, modern_id = aside.key
    row = (SET_ASIDE.c.kind == kind, SET_ASIDE.c.modern_id == modern_id)
    if not values:
        await connection.execute(delete(SET_ASIDE).where(*row))
        return
    key_id, sealed = seal.seal(values, *place(aside.key))
    await connection.execute(
        update(SET_ASIDE)
        .where(*row)
        .values(owner_id=aside.owner_id, key_id=key_id, sealed=sealed, written_at=now)
    )


async def erase(connection: AsyncConnection, key: Key) -> None:
    """Erase the values of this record, and of every record whose owner it is."""
    kind, modern_id = key
    its_own = (SET_ASIDE.c.kind == kind) & (SET_ASIDE.c.modern_id == modern_id)
    await connection.execute(
        delete(SET_ASIDE).where(or_(its_own, SET_ASIDE.c.owner_id == modern_id))
    )


async def expire(connection: AsyncConnection, since: float) -> None:
    """Erase what was not written after `since`."""
    await connection.execute(delete(SET_ASIDE).where(SET_ASIDE.c.written_at <= since))


async def _locked(
    connection: AsyncConnection, seal: Seal, aside: Aside, *, since: float, now: float
) -> dict[str, Json]:
    """The values that are kept, in a row that is now there and locked."""
    kind, modern_id = aside.key
    key_id, sealed = seal.seal({}, *place(aside.key))
    empty = {
        "kind": kind,
        "modern_id": modern_id,
        "owner_id": aside.owner_id,
        "key_id": key_id,
        "sealed": sealed,
        "written_at": now,
    }
    # Setting a column to itself changes nothing, but locks a row that is there and gives it back:
    # a row that is not there could not be locked by reading it.
    upsert = (
        insert(connection, SET_ASIDE)
        .values(empty)
        .on_conflict_do_update(
            index_elements=[SET_ASIDE.c.kind, SET_ASIDE.c.modern_id],
            set_={"key_id": SET_ASIDE.c.key_id},
        )
        .returning(*SET_ASIDE.c)
    )
    row = (await connection.execute(upsert)).one()
    return _opened(seal, row) if _young(row, since) else {}


def _young(row: Row[*tuple[object, ...]], since: float) -> bool:
    return bool(row.written_at > since)


def _opened(seal: Seal, row: Row[*tuple[object, ...]]) -> dict[str, Json]:
    return seal.open(row.key_id, row.sealed, *place((row.kind, row.modern_id)))
