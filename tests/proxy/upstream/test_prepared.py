"""A request that is told by its parts is the one that httpx would make of them."""

import httpx
import pytest

from proxy.upstream.request import Call, Fields, Home, Prepared, request_bytes

FIELDS = [("accept", "application/json"), ("x-a", "é"), ("x-a", "2")]
RAW = [(name.encode(), value.encode("latin-1")) for name, value in FIELDS]
HOME = Home(httpx.URL("http://new.example"))


def call_of(method: str, home: Home, path: str, fields: Fields, content: bytes = b"") -> Call:
    """A call of a path, whenever it must be answered."""
    return Call(method, home, home.target(path), fields, content, until=0)


@pytest.mark.parametrize(
    "base", ["http://new.example", "https://new.example:8443/v2", "http://[::1]/é"]
)
@pytest.mark.parametrize(
    "path", ["", "/", "/records/7", "/records?page=2&q=%C3%A9", "/é?q=ü", "/a b"]
)
@pytest.mark.parametrize(
    ("method", "content"), [("GET", None), ("POST", b"{}"), ("PATCH", b""), ("DELETE", None)]
)
def test_its_bytes_and_what_httpx_says_of_it_are_the_same(
    base: str, path: str, method: str, content: bytes | None
) -> None:
    plain = httpx.Request(method, base + path, headers=RAW, content=content)

    call = call_of(method, Home(httpx.URL(base)), path, FIELDS, content or b"")
    prepared = Prepared(call)

    assert call.written() == request_bytes(plain, content or b"")
    assert prepared.url.raw_path == plain.url.raw_path
    assert prepared.url.netloc == plain.url.netloc
    assert prepared.headers == plain.headers
    assert prepared.content == plain.content


def test_what_goes_with_every_request_gives_way_to_a_field_of_the_same_name() -> None:
    always = [("accept-encoding", "identity"), ("via", "1.1 100%"), ("accept", "a")]
    home = Home(httpx.URL("http://new.example"), always)

    call = call_of("GET", home, "/x", [("via", "1.1 other, 1.1 50%")])

    assert call.written() == (
        b"GET /x HTTP/1.1\r\nHost: new.example\r\naccept: a\r\nvia: 1.1 other, 1.1 50%\r\n"
        b"Accept-Encoding: identity\r\n\r\n"
    )
    assert Prepared(call).headers["via"] == "1.1 other, 1.1 50%"


@pytest.mark.parametrize("field", [("x", "a\r\nb: c"), ("x", "a\n"), ("host", "a"), ("x:y", "a")])
def test_a_field_that_would_be_another_one_is_never_written(field: tuple[str, str]) -> None:
    call = call_of("GET", HOME, "/x", [("accept", "a"), field])

    with pytest.raises(httpx.LocalProtocolError):
        call.written()


async def test_its_body_can_be_read_in_each_of_httpxs_ways() -> None:
    prepared = Prepared(call_of("POST", HOME, "/x", [], b"{}"))

    assert prepared.read() == await prepared.aread() == b"{}"
    assert [chunk async for chunk in prepared.stream] == [b"{}"]


@pytest.mark.parametrize("path", ["/..", "/../x", "/a/./b", "/a/..?q=1", "/a\nb"])
def test_a_path_that_would_lead_elsewhere_is_none(path: str) -> None:
    with pytest.raises(httpx.InvalidURL):
        Home(httpx.URL("http://new.example/v2")).target(path)
