"""A copy of a SQLite store while it is in use, and the way back."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from proxy.settings import StoreSettings
from proxy.store.crosswalk import LARGEST
from proxy.store.engine import BUSY_SECONDS, make_engine
from proxy.store.migrating import HEAD
from proxy.store.opening import path_of

SKIPPED_IDS = 1_000_000
"""How many integers of each kind a restore gives up: some of them were given out since."""

MISSED = ("crosswalk", "set_aside", "intent", "session")
"""The tables whose rows somebody would miss."""


class BackupError(Exception):
    """Nothing was written; says why, and what to do."""


def backup(settings: StoreSettings, target: Path, *, force: bool = False) -> None:
    """
    Copy the store, whole and as of one instant, into a file that only its owner can read.

    Raises `BackupError`, also for a target that is there, unless by `force`.
    """
    source = path_of(settings)
    if target.exists() and not force:
        raise BackupError(f"{target} is there already: --force overwrites it")
    with _failures(target), _beside(target) as written:
        with closing(sqlite3.connect(source, timeout=BUSY_SECONDS)) as store:
            # Into an empty file, which has its mode already. What was erased is not copied.
            store.execute("VACUUM INTO ?", (str(written),))
        with closing(sqlite3.connect(written)) as copy:
            _check(copy, source)
        with written.open("rb") as file:
            os.fsync(file.fileno())
        written.replace(target)


def restore(settings: StoreSettings, source: Path, *, force: bool = False) -> None:
    """
    Put a copy in the place of the store, in one transaction.

    The integers that were given out since the copy was made are lost, and skipped: none of them
    is given to another record. Raises `BackupError` for what is no sound copy, for a store that
    is open somewhere and, unless by `force`, for one that has rows.
    """
    # Without a connection; it makes the folder and the file.
    make_engine(settings)
    target, uri = path_of(settings), f"{source.absolute().as_uri()}?mode=ro"
    # The copy in between has the name of no file: SQLite keeps it where nobody else can open it.
    with (
        _failures(source),
        closing(sqlite3.connect(uri, uri=True)) as given,
        closing(sqlite3.connect("")) as copy,
        closing(sqlite3.connect(target, timeout=0, isolation_level=None)) as store,
    ):
        _check(given, source)
        _alone(store, target)
        count = sum(_rows(store, table) for table in MISSED)
        if count and not force:
            raise BackupError(f"{target} has {count} rows: --force overwrites them")
        given.backup(copy)
        _skip(copy, _next_ids(store))
        copy.backup(store)


@contextmanager
def _failures(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BackupError(f"{file}: {error.strerror}") from error
    except sqlite3.Error as error:
        raise BackupError(f"{file}: {error.sqlite_errorname}") from error


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A new file in the folder of another, for its owner alone; gone at the end if still there."""
    handle, name = tempfile.mkstemp(prefix=".passerelle-", dir=target.absolute().parent)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _check(copy: sqlite3.Connection, name: Path) -> None:
    """Raise `BackupError` for a file that is damaged, no store, or of a newer version."""
    try:
        sound = copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        tables = _tables(copy)
    except sqlite3.DatabaseError as error:
        raise BackupError(f"{name} cannot be read: {error.sqlite_errorname}") from error
    if not sound:
        raise BackupError(f"{name} is damaged")
    if "alembic_version" not in tables:
        raise BackupError(f"{name} is no store of passerelle")
    (revision,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
    if revision > HEAD:
        raise BackupError(
            f"{name} is of revision {revision}, this version knows {HEAD} at most; use the version "
            "that wrote it, or a newer one"
        )


def _alone(store: sqlite3.Connection, name: Path) -> None:
    """Keep everybody else out until the connection is closed."""
    try:
        # Refused while anybody has the file open, and it is the way to find that out.
        store.execute("PRAGMA journal_mode=DELETE")
        store.execute("PRAGMA locking_mode=EXCLUSIVE")
        store.execute("BEGIN EXCLUSIVE")
        store.execute("COMMIT")
    except sqlite3.OperationalError as error:
        raise BackupError(f"{name} is in use: stop the gateway first") from error


def _tables(store: sqlite3.Connection) -> set[str]:
    return {name for (name,) in store.execute("SELECT name FROM sqlite_master")}


def _rows(store: sqlite3.Connection, table: str) -> int:
    if table not in _tables(store):
        return 0
    (count,) = store.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - one of MISSED
    return int(count)


def _next_ids(store: sqlite3.Connection) -> dict[str, int]:
    if "sequence" not in _tables(store):
        return {}
    return dict(store.execute("SELECT kind, next_id FROM sequence"))


def _skip(copy: sqlite3.Connection, given_out: dict[str, int]) -> None:
    """Let each sequence go on after every integer that was, or may have been, given out."""
    skipped = {kind: next_id + SKIPPED_IDS for kind, next_id in _next_ids(copy).items()}
    for kind in skipped.keys() | given_out.keys():
        next_id = min(max(skipped.get(kind, 0), given_out.get(kind, 0)), LARGEST + 1)
        copy.execute("REPLACE INTO sequence (kind, next_id) VALUES (?, ?)", (kind, next_id))
    copy.commit()
