"""What comes with the fields of the request before it is read as if it came first."""

from itertools import product
from typing import Any

import pytest

from proxy.front.same_head import SameHead
from tests.proxy.front.wired import CHUNKED, Line, chunked, get, line, post

FIRST = (
    get(b"/a", b"Authorization: Bearer one"),
    get(b"/a", b"Connection: keep-alive"),
    get(b"/a", b"Connection: close"),
    get(b"/a", b"Expect: 100-continue"),
    get(b"/a", version=b"1.0"),
    get(b"/healthz"),
    post(b"0123456789"),
    post(b""),
    post(chunked(b"0123456789"), CHUNKED),
    post(b"ten", b"Content-Length: 3", b"Expect: 100-continue"),
    b"\r\n" + get(),
    b"\n" + get(),
    b"\n" + get().replace(b"GET", b"HEAD"),
    get() + b"\r\n" * (len(get(b"/c")) // 2),
    get() + b"\n",
    post(b"12345678") + b"\r\n",
    get() + get(b"/b"),
    get(b"/held"),
)
LINES = (
    b"GET /b HTTP/1.1",
    b"GET /b?q=1 HTTP/1.1",
    b"POST /b HTTP/1.1",
    b"HEAD /b HTTP/1.1",
    b"get /b HTTP/1.1",
    b"TRACE /b HTTP/1.1",
    b"GET /b HTTP/1.0",
    b"GET /b HTTP/2.0",
    b"GET  /b HTTP/1.1",
    b"GET /b  HTTP/1.1",
    b"GET /b c HTTP/1.1",
    b"GET /a/../b HTTP/1.1",
    b"GET http://old.example/b HTTP/1.1",
    b"GET b HTTP/1.1",
    b"GET /healthz HTTP/1.1",
    b"GET /%b HTTP/1.1" % (b"b" * 201),
    b"GET /%b HTTP/1.1" % (b"b" * 190),
    b"GET HTTP/1.1",
    b"GET /b\nX: HTTP/1.1",
    b"\r\nGET /b HTTP/1.1",
    b"\nGET /b HTTP/1.1",
    b"\nHEAD /b HTTP/1.1",
    b"",
)
ENDS = (b"", b"x", b"0123456789", b"0123456789x", b"\r\n", get(b"/c"), chunked(b"ab"))


async def _outcome(*pieces: bytes, hosts: frozenset[str]) -> tuple[Any, ...]:
    """What the application was asked, and what the client was answered."""
    async with line(hosts=hosts) as at:
        for piece in pieces:
            await at.feed(piece)
        at.served.app.gate.set()
        await at.feed()
        return _seen(at)


def _seen(at: Line) -> tuple[Any, ...]:
    app, names = at.served.app, ("method", "path", "raw_path", "query_string", "http_version")
    asked = [[*(scope[name] for name in names), [*scope["headers"]]] for scope in app.asked]
    return asked, app.bodies, at.transport.written, at.transport.closed, at.served.refused


def _after(first: bytes) -> list[bytes]:
    """What may come next with the fields of this request, or nearly these."""
    lines = first.partition(b"\r\n")[2].partition(b"\r\n\r\n")[0]
    fields = (lines, lines + b"\r\nX-Note: a", lines.replace(b"one", b"two"))
    return [
        b"%b\r\n%b\r\n\r\n%b" % (line_of_it, these, end)
        for line_of_it, these, end in product(LINES, fields, ENDS)
    ]


@pytest.mark.parametrize("hosts", [frozenset(), frozenset({"old.example"})], ids=["any", "named"])
@pytest.mark.parametrize("first", FIRST, ids=range(len(FIRST)))
async def test_a_request_like_the_last_one_is_judged_as_any_other(
    first: bytes, hosts: frozenset[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = [await _outcome(first, then, get(b"/z"), hosts=hosts) for then in _after(first)]

    monkeypatch.setattr(SameHead, "of", lambda fields, data: None)
    expected = [await _outcome(first, then, get(b"/z"), hosts=hosts) for then in _after(first)]
    assert outcomes == expected


async def test_the_parser_is_not_asked_about_fields_that_it_has_read() -> None:
    async with line() as at:
        await at.feed(get(b"/a"))
        at.protocol.on_headers_complete = None  # type: ignore[assignment,method-assign]  # no parser

        await at.feed(get(b"/b?q=1"))

    assert at.served.app.paths == ["/a", "/b"]
    first, second = at.served.app.asked
    assert first["headers"] is second["headers"]


async def test_a_probe_lets_nobody_in_by_its_host() -> None:
    """Who probes the process may ask by an address; the legacy surface has names."""
    async with line(hosts=frozenset({"new.example"})) as at:
        for target in (b"/healthz", b"/healthz", b"/a"):
            await at.feed(get(target))

    assert at.statuses == [200, 200, 421]


async def test_a_head_that_is_too_large_with_its_target_is_refused() -> None:
    async with line(head_bytes=len(get(b"/a")) + 5) as at:
        for target in (b"/a", b"/a1", b"/a1234567"):
            await at.feed(get(target))

    assert at.statuses == [200, 200, 431]
