"""Requests that are none, in whatever way; a canary stands where there is %s."""

from __future__ import annotations

REST = b"Authorization: Bearer %s\r\nCookie: %s=%s\r\nX-Request-Id: %s\r\n"
GOOD = b"GET /api/v1/records/%s.json?%s=%s HTTP/1.1\r\nHost: %s.example\r\n" + REST
PUT = b"PUT /api/v1/records/%s.json HTTP/1.1\r\nHost: %s.example\r\n" + REST
ENDS = b"\r\n"
TARGETS = (b"%2f", b"%00", b"../", b"/", b"\\", b";", b"%ff", b"%c0%af")

MALFORMED: tuple[bytes, ...] = (
    b"%s\r\n\r\n",
    b"%s / HTTP/1.1\r\n" + REST + ENDS,
    b"GET %s HTTP/1.1\r\nHost: %s\r\n" + REST + ENDS,
    b"GET /%s HTTP/3.0\r\nHost: %s\r\n" + REST + ENDS,
    b"GET /%s\r\n\r\n",
    b"GET /%s HTTP/1.1\r\n" + REST + ENDS,
    b"GET /%s HTTP/1.1\r\nHost: %s\r\nHost: %s\r\n" + REST + ENDS,
    b"GET /%s HTTP/1.1\r\nHost: %s %s/\r\n" + REST + ENDS,
    b"GET http://%s.example/%s HTTP/1.1\r\nHost: %s\r\n" + REST + ENDS,
    b"CONNECT %s:443 HTTP/1.1\r\nHost: %s\r\n" + REST + ENDS,
    b"TRACE /%s HTTP/1.1\r\nHost: %s\r\n" + REST + ENDS,
    b"OPTIONS * HTTP/1.1\r\nHost: %s\r\n" + REST + ENDS,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n%s",
    b"\x16\x03\x01\x02\x00\x01%s",
    *(
        b"GET /api/v1/" + target + b"%s HTTP/1.1\r\nHost: %s\r\n" + REST + ENDS
        for target in TARGETS
    ),
    b"GET /" + b"%s" * 420 + b" HTTP/1.1\r\nHost: %s\r\n" + REST + ENDS,
    GOOD + b"X-%s: %s\r\n" * 120 + ENDS,
    GOOD + b"X-%s: " + b"%s" * 1700 + ENDS + ENDS,
    GOOD + b"%s\r\n" + ENDS,
    GOOD + b"X %s: %s\r\n" + ENDS,
    GOOD + b" %s\r\n" + ENDS,
    GOOD + b"X: %s\x00\r\n" + ENDS,
    GOOD + b"X: %s\r%s\r\n" + ENDS,
    GOOD + b"X: %s\n" + ENDS,
    GOOD + b"X: \x1b[31m%s\r\n" + ENDS,
    GOOD + b"Expect: %s\r\n" + ENDS,
    GOOD + b"Authorization: Bearer %s\r\n" + ENDS,
    GOOD + b"Transfer-Encoding: %s\r\n" + ENDS,
    PUT + b"Content-Length: %s\r\n\r\n%s",
    PUT + b"Content-Length: -1\r\n\r\n%s",
    PUT + b"Content-Length: 20\r\nContent-Length: 30\r\n\r\n%s%s",
    PUT + b"Content-Length: 20\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n%s\r\n0\r\n\r\n",
    PUT + b"Transfer-Encoding: gzip, chunked\r\n\r\n14\r\n%s\r\n0\r\n\r\n",
    PUT + b"Transfer-Encoding: chunked\r\n\r\n%s\r\n%s",
    PUT + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-%s: %s\r\n\r\n",
    PUT + b"Transfer-Encoding: chunked\r\n\r\n2;%s=%s\r\n{}\r\n0\r\n\r\n",
    PUT + b"Content-Length: 9000\r\n\r\n%s",
    GOOD + b"X-%s: %s",
    GOOD + ENDS + b"%s %s\r\n\r\n",
)
