"""The database while the gateway runs: opened at first use, read and written in turns."""

from __future__ import annotations

import asyncio
import threading
from typing import TypeVar

from proxy.settings import StoreSettings
from proxy.store import migrating
from proxy.store.connection import Connection
from proxy.store.engine import Engine, make_engine
from proxy.store.lane import Lane, Work, each_by_itself, in_one_transaction

T = TypeVar("T")

TOLD_TOGETHER = 8
"""How many reads of SQLite are told at one time: each is short, and to wake the loop is not."""
COMMITTED_TOGETHER = 64
"""How many writes one commit of SQLite holds at most: none waits for more than those before it."""
CONNECTIONS = 10
"""How many connections a process has to a PostgreSQL at most: half to read, and half to write."""


class Database:
    """One database in one process; it opens itself, and may be opened again once closed."""

    def __init__(self, settings: StoreSettings) -> None:
        self._settings = settings
        self._engine: Engine | None = None
        self._opening = threading.Lock()
        if settings.store_url is None:
            # SQLite lets one write at a time, and is not fair to those who wait for another.
            threads, told, committed = 1, TOLD_TOGETHER, COMMITTED_TOGETHER
        else:
            # Writes that are committed together would wait for each other's rows, crosswise.
            threads, told, committed = CONNECTIONS // 2, 1, 1
        self._reading = Lane(self._connect, each_by_itself, threads=threads, together=told)
        self._writing = Lane(self._connect, in_one_transaction, threads=threads, together=committed)

    async def open(self) -> None:
        """Open now rather than at first use; raises `ConfigurationError`."""
        await self.read(lambda connection: connection.lost)

    async def close(self) -> None:
        """Let what is under way come to its end, and let go of every connection."""
        await asyncio.gather(self._reading.close(), self._writing.close())
        self._engine = None

    async def read(self, work: Work[T]) -> T:
        """What comes of statements that only read; raises `StoreError`."""
        return await self._reading.ask(work)

    async def write(self, work: Work[T]) -> T:
        """What comes of work that is committed before it is told; raises `StoreError`."""
        return await self._writing.ask(work)

    def _connect(self) -> Connection:
        """A connection for a thread; the first one finds out whether the tables are right."""
        with self._opening:
            if self._engine is None:
                engine = make_engine(self._settings)
                connection = engine.connect()
                try:
                    migrating.prepare(connection)
                except BaseException:
                    connection.close()
                    raise
                self._engine = engine
                return connection
        return self._engine.connect()
