"""Limits: fields, heads, targets, bodies and depth, each a little and far beyond its bound."""

from __future__ import annotations

from tests.wire.corpus.case import (
    AUTHORIZATION,
    BODY,
    HOST,
    MARK,
    RECORD,
    RECORDS,
    SILENCE,
    Case,
    Group,
    chunked,
    get,
    length,
    lines,
    post,
)

LIMITS = Group("limits")
CHUNKED = b"Transfer-Encoding: chunked"
KIB, MIB = 1024, 1024**2
WITHIN = "it is within the bound: fields that nobody reads are dropped"

HEADS = {
    "101 fields": get(*[b"X-Note: a"] * 99),
    "200 fields": get(*[b"X-Note: a"] * 198),
    "5 000 fields": get(*[b"X-Note: a"] * 5000),
    "200 fields without values": get(*[b"X:"] * 200),
    "200 fields of different names": get(*[b"X-%d: a" % number for number in range(200)]),
    "a value of 33 KiB": get(b"X-Note: " + b"a" * 33 * KIB),
    "a value of 64 KiB": get(b"X-Note: " + b"a" * 64 * KIB),
    "a value of 1 MiB": get(b"X-Note: " + b"a" * MIB),
    "a name of 33 KiB": get(b"X" * 33 * KIB + b": a"),
    "a name of 1 MiB": get(b"X" * MIB + b": a"),
    "values of 33 KiB together": get(*[b"X-Note: " + b"a" * KIB] * 33),
    "values of 80 KiB together": get(*[b"X-Note: " + b"a" * KIB] * 80),
    "spaces of 33 KiB before a value": get(b"X-Note:" + b" " * 33 * KIB + b"a"),
    "a credential of 40 KiB": lines(
        b"GET " + RECORD + b" HTTP/1.1", HOST, AUTHORIZATION + b"a" * 40 * KIB
    ),
    "a host of 40 KiB": lines(b"GET " + RECORD + b" HTTP/1.1", b"Host: " + b"a" * 40 * KIB),
    "40 KiB of a head without end": get(b"X-Note: " + b"a" * 40 * KIB)[:-4],
    "a cookie of 40 KiB": get(b"Cookie: " + b"a=b; " * 8 * KIB),
}

TARGETS = {
    "a target of 9 KiB": RECORD + b"?" + b"a" * 9 * KIB,
    "a target one byte too long": RECORD + b"?" + b"a" * (8 * KIB - len(RECORD)),
    "a target of 60 KiB": RECORD + b"?" + b"a" * 60 * KIB,
    "a target of 1 MiB": RECORD + b"?" + b"a" * MIB,
    "a path of 9 KiB": b"/" + b"a" * 9 * KIB,
    "an id of 9 KiB": b"/api/v1/records/" + b"0" * 9 * KIB,
    "a path of 3 000 parts": b"/a" * 3000 * 2,
    "a query of 9 000 names": RECORD + b"?" + b"&" * 9000,
}

LARGE = b"[" + b" " * (2 * MIB) + b"]"
"""A little more than the largest body."""

BODIES = {
    "a body one byte too large": post(
        b"Content-Length: %d" % (2 * MIB + 1), body=LARGE[: 2 * MIB + 1]
    ),
    "a body two bytes too large": post(length(LARGE), body=LARGE),
    "a body of 3 MiB": post(b"Content-Length: %d" % (3 * MIB), body=b" " * 3 * MIB),
    "a body too large that is only said": post(b"Content-Length: %d" % (2 * MIB + 1), body=b""),
    "a body of 1 GiB that is only said": post(b"Content-Length: %d" % 2**30, body=b""),
    "a body of 2**53 bytes that is only said": post(b"Content-Length: %d" % 2**53, body=b""),
    "a body of 2**63 - 1 bytes that is only said": post(
        b"Content-Length: %d" % (2**63 - 1), body=b""
    ),
    "a chunk too large": post(CHUNKED, body=chunked(LARGE)),
    "chunks of 1 KiB that are too large together": post(
        CHUNKED, body=chunked(*[b" " * KIB] * 2049)
    ),
    "a chunk of 1 GiB, begun": post(CHUNKED, body=b"40000000\r\n" + b" " * (2 * MIB + 1)),
    "a form too large": lines(
        b"POST /oauth/token HTTP/1.1", HOST, b"Content-Length: %d" % (3 * MIB)
    )
    + b"a" * 3 * MIB,
    "a body too large for a change": get(length(LARGE), method=b"PUT") + LARGE,
    "a body too large for a vaccination": lines(
        b"POST " + RECORD.replace(b".json", b"/vaccinations.json") + b" HTTP/1.1",
        HOST,
        AUTHORIZATION,
        length(LARGE),
    )
    + LARGE,
}

DOCUMENTS = {
    "65 lists within each other": b"[" * 65 + b"]" * 65,
    "a thousand lists within each other": b"[" * 1000 + b"]" * 1000,
    "a hundred thousand lists within each other": b"[" * 100_000 + b"]" * 100_000,
    "a hundred thousand lists without end": b"[" * 100_000,
    "65 objects within each other": b'{"a":' * 65 + b"1" + b"}" * 65,
    "a hundred thousand objects within each other": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "depth within a field": BODY[:-1] + b',"note":' + b"[" * 64 + b"]" * 64 + b"}",
    "an integer of 5 000 digits": BODY[:-1] + b',"department_of_birth":' + b"9" * 5000 + b"}",
    "a number beyond every double": BODY[:-1] + b',"department_of_birth":1e999}',
    "no number": BODY[:-1] + b',"department_of_birth":NaN}',
    "a name twice": BODY[:-1] + b',"gender":"female"}',
    "half a surrogate": BODY[:-1] + b',"caption":"\\ud800"}',
    "a zero character": BODY[:-1] + b',"caption":"\\u0000"}',
    "a body in UTF-16": BODY.decode().encode("utf-16"),
    "a body that is no UTF-8": BODY[:-1] + b',"caption":"\xff"}',
    "two documents": BODY + BODY,
    "no document": MARK,
    "a form of 2 000 names": b"&".join([b"a%d=1" % number for number in range(2000)]),
    "a form with a hundred brackets": b"a" + b"[b]" * 100 + b"=1",
}

CASES: list[Case] = [
    *(LIMITS.refused(name, raw, 431, SILENCE) for name, raw in HEADS.items()),
    LIMITS.refused(
        "200 fields of a head without end", get(*[b"X-Note: a"] * 200)[:-2], 408, 431, SILENCE
    ),
    *(
        LIMITS.refused(name, get(target=target), 414, 431, SILENCE)
        for name, target in TARGETS.items()
    ),
    LIMITS.refused(
        "a method of 40 KiB", get(method=b"G" * 40 * KIB), 400, 414, 431, SILENCE, closes=True
    ),
    LIMITS.refused("a first line of 1 MiB", b"GET /" + b"a" * MIB, 414, 431, SILENCE),
    *(LIMITS.refused(name, raw, 413, SILENCE, closes=True) for name, raw in BODIES.items()),
    *(
        LIMITS.refused(f"a document with {name}", post(length(body), body=body), 400, 415, 422)
        for name, body in DOCUMENTS.items()
    ),
    *(
        LIMITS.refused(
            f"{name} behind the last chunk",
            post(CHUNKED, body=chunked(BODY, trailers=trailers)),
            400,
            413,
            431,
            SILENCE,
            closes=True,
        )
        for name, trailers in {
            "a field of 64 KiB": [b"X-Note: " + b"a" * 64 * KIB],
            "2 000 fields": [b"X-Note: a"] * 2000,
        }.items()
    ),
    LIMITS.refused(
        "an extension of 64 KiB",
        post(CHUNKED, body=b"5;" + b"a" * 64 * KIB + b"\r\nabcde\r\n0\r\n\r\n"),
        400,
        413,
        422,
        431,
        SILENCE,
    ),
    LIMITS.refused(
        "extensions of 3 MiB together",
        post(CHUNKED, body=b"".join([b"1;" + b"a" * KIB + b"\r\n \r\n"] * 3000) + b"0\r\n\r\n"),
        400,
        413,
        422,
        431,
        SILENCE,
    ),
    LIMITS.refused(
        "a size of 64 KiB",
        post(CHUNKED, body=b"0" * 64 * KIB + b"5\r\nabcde\r\n"),
        400,
        408,
        413,
        SILENCE,
        closes=True,
    ),
    LIMITS.refused(
        "empty lines of 64 KiB before a request",
        b"\r\n" * 32 * KIB + get(),
        400,
        408,
        414,
        431,
        SILENCE,
    ),
    LIMITS.served("100 fields", get(*[b"X-Note: " + MARK] * 98), WITHIN),
    LIMITS.served("values of 30 KiB together", get(*[b"X-Note: " + b"a" * KIB] * 30), WITHIN),
    LIMITS.served(
        "a target of 8 KiB", get(target=RECORD + b"?" + b"a" * (8 * KIB - len(RECORD) - 1)), WITHIN
    ),
    LIMITS.refused(
        "a body of 2 MiB", post(b"Content-Length: %d" % (2 * MIB), body=b" " * 2 * MIB), 400, 422
    ),
    LIMITS.refused(
        "a list that is written",
        lines(b"PUT " + RECORDS + b" HTTP/1.1", HOST, length()) + BODY,
        405,
    ),
]
