"""Sign-in tokens that the gateway gave out, and the new API's own behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mappings.core.context import Json
from proxy.store.engine import insert
from proxy.store.schema import SESSION
from proxy.store.seal import Seal


@dataclass(frozen=True, slots=True)
class Session:
    """Tokens that the gateway gave out, as hexadecimal digests and never as they are."""

    access: str
    refresh: str
    tokens: Mapping[str, Json] = field(repr=False)
    """The new API's tokens, sealed in the row."""
    expires_at: float
    """When the access token ends; the refresh token does not."""


def place(access: str) -> tuple[str, ...]:
    """What the row of this session is sealed for."""
    return ("session", access)


async def write(connection: AsyncConnection, seal: Seal, session: Session) -> None:
    """Keep a session, in the place of the one with the same access token."""
    key_id, sealed = seal.seal(session.tokens, *place(session.access))
    changes = {
        "refresh": session.refresh,
        "key_id": key_id,
        "sealed": sealed,
        "expires_at": session.expires_at,
    }
    await connection.execute(
        insert(connection, SESSION)
        .values(access=session.access, **changes)
        .on_conflict_do_update(index_elements=[SESSION.c.access], set_=changes)
    )


async def read(
    connection: AsyncConnection, seal: Seal, *where: ColumnElement[bool]
) -> Session | None:
    """The session, if there is one; raises `SealError`."""
    row = (await connection.execute(select(SESSION).where(*where))).one_or_none()
    if row is None:
        return None
    tokens = seal.open(row.key_id, row.sealed, *place(row.access))
    return Session(row.access, row.refresh, tokens, row.expires_at)


async def end(connection: AsyncConnection, access: str) -> None:
    """Forget a session."""
    await connection.execute(delete(SESSION).where(SESSION.c.access == access))


async def expire(connection: AsyncConnection, since: float) -> None:
    """Forget those whose access token ended before `since`."""
    await connection.execute(delete(SESSION).where(SESSION.c.expires_at <= since))
