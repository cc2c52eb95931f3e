"""Stores on both databases, with a clock and keys of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from proxy.settings import Settings
from proxy.settings.keys import new_key
from proxy.store import migrating
from proxy.store.connection import Row
from proxy.store.engine import Engine, make_engine
from proxy.store.store import Store
from tests.postgresql import postgresql_server, postgresql_url

__all__ = ["postgresql_server", "postgresql_url"]

UPSTREAM = "https://new.example"


@dataclass
class Clock:
    """Stands still until time is let pass."""

    now: datetime = datetime(2024, 3, 5, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def let_pass(self, **duration: float) -> None:
        """Let so many days, hours, minutes go by."""
        self.now += timedelta(**duration)


@dataclass
class Stores:
    """Makes stores on one database, as replicas of one gateway have them."""

    clock: Clock
    database: dict[str, Any]
    key: str
    made: list[Store]

    def __call__(self, *, clock: Callable[[], datetime] | None = None, **settings: Any) -> Store:
        store = Store(self.settings(**settings), clock or self.clock)
        self.made.append(store)
        return store

    def settings(self, **settings: Any) -> Settings:
        """The settings of such a store."""
        return Settings(**{"upstream_url": UPSTREAM, "keys": self.key, **self.database, **settings})

    def run(self, statement: str, *values: object) -> list[Row]:
        """Look into the database, or change it, behind a store's back."""
        with make_engine(self.settings()).connected() as connection:
            return connection.execute(statement, *values)


@pytest.fixture
def clock() -> Clock:
    """The clock of the stores of a test."""
    return Clock()


@pytest.fixture
async def stores(clock: Clock, empty: dict[str, Any]) -> AsyncIterator[Stores]:
    """A maker of stores on one database, its tables made."""
    stores = Stores(clock, empty, new_key(), [])
    with make_engine(stores.settings()).connected() as connection:
        migrating.upgrade(connection)
    yield stores
    for store in stores.made:
        await store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """The settings of a database without tables, of each kind."""
    if request.param == "sqlite":
        return {"data_dir": tmp_path / "state"}
    return {"store_url": request.getfixturevalue("postgresql_url")}


@pytest.fixture
def engine(empty: dict[str, Any]) -> Engine:
    """The engine on a database without tables."""
    return make_engine(Settings(upstream_url=UPSTREAM, **empty))
