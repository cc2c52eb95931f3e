"""Creations: the same one, tried again, is the same record."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Iterable

import msgspec

from proxy.store.connection import Connection

BEGIN = """
    INSERT INTO intent (id, fingerprint, modern_id, began_at) VALUES (?, ?, NULL, ?)
    ON CONFLICT (fingerprint) DO UPDATE
    SET id = excluded.id, modern_id = NULL, began_at = excluded.began_at
    WHERE intent.began_at <= ?
    RETURNING id
"""
DONE = """
    INSERT INTO intent (id, fingerprint, modern_id, began_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (fingerprint) DO UPDATE SET modern_id = excluded.modern_id
    WHERE intent.id = excluded.id
"""


# Made for every creation: a dataclass takes six times as long to make.
class Intent(msgspec.Struct, frozen=True):
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
    told = b"".join([len(part).to_bytes(8) + part for part in parts])
    return hmac.digest(secret, told, "sha256").hex()


def begin(connection: Connection, fingerprint: str, *, since: float, now: float) -> Intent:
    """The creation that began after `since`, else a fresh one in the place of any older one."""
    made = str(uuid.uuid4())
    if connection.execute(BEGIN, made, fingerprint, now, since):
        return Intent(made, fingerprint, None, fresh=True)
    # The statement above has locked the row, also where it left it as it is.
    young = "SELECT id, modern_id FROM intent WHERE fingerprint = ?"
    ((began, modern_id),) = connection.execute(young, fingerprint)
    return Intent(began, fingerprint, modern_id, fresh=False)


def done(connection: Connection, intent: Intent, modern_id: str, *, now: float) -> None:
    """The creation was done, and this is the record; also where another call of it gave it up."""
    connection.execute(DONE, intent.id, intent.fingerprint, modern_id, now)


def abandon(connection: Connection, intent: str) -> None:
    """The creation surely did not happen; one that is done stays."""
    connection.execute("DELETE FROM intent WHERE id = ? AND modern_id IS NULL", intent)


def made(connection: Connection, modern_id: str) -> bool:
    """Whether a creation that is remembered made this record."""
    found = "SELECT id FROM intent WHERE modern_id = ? LIMIT 1"
    return bool(connection.execute(found, modern_id))


def forget(connection: Connection, modern_id: str) -> None:
    """The record is gone: the same creation would make another one."""
    connection.execute("DELETE FROM intent WHERE modern_id = ?", modern_id)


def expire(connection: Connection, since: float) -> None:
    """Forget those that did not begin after `since`."""
    connection.execute("DELETE FROM intent WHERE began_at <= ?", since)
