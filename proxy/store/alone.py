"""One gateway on one SQLite store: as many workers of it as it likes, and no second gateway."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from proxy.errors import ConfigurationError
from proxy.settings import PREFIX, StoreSettings

FILE = "passerelle.lock"


@contextmanager
def alone(settings: StoreSettings) -> Iterator[None]:
    """
    Keep other gateways off a SQLite store, until the process ends in whatever way.

    To be held by the process that serves or is the parent of those that do, before it looks at
    the store: of another version, it would change the tables under the one that runs. A PostgreSQL
    is for several. Raises `ConfigurationError` where another gateway holds it.
    """
    if settings.store_url is not None:
        yield
        return
    folder = settings.data_dir.absolute()
    # A file of its own: where a network's file system makes one lock of two kinds, SQLite's own
    # would be in the way. It has no content, and stays.
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        opened = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        reason = f"{folder} cannot be written: {error.strerror}"
        raise ConfigurationError(f"{PREFIX}DATA_DIR: {reason}") from error
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigurationError(
                f"{PREFIX}DATA_DIR: another gateway serves from {folder}; stop it first, or give "
                f"several of them one PostgreSQL by {PREFIX}STORE_URL"
            ) from error
        yield
    finally:
        os.close(opened)
