"""How long a call may take, part by part; what each error says about the request."""

import asyncio
import socket
from collections.abc import Mapping

import httpx
import pytest

from proxy.upstream.transport import Transport, TransportLimits
from tests.authorities import Authority
from tests.wire.loops import anyio_backend
from tests.wire.scripted import HOLD, REQUEST, RESET, Script, answer, scripted

__all__ = ["anyio_backend"]

OK = b"HTTP/1.1 200 OK\r\n"


async def test_a_first_byte_that_does_not_come_is_a_read_timeout() -> None:
    async with scripted([REQUEST, HOLD]) as upstream:
        limits = TransportLimits(first_byte_seconds=0.05)

        with pytest.raises(httpx.ReadTimeout):
            await call(upstream.origin, limits)

        assert await upstream.ended.get() == 0


async def test_an_answer_that_has_begun_may_take_longer_than_its_first_byte() -> None:
    later = asyncio.Event()
    script: Script = [REQUEST, OK, later, b"Content-Length: 2\r\n\r\nhi"]
    async with scripted(script) as upstream:
        limits = TransportLimits(first_byte_seconds=0.05)
        asyncio.get_running_loop().call_later(0.15, later.set)

        response = await call(upstream.origin, limits)

    assert response.status_code == 200


async def test_an_answer_that_drips_ends_with_the_total() -> None:
    drip: Script = [REQUEST, OK, b"X: a\r\n", HOLD]
    async with scripted(drip) as upstream:
        limits = TransportLimits(first_byte_seconds=0.05, total_seconds=0.15)
        loop = asyncio.get_running_loop()
        began = loop.time()

        with pytest.raises(httpx.ReadTimeout):
            await call(upstream.origin, limits)

        assert 0.14 < loop.time() - began < 1
        assert await upstream.ended.get() == 0


async def test_a_request_says_how_long_its_parts_may_take() -> None:
    async with scripted([REQUEST, HOLD]) as upstream:
        extensions = {"timeout": {"read": 0.05, "connect": None}}

        with pytest.raises(httpx.ReadTimeout):
            await call(upstream.origin, TransportLimits(), extensions)


async def test_the_total_bounds_the_first_byte() -> None:
    async with scripted([REQUEST, HOLD]) as upstream:
        extensions = {"timeout": {"read": 60, "total": 0.05}}

        with pytest.raises(httpx.ReadTimeout):
            await call(upstream.origin, TransportLimits(), extensions)


async def test_a_handshake_that_does_not_end_is_a_connect_timeout() -> None:
    async with scripted([HOLD]) as upstream:
        origin = upstream.origin.replace("http", "https")

        with pytest.raises(httpx.ConnectTimeout):
            await call(origin, TransportLimits(connect_seconds=0.05))

        assert await upstream.ended.get() == 0


async def test_no_free_connection_is_a_pool_timeout_and_nothing_is_sent() -> None:
    held = asyncio.Event()
    async with scripted([REQUEST, held, answer(b"first")]) as upstream:
        limits = TransportLimits(connections=1)
        async with httpx.AsyncClient(transport=Transport(upstream.origin, limits)) as client:
            first = asyncio.create_task(client.get(upstream.origin))
            await upstream.came.get()

            with pytest.raises(httpx.PoolTimeout):
                await client.get(upstream.origin, timeout=httpx.Timeout(5, pool=0.05))

            held.set()
            assert (await first).content == b"first"
            assert len(upstream.requests) == 1


async def test_a_refused_connection_is_a_connect_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

    with pytest.raises(httpx.ConnectError) as raised:
        await call(f"http://127.0.0.1:{port}", TransportLimits())

    assert str(raised.value) == "no connection: ConnectionRefusedError"


async def test_a_name_that_leads_nowhere_is_a_connect_error() -> None:
    with pytest.raises(httpx.ConnectError):
        await call(f"http://{'a' * 64}.invalid", TransportLimits())


async def test_a_connection_reset_under_a_large_request_may_have_been_read() -> None:
    async with scripted([b"", RESET]) as upstream:
        with pytest.raises((httpx.WriteError, httpx.ReadError)):
            await call(upstream.origin, TransportLimits(), content=b"x" * 2**24)


async def test_tls_beside_the_deadline_is_the_default_context_verified(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    server = Authority().server_context(tmp_path_factory.mktemp("tls"))
    async with scripted([REQUEST], tls=server) as upstream:
        with pytest.raises(httpx.ConnectError) as raised:
            await call(upstream.origin, TransportLimits())

    assert str(raised.value) == "no connection: SSLCertVerificationError"
    assert upstream.requests == []


async def call(
    origin: str,
    limits: TransportLimits,
    extensions: Mapping[str, object] | None = None,
    content: bytes = b"",
) -> httpx.Response:
    """One call, through a transport of its own."""
    transport = Transport(origin, limits)
    request = httpx.Request("POST", origin, content=content, extensions=dict(extensions or {}))
    try:
        return await transport.handle_async_request(request)
    finally:
        await transport.aclose()
