"""Calls of the new API: bounded in time and size, and nothing of one caller kept for another."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import respx

from proxy.app import create_app
from proxy.errors import (
    UpstreamContractError,
    UpstreamError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
from proxy.settings import Settings
from proxy.upstream.client import Upstream
from tests.proxy.conftest import UPSTREAM, Gateways, legacy_client_of, noon
from tests.proxy.documents import MODERN_RECORD, RECORD, modern_document


class Dripping(httpx.AsyncByteStream):
    """A body that comes byte by byte, and never to its end."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.01)
            yield b" "


class Answering(httpx.AsyncBaseTransport):
    """A transport that answers with what a function makes, after a while."""

    def __init__(self, make: Callable[[], httpx.Response], seconds: float = 0) -> None:
        self.make = make
        self.seconds = seconds
        self.at_once = 0
        self.at_most = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.at_once += 1
        self.at_most = max(self.at_most, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
            return self.make()
        finally:
            self.at_once -= 1


def ok() -> httpx.Response:
    """An answer with nothing to say."""
    return httpx.Response(200, content=b"{}")


def upstream_of(transport: httpx.AsyncBaseTransport | None, **settings: Any) -> Upstream:
    """The client of a new API that answers through this transport."""
    return Upstream(Settings(**{"upstream_url": UPSTREAM, "retry_ratio": 0, **settings}), transport)


@pytest.mark.parametrize(
    ("raised", "told", "sent"),
    [
        (httpx.ConnectTimeout("x"), UpstreamTimeoutError, False),
        (httpx.ReadTimeout("x"), UpstreamTimeoutError, True),
        (httpx.WriteTimeout("x"), UpstreamTimeoutError, True),
        (httpx.PoolTimeout("x"), UpstreamTimeoutError, False),
        (TimeoutError("x"), UpstreamTimeoutError, True),
        (httpx.ConnectError("x"), UpstreamUnreachableError, False),
        (httpx.ReadError("x"), UpstreamUnreachableError, True),
        (httpx.WriteError("x"), UpstreamUnreachableError, True),
        (httpx.RemoteProtocolError("x"), UpstreamUnreachableError, True),
        (httpx.InvalidURL("x"), UpstreamUnreachableError, False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_what_httpx_raises_becomes_our_own_and_tells_whether_the_request_may_have_arrived(
    raised: Exception, told: type[UpstreamError], sent: bool
) -> None:
    """Trap 17: what surely never arrived can be done again."""

    def fail() -> httpx.Response:
        raise raised

    with pytest.raises(told) as caught:
        await upstream_of(Answering(fail)).ask("GET", "/x", [], operation="GET /x")

    assert caught.value.__cause__ is raised
    assert caught.value.sent == sent
    assert str(caught.value) in ("no answer", "no answer in time")


@pytest.mark.parametrize(
    "transport",
    [
        pytest.param(Answering(lambda: httpx.Response(200, stream=Dripping())), id="dripping"),
        pytest.param(Answering(ok, seconds=30), id="silent"),
    ],
)
async def test_no_call_outlives_its_deadline(
    gateways: Gateways, transport: httpx.AsyncBaseTransport
) -> None:
    client = gateways.client(upstream=transport, deadline_seconds=0.05)

    async with asyncio.timeout(1):
        response = await client.get(RECORD)

    assert response.status_code == 504
    assert response.json() == {"error": "Le service n'a pas répondu à temps."}


@pytest.mark.parametrize("encoding", ["gzip", "br", "Deflate", "identity, gzip"])
async def test_an_encoded_answer_is_a_bad_answer_and_is_not_decoded(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, encoding: str
) -> None:
    """Traps 11 and 25: identity was asked for, and a small body can hide a huge one."""
    upstream.get(MODERN_RECORD).mock(
        return_value=httpx.Response(200, headers={"Content-Encoding": encoding}, stream=Dripping())
    )

    response = await legacy_client.get(RECORD)

    assert response.status_code == 502
    assert "content-encoding" not in response.headers


async def test_an_error_whose_body_cannot_be_read_keeps_its_status(
    upstream: respx.Router, gateways: Gateways
) -> None:
    """Trap 11: what stands between may encode its own errors, however it was asked."""
    upstream.get(MODERN_RECORD).mock(
        side_effect=[
            httpx.Response(404, headers={"Content-Encoding": "gzip"}, stream=Dripping()),
            httpx.Response(403, content=b"x" * 1001),
        ]
    )
    client = gateways.client(max_answer_bytes=1000)

    encoded, too_large = await client.get(RECORD), await client.get(RECORD)

    assert (encoded.status_code, too_large.status_code) == (404, 403)


async def test_an_answer_may_say_that_it_is_not_encoded(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    upstream.get(MODERN_RECORD).respond(
        json=modern_document(), headers={"Content-Encoding": "Identity"}
    )

    response = await legacy_client.get(RECORD)

    assert response.status_code == 200


@pytest.mark.parametrize(("size", "status"), [(1000, 200), (1001, 502)], ids=["just", "beyond"])
async def test_an_answer_is_read_up_to_the_limit(
    upstream: respx.Router, gateways: Gateways, size: int, status: int
) -> None:
    """Trap 25."""
    document = httpx.Response(200, json=modern_document()).content
    upstream.get(MODERN_RECORD).respond(content=document.ljust(size))

    response = await gateways.client(max_answer_bytes=1000).get(RECORD)

    assert response.status_code == status


async def test_an_endless_answer_is_given_up_at_the_limit() -> None:
    """Trap 25."""
    transport = Answering(lambda: httpx.Response(200, stream=Dripping()))

    with pytest.raises(UpstreamContractError) as caught:
        await upstream_of(transport, max_answer_bytes=2).ask("GET", "/x", [], operation="GET /x")

    assert str(caught.value) == "(the whole document): too_large"


async def test_a_cookie_of_one_caller_is_not_kept_for_the_next(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 18: a shared client keeps nothing of any caller."""
    cookies = [("Set-Cookie", "session=first; Path=/"), ("Set-Cookie", "b=2; Domain=new.example")]
    route = upstream.get(MODERN_RECORD).respond(json=modern_document(), headers=cookies)

    for token in ("first", "second"):
        await legacy_client.get(RECORD, headers={"Authorization": f"Bearer {token}"})

    assert [call.request.headers["authorization"] for call in route.calls] == [
        "Bearer first",
        "Bearer second",
    ]
    assert not any("cookie" in call.request.headers for call in route.calls)


async def test_a_call_without_a_credential_has_none_of_the_one_before(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 18."""
    route = upstream.get(MODERN_RECORD).respond(json=modern_document())

    await legacy_client.get(RECORD, headers={"Authorization": "Bearer first"})
    await legacy_client.get(RECORD)

    assert "authorization" not in route.calls.last.request.headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, status: int
) -> None:
    """Trap 15: the credential goes nowhere else."""
    route = upstream.get(MODERN_RECORD).respond(
        status, headers={"Location": "https://elsewhere.example/"}
    )

    response = await legacy_client.get(RECORD)

    assert response.status_code == 502
    assert route.call_count == 1
    assert "location" not in response.headers


async def test_the_base_url_may_have_a_path(upstream: respx.Router, gateways: Gateways) -> None:
    route = upstream.get(f"/v3/api{MODERN_RECORD}").respond(json=modern_document())

    response = await gateways.client(upstream_url=f"{UPSTREAM}/v3/api/").get(RECORD)

    assert response.status_code == 200
    assert route.called


async def test_respx_patches_the_gateway_that_makes_its_own_transport() -> None:
    """So that integrators can test their own applications with plain `respx.mock`."""
    client = legacy_client_of(create_app(Settings(upstream_url=UPSTREAM), clock=noon))

    with respx.mock(base_url=UPSTREAM) as upstream:
        upstream.get(MODERN_RECORD).respond(json=modern_document())
        response = await client.get(RECORD)

    assert response.status_code == 200


async def test_proxies_and_credentials_of_the_machine_are_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Health data goes to the new API and to no one on the way."""
    asked: list[tuple[str, bytes]] = []

    def serving(name: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append((name, await reader.readuntil(b"\r\n\r\n")))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            await writer.drain()
            writer.close()
            await writer.wait_closed()

        return serve

    new_api = await asyncio.start_server(serving("the new API"), "127.0.0.1", 0)
    proxy = await asyncio.start_server(serving("a proxy"), "127.0.0.1", 0)
    ports = [server.sockets[0].getsockname()[1] for server in (new_api, proxy)]
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{ports[1]}")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login machine password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    upstream = upstream_of(None, upstream_url=f"http://127.0.0.1:{ports[0]}")

    reply = await upstream.ask("GET", "/x", [], operation="GET /x")
    await upstream.close()

    async with new_api, proxy:
        pass
    assert reply.body == b"{}"
    assert [name for name, _ in asked] == ["the new API"]
    assert b"authorization" not in asked[0][1].lower()
