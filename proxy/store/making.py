"""Makes the tables: the one module of the store, beside their schema, that loads SQLAlchemy."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from proxy.store.connection import Connection, store_error
from proxy.store.migrating import checked, revision

TURN = 0x7061737365
"""The number of the lock under which a PostgreSQL is migrated; any other would do."""


def migrate(connection: Connection) -> None:
    """
    Bring the tables to this version, all of them or none.

    Raises `ConfigurationError` where another has made them newer.
    """
    url = "sqlite://" if connection.is_sqlite else "postgresql+psycopg://"
    engine = create_engine(
        url, creator=lambda: connection.driver, hide_parameters=True, poolclass=StaticPool
    )
    try:
        with engine.begin() as bound:
            connection.execute(connection.BEGIN)
            if not connection.is_sqlite:
                connection.execute(f"SELECT pg_advisory_xact_lock({TURN})")
            checked(revision(connection))
            config = Config()
            config.set_main_option("script_location", "proxy.store:migrations")
            config.attributes["connection"] = bound
            command.upgrade(config, "head")
    except DBAPIError as error:
        raise store_error(error.orig or error) from error
