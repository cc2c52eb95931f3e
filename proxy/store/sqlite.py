"""A connection to a SQLite file."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import ClassVar

from proxy.store.connection import Connection, Row

PRAGMAS = "PRAGMA synchronous=FULL; PRAGMA secure_delete=ON"


class SqliteConnection(Connection):
    """Writes in one transaction at a time, and waits for those of others."""

    is_sqlite: ClassVar[bool] = True
    # A transaction that begins by reading and then writes fails at once where another one wrote
    # in between: it cannot wait. So it takes its turn at the start.
    BEGIN: ClassVar[str] = "BEGIN IMMEDIATE"

    def __init__(self, path: Path, busy_seconds: float) -> None:
        # Without a level the driver begins no transaction of its own.
        driver = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None)
        super().__init__(driver)
        self.folder = path.parent
        self._execute = driver.execute
        try:
            driver.executescript(PRAGMAS)
        except sqlite3.Error:
            self.close()
            raise

    @property
    def lost(self) -> bool:
        return self.closed

    def execute(self, statement: str, *values: object) -> list[Row]:
        # To the last row: a statement that is not at its end would hold a lock.
        return self._execute(statement, values).fetchall()

    def tables(self) -> set[str]:
        return {name for (name,) in self.execute("SELECT name FROM sqlite_master")}
