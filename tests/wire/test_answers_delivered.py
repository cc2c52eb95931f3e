"""Answers that are whole, odd or not: they arrive, and what is odd ends the connection."""

from __future__ import annotations

import gzip

import pytest

from tests.wire.judging import Case, outcome_of
from tests.wire.loops import anyio_backend
from tests.wire.scripted import CLOSE, RESET, Script, answer

__all__ = ["anyio_backend"]

MARK = b"wr0ng-patient"
OK = b"HTTP/1.1 200 OK\r\n"
GOOD = answer(b"good")
STRAY = answer(MARK)
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n"
GZIP = gzip.compress(MARK)

LEFTOVER: dict[str, Script] = {
    "a second answer": [GOOD + STRAY],
    "a second answer, and the end": [GOOD + STRAY, CLOSE],
    "many more answers": [GOOD + STRAY * 50],
    "half a second answer": [GOOD + STRAY[:20]],
    "a second body": [GOOD + MARK],
    "one byte more": [GOOD + b"x"],
    "a blank line more": [GOOD + b"\r\n"],
    "an interim answer after it": [GOOD + b"HTTP/1.1 103 X\r\n\r\n"],
    "chunks, and a second answer": [CHUNKED + STRAY],
    "chunks, and many more answers": [CHUNKED + STRAY * 50],
    "chunks, and chunks of nobody": [CHUNKED + CHUNKED],
    "chunks, and garbage": [CHUNKED + MARK],
    "chunks, and one byte more": [CHUNKED + b"x"],
    "chunks, and a blank line more": [CHUNKED + b"\r\n"],
    "chunks, and a bare LF more": [CHUNKED + b"\n"],
    "chunks with trailers, and a second answer": [CHUNKED[:-2] + b"X: a\r\n\r\n" + STRAY],
    "chunks, close said, and a second answer": [
        CHUNKED.replace(b"chunked", b"chunked\r\nConnection: close") + STRAY
    ],
}

BODILESS = {
    "204 with a body": (b"HTTP/1.1 204 X\r\n\r\n" + MARK, 204, "GET"),
    "204 with a length": (b"HTTP/1.1 204 X\r\nContent-Length: 13\r\n\r\n" + MARK, 204, "GET"),
    "204 with a length alone": (b"HTTP/1.1 204 X\r\nContent-Length: 13\r\n\r\n", 204, "GET"),
    "204 with chunks": (CHUNKED.replace(b"200", b"204"), 204, "GET"),
    "204 with chunks announced": (
        b"HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n",
        204,
        "GET",
    ),
    "304 with a body": (answer(MARK, 304), 304, "GET"),
    "HEAD with a body": (STRAY, 200, "HEAD"),
    "HEAD with chunks": (CHUNKED, 200, "HEAD"),
}

ENDING: dict[str, Script] = {
    "close said": [answer(b"good", 200, b"Connection: close")],
    "close said in capitals": [answer(b"good", 200, b"Connection: CLOSE")],
    "close said in a list": [answer(b"good", 200, b"Connection: keep-alive , close")],
    "close said in a second field": [
        answer(b"good", 200, b"Connection: keep-alive", b"Connection: close")
    ],
    "HTTP/1.0": [GOOD.replace(b"1.1", b"1.0")],
    "HTTP/1.0 with keep-alive": [
        answer(b"good", 200, b"Connection: keep-alive").replace(b"1.1", b"1.0")
    ],
    "the end after it": [GOOD, CLOSE],
    "a reset after it": [answer(b"good", 200, b"Connection: close"), RESET],
}

HARMLESS: dict[str, Script] = {
    "no reason": [GOOD.replace(b" X\r\n", b"\r\n")],
    "an empty reason": [GOOD.replace(b" X\r\n", b" \r\n")],
    "a reason that is not ASCII": [GOOD.replace(b" X\r\n", b" \xe9t\xe9\r\n")],
    "a value that is not ASCII": [answer(b"good", 200, b"X: \xe9t\xe9")],
    "an empty value": [answer(b"good", 200, b"X:")],
    "a value between tabs": [answer(b"good", 200, b"X:\ta\t")],
    "two hundred fields": [answer(b"good", 200, *[b"X: a"] * 199)],
    "a length with zeros": [GOOD.replace(b": 4", b": 0004")],
    "chunks": [CHUNKED],
    "chunks in capitals": [CHUNKED.replace(b"chunked", b"CHUNKED")],
    "many chunks": [CHUNKED.replace(b"4\r\ngood", b"1\r\ng\r\n1\r\no\r\n1\r\no\r\n01\r\nd")],
    "a chunk's extension": [CHUNKED.replace(b"4\r\n", b"4;a=b;c\r\n")],
    "ten interim answers": [b"HTTP/1.1 103 X\r\nLink: a\r\n\r\n" * 10 + GOOD],
    "a 100 that nobody waited for": [b"HTTP/1.1 100 Continue\r\n\r\n", GOOD],
    "written byte by byte": [bytes([byte]) for byte in GOOD],
    "chunks written byte by byte": [bytes([byte]) for byte in CHUNKED],
    "an identity coding": [answer(b"good", 200, b"Content-Encoding: identity")],
}

CASES = [
    *(Case(name, sent, (200, b"good")) for name, sent in LEFTOVER.items()),
    *(
        Case(name, [sent], (status, b""), method)
        for name, (sent, status, method) in BODILESS.items()
    ),
    *(Case(name, sent, (200, b"good")) for name, sent in ENDING.items()),
    *(Case(name, sent, (200, b"good"), kept=True) for name, sent in HARMLESS.items()),
    Case("204", [b"HTTP/1.1 204 X\r\n\r\n"], (204, b""), kept=True),
    Case("204 of no bytes", [answer(b"", 204)], (204, b""), kept=True),
    Case("205 of no bytes", [answer(b"", 205)], (205, b""), kept=True),
    Case("304 of a body", [b"HTTP/1.1 304 X\r\nContent-Length: 9\r\n\r\n"], (304, b""), kept=True),
    Case("HEAD", [STRAY[: -len(MARK)]], (200, b""), "HEAD", kept=True),
    Case(
        "HEAD of chunks",
        [OK + b"Transfer-Encoding: chunked\r\n\r\n"],
        (200, b""),
        "HEAD",
        kept=True,
    ),
    Case(
        "HEAD of an encoded body",
        [OK + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\n"],
        (200, b""),
        "HEAD",
        kept=True,
    ),
    Case(
        "an encoded error",
        [answer(GZIP, 500, b"Content-Encoding: gzip")],
        (500, b""),
        kept=True,
    ),
    Case(
        "an error in an encoding that nobody knows",
        [answer(GZIP, 400, b"Content-Encoding: identity, x")],
        (400, b""),
        kept=True,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_an_answer_reaches_its_caller_and_nothing_of_it_another_one(case: Case) -> None:
    outcome = await outcome_of(case)

    assert outcome.told == case.told
    assert outcome.others == [b"second", b"first again"]
    assert outcome.kept is case.kept


async def test_fields_arrive_in_their_order_and_trailers_are_none_of_them() -> None:
    fields = b"Set-Cookie: a=1\r\nX: \xe9\r\nset-cookie: b=2\r\nTransfer-Encoding: chunked\r\n\r\n"
    trailers = b"0\r\nSet-Cookie: c=3\r\nX: trailer\r\n\r\n"
    case = Case("trailers", [OK + fields + b"4\r\ngood\r\n" + trailers], (200, b"good"), kept=True)

    outcome = await outcome_of(case)

    assert outcome.told == (200, b"good")
    assert outcome.kept
    assert outcome.headers == [
        (b"Set-Cookie", b"a=1"),
        (b"X", b"\xe9"),
        (b"set-cookie", b"b=2"),
        (b"Transfer-Encoding", b"chunked"),
    ]


async def test_an_encoded_error_is_told_without_its_body() -> None:
    encoded = answer(GZIP, 503, b"Retry-After: 5", b"Content-Encoding: gzip")

    outcome = await outcome_of(Case("error", [encoded], (503, b"")))

    assert outcome.told == (503, b"")
    assert [name for name, _ in outcome.headers] == [b"Retry-After", b"Content-Length"]


def test_there_are_enough_of_them() -> None:
    print(f"{len(CASES)} answers that are delivered")

    assert len({case.name for case in CASES}) == len(CASES) >= 50
