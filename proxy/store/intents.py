"""Creations: the same one, tried again, is the same record."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from proxy.store.engine import insert
from proxy.store.schema import INTENT


@dataclass(frozen=True, slots=True)
class Intent:
    """A creation under way, or done."""

    id: str
    """A UUID: the Idempotency-Key."""
    fingerprint: str
    modern_id: str | None
    """Known: the creation was done before."""
    fresh: bool
    """Not so where the same creation began before."""


def fingerprint(secret: bytes, parts: Iterable[bytes]) -> str:
    """What tells one creation from another, and says nothing of it without the secret."""
    digest = hmac.new(secret, digestmod="sha256")
    for part in parts:
        digest.update(len(part).to_bytes(8) + part)
    return digest.hexdigest()


async def begin(
    connection: AsyncConnection, fingerprint: str, *, since: float, now: float
) -> Intent:
    """The creation that began after `since`, else a fresh one in the place of any older one."""
    fresh = {"id": str(uuid.uuid4()), "modern_id": None, "began_at": now}
    upsert = (
        insert(connection, INTENT)
        .values(fingerprint=fingerprint, **fresh)
        .on_conflict_do_update(
            index_elements=[INTENT.c.fingerprint], set_=fresh, where=INTENT.c.began_at <= since
        )
        .returning(INTENT.c.id)
    )
    if (made := (await connection.execute(upsert)).scalar_one_or_none()) is not None:
        return Intent(made, fingerprint, None, fresh=True)
    # The statement above has locked the row, also where it left it as it is.
    young = select(INTENT.c.id, INTENT.c.modern_id).where(INTENT.c.fingerprint == fingerprint)
    row = (await connection.execute(young)).one()
    return Intent(row.id, fingerprint, row.modern_id, fresh=False)


async def done(connection: AsyncConnection, intent: Intent, modern_id: str, *, now: float) -> None:
    """The creation was done, and this is the record; also where another call of it gave it up."""
    row = {"id": intent.id, "fingerprint": intent.fingerprint, "began_at": now}
    await connection.execute(
        insert(connection, INTENT)
        .values(modern_id=modern_id, **row)
        .on_conflict_do_update(
            index_elements=[INTENT.c.fingerprint],
            set_={"modern_id": modern_id},
            where=INTENT.c.id == intent.id,
        )
    )


async def abandon(connection: AsyncConnection, intent: str) -> None:
    """The creation surely did not happen; one that is done stays."""
    await connection.execute(
        delete(INTENT).where(INTENT.c.id == intent, INTENT.c.modern_id.is_(None))
    )


async def made(connection: AsyncConnection, modern_id: str) -> bool:
    """Whether a creation that is remembered made this record."""
    found = select(INTENT.c.id).where(INTENT.c.modern_id == modern_id).limit(1)
    return (await connection.execute(found)).first() is not None


async def forget(connection: AsyncConnection, modern_id: str) -> None:
    """The record is gone: the same creation would make another one."""
    await connection.execute(delete(INTENT).where(INTENT.c.modern_id == modern_id))


async def expire(connection: AsyncConnection, since: float) -> None:
    """Forget those that did not begin after `since`."""
    await connection.execute(delete(INTENT).where(INTENT.c.began_at <= since))
