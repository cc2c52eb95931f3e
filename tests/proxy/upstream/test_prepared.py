"""A request that is told by its parts is the one that httpx would make of them."""

import httpx
import pytest

from proxy.upstream.request import Prepared, request_bytes

FIELDS = [(b"accept", b"application/json"), (b"x-a", "é".encode("latin-1")), (b"x-a", b"2")]


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
    plain = httpx.Request(method, base + path, headers=FIELDS, content=content)

    prepared = Prepared(method, httpx.URL(base), path, FIELDS, content)

    assert request_bytes(prepared, content or b"") == request_bytes(plain, content or b"")
    assert prepared.url.raw_path == plain.url.raw_path
    assert prepared.url.netloc == plain.url.netloc
    assert prepared.headers == plain.headers
    assert prepared.content == plain.content


async def test_its_body_can_be_read_in_each_of_httpxs_ways() -> None:
    prepared = Prepared("POST", httpx.URL("http://new.example"), "/x", [], b"{}")

    assert prepared.read() == await prepared.aread() == b"{}"
    assert [chunk async for chunk in prepared.stream] == [b"{}"]


@pytest.mark.parametrize("path", ["/..", "/../x", "/a/./b", "/a/..?q=1", "/a\nb"])
def test_a_path_that_would_lead_elsewhere_is_none(path: str) -> None:
    with pytest.raises(httpx.InvalidURL):
        Prepared("GET", httpx.URL("http://new.example/v2"), path, [], None)
