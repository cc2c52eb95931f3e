"""Which tables there are: the store's revisions, and the way from one to the next."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proxy.errors import ConfigurationError
from proxy.store.connection import Connection
from proxy.store.sqlite import SqliteConnection

HEAD = "0001"
"""The revision that this version knows; each one is numbered, in four digits."""


def revision(connection: Connection) -> str | None:
    """The revision of the tables that are there; none where there are none."""
    if "alembic_version" not in connection.tables():
        return None
    found = [name for (name,) in connection.execute("SELECT version_num FROM alembic_version")]
    return found[0] if found else None


def prepare(connection: Connection) -> None:
    """
    Bring a SQLite file to this version, one process after another.

    Raises `ConfigurationError` for a PostgreSQL that is behind, and for tables that are newer.
    """
    if isinstance(connection, SqliteConnection):
        with _turn(connection.folder):
            connection.execute("PRAGMA journal_mode=WAL")
            if checked(revision(connection)) != HEAD:
                _migrate(connection)
    elif checked(revision(connection)) != HEAD:
        raise ConfigurationError(
            "the store's tables are missing or of an older version; run `passerelle store upgrade`"
        )


def upgrade(connection: Connection) -> None:
    """Bring the tables to this version; raises `ConfigurationError` where they are newer."""
    if connection.is_sqlite:
        prepare(connection)
    else:
        _migrate(connection)


def checked(current: str | None) -> str | None:
    """The same revision; raises `ConfigurationError` where this version does not know it."""
    if current is not None and current > HEAD:
        raise ConfigurationError(
            f"the store's tables are of revision {current}, this version knows {HEAD} at most; "
            "run the version that wrote them, or a newer one"
        )
    return current


def _migrate(connection: Connection) -> None:
    # Large and slow to load, and most processes meet tables that need nothing.
    from proxy.store.making import migrate  # noqa: PLC0415 - see above

    migrate(connection)


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which the system lets go of when a process dies."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)
