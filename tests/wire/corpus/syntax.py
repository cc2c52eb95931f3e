"""Syntax: methods, versions, the parts of the first line, and what is no HTTP at all."""

from __future__ import annotations

import random

from tests.wire.corpus.case import (
    AUTHORIZATION,
    HOST,
    MARK,
    RECORD,
    RECORDS,
    SILENCE,
    SMUGGLED,
    Case,
    Group,
    get,
    length,
    lines,
    post,
)

SYNTAX = Group("syntax", closes=True)
EMPTY_LINES = "RFC 9112, 2.2: an empty line before a request is ignored"

NO_METHODS = {
    "in small letters": b"get",
    "with one capital": b"Get",
    "with a letter too many": b"GETT",
    "with a letter too few": b"GE",
    "with a space within": b"G ET",
    "with a space before": b" GET",
    "with a tab before": b"\tGET",
    "with a zero byte": b"GET\x00",
    "with a zero byte before": b"\x00GET",
    "in parentheses": b"(GET)",
    "with an at sign": b"G@T",
    "with a letter beyond ASCII": "GÉT".encode(),
    "with a byte order mark before": b"\xef\xbb\xbfGET",
    "that is empty": b"",
    "that is a number": b"200",
    "with a thousand letters": b"G" * 1000,
    "that is invented": b"BREW",
    "of HTTP/2": b"PRI",
}

OTHER_METHODS = (b"PROPFIND", b"MKCOL", b"LOCK", b"PURGE", b"SUBSCRIBE", b"SOURCE", b"M-SEARCH")

NO_VERSIONS = (
    b"HTTP/0.9",
    b"HTTP/1.2",
    b"HTTP/1.9",
    b"HTTP/2.0",
    b"HTTP/2",
    b"HTTP/3.0",
    b"HTTP/9.9",
    b"HTTP/1",
    b"HTTP/1.",
    b"HTTP/.1",
    b"HTTP/1.10",
    b"HTTP/01.1",
    b"HTTP/1.01",
    b"HTTP/11.1",
    b"HTTP/-1.1",
    b"HTTP/+1.1",
    b"HTTP/1,1",
    b"HTTP/1. 1",
    b"HTTP/ 1.1",
    b"HTTP/1.1x",
    b"HTTP/1.1\x00",
    b"HTTP/1.1 x",
    b"HTTP//1.1",
    b"HTTP 1.1",
    b"HTTPS/1.1",
    b"http/1.1",
    b"Http/1.1",
    b"ICE/1.0",
    b"ICY/1.1",
    b"RTSP/1.0",
    b"SIP/2.0",
)

FIRST_LINES = {
    "two spaces behind the method": b"GET  " + RECORD + b" HTTP/1.1",
    "two spaces before the version": b"GET " + RECORD + b"  HTTP/1.1",
    "a space at its end": b"GET " + RECORD + b" HTTP/1.1 ",
    "a tab at its end": b"GET " + RECORD + b" HTTP/1.1\t",
    "a tab behind the method": b"GET\t" + RECORD + b" HTTP/1.1",
    "a tab before the version": b"GET " + RECORD + b"\tHTTP/1.1",
    "a vertical tab before the version": b"GET " + RECORD + b"\x0bHTTP/1.1",
    "a form feed behind the method": b"GET\x0c" + RECORD + b" HTTP/1.1",
    "a no-break space behind the method": b"GET\xa0" + RECORD + b" HTTP/1.1",
    "a bare CR before the version": b"GET " + RECORD + b"\rHTTP/1.1",
    "a word too many": b"GET " + RECORD + b" " + MARK + b" HTTP/1.1",
    "no target": b"GET HTTP/1.1",
    "an empty target": b"GET  HTTP/1.1",
    "a method alone": b"GET",
    "no version": b"GET " + RECORD,
    "no version, and a space": b"GET " + RECORD + b" ",
    "no method": RECORD + b" HTTP/1.1",
    "nothing but spaces": b"   ",
    "a colon behind the method": b"GET: " + RECORD + b" HTTP/1.1",
}

BEFORE = {
    "CR": b"\r",
    "a space on a line of its own": b" \r\n",
    "a form feed": b"\x0c",
    "a field": b"X-Note: a\r\n",
}

EMPTY = {
    "an empty line": b"\r\n",
    "an empty line that ends in LF alone": b"\n",
    "two empty lines": b"\r\n\r\n",
    "a thousand empty lines": b"\r\n" * 1000,
}

NO_HTTP = {
    "a hello of TLS": bytes.fromhex("16030100c8010000c40303") + b"\x5a" * 180,
    "a hello of SSH": b"SSH-2.0-OpenSSH_9.9\r\n",
    "a hello of SMTP": b"EHLO old.example\r\n",
    "a hello of SOCKS": b"\x05\x01\x00",
    "the first line of a proxy": b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n" + get(),
    "the signature of a proxy": bytes.fromhex("0d0a0d0a000d0a515549540a2111000c") + get(),
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
    "a command of Redis": b"*1\r\n$4\r\nPING\r\n",
    "an answer": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "an answer before a request": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + SMUGGLED,
    "a document": b'{"first_name":"Ondine"}\r\n\r\n',
    "zero bytes": bytes(500),
    "random bytes": random.Random(1).randbytes(500),  # noqa: S311 - no secret, and the same again
    "every byte": bytes(range(256)),
    "a page": b"<!DOCTYPE html><html></html>\r\n\r\n",
    "a shell's word": b"() { :; }; echo\r\n\r\n",
}

CASES: list[Case] = [
    *(SYNTAX.refused(f"a method {name}", get(method=given)) for name, given in NO_METHODS.items()),
    *(
        SYNTAX.refused(
            f"the method {given.decode()}", get(method=given), 400, 405, 501, closes=False
        )
        for given in OTHER_METHODS
    ),
    *(
        SYNTAX.refused(f"the version {repr(given)[1:]}", get(version=given), 400, 505)
        for given in NO_VERSIONS
    ),
    *(
        SYNTAX.refused(f"a first line with {name}", lines(first, HOST, AUTHORIZATION), 400, 505)
        for name, first in FIRST_LINES.items()
    ),
    SYNTAX.refused("a request of HTTP/0.9 and no more", b"GET " + RECORD + b"\r\n", 400, 408, 505),
    SYNTAX.refused(
        "the list by HTTP/0.9", b"GET " + RECORDS + b"\r\n\r\n" + SMUGGLED, 400, 505, SILENCE
    ),
    *(
        SYNTAX.refused(f"{name} before a request", given + get(), 400, 408, SILENCE)
        for name, given in BEFORE.items()
    ),
    *(
        SYNTAX.served(f"{name} before a request", given + get(), EMPTY_LINES, 200, 400)
        for name, given in EMPTY.items()
    ),
    SYNTAX.served(
        "an empty line between two requests",
        get() + b"\r\n" + SMUGGLED,
        EMPTY_LINES,
        200,
        400,
        answers=2,
    ),
    SYNTAX.served(
        "two requests at once",
        get() + SMUGGLED,
        "two good requests, one behind the other",
        answers=2,
    ),
    SYNTAX.served(
        "a writing, and a request behind it",
        post(length()) + SMUGGLED,
        "two good requests, one behind the other",
        200,
        201,
        answers=2,
    ),
    SYNTAX.served(
        "four requests at once",
        get() + SMUGGLED * 3,
        "good requests, one behind the other",
        answers=4,
    ),
    SYNTAX.served(
        "a good request, then none",
        get() + b"}{\r\n\r\n",
        "the first request is good, and is answered",
        200,
        400,
        answers=2,
    ),
    SYNTAX.served(
        "HTTP/1.0", get(version=b"HTTP/1.0"), "RFC 9112, 2.5: a client may speak HTTP/1.0"
    ),
    SYNTAX.served(
        "HTTP/1.0 on a kept connection",
        get(b"Connection: keep-alive", version=b"HTTP/1.0"),
        "RFC 9112, 9.3: a client may ask for it",
    ),
    SYNTAX.served("a head alone", get(method=b"HEAD"), "a good request; its answer has no body"),
    *(SYNTAX.refused(name, raw, 400, 505, 408, SILENCE) for name, raw in NO_HTTP.items()),
]
