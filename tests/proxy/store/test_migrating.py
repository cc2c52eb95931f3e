"""The tables: made by migrations, exactly those of the schema, and never older than the code."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from proxy.errors import ConfigurationError, StoreError
from proxy.settings import Settings
from proxy.store import migrating
from proxy.store.engine import is_sqlite, make_engine
from proxy.store.schema import METADATA
from tests.proxy.store.conftest import UPSTREAM, Stores


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_server_default": True})
    return list(compare_metadata(context, METADATA))


async def test_the_migrations_make_exactly_the_tables_of_the_schema(engine: AsyncEngine) -> None:
    await migrating.upgrade(engine)

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    assert await migrating.revision(engine) == migrating.HEAD


async def test_upgrading_again_changes_nothing(engine: AsyncEngine) -> None:
    await migrating.upgrade(engine)
    await migrating.upgrade(engine)

    assert await migrating.revision(engine) == migrating.HEAD


async def test_upgrades_at_one_time_take_turns(engine: AsyncEngine) -> None:
    await asyncio.gather(*(migrating.upgrade(engine) for _ in range(4)))

    assert await migrating.revision(engine) == migrating.HEAD


async def test_there_is_no_revision_where_there_are_no_tables(engine: AsyncEngine) -> None:
    assert await migrating.revision(engine) is None


def test_the_last_migration_is_the_one_that_the_code_knows() -> None:
    config = Config()
    config.set_main_option("script_location", "proxy.store:migrations")

    assert ScriptDirectory.from_config(config).get_current_head() == migrating.HEAD


async def test_sqlite_is_brought_to_this_version_when_it_opens_and_postgresql_is_not(
    engine: AsyncEngine,
) -> None:
    if is_sqlite(engine):
        await migrating.prepare(engine)
        assert await migrating.revision(engine) == migrating.HEAD
    else:
        with pytest.raises(ConfigurationError) as raised:
            await migrating.prepare(engine)
        assert str(raised.value) == (
            "the store's tables are missing or of an older version; run `passerelle store upgrade`"
        )
        assert await migrating.revision(engine) is None


async def test_tables_of_a_newer_version_are_left_alone(stores: Stores) -> None:
    await stores.run("UPDATE alembic_version SET version_num = '9999'")
    engine = make_engine(stores.settings())

    with pytest.raises(ConfigurationError) as raised:
        await stores().open()
    with pytest.raises(ConfigurationError):
        await migrating.upgrade(engine)

    await engine.dispose()
    assert str(raised.value) == (
        "the store's tables are of revision 9999, this version knows 0001 at most; "
        "run the version that wrote them, or a newer one"
    )


async def test_a_folder_that_went_away_is_a_failure_of_the_store(tmp_path: Path) -> None:
    engine = make_engine(Settings(upstream_url=UPSTREAM, data_dir=tmp_path / "state"))
    (tmp_path / "state" / "passerelle.db").unlink()
    (tmp_path / "state").rmdir()

    with pytest.raises(StoreError, match=r"^the store failed: FileNotFoundError$"):
        await migrating.prepare(engine)

    await engine.dispose()
