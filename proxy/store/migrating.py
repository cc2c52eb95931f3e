"""Which tables there are: the store's revisions, and the way from one to the next."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from proxy.errors import ConfigurationError
from proxy.store.engine import failures, for_reading, is_sqlite

HEAD = "0001"
"""The revision that this version knows; each one is numbered, in four digits."""

TURN_SECONDS = 0.01
TURN = 0x7061737365
"""The number of the lock under which a PostgreSQL is migrated; any other would do."""


async def revision(engine: AsyncEngine) -> str | None:
    """The revision of the tables that are there; none where there are none."""
    with failures():
        async with for_reading(engine).connect() as connection:
            return await connection.run_sync(_revision)


async def prepare(engine: AsyncEngine) -> None:
    """
    Bring a SQLite file to this version, one process after another.

    Raises `ConfigurationError` for a PostgreSQL that is behind, and for tables that are newer.
    """
    if is_sqlite(engine):
        async with _turn(Path(str(engine.url.database)).parent):
            await _write_ahead(engine)
            if _checked(await revision(engine)) != HEAD:
                await _migrate(engine)
    elif _checked(await revision(engine)) != HEAD:
        raise ConfigurationError(
            "the store's tables are missing or of an older version; run `passerelle store upgrade`"
        )


async def upgrade(engine: AsyncEngine) -> None:
    """Bring the tables to this version; raises `ConfigurationError` where they are newer."""
    if is_sqlite(engine):
        await prepare(engine)
    else:
        await _migrate(engine)


async def _migrate(engine: AsyncEngine) -> None:
    with failures():
        async with engine.begin() as connection:
            if not is_sqlite(engine):
                await connection.execute(
                    text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN}
                )
            await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    _checked(_revision(connection))
    # Slow to load, and most processes meet tables that need nothing.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", "proxy.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    current: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return current


def _checked(current: str | None) -> str | None:
    if current is not None and current > HEAD:
        raise ConfigurationError(
            f"the store's tables are of revision {current}, this version knows {HEAD} at most; "
            "run the version that wrote them, or a newer one"
        )
    return current


async def _write_ahead(engine: AsyncEngine) -> None:
    with failures():
        async with for_reading(engine).connect() as connection:
            await connection.exec_driver_sql("PRAGMA journal_mode=WAL")


@asynccontextmanager
async def _turn(folder: Path) -> AsyncIterator[None]:
    """Hold the folder's lock, which the system lets go of when a process dies."""
    with failures():
        opened = os.open(folder, os.O_RDONLY)
    try:
        while True:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(TURN_SECONDS)
        yield
    finally:
        os.close(opened)
