"""The database behind the store: a SQLite file, or a PostgreSQL that several replicas share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr
from sqlalchemy import URL, Connection, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from proxy.errors import ConfigurationError, StoreError
from proxy.settings import PREFIX, StoreSettings

FILE = "passerelle.db"
BUSY_SECONDS = 5.0
STATEMENT_SECONDS = 10.0
CONNECTIONS = 10
PRAGMAS = "PRAGMA synchronous=FULL; PRAGMA secure_delete=ON"


def make_engine(settings: StoreSettings) -> AsyncEngine:
    """
    The engine on the database that the settings name, whose transactions write.

    Makes the SQLite file, but no tables. Raises `ConfigurationError`.
    """
    if settings.store_url is not None:
        return _postgresql(settings.store_url)
    return _sqlite(settings.data_dir.absolute())


def for_reading(engine: AsyncEngine) -> AsyncEngine:
    """The same engine, for statements that only read: they hold no lock and begin nothing."""
    if is_sqlite(engine):
        return engine.execution_options(reads=True)
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def is_sqlite(of: AsyncEngine | AsyncConnection) -> bool:
    """Whether the database is a SQLite file."""
    return of.dialect.name == "sqlite"


def insert(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT, in the words of this database."""
    return sqlite.insert(table) if is_sqlite(connection) else postgresql.insert(table)


@contextmanager
def failures() -> Iterator[None]:
    """Every failure of the database becomes a `StoreError`, whose text holds no value."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(f"the store failed: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else None
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return str(code or type(error).__name__)


def _sqlite(folder: Path) -> AsyncEngine:
    path = folder / FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite makes files beside its own, whenever it likes.
        with tempfile.TemporaryFile(dir=folder):
            path.touch(mode=0o600)
        # Those files have the mode of this one, and hold the same; they may be there already.
        for suffix in ("", "-wal", "-shm"):
            if (file := path.with_name(path.name + suffix)).exists():
                file.chmod(0o600)
    except OSError as error:
        reason = f"{folder} cannot be written: {error.strerror}"
        raise ConfigurationError(f"{PREFIX}DATA_DIR: {reason}") from error
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        # Without a level the driver begins no transaction of its own.
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None},
        hide_parameters=True,
        max_overflow=0,
        pool_size=CONNECTIONS,
        pool_timeout=BUSY_SECONDS,
    )
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    connection.run_async(lambda driver: driver.executescript(PRAGMAS))


def _begin(connection: Connection) -> None:
    # A transaction that begins by reading and then writes fails at once where another one wrote
    # in between: it cannot wait. So those that may write take their turn at the start.
    if not connection.get_execution_options().get("reads"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _postgresql(secret: SecretStr) -> AsyncEngine:
    url = secret.get_secret_value()
    _check(url)
    # The driver is asyncpg's own, and loaded only where it is used.
    import asyncpg  # type: ignore[import-untyped] # noqa: PLC0415 - it ships no types; see above

    async def connect() -> Any:
        # The whole URL goes to the driver, which knows what sslmode and its like mean.
        try:
            return await asyncpg.connect(
                url, timeout=BUSY_SECONDS, command_timeout=STATEMENT_SECONDS
            )
        except asyncpg.ClientConfigurationError:
            # Without a cause: its text could show the password.
            raise _wrong_url("a part of it cannot be used") from None
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise StoreError(f"the store failed: {type(error).__name__}") from error

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        hide_parameters=True,
        max_overflow=0,
        pool_pre_ping=True,
        pool_size=CONNECTIONS,
        pool_timeout=BUSY_SECONDS,
    )


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises ValueError for what is no port
    except ValueError:
        # Without a cause: its text could show the password.
        raise _wrong_url("expected one such as postgresql://user@host/database") from None
    if parts.scheme not in ("postgresql", "postgres"):
        raise _wrong_url("expected one such as postgresql://user@host/database")


def _wrong_url(reason: str) -> ConfigurationError:
    return ConfigurationError(f"{PREFIX}STORE_URL: {reason}")
