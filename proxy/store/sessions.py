"""Sign-in tokens that the gateway gave out, and the new API's own behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mappings.core.context import Json
from proxy.store.connection import Connection
from proxy.store.seal import Seal

WRITE = """
    INSERT INTO session (access, refresh, key_id, sealed, expires_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (access) DO UPDATE
    SET refresh = excluded.refresh, key_id = excluded.key_id, sealed = excluded.sealed,
        expires_at = excluded.expires_at
"""


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


def write(connection: Connection, seal: Seal, session: Session) -> None:
    """Keep a session, in the place of the one with the same access token."""
    sealed = seal.seal(session.tokens, *place(session.access))
    connection.execute(WRITE, session.access, session.refresh, *sealed, session.expires_at)


def of_access(connection: Connection, seal: Seal, access: str, now: float) -> Session | None:
    """The session of an access token that has not ended, if any; raises `SealError`."""
    return _read(connection, seal, "access = ? AND expires_at > ?", access, now)


def of_refresh(connection: Connection, seal: Seal, refresh: str) -> Session | None:
    """The session of a refresh token, if any; raises `SealError`."""
    return _read(connection, seal, "refresh = ?", refresh)


def end(connection: Connection, access: str) -> None:
    """Forget a session."""
    connection.execute("DELETE FROM session WHERE access = ?", access)


def expire(connection: Connection, since: float) -> None:
    """Forget those whose access token ended before `since`."""
    connection.execute("DELETE FROM session WHERE expires_at <= ?", since)


def _read(connection: Connection, seal: Seal, where: str, *values: object) -> Session | None:
    select = "SELECT access, refresh, key_id, sealed, expires_at FROM session WHERE "
    for access, refresh, key_id, sealed, expires_at in connection.execute(select + where, *values):
        tokens = seal.open(key_id, sealed, *place(access))
        return Session(access, refresh, tokens, expires_at)
    return None
