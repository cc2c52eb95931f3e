"""A connection to a PostgreSQL; the only module that loads its driver."""

from __future__ import annotations

import select
from typing import Any, ClassVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from proxy.store.connection import Connection, Row

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
IDLE_SECONDS = 30
SPARE_SECONDS = 1.0
"""How much longer than the server the client waits: the server's own word comes first."""


class PostgresqlConnection(Connection):
    """Ends every statement in time, also where the server no longer answers."""

    is_sqlite: ClassVar[bool] = False
    BEGIN: ClassVar[str] = "BEGIN"

    def __init__(self, url: str, connect_seconds: float, statement_seconds: float) -> None:
        milliseconds = int(statement_seconds * 1000)
        driver = _Driver.connect(
            url,
            autocommit=True,
            connect_timeout=int(connect_seconds),
            # A machine that went away is found out while nothing is asked of it.
            tcp_user_timeout=milliseconds,
            keepalives_idle=IDLE_SECONDS,
        )
        driver.patience_seconds = statement_seconds + SPARE_SECONDS
        super().__init__(driver)
        self._unasked = select.poll()
        self._unasked.register(driver.fileno(), select.POLLIN)
        self.execute(f"SET statement_timeout = {milliseconds}")

    @property
    def lost(self) -> bool:
        # A server says nothing while it is not asked, unless that it ends.
        if not self.driver.closed and self._unasked.poll(0):
            self.close()
        return bool(self.driver.closed)

    def execute(self, statement: str, *values: object) -> list[Row]:
        done = self.driver.execute(statement.replace("?", "%s"), values or None)
        return done.fetchall() if done.description else []

    def tables(self) -> set[str]:
        here = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        return {name for (name,) in self.execute(here)}


class _Driver(psycopg.Connection[Row]):
    """psycopg waits for a server without an end, as long as its machine takes the bytes."""

    patience_seconds: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, timeout or self.patience_seconds)
        except psycopg.errors._WaitTimeout as error:
            # What comes late would be taken for the answer to something else.
            self.close()
            raise TimeoutError from error


def usable(url: str) -> bool:
    """Whether the driver understands every part of a URL."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return False
    return parts.get("sslmode", "prefer") in SSL_MODES
