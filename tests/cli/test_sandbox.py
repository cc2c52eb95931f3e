"""`passerelle sandbox`: which stand-in it serves, and where."""

import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import uvicorn

from tests.cli.conftest import Passerelle, Run
from tests.cli.servers import taken_port

Served = Callable[..., tuple[httpx.AsyncClient, str, int]]


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch, run: Run) -> Served:
    """Run the command, and give a client of what it would serve, what it said and the port."""
    given: list[tuple[Any, int]] = []

    def note(server: uvicorn.Server, sockets: list[socket.socket]) -> None:
        (listening,) = sockets
        given.append((server.config.app, listening.getsockname()[1]))
        listening.close()

    monkeypatch.setattr(uvicorn.Server, "run", note)

    def sandbox(*arguments: str) -> tuple[httpx.AsyncClient, str, int]:
        result = run("sandbox", *arguments)
        assert result.exit_code == 0
        ((app, port),) = given
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://sandbox.test", trust_env=False
        )
        return client, result.stderr, port

    return sandbox


async def test_it_serves_invented_people_to_whoever_asks(sandbox: Served) -> None:
    client, said, port = sandbox("--port", "0")

    response = await client.get("/health_records")

    assert response.status_code == 200
    assert len(response.json()) > 1
    assert said == f"the sandbox serves on http://127.0.0.1:{port}\n"


async def test_an_empty_one_knows_nobody(sandbox: Served) -> None:
    client, _, _ = sandbox("--port", "0", "--empty")

    response = await client.get("/health_records")

    assert response.json() == []


async def test_a_strict_one_takes_its_own_tokens_only(sandbox: Served) -> None:
    client, _, _ = sandbox("--port", "0", "--strict")

    refused = await client.get("/health_records", headers={"Authorization": "Bearer any"})
    taken = await client.get("/health_records", headers={"Authorization": "Bearer sandbox-token-1"})

    assert (refused.status_code, taken.status_code) == (401, 200)


def test_an_address_in_use_is_wrong_configuration(passerelle: Passerelle) -> None:
    with taken_port() as port:
        ended = passerelle("sandbox", "--port", str(port))

    assert ended.code == 3
    assert ended.err.startswith(f"passerelle: cannot listen on 127.0.0.1 port {port}: ")
