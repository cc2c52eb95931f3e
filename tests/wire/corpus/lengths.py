"""Framing, first part: where a body ends, by Content-Length and by Transfer-Encoding."""

from __future__ import annotations

from tests.wire.corpus.case import (
    AUTHORIZATION,
    BODY,
    HOST,
    MARK,
    RECORDS,
    SILENCE,
    SMUGGLED,
    Case,
    Group,
    chunked,
    get,
    length,
    lines,
    post,
)

FRAMING = Group("framing", closes=True)
N = b"%d" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked"
WHITESPACE = "RFC 9110, 5.5: whitespace around a value is no part of it"

NO_LENGTHS = {
    "a plus sign": b"+" + N,
    "a minus sign": b"-" + N,
    "minus nothing": b"-0",
    "two numbers with a space": N + b" " + N,
    "a list of two that agree": N + b"," + N,
    "a list of two that agree, spaced": N + b", " + N,
    "a list of two that do not": N + b", 0",
    "a list that begins empty": b"," + N,
    "a list that ends empty": N + b",",
    "hexadecimal": b"0x58",
    "an exponent": b"1e1",
    "a fraction": N + b".0",
    "an underscore": b"8_8",
    "a parameter": N + b";x",
    "quotes": b'"' + N + b'"',
    "digits of another script": "٨٨".encode(),
    "digits of full width": "８８".encode(),
    "nothing": b"",
    "a word": b"abc",
    "a letter after it": N + b"a",
    "a letter before it": b"a" + N,
    "a tab within": b"8\t8",
    "a vertical tab after it": N + b"\x0b",
    "a form feed before it": b"\x0c" + N,
    "a zero byte after it": N + b"\x00",
    "a zero byte before it": b"\x00" + N,
    "not a number": b"NaN",
    "two to the power of 64": b"18446744073709551616",
    "two to the power of 64 more": b"%d" % (2**64 + len(BODY)),
    "forty digits": b"9" * 40,
    "five thousand digits": b"9" * 5000,
    "five thousand zeros and digits": b"0" * 5000 + N,
}

NO_CODINGS = {
    "gzip, then chunked": b"gzip, chunked",
    "compress, then chunked": b"compress, chunked",
    "identity, then chunked": b"identity, chunked",
    "chunked twice": b"chunked, chunked",
    "chunked, then gzip": b"chunked, gzip",
    "chunked, then identity": b"chunked, identity",
    "gzip alone": b"gzip",
    "deflate alone": b"deflate",
    "identity alone": b"identity",
    "trailers": b"trailers",
    "a word": b"cow",
    "nothing": b"",
    "a parameter": b"chunked;foo",
    "a weight": b"chunked;q=1",
    "double quotes": b'"chunked"',
    "single quotes": b"'chunked'",
    "a letter before": b"xchunked",
    "a letter after": b"chunkedx",
    "a letter too few": b"chunke",
    "an x and a hyphen": b"x-chunked",
    "a comma after": b"chunked,",
    "a comma before": b",chunked",
    "a word after, without comma": b"chunked identity",
    "a space within": b"chun ked",
    "a vertical tab before": b"\x0bchunked",
    "a vertical tab after": b"chunked\x0b",
    "a zero byte before": b"\x00chunked",
    "a zero byte after": b"chunked\x00",
    "a no-break space after": b"chunked\xa0",
    "a letter that only looks like one": "chunкed".encode(),
}

TWO_CODINGS = {
    "chunked and chunked": (b"chunked", b"chunked"),
    "chunked and identity": (b"chunked", b"identity"),
    "identity and chunked": (b"identity", b"chunked"),
    "gzip and chunked": (b"gzip", b"chunked"),
    "chunked and gzip": (b"chunked", b"gzip"),
    "nothing and chunked": (b"", b"chunked"),
    "chunked and nothing": (b"chunked", b""),
}

BOTH = {
    "the length of the chunks": (b"%d" % len(chunked(BODY)), chunked(BODY)),
    "the length of the body": (N, chunked(BODY)),
    "no length, the body in chunks": (b"0", chunked(BODY)),
    "a request after the last chunk": (b"%d" % len(b"0\r\n\r\n" + SMUGGLED), chunked() + SMUGGLED),
    "a request after the length": (b"5", chunked(BODY) + SMUGGLED),
    "a request within one chunk": (b"4", chunked(SMUGGLED)),
}
"""A Content-Length beside chunks, each with the bytes that two readers would part differently."""


def _one_length(value: bytes) -> bytes:
    return post(b"Content-Length: " + value, body=BODY)


def _two_lengths(first: bytes, second: bytes) -> bytes:
    return post(b"Content-Length: " + first, b"Content-Length: " + second, body=BODY)


LENGTHS: list[Case] = [
    *(
        FRAMING.refused(f"a length with {name}", _one_length(value), 400, 413)
        for name, value in NO_LENGTHS.items()
    ),
    FRAMING.served("a length with zeros before it", _one_length(b"000" + N), "1*DIGIT", 201, 400),
    FRAMING.served("a length with spaces after it", _one_length(N + b"  "), WHITESPACE, 201),
    FRAMING.served("a length with spaces before it", _one_length(b"   " + N), WHITESPACE, 201),
    FRAMING.served("a length between tabs", _one_length(b"\t" + N + b"\t"), WHITESPACE, 201),
    FRAMING.served(
        "a length in a name of small letters",
        post(b"content-length: " + N),
        "RFC 9110, 5.1: names of fields have no case",
        201,
    ),
    FRAMING.refused("two lengths that agree", _two_lengths(N, N)),
    FRAMING.refused("two lengths, the first nothing", _two_lengths(b"0", N)),
    FRAMING.refused("two lengths, the second nothing", _two_lengths(N, b"0")),
    FRAMING.refused("two lengths, the second empty", _two_lengths(N, b"")),
    FRAMING.refused("three lengths that agree", post(length(), length(), length())),
    FRAMING.refused("two lengths, one in small letters", post(length(), length().lower())),
    FRAMING.refused(
        "two lengths with a request between them",
        _two_lengths(b"0", b"%d" % len(SMUGGLED)).removesuffix(BODY) + SMUGGLED,
    ),
    FRAMING.refused("a length on a continued line", post(b"Content-Length: 8\r\n 8")),
    FRAMING.refused("a length behind a space", post(b" " + length())),
    FRAMING.refused("a length with a space before the colon", post(b"Content-Length : " + N)),
    FRAMING.refused("a length with a zero byte in its name", post(b"Content-\x00Length: " + N)),
    FRAMING.refused("a length without a colon", post(b"Content-Length " + N)),
    FRAMING.served(
        "a length with an underscore in its name",
        get(b"Content_Length: 5"),
        "another field, which is dropped: the request has no body",
        200,
        400,
    ),
    FRAMING.refused("a length in no number on a reading", get(b"Content-Length: " + MARK)),
    FRAMING.served(
        "a body on a reading",
        get(length(MARK)) + MARK,
        "RFC 9110, 9.3.1: a body on GET means nothing; it is dropped",
        200,
        400,
    ),
    FRAMING.served(
        "a request as the body of a reading",
        get(length(SMUGGLED)) + SMUGGLED,
        "RFC 9110, 9.3.1: a body on GET means nothing; it is dropped",
        200,
        400,
    ),
    FRAMING.refused(
        "a request as the body of a writing",
        post(length(SMUGGLED), body=SMUGGLED),
        400,
        422,
        closes=False,
    ),
    FRAMING.refused("a body shorter than its length", post(length(), body=BODY[:-9]), 408, SILENCE),
    FRAMING.refused("a body that never comes", post(length(), body=b""), 408, SILENCE),
    FRAMING.refused(
        "a body longer than its length", post(b"Content-Length: 0"), 400, 422, answers=2
    ),
    FRAMING.refused("a body without any length", post(), 400, 411, 422, answers=2),
]

CODINGS: list[Case] = [
    *(
        FRAMING.refused(
            f"a coding with {name}", post(b"Transfer-Encoding: " + value, body=chunked(BODY))
        )
        for name, value in NO_CODINGS.items()
    ),
    *(
        FRAMING.refused(
            f"two codings, {name}",
            post(*(b"Transfer-Encoding: " + value for value in values), body=chunked(BODY)),
        )
        for name, values in TWO_CODINGS.items()
    ),
    *(
        FRAMING.served(
            f"a coding in {name}",
            post(b"Transfer-Encoding: " + value, body=chunked(BODY)),
            "RFC 9112, 7: names of codings have no case",
            201,
            400,
        )
        for name, value in {"capitals": b"CHUNKED", "mixed letters": b"Chunked"}.items()
    ),
    *(
        FRAMING.served(
            f"a coding {name}",
            post(b"Transfer-Encoding:" + value, body=chunked(BODY)),
            WHITESPACE,
            201,
            400,
        )
        for name, value in {
            "behind a tab": b"\tchunked",
            "behind no space": b"chunked",
            "before spaces": b" chunked  ",
        }.items()
    ),
    *(
        FRAMING.refused(f"a coding with {name}", post(line, body=chunked(BODY)))
        for name, line in {
            "a space before the colon": b"Transfer-Encoding : chunked",
            "a tab before the colon": b"Transfer-Encoding\t: chunked",
            "a vertical tab before the colon": b"Transfer-Encoding\x0b: chunked",
            "a zero byte in its name": b"Transfer-\x00Encoding: chunked",
            "its value on a continued line": b"Transfer-Encoding:\r\n chunked",
            "its colon on a continued line": b"Transfer-Encoding\r\n : chunked",
            "a space before its name": b" Transfer-Encoding: chunked",
            "a bare CR before its name": b"X-Note: a\r" + CHUNKED,
            "a bare LF before its name": b"X-Note: a\n\n" + CHUNKED,
            "a zero byte in the field before": b"X-Note: a\x00\r\n" + CHUNKED,
        }.items()
    ),
    FRAMING.served(
        "a coding with an underscore in its name",
        get(b"Transfer_Encoding: chunked"),
        "another field, which is dropped: the request has no body",
        200,
        400,
    ),
    *(
        FRAMING.refused(f"{name}, in HTTP/1.0", post(*fields, body=body, version=b"HTTP/1.0"), 400)
        for name, fields, body in (
            ("chunks", (CHUNKED,), chunked(BODY)),
            ("chunks on a kept connection", (CHUNKED, b"Connection: keep-alive"), chunked(BODY)),
            ("chunks and a length", (CHUNKED, length()), chunked(BODY)),
            ("identity", (b"Transfer-Encoding: identity", length()), BODY),
        )
    ),
    *(
        FRAMING.refused(f"chunks and a length, {order}: {name}", post(*fields, body=body))
        for name, (number, body) in BOTH.items()
        for order, fields in {
            "the length first": (b"Content-Length: " + number, CHUNKED),
            "the chunks first": (CHUNKED, b"Content-Length: " + number),
        }.items()
    ),
    *(
        FRAMING.refused(
            f"chunks and a length on {method.decode()}",
            get(length(), CHUNKED, method=method) + chunked(BODY),
        )
        for method in (b"GET", b"PUT", b"DELETE", b"OPTIONS")
    ),
    FRAMING.refused(
        "a length and an unknown coding", post(length(), b"Transfer-Encoding: identity")
    ),
    FRAMING.served(
        "chunks on a reading",
        get(CHUNKED) + chunked(MARK),
        "RFC 9110, 9.3.1: a body on GET means nothing; it is dropped",
        200,
        400,
    ),
    FRAMING.served(
        "a request right behind the last chunk",
        post(CHUNKED, body=chunked(BODY)) + SMUGGLED,
        "two good requests, one behind the other",
        200,
        201,
        answers=2,
    ),
    FRAMING.refused(
        "chunks named before the Host",
        lines(
            b"POST " + RECORDS + b" HTTP/1.1", b"Transfer-Encoding: chunked, x", HOST, AUTHORIZATION
        )
        + chunked(BODY),
    ),
]
