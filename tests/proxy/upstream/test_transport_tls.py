"""Calls through TLS: verified, or not made."""

from __future__ import annotations

import asyncio
import ssl
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from proxy.upstream.transport import Transport
from tests.authorities import Authority, Issued, self_signed
from tests.wire.loops import anyio_backend
from tests.wire.scripted import FOREVER, HOLD, REQUEST, Script, answer, echo, scripted

__all__ = ["anyio_backend"]

GOOD: Script = [REQUEST, echo] * FOREVER
AUTHORITY = Authority()


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    """A client that believes the authority."""
    return AUTHORITY.client_context(tmp_path)


async def get(transport: Transport, origin: str, method: str = "GET") -> bytes:
    """One call; its body."""
    response = await transport.handle_async_request(httpx.Request(method, origin))
    return await response.aread()


async def test_a_server_with_a_good_certificate_is_called_over_a_kept_connection(
    tls: ssl.SSLContext, tmp_path: Path
) -> None:
    counted: list[str] = []
    large = answer(b"x" * 2**20)
    async with scripted(
        [REQUEST, large, *GOOD], tls=AUTHORITY.server_context(tmp_path)
    ) as upstream:
        transport = Transport(
            upstream.origin, tls=tls, count=lambda name, label: counted.append(label or name)
        )

        assert len(await get(transport, upstream.origin)) == 2**20
        assert await get(transport, upstream.origin) == b"nobody"
        assert await get(transport, upstream.origin, "POST") == b"nobody"
        await transport.aclose()
        assert await upstream.ended.get() == 0

    assert counted == ["opened", "reused", "reused", "shutdown"]


@pytest.mark.parametrize(
    "shown",
    [
        AUTHORITY.issue(names=("other.example",)),
        AUTHORITY.issue(names=()),
        AUTHORITY.issue(ends=-timedelta(hours=1)),
        AUTHORITY.issue(begins=timedelta(hours=1)),
        AUTHORITY.issue(purpose="client"),
        Authority("Another authority").issue(),
        self_signed(),
    ],
    ids=["name", "no name", "expired", "not yet", "purpose", "authority", "nobody"],
)
async def test_a_server_with_another_certificate_gets_no_byte(
    shown: Issued, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    server = AUTHORITY.server_context(tmp_path, shown)
    async with scripted(GOOD, tls=server) as upstream:
        transport = Transport(upstream.origin, tls=tls)

        with pytest.raises(httpx.ConnectError) as raised:
            await get(transport, upstream.origin)

        assert str(raised.value) == "no connection: SSLCertVerificationError"
        assert upstream.requests == []


async def test_a_server_without_tls_gets_no_byte_of_the_request(tls: ssl.SSLContext) -> None:
    async with scripted([answer(b"plain"), HOLD]) as upstream:
        origin = upstream.origin.replace("http", "https")

        with pytest.raises((httpx.ConnectError, httpx.RemoteProtocolError)):
            await get(Transport(origin, tls=tls), origin)

        assert await upstream.ended.get() == 0


async def test_a_server_that_is_gone_before_the_handshake_is_a_connect_error(
    tls: ssl.SSLContext,
) -> None:
    async with scripted([]) as upstream:
        origin = upstream.origin.replace("http", "https")

        with pytest.raises(httpx.ConnectError):
            await get(Transport(origin, tls=tls), origin)


async def test_what_comes_through_tls_while_nobody_asks_ends_the_connection(
    tls: ssl.SSLContext, tmp_path: Path
) -> None:
    idle, told = asyncio.Event(), asyncio.Event()
    closed: list[str] = []

    def count(name: str, label: str) -> None:
        if name == "closed":
            closed.append(label)
            told.set()

    script: Script = [REQUEST, echo, idle, answer(b"stray"), HOLD]
    async with scripted(script, GOOD, tls=AUTHORITY.server_context(tmp_path)) as upstream:
        transport = Transport(upstream.origin, tls=tls, count=count)
        await get(transport, upstream.origin)
        idle.set()
        await told.wait()

        assert await get(transport, upstream.origin) == b"nobody"
        assert closed == ["unsolicited"]
        await transport.aclose()


def test_a_context_that_takes_any_certificate_is_refused() -> None:
    unverified = ssl.create_default_context()
    unverified.check_hostname = False

    with pytest.raises(ValueError, match="any certificate"):
        Transport("https://a.example", tls=unverified)
