"""The database: private, opened at first use, and its failures told without a value."""

from __future__ import annotations

import asyncio
import os
import resource
import stat
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from proxy.errors import ConfigurationError, StoreError
from proxy.settings import Settings
from proxy.store import migrating
from proxy.store.database import Database
from proxy.store.engine import make_engine
from proxy.store.seal import new_key
from proxy.store.store import Aside, Key, Store
from tests.postgresql import run
from tests.proxy.store.conftest import UPSTREAM, Clock, Stores

KEY: Key = ("record", "r-1")
SECRET = "Zoé-Ésope"


def files_in(folder: Path) -> dict[str, Path]:
    return {file.name: file for file in folder.iterdir()}


def modes_in(folder: Path) -> dict[str, int]:
    return {name: stat.S_IMODE(file.stat().st_mode) for name, file in files_in(folder).items()}


def store_in(folder: Path, clock: Clock, **settings: Any) -> Store:
    given = {"upstream_url": UPSTREAM, "data_dir": folder, "keys": new_key(), **settings}
    return Store(Settings(**given), clock)


async def one(connection: AsyncConnection) -> object:
    return (await connection.exec_driver_sql("SELECT 1")).scalar_one()


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """No file can grow any more: the system lets none go beyond the largest that is there."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    largest = max(file.stat().st_size for file in folder.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_store_opens_itself_once_for_all_who_ask_at_first(stores: Stores) -> None:
    store = stores()

    answers = await asyncio.gather(*(store.legacy_ids([KEY]) for _ in range(20)))

    assert all(answer == answers[0] for answer in answers)


async def test_a_store_may_be_opened_ahead_and_used_again_once_closed(stores: Stores) -> None:
    store = stores()
    await store.open()
    given = await store.legacy_ids([KEY])

    await store.close()

    assert await store.modern_ids([("record", given[KEY])]) == {("record", given[KEY]): "r-1"}
    await store.keep([Aside(KEY, "r-1", {"note": "x"})])
    assert await store.asides([KEY]) == {KEY: {"note": "x"}}


async def test_a_closed_store_leaves_no_thread_behind(stores: Stores) -> None:
    before = set(threading.enumerate())
    store = stores()
    await asyncio.gather(*(store.legacy_ids([("act", str(number))]) for number in range(20)))

    await store.close()

    left = set(threading.enumerate()) - before
    for thread in left:
        thread.join(5)
    assert not any(thread.is_alive() for thread in left)


async def test_a_caller_that_is_cancelled_leaves_no_lock_and_nothing_half_done(
    stores: Stores,
) -> None:
    store = stores()
    for steps in range(60):
        calling = asyncio.create_task(store.keep([Aside(KEY, "r-1", {str(steps): 1, "all": 1})]))
        for _ in range(steps):
            await asyncio.sleep(0)
        calling.cancel()
        await asyncio.wait([calling])

    await store.keep([Aside(KEY, "r-1", {"last": 1})])
    await store.close()

    kept = await store.asides([KEY])
    assert kept[KEY].keys() >= {"last", "all", "59"}


async def test_a_store_that_was_never_opened_touches_nothing(tmp_path: Path, clock: Clock) -> None:
    store = store_in(tmp_path / "state", clock)

    assert await store.legacy_ids([]) == {}
    assert await store.modern_ids([]) == {}
    assert await store.asides([]) == {}
    await store.keep([])
    await store.close()

    assert not (tmp_path / "state").exists()


async def test_only_the_gateway_may_look_into_the_files(tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "made" / "state"
    mask = os.umask(0)
    try:
        store = store_in(folder, clock)
        await store.legacy_ids([KEY])
    finally:
        os.umask(mask)

    modes = modes_in(folder)
    await store.close()
    assert modes_in(folder.parent) == {"state": 0o700}
    assert modes == {
        "passerelle.db": 0o600,
        "passerelle.db-wal": 0o600,
        "passerelle.db-shm": 0o600,
    }


async def test_files_that_others_could_read_are_closed_to_them(
    tmp_path: Path, clock: Clock
) -> None:
    first, second = store_in(tmp_path, clock), store_in(tmp_path, clock)
    await first.open()
    for file in files_in(tmp_path).values():
        file.chmod(0o644)

    await second.open()

    assert set(modes_in(tmp_path).values()) == {0o600}
    await first.close()
    await second.close()


async def test_no_value_set_aside_stands_in_the_files(tmp_path: Path, clock: Clock) -> None:
    store = store_in(tmp_path, clock)
    await store.keep([Aside(KEY, "r-1", {"confidence": SECRET, "other": "x"})])
    await store.keep([Aside(KEY, "r-1", {"confidence": None})])
    await store.keep([Aside(KEY, "r-1", {"confidence": SECRET})])

    contents = {name: file.read_bytes() for name, file in files_in(tmp_path).items()}
    await store.close()

    assert b"r-1" in contents["passerelle.db-wal"]
    for content in contents.values():
        assert SECRET.encode() not in content
        assert b"confidence" not in content


async def test_sqlite_writes_through_and_over_what_it_deletes(tmp_path: Path) -> None:
    database = Database(Settings(upstream_url=UPSTREAM, data_dir=tmp_path))

    async def pragmas(connection: AsyncConnection) -> dict[str, object]:
        return {
            name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "secure_delete", "busy_timeout")
        }

    found = await database.read(pragmas)

    await database.close()
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "busy_timeout": 5000,
    }


@pytest.mark.parametrize("below", ["", "state"])
async def test_a_folder_that_cannot_be_is_told_by_its_setting(
    tmp_path: Path, clock: Clock, below: str
) -> None:
    (tmp_path / "file").touch()
    store = store_in(tmp_path / "file" / below, clock)

    with pytest.raises(ConfigurationError) as raised:
        await store.open()

    reason = "Not a directory" if below else "File exists"
    folder = tmp_path / "file" / below
    assert str(raised.value) == f"PASSERELLE_DATA_DIR: {folder} cannot be written: {reason}"


async def test_a_file_that_is_no_database_is_a_failure_of_the_store(
    tmp_path: Path, clock: Clock
) -> None:
    (tmp_path / "passerelle.db").write_text("not a database, whatever its name says" * 100)
    store = store_in(tmp_path, clock)

    with pytest.raises(StoreError) as raised:
        await store.open()

    assert str(raised.value) == "the store failed: SQLITE_NOTADB"


async def test_a_full_disk_is_a_failure_of_the_store_and_loses_nothing(
    tmp_path: Path, clock: Clock
) -> None:
    store = store_in(tmp_path, clock)
    await store.keep([Aside(KEY, "r-1", {"note": "before"})])

    with full_disk(tmp_path), pytest.raises(StoreError, match=r"^the store failed: SQLITE_"):
        await store.keep([Aside(KEY, "r-1", {"note": SECRET * 50_000})])

    assert await store.asides([KEY]) == {KEY: {"note": "before"}}
    await store.keep([Aside(KEY, "r-1", {"note": "after"})])
    await store.close()


async def test_a_failure_names_no_value(stores: Stores) -> None:
    store = stores()
    await store.open()
    await stores.run("DROP TABLE set_aside")

    with pytest.raises(StoreError) as raised:
        await store.keep([Aside(("record", SECRET), SECRET, {"confidence": SECRET})])

    assert raised.value.status == 503
    told = "".join(traceback.format_exception(raised.value, chain=True))
    assert SECRET not in told
    assert str(raised.value) in (
        "the store failed: SQLITE_ERROR",
        "the store failed: 42P01",
    )


@pytest.fixture
def elsewhere(postgresql_url: str) -> str:
    """The URL of a database that was there a moment ago, under the other name of the scheme."""
    return postgresql_url.replace("postgresql://", "postgres://")


async def test_both_names_of_the_scheme_are_understood(elsewhere: str) -> None:
    engine = make_engine(Settings(upstream_url=UPSTREAM, store_url=elsewhere))

    async with engine.connect() as connection:
        assert (await connection.exec_driver_sql("SELECT 1")).scalar_one() == 1

    await engine.dispose()


async def test_connections_that_were_lost_are_made_again(postgresql_url: str) -> None:
    settings = Settings(upstream_url=UPSTREAM, store_url=postgresql_url)
    engine = make_engine(settings)
    await migrating.upgrade(engine)
    await engine.dispose()
    database = Database(settings)
    await database.read(one)

    await run(
        postgresql_url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )

    assert await database.read(one) == 1
    await database.close()


async def test_a_server_that_is_not_there_is_a_failure_of_the_store(
    tmp_path: Path, clock: Clock
) -> None:
    store = store_in(tmp_path, clock, store_url=f"postgresql://u:{SECRET}@/db?host={tmp_path}")

    with pytest.raises(StoreError) as raised:
        await store.legacy_ids([KEY])

    assert str(raised.value) == "the store failed: FileNotFoundError"
    assert not files_in(tmp_path)


async def test_a_server_that_refuses_is_a_failure_of_the_store(
    postgresql_server: str, clock: Clock, tmp_path: Path
) -> None:
    url = postgresql_server.replace("/postgres?", "/nowhere?")
    store = store_in(tmp_path, clock, store_url=url)

    with pytest.raises(StoreError, match=r"^the store failed: InvalidCatalogNameError$"):
        await store.legacy_ids([KEY])


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://u:{SECRET}@db.example/p",
        f"u:{SECRET}@db.example",
        f"postgresql://u:{SECRET}/@db.example/p",
        f"postgresql://u:{SECRET}[@db.example/p",
    ],
)
async def test_a_url_of_nothing_known_is_refused_and_not_shown(
    tmp_path: Path, clock: Clock, url: str
) -> None:
    store = store_in(tmp_path, clock, store_url=url)

    with pytest.raises(ConfigurationError) as raised:
        await store.open()

    assert str(raised.value) == (
        "PASSERELLE_STORE_URL: expected one such as postgresql://user@host/database"
    )
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


async def test_a_url_that_the_driver_cannot_use_is_refused_and_not_shown(
    tmp_path: Path, clock: Clock
) -> None:
    store = store_in(
        tmp_path, clock, store_url=f"postgresql://u:{SECRET}@localhost/p?sslmode=perhaps"
    )

    with pytest.raises(ConfigurationError) as raised:
        await store.open()

    assert str(raised.value) == "PASSERELLE_STORE_URL: a part of it cannot be used"
    assert raised.value.__suppress_context__


async def test_the_files_of_tls_go_to_the_driver(tmp_path: Path, clock: Clock) -> None:
    url = f"postgresql://u:{SECRET}@localhost/p?sslmode=verify-full&sslrootcert={tmp_path}/none"
    store = store_in(tmp_path, clock, store_url=url)

    with pytest.raises(StoreError, match=r"^the store failed: FileNotFoundError$"):
        await store.open()
