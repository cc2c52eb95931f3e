"""Values set aside: legacy-only values of a record, sealed in one row."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mappings.core.context import Json, Key
from proxy.store.connection import Connection
from proxy.store.seal import Seal
from proxy.store.statements import among, batches

# Setting a column to itself changes nothing, but locks a row that is there and gives it back: a
# row that is not there could not be locked by reading it.
LOCK = """
    INSERT INTO set_aside (kind, modern_id, owner_id, key_id, sealed, written_at)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (kind, modern_id) DO UPDATE SET key_id = set_aside.key_id
    RETURNING key_id, sealed, written_at
"""
UPDATE = """
    UPDATE set_aside SET owner_id = ?, key_id = ?, sealed = ?, written_at = ?
    WHERE kind = ? AND modern_id = ?
"""
DELETE = "DELETE FROM set_aside WHERE kind = ? AND modern_id = ?"


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


def read(
    connection: Connection, seal: Seal, asked: Collection[Key], since: float
) -> dict[Key, dict[str, Json]]:
    """The values of those records that have some, written after `since`; raises `SealError`."""
    found: dict[Key, dict[str, Json]] = {}
    for some in batches(asked):
        where, values = among("modern_id", some)
        select = "SELECT kind, modern_id, key_id, sealed, written_at FROM set_aside WHERE "
        for kind, modern_id, key_id, sealed, written_at in connection.execute(
            select + where, *values
        ):
            if written_at > since:
                key = (kind, modern_id)
                found[key] = seal.open(key_id, sealed, *place(key))
    return found


def merge(connection: Connection, seal: Seal, aside: Aside, *, since: float, now: float) -> None:
    """Lay the values over those that are kept, under the lock of the row."""
    at = place(aside.key)
    values = _told(aside.values)
    fresh = seal.seal(values, *at)
    row = (*aside.key, aside.owner_id, *fresh, now)
    ((key_id, sealed, written_at),) = connection.execute(LOCK, *row)
    # No two are sealed alike: the row is this one, and was not here before.
    if sealed != fresh[1]:
        kept = seal.open(key_id, sealed, *at) if written_at > since else {}
        values = _told({**kept, **aside.values})
        fresh = seal.seal(values, *at)
        connection.execute(UPDATE, aside.owner_id, *fresh, now, *aside.key)
    if not values:
        connection.execute(DELETE, *aside.key)


def erase(connection: Connection, key: Key) -> None:
    """Erase the values of this record, and of every record whose owner it is."""
    connection.execute(
        "DELETE FROM set_aside WHERE kind = ? AND modern_id = ? OR owner_id = ?", *key, key[1]
    )


def expire(connection: Connection, since: float) -> None:
    """Erase what was not written after `since`."""
    connection.execute("DELETE FROM set_aside WHERE written_at <= ?", since)


def _told(values: Mapping[str, Json]) -> dict[str, Json]:
    return {field: value for field, value in values.items() if value is not None}
