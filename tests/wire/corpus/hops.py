"""What concerns one hop, what says whence a request came, and what asks for something else."""

from __future__ import annotations

from tests.wire.corpus.case import (
    AUTHORIZATION,
    BODY,
    HOST,
    MARK,
    NAME,
    RECORD,
    SMUGGLED,
    Case,
    Group,
    chunked,
    get,
    length,
    lines,
    post,
)

HOPS = Group("hops")
DROPPED = "RFC 9110, 7.6.1: a field of one hop is dropped, and the request served"
UNREAD = "a field that nobody reads is dropped, and the request served"
UNSTRIPPED = "RFC 9110, 7.6.1: a caller cannot take away what the gateway itself sends"

OF_ONE_HOP = {
    "Keep-Alive": b"Keep-Alive: timeout=" + MARK,
    "Proxy-Connection": b"Proxy-Connection: keep-alive, " + MARK,
    "Proxy-Authorization": b"Proxy-Authorization: Basic " + MARK,
    "Proxy-Authenticate": b"Proxy-Authenticate: Basic realm=" + MARK,
    "Proxy-Status": b"Proxy-Status: " + MARK,
    "TE of trailers": b"TE: trailers",
    "TE of anything": b"TE: gzip;q=1, " + MARK,
    "Trailer of a credential": b"Trailer: Authorization",
    "Trailer of a length": b"Trailer: Content-Length, " + MARK,
    "HTTP2-Settings": b"HTTP2-Settings: " + MARK,
    "Alt-Used": b"Alt-Used: " + MARK,
}

CONNECTIONS = {
    "the credential": b"Authorization",
    "the host": b"Host",
    "the length": b"Content-Length",
    "the request id": b"X-Request-Id",
    "the type": b"Content-Type",
    "the validator": b"If-Match",
    "the forwarding fields": b"X-Forwarded-For, Forwarded, Via",
    "everything": b"Authorization, Host, Content-Length, X-Request-Id, Via, Accept, User-Agent",
    "a field that is there": b"X-Note",
    "a field that is not": MARK,
    "itself": b"Connection",
    "nothing": b"",
    "nothing but commas": b",,,",
    "keep-alive and the credential": b"keep-alive, Authorization",
    "TE": b"TE",
}

UPGRADES = {
    "h2c": (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"),
    "h2c, without Connection": (b"Upgrade: h2c",),
    "h2c, in capitals": (b"Connection: UPGRADE", b"Upgrade: H2C"),
    "HTTP/2.0": (b"Connection: Upgrade", b"Upgrade: HTTP/2.0"),
    "TLS": (b"Connection: Upgrade", b"Upgrade: TLS/1.2"),
    "a socket": (
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ),
    "a socket of an unknown version": (
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Version: 777",
    ),
    "anything": (b"Connection: Upgrade", b"Upgrade: " + MARK),
    "nothing": (b"Connection: Upgrade",),
}

FORWARDED = (
    b"Forwarded: for=192.0.2.1;host=" + MARK,
    b"X-Forwarded-For: " + MARK,
    b"X-Forwarded-Host: " + MARK,
    b"X-Forwarded-Proto: " + MARK,
    b"X-Forwarded-Port: " + MARK,
    b"X-Forwarded-Prefix: /" + MARK,
    b"X-Forwarded-Server: " + MARK,
    b"X-Forwarded-User: " + MARK,
    b"X-Forwarded-Client-Cert: " + MARK,
    b"X_Forwarded_For: " + MARK,
    b"X_Forwarded_Host: " + MARK,
    b"X-Real-IP: " + MARK,
    b"X-Client-IP: " + MARK,
    b"X-Host: " + MARK,
    b"True-Client-IP: " + MARK,
    b"CF-Connecting-IP: " + MARK,
    b"X-Original-URL: /" + MARK,
    b"X-Original-Host: " + MARK,
    b"X-Rewrite-URL: /" + MARK,
    b"X-SSL-Client-Verify: " + MARK,
    b"X-SSL-Client-S-DN: CN=" + MARK,
    b"Remote-User: " + MARK,
)

OVERRIDES = (b"X-HTTP-Method-Override", b"X-HTTP-Method", b"X-Method-Override", b"X_Method")

OTHERS = {
    "a cookie": b"Cookie: session=" + MARK,
    "a cookie that is set": b"Set-Cookie: session=" + MARK,
    "a range": b"Range: bytes=0-1",
    "a range without end": b"Range: bytes=" + b"0-," * 500,
    "a referrer": b"Referer: https://" + MARK,
    "an origin": b"Origin: https://" + MARK,
    "a foreign request id": b"X-Request-Id: " + MARK,
    "two request ids": b"X-Request-Id: a\r\nX-Request-Id: " + MARK,
    "a key of a creation": b"Idempotency-Key: " + MARK,
    "a coding that is accepted": b"Accept-Encoding: " + MARK,
    "a type that is accepted": b"Accept: " + MARK,
    "another agent": b"User-Agent: " + MARK,
    "the way so far": b"Via: 1.0 a.example",
    "how far it may go": b"Max-Forwards: 0",
    "the old server's status": b"Status: 200 " + MARK,
    "a condition of the moment": b"If-Modified-Since: " + MARK,
    "what could end a line of a log": b"User-Agent: \xc2\x9b31m" + MARK,
}

EXPECTATIONS = {
    "of anything": b"Expect: " + MARK,
    "of a status": b"Expect: 200-ok",
    "with more behind it": b"Expect: 100-continue, " + MARK,
    "with a parameter": b"Expect: 100-continue;x",
    "with a letter too many": b"Expect: 100-continues",
}

CASES: list[Case] = [
    *(HOPS.served(name, get(line), DROPPED) for name, line in OF_ONE_HOP.items()),
    *(
        HOPS.served(
            f"Connection names {name}",
            get(b"X-Note: " + MARK, b"Connection: " + value),
            UNSTRIPPED,
            200,
            400,
        )
        for name, value in CONNECTIONS.items()
    ),
    HOPS.served(
        "Connection names the length of a writing",
        post(length(), b"Connection: Content-Length, Content-Type"),
        UNSTRIPPED,
        201,
        400,
    ),
    HOPS.served(
        "Connection names the chunks of a writing",
        post(b"Transfer-Encoding: chunked", b"Connection: Transfer-Encoding", body=chunked(BODY)),
        UNSTRIPPED,
        201,
        400,
    ),
    HOPS.served(
        "Connection says close and keep-alive",
        get(b"Connection: close, keep-alive"),
        "RFC 9112, 9.3: close counts",
    ),
    HOPS.served(
        "Connection says close, and a request follows",
        get(b"Connection: close") + SMUGGLED,
        "the first request is good; what follows a close is not read",
    ),
    *(
        HOPS.served(
            f"an upgrade to {name}",
            get(*fields),
            "RFC 9110, 7.8: an upgrade may be ignored, and the request served",
            200,
            400,
        )
        for name, fields in UPGRADES.items()
    ),
    HOPS.served(
        "an upgrade, and a request behind it",
        get(b"Connection: Upgrade", b"Upgrade: h2c") + SMUGGLED,
        "RFC 9110, 7.8: an upgrade that is ignored leaves two good requests",
        answers=2,
    ),
    *(
        HOPS.served(
            f"{line.partition(b':')[0].decode()} of a stranger",
            get(line),
            "RFC 7239, 8: what a peer that is not trusted says of the way is dropped",
        )
        for line in FORWARDED
    ),
    *(
        HOPS.served(f"{name.decode()} on {what}", request, UNREAD, *statuses)
        for name in OVERRIDES
        for what, request, statuses in (
            ("a reading", get(name + b": DELETE"), (200,)),
            ("a writing", post(name + b": PUT", length()), (201,)),
        )
    ),
    *(HOPS.served(name, get(line), UNREAD) for name, line in OTHERS.items()),
    *(
        HOPS.refused(f"an expectation {name}", get(line), 417, 400)
        for name, line in EXPECTATIONS.items()
    ),
    *(
        HOPS.refused(f"an expectation {name}, of a writing", post(line, length()), 417, 400)
        for name, line in EXPECTATIONS.items()
    ),
    *(
        HOPS.served(
            f"an expectation {name}",
            request,
            "RFC 9110, 10.1.1: 100-continue is met here, and never passed on",
            200,
            201,
        )
        for name, request in {
            "of 100-continue": post(b"Expect: 100-continue", length()),
            "of 100-Continue": post(b"Expect: 100-Continue", length()),
            "of 100-continue on a reading": get(b"Expect: 100-continue"),
        }.items()
    ),
    HOPS.served(
        "an expectation of anything, in HTTP/1.0",
        get(b"Expect: " + MARK, version=b"HTTP/1.0"),
        "RFC 9110, 10.1.1: an expectation in HTTP/1.0 is ignored",
        200,
        417,
    ),
    HOPS.served("an expectation of nothing", get(b"Expect:"), UNREAD, 200, 400, 417),
    HOPS.refused("TRACE", get(b"Cookie: " + MARK, method=b"TRACE"), 400, 405, 501),
    HOPS.refused(
        "TRACE that goes no further", get(b"Max-Forwards: 0", method=b"TRACE"), 400, 405, 501
    ),
    HOPS.refused("TRACE with a body", get(length(MARK), method=b"TRACE") + MARK, 400, 405, 501),
    HOPS.refused("TRACE of an open door", get(target=b"/healthz", method=b"TRACE"), 400, 405, 501),
    HOPS.refused("TRACK", get(method=b"TRACK"), 400, 405, 501),
    HOPS.refused(
        "OPTIONS that goes no further", get(b"Max-Forwards: 0", method=b"OPTIONS"), 400, 405
    ),
    HOPS.refused(
        "CONNECT to a host", get(method=b"CONNECT", target=b"evil.example:443"), 400, 405, 501
    ),
    HOPS.refused("CONNECT to a path", get(method=b"CONNECT"), 400, 404, 405, 501),
    HOPS.refused(
        "CONNECT, and a request behind it",
        get(method=b"CONNECT", target=b"old.example:443") + SMUGGLED,
        400,
        404,
        405,
        501,
        closes=True,
    ),
    HOPS.refused("its own name in Via", get(b"Via: 1.1 " + NAME), 400, 508),
    HOPS.refused("its own name last in Via", get(b"Via: 1.0 a, 1.1 " + NAME), 400, 508),
    HOPS.refused("two credentials", get(b"Authorization: Bearer " + MARK), 400),
    HOPS.refused(
        "two credentials, one in small letters", get(b"authorization: Basic " + MARK), 400
    ),
    HOPS.refused("two conditions", get(b'If-Match: "a"', b'If-Match: "b"'), 400),
    HOPS.refused("a body in gzip", post(length(), b"Content-Encoding: gzip"), 415),
    HOPS.refused("a body in two codings", post(length(), b"Content-Encoding: gzip, br"), 415),
    HOPS.refused("a body in an unknown coding", post(length(), b"Content-Encoding: " + MARK), 415),
    HOPS.refused(
        "a writing to an open door",
        lines(b"POST /healthz HTTP/1.1", HOST, AUTHORIZATION, length(MARK)) + MARK,
        400,
        404,
        405,
    ),
    HOPS.refused(
        "a preflight of a stranger",
        get(
            b"Origin: https://evil.example",
            b"Access-Control-Request-Method: PUT",
            method=b"OPTIONS",
        ),
        400,
        405,
    ),
    HOPS.served(
        "an open door, and a record asked for beside",
        lines(b"GET /healthz HTTP/1.1", HOST, AUTHORIZATION, b"X-Original-URL: " + RECORD),
        "the open door is answered by the gateway itself",
    ),
]
