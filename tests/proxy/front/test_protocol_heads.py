"""Which requests are let in, however their bytes are cut, and what the others are answered."""

from collections.abc import Callable

import pytest
import structlog

from proxy.front import framing
from tests.proxy.front.wired import CHUNKED, HOST, LIMITS, chunked, get, line, post, refusal

Cut = Callable[[bytes], list[bytes]]


def _whole(raw: bytes) -> list[bytes]:
    return [raw]


def _single(raw: bytes) -> list[bytes]:
    return [raw[at : at + 1] for at in range(len(raw))]


def _sevens(raw: bytes) -> list[bytes]:
    return [raw[at : at + 7] for at in range(0, len(raw), 7)]


CUTS = [
    pytest.param(_whole, id="whole"),
    pytest.param(_single, id="in single bytes"),
    pytest.param(_sevens, id="in sevens"),
]

BODY = b"0123456789"
UPGRADE = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk")


def _first(raw: bytes) -> bytes:
    return raw + b"\r\n" + HOST + b"\r\n"


REFUSED: dict[str, tuple[bytes, int, str]] = {
    "no HTTP": (b"\x16\x03\x01\x00\xc8", 400, "syntax"),
    "a space in a name": (get(b"/a", b"X Note: a"), 400, "syntax"),
    "a folded line": (get(b"/a", b"X-Note: a\r\n b"), 400, "syntax"),
    "a zero byte": (get(b"/a", b"X-Note: a\x00"), 400, "syntax"),
    "a bare LF": (get().replace(b"\r\n", b"\n"), 400, "syntax"),
    "two spaces": (_first(b"GET  /a HTTP/1.1"), 400, "syntax"),
    "two spaces before the version": (_first(b"GET /a  HTTP/1.1"), 400, "syntax"),
    "RTSP": (_first(b"GET /a RTSP/1.0"), 400, "syntax"),
    "ICE": (_first(b"SOURCE /a ICE/1.0"), 400, "syntax"),
    "a bare CR before it": (b"\r" + get(), 400, "syntax"),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "syntax"),
    "no Host": (b"GET /a HTTP/1.1\r\n\r\n", 400, "host"),
    "no Host in HTTP/1.0": (b"GET /a HTTP/1.0\r\n\r\n", 400, "host"),
    "two Hosts": (get(b"/a", b"host: old.example"), 400, "host"),
    "an absolute target": (get(b"http://old.example/a"), 400, "form"),
    "a star": (_first(b"OPTIONS * HTTP/1.1"), 400, "form"),
    "a slash that is escaped": (get(b"/a%2fb"), 400, "separator"),
    "dots": (get(b"/a/../b"), 400, "dots"),
    "a length in words": (post(BODY, b"Content-Length: ten"), 400, "syntax"),
    "a signed length": (post(BODY, b"Content-Length: +10"), 400, "syntax"),
    "two lengths": (post(BODY, *[b"Content-Length: 10"] * 2), 400, "syntax"),
    "a length beside chunks": (post(b"", CHUNKED, b"Content-Length: 10"), 400, "syntax"),
    "gzip before chunks": (post(b"", b"Transfer-Encoding: gzip, chunked"), 400, "coding"),
    "gzip alone": (post(b"", b"Transfer-Encoding: gzip"), 400, "coding"),
    "chunked twice": (post(b"", b"Transfer-Encoding: chunked, chunked"), 400, "syntax"),
    "chunks in HTTP/1.0": (post(b"", CHUNKED).replace(b"1.1", b"1.0", 1), 400, "coding"),
    "TRACE": (_first(b"TRACE /a HTTP/1.1"), 405, "method"),
    "CONNECT": (_first(b"CONNECT old.example:443 HTTP/1.1"), 405, "method"),
    "no length in HTTP/1.0": (_first(b"POST /a HTTP/1.0"), 411, "no_length"),
    "too long a length": (post(b"", b"Content-Length: 1001"), 413, "body_bytes"),
    "too long a target": (get(b"/" + b"a" * 200), 414, "target_bytes"),
    "another expectation": (
        post(BODY, b"Content-Length: 10", b"Expect: 200-ok"),
        417,
        "expectation",
    ),
    "an expectation twice": (get(b"/a", *[b"Expect: 100-continue"] * 2), 417, "expectation"),
    "too many fields": (get(b"/a", *[b"A: b"] * 12), 431, "fields"),
    "too large a head": (get(b"/a", b"A: " + b"b" * 600), 431, "head_bytes"),
    "too large a head of blanks": (get(b"/a", b"A:" + b" " * 600 + b"b"), 431, "head_bytes"),
    "a field without end": (get()[:-2] + b"A: " + b"b" * 600, 431, "head_bytes"),
    "empty lines without end": (b"\r\n" * 300, 431, "head_bytes"),
    "HTTP/0.9": (b"GET /a\r\n\r\n", 505, "version"),
    "HTTP/1.2": (get(version=b"1.2"), 505, "version"),
    "HTTP/2.0": (get(version=b"2.0"), 505, "version"),
}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("name", REFUSED)
async def test_a_request_in_doubt_is_refused_however_it_is_cut(name: str, cut: Cut) -> None:
    raw, status, reason = REFUSED[name]
    with structlog.testing.capture_logs() as logged:
        async with line() as it:
            await it.feed(*cut(raw), *cut(get(b"/next")))

            assert it.transport.written == refusal(status)
            assert it.transport.ended
            assert it.served.app.asked == []
            assert it.served.refused == {reason: 1}
    assert logged == [
        {"event": "refused", "legacy_status": status, "reason": reason, "log_level": "info"}
    ]


BEHIND = {
    # Of these the beginning is not seen: a head may be twice as large, and what stands before a
    # line may be the end of the body before it.
    **{
        name: (raw, status, reason)
        for name, (raw, status, reason) in REFUSED.items()
        if reason != "head_bytes" and name != "a bare CR before it"
    },
    "chunks in HTTP/1.0": (
        b"POST /a HTTP/1.0\r\n" + HOST + CHUNKED + b"\r\n\r\n" + chunked(b"b"),
        400,
        "coding",
    ),
    "no length in HTTP/1.0": (b"POST /a HTTP/1.0\r\n" + HOST + b"\r\n", 411, "no_length"),
    "another protocol": (get().replace(b"HTTP/1.1", b"RTSP/1.1"), 400, "syntax"),
}


@pytest.mark.parametrize("name", BEHIND)
async def test_a_request_in_doubt_is_refused_behind_a_good_one_in_the_same_piece(
    name: str,
) -> None:
    """What is known of the first one's line says nothing of the second's, which may be the same."""
    raw, status, reason = BEHIND[name]
    good = post(b"x") if raw.startswith(b"POST") else get()
    async with line() as it:
        await it.feed(good + raw)

        assert it.statuses == [200, status]
        assert len(it.served.app.asked) == 1
        assert it.served.refused == {reason: 1}


async def test_a_refusal_of_head_has_no_body() -> None:
    async with line() as it:
        await it.feed(get().replace(b"GET", b"HEAD").replace(b"/a", b"/a;b"))

        assert it.transport.written == refusal(400).partition(b"{")[0]


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(get(), id="a reading"),
        pytest.param(get(version=b"1.0"), id="in HTTP/1.0"),
        pytest.param(b"\r\n\r\n" + get(), id="behind empty lines"),
        pytest.param(get(b"/a", *[b"A%d: b" % at for at in range(11)]), id="of twelve fields"),
        pytest.param(get(b"/" + b"a" * 199), id="of a long target"),
        pytest.param(get(b"/a", b"A: b", b"A: b"), id="with a field twice"),
        pytest.param(
            get(b"/a", b"A: " + b"b" * (600 - len(get(b"/a", b"A: ")))), id="of 600 bytes"
        ),
        pytest.param(post(b"x" * 1000), id="with 1000 bytes"),
        pytest.param(post(chunked(b"x" * 999, b"y"), CHUNKED), id="with chunks of 1000 bytes"),
        pytest.param(post(chunked(b"x"), b"Transfer-Encoding: Chunked "), id="in capitals"),
        pytest.param(post(b"0123456789", b"Content-Length: 10 "), id="with a blank"),
        pytest.param(get(b"/a", *UPGRADE), id="that asks for an upgrade"),
        pytest.param(get(b"/a", b"Expect: 100-continue", version=b"1.0"), id="that expects in 1.0"),
        pytest.param(get(b"/a", b"Expect: nothing", version=b"1.0"), id="that expects else in 1.0"),
    ],
)
async def test_a_good_request_is_answered_however_it_is_cut(raw: bytes, cut: Cut) -> None:
    async with line() as it:
        await it.feed(*cut(raw))

        assert it.statuses == [200]
        assert it.served.refused == {}


HOSTS = {
    b"old.example": True,
    b"OLD.example:8443": True,
    b"old.example:": True,
    b"[::1]": False,
    b"evil.example": False,
    b"old.example.evil.example": False,
}


@pytest.mark.parametrize("host", HOSTS)
async def test_only_hosts_of_the_list_are_served_where_there_is_one(host: bytes) -> None:
    async with line(hosts=frozenset({"old.example"})) as it:
        await it.feed(b"GET /a HTTP/1.1\r\nHost: %b\r\n\r\n" % host)

        assert it.statuses == ([200] if HOSTS[host] else [421])


@pytest.mark.parametrize("path", [b"/healthz", b"/readyz"])
async def test_who_probes_may_ask_by_an_address(path: bytes) -> None:
    async with line(hosts=frozenset({"old.example"})) as it:
        await it.feed(b"GET %b HTTP/1.1\r\nHost: 10.0.0.7:8080\r\n\r\n" % path)

        assert it.statuses == [200]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (b"old_example.:80", 200),
        (b"127.0.0.1", 200),
        (b"[::1]:8080", 200),
        (b"%6fld.example", 200),
        (b"", 400),
        (b":80", 400),
        (b"old example", 400),
        (b"user@old.example", 400),
        (b"old.example/a", 400),
        (b"old.example,evil.example", 400),
        (b"old.example:abc", 400),
        (b"old.example:65536", 400),
        (b"[::g]", 400),
        (b"[127.0.0.1]", 400),
        (b"[]", 400),
        (b"::1", 400),
        ("olé.example".encode(), 400),
    ],
)
async def test_a_host_is_well_formed(host: bytes, status: int) -> None:
    async with line() as it:
        await it.feed(b"GET /a HTTP/1.1\r\nHost: %b\r\n\r\n" % host)

        assert it.statuses == [status]


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize(
    "request_with_body",
    [
        pytest.param(post(get(b"/smuggled"), *UPGRADE, b"Content-Length: 45"), id="by length"),
        pytest.param(post(chunked(get(b"/smuggled")), *UPGRADE, CHUNKED), id="in chunks"),
    ],
)
async def test_the_body_of_a_request_that_asks_for_an_upgrade_is_no_request(
    request_with_body: bytes, cut: Cut
) -> None:
    async with line() as it:
        await it.feed(*cut(request_with_body), *cut(get(b"/next")))

        assert it.served.app.paths == ["/a"]
        assert it.served.app.bodies == [get(b"/smuggled")]
        assert it.statuses == [200]
        assert b"connection: close" in it.transport.written


@pytest.mark.parametrize("cut", CUTS)
async def test_an_upgrade_is_ignored_and_the_next_request_is_served(cut: Cut) -> None:
    async with line() as it:
        await it.feed(*cut(get(b"/a", *UPGRADE) * 2 + get(b"/b") + b"\r\n"), *cut(get(b"/c")))

        assert it.served.app.paths == ["/a", "/a", "/b", "/c"]
        assert it.statuses == [200] * 4


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ([(b"content-length", b"+1")], framing.LENGTH),
        ([(b"content-length", b"1,1")], framing.LENGTH),
        ([(b"content-length", b"1"), (b"content-length", b"1")], framing.LENGTH),
        ([(b"transfer-encoding", b"chunked"), (b"content-length", b"1")], framing.LENGTH),
        ([(b"transfer-encoding", b"chunked")] * 2, framing.CODING),
    ],
)
def test_what_the_parser_refuses_already_is_refused_again(
    fields: list[tuple[bytes, bytes]], found: framing.Refusal
) -> None:
    head = [(b"host", b"old.example"), *fields]

    assert framing.refused(b"POST", "1.1", b"/a", head, LIMITS) == found


@pytest.mark.parametrize("at", range(12))
async def test_empty_lines_between_requests_are_ignored_wherever_they_are_cut(at: int) -> None:
    raw = b"{}\r\n\r\n" + get(b"/b")
    async with line() as it:
        await it.feed(post(b"", b"Content-Length: 2") + raw[:at], raw[at:])

        assert it.statuses == [200, 200]
