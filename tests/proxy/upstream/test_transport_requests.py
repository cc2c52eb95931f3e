"""What is written: one framing, one Host, and nothing that ends a line."""

from collections.abc import AsyncIterator

import httpx
import pytest

from proxy.upstream.transport import Transport
from tests.wire.loops import anyio_backend
from tests.wire.scripted import FOREVER, REQUEST, Script, echo, scripted

__all__ = ["anyio_backend"]

GOOD: Script = [REQUEST, echo] * FOREVER


class HostileUrl(httpx.URL):
    """A URL that httpx itself would refuse."""

    target = b"/"

    @property
    def raw_path(self) -> bytes:
        return self.target


async def test_a_request_is_written_with_its_fields_in_order_and_one_framing() -> None:
    fields = [(b"Accept", b"a"), (b"X", b"\xe9"), (b"accept", b"b\tc")]
    async with (
        scripted(GOOD) as upstream,
        httpx.AsyncClient(transport=Transport(upstream.origin)) as client,
    ):
        url = upstream.origin + "/a%2Fb;c?d=e&d=f#g"
        await client.send(httpx.Request("PUT", url, headers=fields, content=b"body"))

    assert upstream.requests == [
        b"PUT /a%2Fb;c?d=e&d=f HTTP/1.1\r\n"
        + f"Host: 127.0.0.1:{upstream.port}\r\n".encode()
        + b"Accept: a\r\nX: \xe9\r\naccept: b\tc\r\n"
        + b"Content-Length: 4\r\nAccept-Encoding: identity\r\n\r\nbody"
    ]


async def chunks() -> AsyncIterator[bytes]:
    """A body of which nobody knows the length."""
    yield b"bo"
    yield b"dy"


async def test_a_body_that_comes_in_parts_is_sent_with_its_length() -> None:
    async with (
        scripted(GOOD) as upstream,
        httpx.AsyncClient(transport=Transport(upstream.origin)) as client,
    ):
        await client.post(upstream.origin, content=chunks())

    assert upstream.requests[0].endswith(
        b"Content-Length: 4\r\nAccept-Encoding: identity\r\n\r\nbody"
    )
    assert b"transfer-encoding" not in upstream.requests[0].lower()


async def test_fields_of_the_connection_are_the_transports_own() -> None:
    given = {
        "Accept-Encoding": "gzip",
        "Connection": "x-kept",
        "Content-Length": "999",
        "Expect": "100-continue",
        "Keep-Alive": "timeout=5",
        "Proxy-Connection": "close",
        "TE": "trailers",
        "Trailer": "x",
        "Transfer-Encoding": "chunked",
        "Upgrade": "h2c",
        "X-Kept": "kept",
    }
    async with (
        scripted(GOOD) as upstream,
        httpx.AsyncClient(transport=Transport(upstream.origin)) as client,
    ):
        await client.get(upstream.origin, headers=given)

    (request,) = upstream.requests
    names = {line.split(b":")[0].lower() for line in request.split(b"\r\n")[1:-2]}
    assert names == {b"host", b"accept", b"user-agent", b"x-kept", b"accept-encoding"}
    assert b"Accept-Encoding: identity\r\n" in request


@pytest.mark.parametrize(
    ("method", "announced"),
    [("GET", False), ("HEAD", False), ("DELETE", False), ("POST", True), ("PATCH", True)],
)
async def test_an_empty_body_is_announced_where_one_is_expected(
    method: str, announced: bool
) -> None:
    async with (
        scripted([REQUEST, b"HTTP/1.1 204 X\r\n\r\n"]) as upstream,
        httpx.AsyncClient(transport=Transport(upstream.origin)) as client,
    ):
        await client.request(method, upstream.origin)

    assert (b"Content-Length: 0\r\n" in upstream.requests[0]) is announced


Field = tuple[bytes, bytes]


@pytest.mark.parametrize(
    "field",
    [
        (b"X", b"a\r\nY: b"),
        (b"X", b"a\nY: b"),
        (b"X", b"a\rb"),
        (b"X", b"a\x00"),
        (b"X", b"a\x7f"),
        (b"X", b"\x1b"),
        (b"X\r\nY", b"a"),
        (b"X:Y", b"a"),
        (b"X Y", b"a"),
        (b"X\x00", b"a"),
        (b"X\xe9", b"a"),
        (b"", b"a"),
        (b"Host", b"another.example"),
    ],
    ids=range(13),
)
async def test_a_field_that_would_be_another_one_is_refused_before_a_byte_is_sent(
    field: Field,
) -> None:
    counted: list[str] = []
    async with scripted(GOOD) as upstream:
        transport = Transport(upstream.origin, count=lambda name, _: counted.append(name))
        request = httpx.Request("GET", upstream.origin)
        request.headers = httpx.Headers([*request.headers.raw, field])

        with pytest.raises(httpx.LocalProtocolError):
            await transport.handle_async_request(request)

    assert counted == []


@pytest.mark.parametrize("method", ["", "G T", "GET\r\n", "GET\x00", "G\xc9T", "€", "CONNECT"])
async def test_a_method_that_is_none_is_refused(method: str) -> None:
    transport = Transport("http://127.0.0.1")

    with pytest.raises(httpx.LocalProtocolError):
        await transport.handle_async_request(httpx.Request(method, "http://127.0.0.1"))


@pytest.mark.parametrize(
    "target", [b"", b"*", b"a", b"http://a/", b"/a b", b"/a\r\nX: b", b"/a\x00", b"/\xe9", b"/#a"]
)
async def test_a_target_that_is_none_is_refused(target: bytes) -> None:
    transport = Transport("http://127.0.0.1")
    request = httpx.Request("GET", "http://127.0.0.1")
    request.url = HostileUrl("http://127.0.0.1")
    HostileUrl.target = target

    with pytest.raises(httpx.LocalProtocolError):
        await transport.handle_async_request(request)


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://127.0.0.1/", httpx.UnsupportedProtocol),
        ("ftp://127.0.0.1/", httpx.UnsupportedProtocol),
        ("https://127.0.0.2/", httpx.LocalProtocolError),
        ("https://127.0.0.1:444/", httpx.LocalProtocolError),
        ("https://127.0.0.1@evil.example/", httpx.LocalProtocolError),
    ],
)
async def test_another_origin_is_refused(url: str, error: type[Exception]) -> None:
    transport = Transport("https://127.0.0.1:443/base")

    with pytest.raises(error) as raised:
        await transport.handle_async_request(httpx.Request("GET", url))

    assert "127" not in str(raised.value)


@pytest.mark.parametrize("origin", ["ftp://a.example", "a.example", "", "https://"])
def test_an_origin_that_is_none_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match="an origin is"):
        Transport(origin)
