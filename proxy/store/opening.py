"""The store as a command of an operator opens it, and what such a command needs with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import Column, Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from proxy.errors import ConfigurationError
from proxy.settings import PREFIX, StoreSettings
from proxy.store import migrating
from proxy.store.database import BATCH
from proxy.store.engine import FILE, failures, make_engine
from proxy.store.schema import CROSSWALK
from proxy.store.seal import Seal, keys_of
from proxy.store.store import DAY

Progress: TypeAlias = Callable[[str, int, int | None], None]
"""Told what is being done, how much of it is done, and of how much where that is known."""


def unseen(what: str, done: int, total: int | None) -> None:
    """Progress that nobody looks at."""


def path_of(settings: StoreSettings) -> Path:
    """The file of a SQLite store; raises `ConfigurationError` where there is none."""
    path = settings.data_dir.absolute() / FILE
    if not path.exists():
        raise ConfigurationError(f"{PREFIX}DATA_DIR: there is no {path}")
    return path


def sealing(settings: StoreSettings) -> Seal:
    """What seals and opens; raises `ConfigurationError` where no key is configured."""
    keys = keys_of(settings)
    if keys is None:
        raise ConfigurationError(
            f"{PREFIX}KEYS_FILE: no key is configured; `passerelle store new-key` makes one"
        )
    return Seal(keys)


def expired_at(settings: StoreSettings, now: float) -> float:
    """Values that were not written after this instant are too old to be shown."""
    days = settings.set_aside_days
    return now - days * DAY if days else float("-inf")


@asynccontextmanager
async def opened(settings: StoreSettings, *, fresh: bool = False) -> AsyncIterator[AsyncEngine]:
    """
    The engine on a store that is ready; a SQLite file is made only where it may be `fresh`.

    Raises `ConfigurationError` and `StoreError`.
    """
    if settings.store_url is None and not fresh:
        path_of(settings)
    engine = make_engine(settings)
    try:
        await migrating.prepare(engine)
        with failures():
            yield engine
    finally:
        await engine.dispose()


async def modern_ids_of(connection: AsyncConnection, record: str) -> list[str]:
    """The modern ids of a record that is named as legacy clients do, or else as the new API."""
    named = select(CROSSWALK.c.modern_id).where(CROSSWALK.c.legacy_id == record)
    return list((await connection.execute(named)).scalars()) or [record]


async def paged(
    connection: AsyncConnection, query: Select[Any], by: Sequence[Column[str]]
) -> AsyncIterator[list[Any]]:
    """All rows in the order of the columns, a batch a statement, so that none is held open."""
    page = query.order_by(*by).limit(BATCH)
    after = page
    while rows := list((await connection.execute(after)).all()):
        yield rows
        last = [getattr(rows[-1], column.name) for column in by]
        after = page.where(tuple_(*by) > tuple_(*last))
