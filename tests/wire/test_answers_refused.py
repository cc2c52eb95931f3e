"""Answers whose bytes leave a doubt: refused whole, and the connection with them."""

from __future__ import annotations

import gzip

import httpx
import pytest

from tests.wire.judging import LIMITS, Case, outcome_of
from tests.wire.loops import anyio_backend
from tests.wire.scripted import CLOSE, HALF_CLOSE, RESET, Script, answer

__all__ = ["anyio_backend"]

BAD = httpx.RemoteProtocolError
MARK = b"wr0ng-patient"
"""Stands in every one: no error may hold it."""

OK = b"HTTP/1.1 200 OK\r\n"
BODY = b"\r\n\r\n" + MARK
N = b"%d" % len(MARK)
CHUNK = b"%x\r\n%b\r\n" % (len(MARK), MARK)
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LENGTH = b"Content-Length: " + N

FRAMINGS = {
    "length then coding": LENGTH + b"\r\nTransfer-Encoding: chunked",
    "coding then length": b"Transfer-Encoding: chunked\r\n" + LENGTH,
    "a coding that is none, and a length": b"Transfer-Encoding: identity\r\n" + LENGTH,
    "one length twice": LENGTH + b"\r\n" + LENGTH,
    "two lengths": LENGTH + b"\r\ncontent-length: 2",
    "a list of one length": b"Content-Length: " + N + b", " + N,
    "a length with plus": b"Content-Length: +" + N,
    "a length below zero": b"Content-Length: -1",
    "a hexadecimal length": b"Content-Length: 0xd",
    "a length in two parts": b"Content-Length: 1 3",
    "no length in its field": b"Content-Length:",
    "a length with a fraction": b"Content-Length: 13.0",
    "a length in other digits": b"Content-Length: 1\xb3",
    "a length of forty digits": b"Content-Length: " + b"0" * 38 + N,
    "a length in quotes": b'Content-Length: "13"',
    "two codings": b"Transfer-Encoding: gzip, chunked",
    "chunked is not the last coding": b"Transfer-Encoding: chunked, gzip",
    "chunked twice in one field": b"Transfer-Encoding: chunked, chunked",
    "chunked in two fields": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "an unknown coding": b"Transfer-Encoding: xchunked",
    "a coding with a parameter": b"Transfer-Encoding: chunked;x=1",
    "a coding in quotes": b'Transfer-Encoding: "chunked"',
    "a coding after nothing": b"Transfer-Encoding: ,chunked",
    "an empty coding": b"Transfer-Encoding:",
    "a coding with a vertical tab": b"Transfer-Encoding: \x0bchunked",
    "neither length nor coding": b"Server: x",
    "neither, and close said": b"Connection: close",
}

LINES = {
    "a space before the colon": b"Content-Length : " + N,
    "a tab before the colon": b"Content-Length\t: " + N,
    "a folded field": b"X: a\r\n b\r\n" + LENGTH,
    "a first field folded": b" X: a\r\n" + LENGTH,
    "a bare LF after a field": b"X: a\n" + LENGTH,
    "a bare LF within a field": b"X: a\nb\r\n" + LENGTH,
    "a bare CR within a field": b"X: a\rb\r\n" + LENGTH,
    "a bare CR before the end of a field": b"X: a\r\r\n" + LENGTH,
    "NUL in a value": b"X: a\x00b\r\n" + LENGTH,
    "escape in a value": b"X: \x1b[31m\r\n" + LENGTH,
    "DEL in a value": b"X: a\x7fb\r\n" + LENGTH,
    "NUL in a name": b"X\x00: a\r\n" + LENGTH,
    "a name that is not ASCII": b"X\xe9: a\r\n" + LENGTH,
    "a name with a bracket": b"X[1]: a\r\n" + LENGTH,
    "an empty name": b": a\r\n" + LENGTH,
    "a line without a colon": b"nonsense\r\n" + LENGTH,
    "too many fields": b"X: a\r\n" * 201 + LENGTH,
    "a field too large": b"X: " + b"a" * LIMITS.head_bytes + b"\r\n" + LENGTH,
}

STARTS = {
    "version 0.9": b"",
    "version 1.2": b"HTTP/1.2 200 OK\r\n",
    "version 2": b"HTTP/2 200 OK\r\n",
    "version 2.0": b"HTTP/2.0 200 OK\r\n",
    "version 1.10": b"HTTP/1.10 200 OK\r\n",
    "a small version": b"http/1.1 200 OK\r\n",
    "another protocol": b"ICY 200 OK\r\n",
    "a blank line first": b"\r\n" + OK,
    "a bare LF first": b"\n" + OK,
    "a space first": b" " + OK,
    "two spaces before the status": b"HTTP/1.1  200 OK\r\n",
    "a tab before the status": b"HTTP/1.1\t200 OK\r\n",
    "a bare LF after the status": b"HTTP/1.1 200 OK\n",
    "NUL in the reason": b"HTTP/1.1 200 O\x00K\r\n",
    "no status": b"HTTP/1.1 OK\r\n",
    "status 000": b"HTTP/1.1 000 X\r\n",
    "status 099": b"HTTP/1.1 099 X\r\n",
    "status 600": b"HTTP/1.1 600 X\r\n",
    "status 999": b"HTTP/1.1 999 X\r\n",
    "a status of two digits": b"HTTP/1.1 20 X\r\n",
    "a status of four digits": b"HTTP/1.1 2000 X\r\n",
    "a status below zero": b"HTTP/1.1 -20 X\r\n",
    "a request": b"GET / HTTP/1.1\r\n",
    "another protocol switched to": b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: upgrade\r\n",
    "more interim answers than are read": b"HTTP/1.1 103 X\r\n\r\n" * 11 + OK,
    "an interim answer with a body": b"HTTP/1.1 103 X\r\nContent-Length: 2\r\n\r\nhi" + OK,
    "an interim answer with a bare LF": b"HTTP/1.1 103 X\r\nX: a\n\r\n\r\n" + OK,
}

CHUNKS = {
    "a chunk's size is no number": b"z\r\n" + MARK,
    "a chunk's size is below zero": b"-d\r\n" + MARK,
    "a chunk's size with plus": b"+d\r\n" + MARK,
    "a chunk's size with 0x": b"0xd\r\n" + MARK,
    "a space after a chunk's size": b"d \r\n" + MARK + b"\r\n0\r\n\r\n",
    "a space before a chunk's size": b" d\r\n" + MARK + b"\r\n0\r\n\r\n",
    "a bare LF after a chunk's size": b"d\n" + MARK + b"\r\n0\r\n\r\n",
    "a bare CR after a chunk's size": b"d\r" + MARK + b"\r\n0\r\n\r\n",
    "a bare LF after a chunk": b"d\r\n" + MARK + b"\n0\r\n\r\n",
    "nothing after a chunk": b"d\r\n" + MARK + b"0\r\n\r\n",
    "a chunk longer than its size": b"c\r\n" + MARK + b"\r\n0\r\n\r\n",
    "a chunk's size beyond 64 bits": b"10000000000000000d\r\n" + MARK,
    "a chunk's size missing": b"\r\n" + MARK,
    "a bare LF in a chunk's extension": b"d;a=b\nc\r\n" + MARK + b"\r\n0\r\n\r\n",
    "a bare CR in a chunk's extension": b"d;a\rX\r\n" + MARK + b"\r\n0\r\n\r\n",
    "NUL in a chunk's extension": b"d;a\x00\r\n" + MARK + b"\r\n0\r\n\r\n",
    "a chunk's extension too large": b"d;a=" + b"a" * 70_000,
    "a trailer too large": CHUNK + b"0\r\nX: " + b"a" * 70_000,
    "too many trailers": CHUNK + b"0\r\n" + b"X: a\r\n" * 12_000,
    "a trailer without a colon": CHUNK + b"0\r\nnonsense\r\n\r\n",
    "a folded trailer": CHUNK + b"0\r\nX: a\r\n b\r\n\r\n",
    "a bare LF in a trailer": CHUNK + b"0\r\nX: a\nY: b\r\n\r\n",
    "a bare LF at the end": CHUNK + b"0\r\n\n",
    "chunks larger than is read": CHUNK * 100 + b"0\r\n\r\n",
    "one chunk larger than is read": b"fff\r\n" + MARK * 100,
}

CUT: dict[str, tuple[Script, type[Exception]]] = {
    "the end before an answer": ([CLOSE], httpx.ReadError),
    "half an end before an answer": ([HALF_CLOSE], httpx.ReadError),
    "a reset before an answer": ([RESET], httpx.ReadError),
    "the end within the head": ([OK + b"X: " + MARK, CLOSE], BAD),
    "the end within the status": ([b"HTT", CLOSE], BAD),
    "half an end within the head": ([OK, HALF_CLOSE], BAD),
    "the end within a counted body": ([OK + b"Content-Length: 100" + BODY, CLOSE], BAD),
    "half an end within a counted body": ([OK + b"Content-Length: 100" + BODY, HALF_CLOSE], BAD),
    "the end within a chunk": ([CHUNKED + b"ff\r\n" + MARK, CLOSE], BAD),
    "the end between chunks": ([CHUNKED + CHUNK, CLOSE], BAD),
    "the end within the last chunk": ([CHUNKED + CHUNK + b"0\r\n", CLOSE], BAD),
    "the end within a trailer": ([CHUNKED + CHUNK + b"0\r\nX: a\r\n", CLOSE], BAD),
    "a reset within the body": ([OK + b"Content-Length: 100" + BODY, RESET], httpx.TransportError),
    "a body ended by the connection": ([OK + BODY, CLOSE], BAD),
    "a body ended by it, in HTTP/1.0": ([b"HTTP/1.0 200 OK" + BODY, CLOSE], BAD),
    "nothing but a request's echo": ([lambda request: request], BAD),
    "a TLS alert": ([b"\x15\x03\x01\x00\x02\x02\x50"], BAD),
    "another protocol's greeting": ([b"SSH-2.0-x\r\n"], BAD),
    "a lone LF": ([b"\n"], BAD),
    "lines ended by bare LF": ([b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi"], BAD),
    "a head without an end": ([OK + b"X: a\r\n" * 12_000], BAD),
    "a body too large by its length": ([OK + b"Content-Length: 1001" + BODY], BAD),
    "a body far too large by its length": ([OK + b"Content-Length: 99999999999" + BODY], BAD),
    "chunked in HTTP/1.0": (
        [b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNK + b"0\r\n\r\n"],
        BAD,
    ),
}

CASES = [
    *(Case(name, [OK + field + BODY], BAD) for name, field in FRAMINGS.items()),
    *(Case(name, [OK + line + BODY], BAD) for name, line in LINES.items()),
    *(Case(name, [start + LENGTH + BODY], BAD) for name, start in STARTS.items()),
    *(Case(name, [CHUNKED + chunks], BAD) for name, chunks in CHUNKS.items()),
    *(Case(name, sent, told) for name, (sent, told) in CUT.items()),
    Case(
        "an encoded answer",
        [answer(gzip.compress(MARK), 200, b"Content-Encoding: gzip")],
        httpx.DecodingError,
        kept=True,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_refused_answer_reaches_nobody(case: Case) -> None:
    outcome = await outcome_of(case)

    assert isinstance(outcome.told, type)
    assert isinstance(case.told, type)
    assert issubclass(outcome.told, case.told)
    assert MARK.decode() not in outcome.error
    assert outcome.others == [b"second", b"first again"]
    assert outcome.kept is case.kept


def test_there_are_enough_of_them() -> None:
    print(f"{len(CASES)} refused answers")

    assert len({case.name for case in CASES}) == len(CASES) >= 100
