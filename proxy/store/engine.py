"""The database behind the store: a SQLite file, or a PostgreSQL that several replicas share."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from proxy.errors import ConfigurationError
from proxy.settings import PREFIX, StoreSettings
from proxy.store.connection import Connection, failures
from proxy.store.sqlite import SqliteConnection

FILE = "passerelle.db"
BUSY_SECONDS = 5.0
STATEMENT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Engine:
    """Makes connections to one database."""

    is_sqlite: bool
    connect: Callable[[], Connection]

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """A connection for as long as it is needed; raises `StoreError`."""
        with failures():
            connection = self.connect()
            try:
                yield connection
            finally:
                connection.close()


def make_engine(settings: StoreSettings) -> Engine:
    """
    The engine on the database that the settings name.

    Makes the SQLite file, but no tables. Raises `ConfigurationError`.
    """
    if settings.store_url is not None:
        return _postgresql(settings.store_url)
    return _sqlite(settings.data_dir.absolute())


def _sqlite(folder: Path) -> Engine:
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
    return Engine(is_sqlite=True, connect=partial(SqliteConnection, path, BUSY_SECONDS))


def _postgresql(secret: SecretStr) -> Engine:
    url = secret.get_secret_value()
    _check(url)
    # Its driver is loaded only where it is used.
    from proxy.store.postgresql import PostgresqlConnection, usable  # noqa: PLC0415 - see above

    if not usable(url):
        raise _wrong_url("a part of it cannot be used")
    connect = partial(PostgresqlConnection, url, BUSY_SECONDS, STATEMENT_SECONDS)
    return Engine(is_sqlite=False, connect=connect)


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
