"""The tables: made by migrations, exactly those of the schema, and never older than the code."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from proxy.errors import ConfigurationError, StoreError
from proxy.settings import Settings
from proxy.store import migrating
from proxy.store.connection import Connection
from proxy.store.engine import Engine, make_engine
from proxy.store.schema import METADATA
from proxy.store.upkeep import TABLES
from tests.proxy.store.conftest import UPSTREAM, Stores

OPEN = """
import asyncio, sys
from datetime import UTC, datetime
from proxy.settings import Settings
from proxy.store import upkeep
from proxy.store.store import Store

settings = Settings(upstream_url="https://new.example", data_dir={folder!r})
store = Store(settings, lambda: datetime.now(UTC))

async def use():
    await store.open()
    await store.begin(b"a creation")
    await upkeep.locked(settings)
    await store.close()

asyncio.run(use())
print(sys.argv[1] in sys.modules)
"""


def differences(connection: Connection) -> list[object]:
    url = "sqlite://" if connection.is_sqlite else "postgresql+psycopg://"
    engine = create_engine(url, creator=lambda: connection.driver, poolclass=StaticPool)
    with engine.connect() as bound:
        context = MigrationContext.configure(bound, opts={"compare_server_default": True})
        return list(compare_metadata(context, METADATA))


def upgraded(engine: Engine) -> str | None:
    with engine.connected() as connection:
        migrating.upgrade(connection)
        return migrating.revision(connection)


def revision(engine: Engine) -> str | None:
    with engine.connected() as connection:
        return migrating.revision(connection)


def test_the_migrations_make_exactly_the_tables_of_the_schema(engine: Engine) -> None:
    with engine.connected() as connection:
        migrating.upgrade(connection)

        assert differences(connection) == []
        assert connection.tables() >= set(TABLES)
        assert migrating.revision(connection) == migrating.HEAD
    assert sorted(METADATA.tables) == list(TABLES)


def test_upgrading_again_changes_nothing(engine: Engine) -> None:
    assert upgraded(engine) == migrating.HEAD
    assert upgraded(engine) == migrating.HEAD


async def test_upgrades_at_one_time_take_turns(engine: Engine) -> None:
    found = await asyncio.gather(*(asyncio.to_thread(upgraded, engine) for _ in range(4)))

    assert found == [migrating.HEAD] * 4


def test_there_is_no_revision_where_there_are_no_tables(engine: Engine) -> None:
    assert revision(engine) is None


async def test_there_is_no_revision_where_none_is_written(stores: Stores) -> None:
    stores.run("DELETE FROM alembic_version")

    assert revision(make_engine(stores.settings())) is None


def test_the_last_migration_is_the_one_that_the_code_knows() -> None:
    config = Config()
    config.set_main_option("script_location", "proxy.store:migrations")

    assert ScriptDirectory.from_config(config).get_current_head() == migrating.HEAD


def test_sqlite_is_brought_to_this_version_when_it_opens_and_postgresql_is_not(
    engine: Engine,
) -> None:
    with engine.connected() as connection:
        if connection.is_sqlite:
            migrating.prepare(connection)
            assert migrating.revision(connection) == migrating.HEAD
            return
        with pytest.raises(ConfigurationError) as raised:
            migrating.prepare(connection)
        assert str(raised.value) == (
            "the store's tables are missing or of an older version; run `passerelle store upgrade`"
        )
        assert migrating.revision(connection) is None


async def test_tables_of_a_newer_version_are_left_alone(stores: Stores) -> None:
    stores.run("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(ConfigurationError) as raised:
        await stores().open()
    with pytest.raises(ConfigurationError):
        upgraded(make_engine(stores.settings()))

    assert str(raised.value) == (
        "the store's tables are of revision 9999, this version knows 0001 at most; "
        "run the version that wrote them, or a newer one"
    )


async def test_tables_that_are_in_the_way_are_a_failure_of_the_store(stores: Stores) -> None:
    stores.run("DROP TABLE alembic_version")

    with pytest.raises(StoreError, match=r"^the store failed: (SQLITE_ERROR|42P07)$"):
        upgraded(make_engine(stores.settings()))

    assert revision(make_engine(stores.settings())) is None


def test_a_folder_that_went_away_is_a_failure_of_the_store(tmp_path: Path) -> None:
    engine = make_engine(Settings(upstream_url=UPSTREAM, data_dir=tmp_path / "state"))

    def prepared_too_late() -> None:
        with engine.connected() as connection:
            shutil.rmtree(tmp_path / "state")
            migrating.prepare(connection)

    with pytest.raises(StoreError, match=r"^the store failed: FileNotFoundError$"):
        prepared_too_late()


@pytest.mark.parametrize("loaded", ["sqlalchemy", "alembic", "psycopg", "cryptography"])
def test_what_is_large_and_seldom_needed_is_not_loaded(tmp_path: Path, loaded: str) -> None:
    settings = Settings(upstream_url=UPSTREAM, data_dir=tmp_path)
    with make_engine(settings).connected() as connection:
        migrating.upgrade(connection)

    said = subprocess.run(
        [sys.executable, "-c", OPEN.format(folder=str(tmp_path)), loaded],
        check=True,
        capture_output=True,
        text=True,
    )

    assert said.stdout == "False\n"
