"""What an operator does with a store: look, copy, restore, rotate keys, forget, purge."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from proxy.errors import ConfigurationError
from proxy.settings import Settings
from proxy.settings.keys import new_key
from proxy.store import backup as copies
from proxy.store import engine as engines
from proxy.store import upkeep
from proxy.store.backup import SKIPPED_IDS, BackupError
from proxy.store.crosswalk import LARGEST
from proxy.store.engine import make_engine
from proxy.store.store import Aside, Session, Store
from tests.proxy.store.conftest import UPSTREAM, Clock, Stores

BOOK = "5a3d0b6e-0000-4000-8000-00000000000a"
OTHER_BOOK = "5a3d0b6e-0000-4000-8000-00000000000b"
PAGE = "5a3d0b6e-0000-4000-8000-0000000000a1"

BOOK_KEY, OTHER_KEY, PAGE_KEY = ("book", BOOK), ("book", OTHER_BOOK), ("page", PAGE)
SECRET = "nobody else may read this remark"


def session(clock: Clock, access: str) -> Session:
    ends = clock().timestamp() + 3600
    return Session(access, f"refresh of {access}", {"token": SECRET}, ends)


async def fill(store: Store, clock: Clock) -> None:
    """A record with a record within, another record, a creation of each, a session."""
    await store.legacy_ids([PAGE_KEY])
    for key in (BOOK_KEY, PAGE_KEY, OTHER_KEY):
        intent = await store.begin(*(part.encode() for part in key))
        owner = BOOK if key == PAGE_KEY else key[1]
        await store.keep([Aside(key, owner, {"note": SECRET})], intent=intent, made=key[1])
    await store.keep_session(session(clock, "access"))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_status_counts_rows_by_table_and_by_key(stores: Stores, clock: Clock) -> None:
    old, new = stores.key, new_key()
    await fill(stores(), clock)

    found = await upkeep.status(stores.settings(keys=f"{new},{old}"))

    new_name, old_name = new.partition(":")[0], old.partition(":")[0]
    assert found == upkeep.Status(
        database="PostgreSQL" if "store_url" in stores.database else "SQLite",
        revision="0001",
        newest_revision="0001",
        rows={
            "crosswalk": 1,
            "intent": 3,
            "secret": 1,
            "sequence": 1,
            "session": 1,
            "set_aside": 3,
        },
        rows_by_key={new_name: 0, old_name: 4},
        keys=(new_name, old_name),
    )


async def test_status_makes_no_tables_and_needs_no_key(empty: dict[str, Any]) -> None:
    settings = Settings(upstream_url=UPSTREAM, **empty)
    if settings.store_url is None:
        make_engine(settings)

    found = await upkeep.status(settings)

    assert (found.revision, found.rows, found.rows_by_key, found.keys) == (None, {}, {}, ())


async def test_upgrade_tells_the_revision_before_and_after(empty: dict[str, Any]) -> None:
    settings = Settings(upstream_url=UPSTREAM, **empty)

    assert await upkeep.upgrade(settings) == (None, "0001")
    assert await upkeep.upgrade(settings) == ("0001", "0001")


@pytest.mark.parametrize("batch", [1, 2, 100])
async def test_rotation_seals_every_row_by_the_first_key(
    batch: int, stores: Stores, clock: Clock
) -> None:
    new = new_key()
    await fill(stores(), clock)
    seen: list[Any] = []

    rotated = await upkeep.rotate(
        stores.settings(keys=f"{new} {stores.key}"), batch, lambda *told: seen.append(told)
    )

    assert rotated == upkeep.Rotated(sealed=4, broken=0, left=0)
    assert seen[-1] == ("sealing", 4, 4)
    without_the_old = stores(keys=new)
    assert await without_the_old.asides([BOOK_KEY]) == {BOOK_KEY: {"note": SECRET}}
    found = await without_the_old.session(access="access")
    assert found is not None
    assert found.tokens == {"token": SECRET}


async def test_rotation_leaves_what_no_key_opens_as_it_is_and_counts_it(
    stores: Stores, clock: Clock
) -> None:
    lost = new_key()
    await stores(keys=lost).keep([Aside(BOOK_KEY, BOOK, {"note": SECRET})])
    await stores().keep([Aside(PAGE_KEY, BOOK, {"note": SECRET})])
    new = new_key()

    rotated = await upkeep.rotate(stores.settings(keys=f"{new} {stores.key}"), 1)

    assert rotated == upkeep.Rotated(sealed=1, broken=1, left=1)
    assert await stores(keys=lost).asides([BOOK_KEY]) == {BOOK_KEY: {"note": SECRET}}


async def test_rotation_loses_nothing_that_is_written_meanwhile(stores: Stores) -> None:
    new, keys = new_key(), [("book", f"b-{number}") for number in range(60)]
    store = stores(keys=f"{stores.key} {new}")
    await store.keep([Aside(key, key[1], {"note": "before"}) for key in keys])

    async def write() -> None:
        for key in keys:
            await store.keep([Aside(key, key[1], {"shelf": "meanwhile"})])

    both = stores.settings(keys=f"{new} {stores.key}")
    await asyncio.gather(write(), upkeep.rotate(both, 5))

    assert await stores(keys=f"{new} {stores.key}").asides(keys) == {
        key: {"note": "before", "shelf": "meanwhile"} for key in keys
    }


async def test_forgetting_a_record_erases_it_those_within_and_their_creations(
    stores: Stores, clock: Clock
) -> None:
    store = stores()
    await fill(store, clock)

    erased = await upkeep.forget(stores.settings(), BOOK)
    again = await upkeep.forget(stores.settings(), BOOK)

    assert erased == upkeep.Erased({"set_aside": 2, "intent": 2, "session": 0}, settled=True)
    assert again.rows == {"set_aside": 0, "intent": 0, "session": 0}
    assert await store.asides([BOOK_KEY, PAGE_KEY, OTHER_KEY]) == {OTHER_KEY: {"note": SECRET}}
    assert (await store.begin(b"book", BOOK.encode())).fresh
    assert await store.known_legacy_ids([PAGE_KEY])


async def test_a_record_may_be_named_as_legacy_clients_do(stores: Stores, clock: Clock) -> None:
    legacy = "5a3d0b6e-0000-4000-8000-00000000000c"
    await fill(stores(), clock)
    stores.run("INSERT INTO crosswalk VALUES ('book', ?, ?)", legacy, BOOK)

    erased = await upkeep.forget(stores.settings(), legacy)

    assert erased.rows["set_aside"] == 2


async def test_forgetting_a_record_leaves_nothing_of_it_in_the_files(tmp_path: Path) -> None:
    settings = Settings(upstream_url=UPSTREAM, data_dir=tmp_path, keys=new_key())
    store = Store(settings, Clock())
    await store.keep([Aside(BOOK_KEY, BOOK, {"note": SECRET})])
    with make_engine(settings).connected() as connection:
        ((sealed,),) = connection.execute("SELECT sealed FROM set_aside")

    def places() -> list[str]:
        return [path.name for path in tmp_path.iterdir() if sealed in path.read_bytes()]

    assert places() == ["passerelle.db-wal"]
    erased = await upkeep.forget(settings, BOOK)

    assert erased.settled
    assert places() == []
    assert BOOK.encode() not in (tmp_path / "passerelle.db").read_bytes()
    await store.close()


async def test_a_reader_in_the_way_of_erasing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_SECONDS", 0.01)
    settings = Settings(upstream_url=UPSTREAM, data_dir=tmp_path, keys=new_key())
    store = Store(settings, Clock())
    await store.keep([Aside(BOOK_KEY, BOOK, {"note": SECRET})])

    with closing(sqlite3.connect(tmp_path / engines.FILE, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM set_aside").fetchall()
        erased = await upkeep.forget(settings, BOOK)

    assert erased == upkeep.Erased({"set_aside": 1, "intent": 0, "session": 0}, settled=False)
    assert (await upkeep.forget(settings, BOOK)).settled
    await store.close()


async def test_purging_erases_what_is_too_old(stores: Stores, clock: Clock) -> None:
    await fill(stores(), clock)
    clock.let_pass(days=100)
    now = clock().timestamp()
    await stores(set_aside_days=None).keep([Aside(PAGE_KEY, BOOK, {"note": SECRET})])
    stores.run("UPDATE set_aside SET written_at = 0 WHERE modern_id = ?", BOOK)

    without_an_end = await upkeep.purge(stores.settings(), now)
    with_an_end = await upkeep.purge(stores.settings(set_aside_days=90), now)

    assert without_an_end.rows["set_aside"] == 0
    assert without_an_end.settled
    assert with_an_end.rows == {"set_aside": 2, "intent": 0, "session": 0}
    assert await stores().asides([PAGE_KEY]) == {PAGE_KEY: {"note": SECRET}}


async def test_purging_erases_creations_and_sessions_that_came_to_their_end(
    stores: Stores, clock: Clock
) -> None:
    await fill(stores(), clock)
    clock.let_pass(minutes=11)
    soon = await upkeep.purge(stores.settings(), clock().timestamp())
    clock.let_pass(days=91)
    late = await upkeep.purge(stores.settings(), clock().timestamp())

    assert soon.rows == {"set_aside": 0, "intent": 3, "session": 0}
    assert late.rows == {"set_aside": 0, "intent": 0, "session": 1}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of a SQLite store that is not there yet."""
    return Settings(upstream_url=UPSTREAM, data_dir=tmp_path / "state", keys=new_key())


async def test_a_copy_is_made_while_the_store_is_in_use(
    settings: Settings, tmp_path: Path, clock: Clock
) -> None:
    store, copy = Store(settings, clock), tmp_path / "copy.db"
    await fill(store, clock)

    copies.backup(settings, copy)

    await store.close()
    assert copy.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["copy.db", "state"]
    shutil.rmtree(tmp_path / "state")
    copies.restore(settings, copy)
    again = Store(settings, clock)
    assert await again.asides([BOOK_KEY]) == {BOOK_KEY: {"note": SECRET}}
    assert await again.known_legacy_ids([PAGE_KEY]) == await store.known_legacy_ids([PAGE_KEY])
    await again.close()


async def test_a_copy_overwrites_a_file_only_by_force(
    settings: Settings, tmp_path: Path, clock: Clock
) -> None:
    copy = tmp_path / "copy.db"
    copy.write_text("something else")
    store = Store(settings, clock)
    await fill(store, clock)
    await store.close()

    with pytest.raises(BackupError) as told:
        copies.backup(settings, copy)
    assert str(told.value) == f"{copy} is there already: --force overwrites it"
    assert copy.read_text() == "something else"

    copies.backup(settings, copy, force=True)
    copies.restore(settings, copy, force=True)


async def test_ids_that_were_given_out_after_the_copy_are_given_to_nobody_else(
    settings: Settings, tmp_path: Path, clock: Clock
) -> None:
    store, copy = Store(settings, clock), tmp_path / "copy.db"
    (before,) = (await store.legacy_ids([("page", "p-1")])).values()
    copies.backup(settings, copy)
    (after,) = (await store.legacy_ids([("page", "p-2")])).values()
    await store.legacy_ids([("book", "b-1")])
    await store.close()
    shutil.rmtree(tmp_path / "state")

    copies.restore(settings, copy)

    again = Store(settings, clock)
    (later,) = (await again.legacy_ids([("page", "p-3")])).values()
    assert (after, later) == (int(before) + 1, int(before) + 1 + SKIPPED_IDS)
    assert await again.modern_ids([("page", after)]) == {}
    await again.close()


async def test_the_sequences_of_the_store_that_is_overwritten_go_on(
    settings: Settings, tmp_path: Path, clock: Clock
) -> None:
    store, copy = Store(settings, clock), tmp_path / "copy.db"
    await store.legacy_ids([("page", "p-1")])
    copies.backup(settings, copy)
    await store.legacy_ids([("book", "b-1")])
    await store.close()
    file = settings.data_dir / engines.FILE
    with closing(sqlite3.connect(file)) as here:
        here.execute("UPDATE sequence SET next_id = ? WHERE kind = 'page'", (LARGEST + 1,))
        here.commit()
        (next_book,) = here.execute("SELECT next_id FROM sequence WHERE kind = 'book'").fetchone()

    copies.restore(settings, copy, force=True)

    with closing(sqlite3.connect(file)) as here:
        sequences = dict(here.execute("SELECT kind, next_id FROM sequence"))
    assert sequences == {"page": LARGEST + 1, "book": next_book}


async def test_a_store_with_rows_is_overwritten_only_by_force(
    settings: Settings, tmp_path: Path, clock: Clock
) -> None:
    store, copy = Store(settings, clock), tmp_path / "copy.db"
    await fill(store, clock)
    copies.backup(settings, copy)
    await store.erase(BOOK_KEY)
    await store.close()
    file = settings.data_dir / engines.FILE

    with pytest.raises(BackupError) as told:
        copies.restore(settings, copy)
    assert str(told.value) == f"{file} has 5 rows: --force overwrites them"

    copies.restore(settings, copy, force=True)
    again = Store(settings, clock)
    assert await again.asides([BOOK_KEY]) == {BOOK_KEY: {"note": SECRET}}
    await again.close()


async def test_a_store_that_is_open_is_not_overwritten(
    settings: Settings, tmp_path: Path, clock: Clock
) -> None:
    store, copy = Store(settings, clock), tmp_path / "copy.db"
    await store.open()
    copies.backup(settings, copy)

    with pytest.raises(BackupError) as told:
        copies.restore(settings, copy)

    file = settings.data_dir / engines.FILE
    assert str(told.value) == f"{file} is in use: stop the gateway first"
    await fill(store, clock)
    await store.close()


def _nothing(path: Path) -> None:
    """No file at all."""


def _words(path: Path) -> None:
    path.write_text("This is no database, however long it is. " * 100)


def _no_store(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE something (else_ TEXT)")


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE alembic_version (version_num TEXT)")
        other.execute("INSERT INTO alembic_version VALUES ('9999')")
        other.commit()


def _damaged(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE alembic_version (version_num TEXT PRIMARY KEY)")
        other.executemany(
            "INSERT INTO alembic_version VALUES (?)", [(f"{n:0100}",) for n in range(200)]
        )
        other.commit()
        # The index lacks a row of the table from here on.
        other.execute("PRAGMA writable_schema=ON")
        other.execute("UPDATE sqlite_master SET sql = replace(sql, ' PRIMARY KEY', '')")
        other.execute("DELETE FROM sqlite_master WHERE type = 'index'")
        other.commit()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_nothing, "{}: SQLITE_CANTOPEN"),
        (_words, "{} cannot be read: SQLITE_NOTADB"),
        (_no_store, "{} is no store of passerelle"),
        (_damaged, "{} is damaged"),
        (
            _newer,
            "{} is of revision 9999, this version knows 0001 at most; use the version that wrote "
            "it, or a newer one",
        ),
    ],
)
async def test_what_is_no_sound_copy_is_refused(
    make: Any, said: str, settings: Settings, tmp_path: Path, clock: Clock
) -> None:
    store, copy = Store(settings, clock), tmp_path / "copy.db"
    await fill(store, clock)
    await store.close()
    make(copy)

    with pytest.raises(BackupError) as told:
        copies.restore(settings, copy, force=True)

    assert str(told.value) == said.format(copy)
    assert await store.asides([BOOK_KEY]) == {BOOK_KEY: {"note": SECRET}}
    await store.close()


async def test_a_place_that_cannot_be_written_is_told(
    settings: Settings, tmp_path: Path, clock: Clock
) -> None:
    store = Store(settings, clock)
    await store.open()
    await store.close()

    with pytest.raises(BackupError) as told:
        copies.backup(settings, tmp_path / "no folder" / "copy.db")

    assert str(told.value) == f"{tmp_path / 'no folder' / 'copy.db'}: No such file or directory"


async def _copied(settings: Settings) -> None:
    copies.backup(settings, Path("copy.db"))


@pytest.mark.parametrize(
    "work",
    [
        _copied,
        upkeep.status,
        lambda settings: upkeep.forget(settings, BOOK),
        lambda settings: upkeep.purge(settings, 0),
        lambda settings: upkeep.rotate(settings, 1),
    ],
    ids=["backup", "status", "forget", "purge", "rotate"],
)
async def test_a_store_that_is_not_there_is_not_made(
    work: Callable[[Settings], Awaitable[Any]], settings: Settings
) -> None:
    with pytest.raises(ConfigurationError) as told:
        await work(settings)

    file = settings.data_dir / engines.FILE
    assert str(told.value) == f"PASSERELLE_DATA_DIR: there is no {file}"
    assert not settings.data_dir.exists()
