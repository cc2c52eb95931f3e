"""The database while the gateway runs: opened at first use, read and written in turns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator
from itertools import groupby, islice
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Column, ColumnElement, Table, and_, or_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from proxy.settings import StoreSettings
from proxy.store import migrating
from proxy.store.engine import BUSY_SECONDS, CONNECTIONS, failures, for_reading, make_engine

T = TypeVar("T")
Work: TypeAlias = Callable[[AsyncConnection], Awaitable[T]]

BATCH = 1000
"""How many rows one statement names: each takes variables, and a statement has 32766 of them."""


class Database:
    """One database in one process; it opens itself, and may be opened again once closed."""

    def __init__(self, settings: StoreSettings) -> None:
        self._settings = settings
        self._engine: AsyncEngine | None = None
        self._opening = asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()
        # SQLite lets one write at a time, and is not fair to those who wait for another.
        self._writers = asyncio.Semaphore(CONNECTIONS if settings.store_url else 1)

    async def open(self) -> None:
        """Open now rather than at first use; raises `ConfigurationError`."""
        await self._undisturbed(self._ready())

    async def close(self) -> None:
        """Let what is under way come to its end, and let go of every connection."""
        await asyncio.gather(*self._running, return_exceptions=True)
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()

    async def read(self, work: Work[T]) -> T:
        """What comes of statements that only read; raises `StoreError`."""
        return await self._undisturbed(self._read(work))

    async def write(self, work: Work[T]) -> T:
        """What comes of one transaction, committed at the end; raises `StoreError`."""
        return await self._undisturbed(self._write(work))

    async def _undisturbed(self, work: Coroutine[Any, Any, T]) -> T:
        """
        Go on to the end even when the one who waits is cancelled.

        SQLite keeps the lock of a transaction that is broken off within a statement, until the
        statement's memory is freed some time later: everybody would wait for it.
        """
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _read(self, work: Work[T]) -> T:
        engine = for_reading(await self._ready())
        with failures():
            async with engine.connect() as connection:
                return await work(connection)

    async def _write(self, work: Work[T]) -> T:
        engine = await self._ready()
        with failures():
            await asyncio.wait_for(self._writers.acquire(), BUSY_SECONDS)
            try:
                async with engine.begin() as connection:
                    return await work(connection)
            finally:
                self._writers.release()

    async def _ready(self) -> AsyncEngine:
        async with self._opening:
            if self._engine is None:
                engine = make_engine(self._settings)
                try:
                    await migrating.prepare(engine)
                except BaseException:
                    await engine.dispose()
                    raise
                self._engine = engine
            return self._engine


def batches(pairs: Collection[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """The pairs in order, each once, as many at a time as a statement takes."""
    each = iter(sorted(set(pairs)))
    while batch := list(islice(each, BATCH)):
        yield batch


def among(table: Table, column: Column[str], pairs: list[tuple[str, str]]) -> ColumnElement[bool]:
    """The rows of these pairs of kind and `column`, in a form that uses the index on the two."""
    return or_(
        *(
            and_(table.c.kind == kind, column.in_([name for _, name in some]))
            for kind, some in groupby(pairs, key=lambda pair: pair[0])
        )
    )
