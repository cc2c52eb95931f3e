"""A sandbox and a gateway before it, as processes, for every test that does not end them."""

from collections.abc import Iterator

import pytest

from tests.postgresql import postgresql_server, postgresql_url
from tests.sockets.processes import Process, passerelle

__all__ = ["postgresql_server", "postgresql_url"]


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The stand-in for the new API."""
    with passerelle(tmp_path_factory.mktemp("sandbox"), "sandbox", "--port", "0") as process:
        yield process


@pytest.fixture(scope="session")
def gateway(sandbox: Process, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The gateway."""
    folder = tmp_path_factory.mktemp("gateway")
    with passerelle(folder, "serve", "--port", "0", upstream_url=sandbox.url) as process:
        yield process
