"""A name with several addresses: one that does not answer has its share of the time, no more."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from proxy.upstream.transport import Transport, TransportLimits
from tests.wire.scripted import REQUEST, answer, scripted

ORIGIN = "http://two.example"


@pytest.fixture
def silent() -> Iterator[int]:
    """A port at which nobody is let in: as many wait there as may."""
    with ExitStack() as opened:
        listening = opened.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


@pytest.fixture
def refusing() -> Iterator[int]:
    """A port at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def resolve(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    """Let every name have these addresses."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]

    async def getaddrinfo(*asked: Any, **how: Any) -> Any:
        return found

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize("first", ["silent", "refusing"])
async def test_the_next_address_is_tried(
    first: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead: int = request.getfixturevalue(first)
    async with scripted([REQUEST, answer(b"hi")]) as upstream:
        resolve(monkeypatch, dead, httpx.URL(upstream.origin).port or 0)
        transport = Transport(ORIGIN, TransportLimits(connect_seconds=0.4))

        async with httpx.AsyncClient(transport=transport) as client:
            response = await client.get(f"{ORIGIN}/x", extensions={"timeout": {"connect": 0.4}})

    assert response.content == b"hi"


async def test_where_none_answers_the_last_one_tells_why(
    silent: int, refusing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = TransportLimits(connect_seconds=0.1)

    for ports, error in [
        ((silent, refusing), httpx.ConnectError),
        ((silent,), httpx.ConnectTimeout),
    ]:
        resolve(monkeypatch, *ports)
        with pytest.raises(error):
            await Transport(ORIGIN, limits).handle_async_request(httpx.Request("GET", ORIGIN))
