"""`passerelle check`: the store as it is, which is looked at and never changed."""

import base64
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import anyio
import psycopg
import pytest
import respx
from psycopg import sql
from pydantic import SecretStr

from proxy.app import now
from proxy.cli.checks import stored
from proxy.cli.checks.finding import unchecked
from proxy.settings import Settings
from proxy.store.store import Aside, Store
from tests.cli.conftest import Run
from tests.cli.test_check import HERE, as_somebody_else, found
from tests.postgresql import postgresql_server, postgresql_url

__all__ = ["postgresql_server", "postgresql_url"]

KEY = f"k1:{base64.b64encode(bytes(32)).decode()}"
OTHER = f"k2:{base64.b64encode(bytes(range(32))).decode()}"


@pytest.fixture(autouse=True)
def _of_a_new_api_that_is_well(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", HERE)
    with respx.mock(assert_all_called=False) as upstream:
        upstream.get(f"{HERE}/").respond(200)
        yield


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with one sealed row."""
    settings = Settings(upstream_url=HERE, data_dir=tmp_path, keys=SecretStr(KEY))
    anyio.run(_keep_something, settings)
    monkeypatch.setenv("PASSERELLE_DATA_DIR", str(tmp_path))
    return tmp_path / "passerelle.db"


async def _keep_something(settings: Settings) -> None:
    store = Store(settings, now)
    await store.keep([Aside(("health_record", "r-1"), "r-1", {"email": "o@example.org"})])
    await store.close()


def statement(database: Path, text: str) -> None:
    """Change a store behind the gateway's back."""
    connection = sqlite3.connect(database)
    with connection:
        connection.execute(text)
    connection.close()


def test_a_store_of_this_version_with_its_key_is_well(
    database: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_KEYS", f"{OTHER},{KEY}")

    told = found(run)

    assert told["keys"] == [("ok", "keys: 2, k2 seals")]
    assert told["store"] == [("ok", "store: SQLite, revision 0001, whole, can be written")]


def test_below_a_folder_that_may_not_be_entered_nothing_can_be_looked_at(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    settings = Settings(upstream_url=HERE, data_dir=closed / "state", keys=SecretStr(KEY))

    with as_somebody_else():
        (kept,), (keyed,) = stored.store(settings), stored.keys(settings)

    assert (kept.state, keyed) == (
        "wrong",
        unchecked("keys", "keys: until the store can be read"),
    )
    assert kept.says.startswith("PASSERELLE_DATA_DIR: /")
    assert kept.says.endswith(
        " cannot be written: Permission denied; name a folder that may be written"
    )


def test_rows_that_no_key_opens_are_wrong_unless_they_are_let_go_of(
    database: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_KEYS", OTHER)

    refused = found(run)
    monkeypatch.setenv("PASSERELLE_SET_ASIDE", "drop")
    let_go = found(run)

    said = "PASSERELLE_KEYS_FILE: values are sealed by keys that are not configured: 1 rows by k1; "
    assert refused["keys"] == [
        (
            "wrong",
            said + "put them back after the others, or let go of the values by "
            "PASSERELLE_SET_ASIDE=drop",
        )
    ]
    assert let_go["keys"] == [("warning", said + "they stay as they are and are not shown")]


def test_a_store_of_an_older_version_is_left_as_it_is(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "passerelle.db").touch()
    monkeypatch.setenv("PASSERELLE_DATA_DIR", str(tmp_path))

    told = found(run)

    assert told["store"] == [
        (
            "warning",
            "store: of revision none, this version has 0001; brought there when the gateway "
            "starts: copy it before",
        )
    ]
    assert (tmp_path / "passerelle.db").stat().st_size == 0


def test_a_store_of_a_newer_version_is_wrong(database: Path, run: Run) -> None:
    statement(database, "UPDATE alembic_version SET version_num = '9999'")

    told = found(run)

    ((state, says),) = told["store"]
    assert state == "wrong"
    assert says.startswith("the store's tables are of revision 9999, this version knows 0001 at m")


def test_a_file_that_is_no_database_fails(tmp_path: Path, run: Run) -> None:
    state = tmp_path / "state" / "passerelle"
    state.mkdir(parents=True)
    (state / "passerelle.db").write_bytes(b"no database at all" * 100)

    result = run("check")

    assert result.exit_code == 1
    assert (
        "wrong  PASSERELLE_DATA_DIR: the store failed: SQLITE_NOTADB; docs/operating/check.md says "
        "what that means" in result.stdout.splitlines()
    )
    assert "unchecked  keys: until the store can be read" in result.stdout.splitlines()


def test_a_damaged_store_fails_and_says_how_it_is_mended(database: Path, run: Run) -> None:
    statement(database, "PRAGMA wal_checkpoint(TRUNCATE)")
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA writable_schema=ON")
    # An index that points to the pages of another one: every row of its table is missing in it.
    connection.execute(
        "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name = "
        "'intent_modern_id') WHERE name = 'set_aside_owner'"
    )
    connection.commit()
    connection.close()

    told = found(run)

    assert told["store"] == [
        ("wrong", "PASSERELLE_DATA_DIR: damaged; `passerelle store restore` a backup")
    ]


def test_a_store_without_one_of_its_tables_fails(database: Path, run: Run) -> None:
    statement(database, "DROP TABLE intent")

    told = found(run)

    assert told["store"] == [
        (
            "wrong",
            "PASSERELLE_DATA_DIR: the store failed: SQLITE_ERROR; docs/operating/check.md says "
            "what that means",
        )
    ]


def test_a_postgresql_wants_its_tables_first(
    postgresql_url: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_STORE_URL", postgresql_url)

    before = found(run)
    run("store", "upgrade")
    after = found(run)

    assert before["store"] == [
        (
            "wrong",
            "PASSERELLE_STORE_URL: store: of revision none, this version has 0001; run "
            "`passerelle store upgrade`",
        )
    ]
    assert after["store"] == [("ok", "store: PostgreSQL, revision 0001, can be written")]
    assert after["keys"][0][0] == "ok"


def test_a_postgresql_that_takes_no_writes_fails(
    postgresql_url: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_STORE_URL", postgresql_url)
    run("store", "upgrade")
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        statement = sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on")
        connection.execute(statement.format(name))

    told = found(run)

    ((state, says),) = told["store"]
    assert state == "wrong"
    assert says.startswith("PASSERELLE_STORE_URL: the store failed: 25006; ")


def test_a_postgresql_that_is_not_there_fails_without_its_password(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PASSERELLE_STORE_URL", f"postgresql://x:hushed@/x?host={tmp_path}")

    result = run("check")

    assert result.exit_code == 1
    assert "wrong  PASSERELLE_STORE_URL: the store failed: " in result.stdout
    assert "hushed" not in result.output
