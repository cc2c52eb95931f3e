"""The store as a command of an operator opens it, and what such a command needs with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeAlias, TypeVar

from proxy.errors import ConfigurationError
from proxy.settings import PREFIX, StoreSettings
from proxy.store import migrating
from proxy.store.connection import Connection, Row
from proxy.store.engine import FILE, make_engine
from proxy.store.seal import Seal, keys_of
from proxy.store.statements import BATCH, places
from proxy.store.store import DAY

P = ParamSpec("P")
T = TypeVar("T")

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


def in_thread(work: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """The same work for those who have a loop, which goes on meanwhile."""

    @wraps(work)
    async def waited_for(*args: P.args, **named: P.kwargs) -> T:
        return await asyncio.to_thread(work, *args, **named)

    return waited_for


@contextmanager
def opened(settings: StoreSettings, *, fresh: bool = False) -> Iterator[Connection]:
    """
    A connection to a store that is ready; a SQLite file is made only where it may be `fresh`.

    Raises `ConfigurationError` and `StoreError`.
    """
    if settings.store_url is None and not fresh:
        path_of(settings)
    with make_engine(settings).connected() as connection:
        migrating.prepare(connection)
        yield connection


def modern_ids_of(connection: Connection, record: str) -> list[str]:
    """The modern ids of a record that is named as legacy clients do, or else as the new API."""
    named = "SELECT modern_id FROM crosswalk WHERE legacy_id = ?"
    return [modern for (modern,) in connection.execute(named, record)] or [record]


def paged(
    connection: Connection,
    select: str,
    by: Sequence[str],
    where: str = "TRUE",
    values: Sequence[object] = (),
) -> Iterator[list[Row]]:
    """
    All rows in the order of the columns `by`, a batch a statement, so that none is held open.

    These columns are texts, never empty, and the first ones that are selected.
    """
    statement = (
        f"{select} WHERE ({', '.join(by)}) > ({places(by)}) AND ({where}) "
        f"ORDER BY {', '.join(by)} LIMIT {BATCH}"
    )
    after: Sequence[object] = [""] * len(by)
    while rows := connection.execute(statement, *after, *values):
        yield rows
        after = rows[-1][: len(by)]
