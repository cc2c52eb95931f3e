"""The store as it is, looked at without making, migrating or changing anything."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence

from proxy.cli.checks.finding import Finding, failing, misconfigured, ok, unchecked, warning
from proxy.cli.checks.inside import unwritable
from proxy.errors import ConfigurationError, StoreError
from proxy.settings import PREFIX, Settings
from proxy.store import migrating, upkeep
from proxy.store.connection import Connection
from proxy.store.engine import FILE, make_engine
from proxy.store.seal import keys_of

WRITING = "DELETE FROM intent WHERE 1 = 0"
"""It changes no row, and is refused where rows cannot be changed."""


def store(settings: Settings) -> Sequence[Finding]:
    """Whether the database is there, of this version, whole, and can be written."""
    return [_store(settings)]


def keys(settings: Settings) -> Sequence[Finding]:
    """Whether every sealed row has its key."""
    try:
        configured, locked = keys_of(settings), _locked(settings)
    except ConfigurationError as error:
        return [misconfigured("keys", error)]
    if locked is None:
        return [unchecked("keys", "keys: until the store can be read")]
    if locked:
        rows = ", ".join(f"{count:,} rows by {name}" for name, count in locked.items())
        told = f"{PREFIX}KEYS_FILE: values are sealed by keys that are not configured: {rows}"
        if settings.set_aside in ("drop", "reject"):
            return [warning("keys", f"{told}; they stay as they are and are not shown")]
        return [
            misconfigured(
                "keys",
                f"{told}; put them back after the others, or let go of the values by "
                f"{PREFIX}SET_ASIDE=drop",
            )
        ]
    if configured is None:
        return [ok("keys", "keys: none; nothing is sealed (passerelle store new-key makes one)")]
    return [ok("keys", f"keys: {len(configured.by_name)}, {configured.sealing} seals")]


def _locked(settings: Settings) -> Mapping[str, int] | None:
    """How many rows are sealed by keys that are not configured; nothing where none can be read."""
    if _is_none_yet(settings):
        return None if unwritable(settings.data_dir.absolute()) else {}
    try:
        return asyncio.run(upkeep.locked(settings))
    except StoreError:
        return None


def _store(settings: Settings) -> Finding:
    folder = settings.data_dir.absolute()
    setting = f"{PREFIX}{'DATA_DIR' if settings.store_url is None else 'STORE_URL'}"
    if _is_none_yet(settings):
        if reason := unwritable(folder):
            return misconfigured("store", f"{setting}: {reason}; name a folder that may be written")
        return ok("store", f"store: none yet; made in {folder} when the gateway starts")
    try:
        with make_engine(settings).connected() as connection:
            return _looked_at(connection, setting)
    except ConfigurationError as error:
        return misconfigured("store", error)
    except StoreError as error:
        return failing("store", f"{setting}: {error}; docs/operating/check.md says what that means")


def _is_none_yet(settings: Settings) -> bool:
    """Whether no file is there, as far as can be seen: its folder may be one not to be entered."""
    return settings.store_url is None and not os.path.exists(settings.data_dir / FILE)


def _looked_at(connection: Connection, setting: str) -> Finding:
    revision = migrating.checked(migrating.revision(connection))
    if revision != migrating.HEAD:
        told = f"store: of revision {revision or 'none'}, this version has {migrating.HEAD}"
        if not connection.is_sqlite:
            return misconfigured("store", f"{setting}: {told}; run `passerelle store upgrade`")
        return warning("store", f"{told}; brought there when the gateway starts: copy it before")
    with connection.transaction():
        connection.execute(WRITING)
    if connection.is_sqlite and connection.execute("PRAGMA quick_check(1)") != [("ok",)]:
        return failing("store", f"{setting}: damaged; `passerelle store restore` a backup")
    name = "SQLite" if connection.is_sqlite else "PostgreSQL"
    whole = ", whole" if connection.is_sqlite else ""
    return ok("store", f"store: {name}, revision {revision}{whole}, can be written")
