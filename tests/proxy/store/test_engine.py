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
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from proxy.errors import ConfigurationError, StoreError
from proxy.settings import Settings
from proxy.settings.keys import new_key
from proxy.store import engine as engines
from proxy.store import migrating, postgresql, upkeep
from proxy.store.connection import Connection
from proxy.store.database import Database
from proxy.store.engine import make_engine
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


def one(connection: Connection) -> object:
    return connection.execute("SELECT 1")


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

    def pragmas(connection: Connection) -> dict[str, object]:
        return {
            name: connection.execute(f"PRAGMA {name}")[0][0]
            for name in ("journal_mode", "synchronous", "secure_delete", "busy_timeout")
        }

    found = [await database.read(pragmas), await database.write(pragmas)]

    await database.close()
    assert found == 2 * [
        {
            "journal_mode": "wal",
            "synchronous": 2,
            "secure_delete": 1,
            "busy_timeout": 5000,
        }
    ]


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
    stores.run("DROP TABLE set_aside")

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

    with engine.connected() as connection:
        assert connection.execute("SELECT 1") == [(1,)]


async def test_connections_that_were_lost_are_made_again(postgresql_url: str) -> None:
    settings = Settings(upstream_url=UPSTREAM, store_url=postgresql_url)
    with make_engine(settings).connected() as connection:
        migrating.upgrade(connection)
    database = Database(settings)
    await database.read(one)
    await database.write(one)

    run(
        postgresql_url,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )

    assert await database.read(one) == [(1,)]
    assert await database.write(one) == [(1,)]
    await database.close()


async def test_a_server_that_is_not_there_is_a_failure_of_the_store(
    tmp_path: Path, clock: Clock
) -> None:
    store = store_in(tmp_path, clock, store_url=f"postgresql://u:{SECRET}@/db?host={tmp_path}")

    with pytest.raises(StoreError) as raised:
        await store.legacy_ids([KEY])

    assert str(raised.value) == "the store failed: OperationalError"
    assert not files_in(tmp_path)


async def test_a_server_that_refuses_is_a_failure_of_the_store(
    postgresql_server: str, clock: Clock, tmp_path: Path
) -> None:
    url = postgresql_server.replace("/postgres?", "/nowhere?")
    store = store_in(tmp_path, clock, store_url=url)

    with pytest.raises(StoreError, match=r"^the store failed: OperationalError$"):
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


@pytest.mark.parametrize("part", ["sslmode=perhaps", "colour=blue"])
async def test_a_url_that_the_driver_cannot_use_is_refused_and_not_shown(
    tmp_path: Path, clock: Clock, part: str
) -> None:
    store = store_in(tmp_path, clock, store_url=f"postgresql://u:{SECRET}@localhost/p?{part}")

    with pytest.raises(ConfigurationError) as raised:
        await store.open()

    assert str(raised.value) == "PASSERELLE_STORE_URL: a part of it cannot be used"
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


async def test_the_files_of_tls_go_to_the_driver(tmp_path: Path, clock: Clock) -> None:
    async def speaks_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(8)
        writer.write(b"S")
        await reader.read()
        writer.close()

    async with await asyncio.start_server(speaks_tls, "127.0.0.1") as server:
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        files = f"sslmode=verify-full&sslrootcert={tmp_path}/none&gssencmode=disable"
        store = store_in(tmp_path, clock, store_url=f"postgresql://u:{SECRET}@{host}/p?{files}")

        with pytest.raises(StoreError, match=r"^the store failed: OperationalError$") as raised:
            await store.open()
        await store.close()

    assert f"{tmp_path}/none" in str(raised.value.__cause__)


@dataclass
class Line:
    """A line to a PostgreSQL that may be cut without a word to either side."""

    folder: str
    cut: bool = False

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry what a client says, and what it is answered."""
        there = await asyncio.open_unix_connection(f"{self.folder}/.s.PGSQL.5432")
        await asyncio.gather(self._carry(reader, there[1]), self._carry(there[0], writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(65536):
            if not self.cut:
                writer.write(said)
        writer.close()


async def test_a_server_that_takes_everything_and_answers_nothing_is_waited_for_so_long(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "STATEMENT_SECONDS", 0.1)
    monkeypatch.setattr(postgresql, "SPARE_SECONDS", 0.1)
    parts = urlsplit(postgresql_url)
    line = Line(parse_qs(parts.query)["host"][0])
    async with await asyncio.start_server(line, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        url = f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}"
        settings = Settings(upstream_url=UPSTREAM, store_url=url)
        await upkeep.upgrade(settings)
        database = Database(settings)
        await database.write(one)
        line.cut = True

        with pytest.raises(StoreError, match=r"^the store failed: TimeoutError$"):
            await database.write(one)

        line.cut = False
        assert await database.write(one) == [(1,)]
        await database.close()


async def test_a_statement_that_takes_too_long_is_ended_by_the_server(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "STATEMENT_SECONDS", 0.1)
    settings = Settings(upstream_url=UPSTREAM, store_url=postgresql_url)
    await upkeep.upgrade(settings)
    database = Database(settings)

    with pytest.raises(StoreError, match=r"^the store failed: 57014$"):
        await database.write(lambda connection: connection.execute("SELECT pg_sleep(60)"))

    assert await database.write(one) == [(1,)]
    await database.close()
