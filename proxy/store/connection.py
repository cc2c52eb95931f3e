"""One connection to the database of the store, whichever it is, and how its failures are told."""

from __future__ import annotations

import sqlite3
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, TypeAlias

from proxy.errors import StoreError

Row: TypeAlias = tuple[Any, ...]


def database_errors() -> tuple[type[Exception], ...]:
    """What a database raises; the driver of PostgreSQL is loaded only where it is used."""
    psycopg = sys.modules.get("psycopg")
    return (sqlite3.Error, OSError, *([psycopg.Error] if psycopg else []))


def store_error(error: Exception) -> StoreError:
    """A failure of the database as the rest of the gateway knows it: its text holds no value."""
    reason = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    failure = StoreError(f"the store failed: {reason or type(error).__name__}")
    failure.__cause__ = error
    return failure


@contextmanager
def failures() -> Iterator[None]:
    """Every failure of the database becomes a `StoreError`."""
    try:
        yield
    except database_errors() as error:
        raise store_error(error) from error


class Connection(ABC):
    """
    Runs statements, for one thread at a time.

    A statement has the same text on both databases, with a `?` for each value. It is committed by
    itself, unless it stands within a `transaction`.
    """

    is_sqlite: ClassVar[bool]
    BEGIN: ClassVar[str]

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        """The driver's own connection, for what makes the tables."""
        self.closed = False

    @property
    @abstractmethod
    def lost(self) -> bool:
        """Whether it is of no more use, as far as that is known without asking the database."""

    @abstractmethod
    def execute(self, statement: str, *values: object) -> list[Row]:
        """The rows that come of a statement, if any."""

    @abstractmethod
    def tables(self) -> set[str]:
        """The names of the tables that are there."""

    def close(self) -> None:
        """Let go of it, and of what was not committed."""
        self.closed = True
        self.driver.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is done within, or nothing of it."""
        self.execute(self.BEGIN)
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            self._undo()
            raise

    def _undo(self) -> None:
        try:
            self.execute("ROLLBACK")
        except database_errors():
            # The connection is lost, or SQLite has rolled back by itself. In whatever state it
            # is: nobody uses it again.
            self.close()
