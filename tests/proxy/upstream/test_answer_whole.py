"""An answer that comes whole is read as one that comes byte by byte."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.upstream.answer import AnswerReader
from proxy.upstream.head import Heads
from proxy.upstream.limits import TransportLimits

LIMITS = TransportLimits(body_bytes=20, head_bytes=160)

LENGTHS = st.sampled_from([b"5", b"05", b"+5", b"4", b"6", b"0", b"5, 5", b"21", b"", b"x"])
FIELDS = st.lists(
    st.one_of(
        st.tuples(st.just(b"Content-Length"), st.just(b"5") | LENGTHS),
        st.tuples(
            st.just(b"Connection"),
            st.sampled_from([b"keep-alive", b"Keep-Alive", b"close", b"close, x"]),
        ),
        st.tuples(st.just(b"Transfer-Encoding"), st.sampled_from([b"chunked", b"gzip"])),
        st.tuples(st.just(b"ETag"), st.sampled_from([b'"a"', b'"' + b"b" * 90 + b'"'])),
    ),
    max_size=4,
)
STATUSES = st.sampled_from([200, 200, 201, 204, 304, 404, 500, 103, 101])
BODIES = st.sampled_from([b"hello", b"hello", b"hell", b"hello!", b"", b"x" * 21])
ANSWERS = st.tuples(st.sampled_from([b"1", b"1", b"0"]), STATUSES, FIELDS, BODIES)


def written(version: bytes, status: int, fields: list[tuple[bytes, bytes]], body: bytes) -> bytes:
    lines = b"".join(b"%b: %b\r\n" % field for field in fields)
    return b"HTTP/1.%b %d X\r\n%b\r\n%b" % (version, status, lines, body)


def read(heads: Heads, pieces: list[bytes], *, bodiless: bool) -> Any:
    """What a reader says, once these have come."""
    reader = AnswerReader(bodiless, LIMITS, heads)
    try:
        for piece in pieces:
            reader.feed(piece)
    except httpx.HTTPError as error:
        return type(error)
    told = reader.status, reader.head, reader.told, reader.keeps, reader.fields()
    return told, reader.complete, reader.leftover, reader.body if reader.complete else b""


@given(st.lists(ANSWERS, min_size=1, max_size=4), st.booleans())
def test_whole_or_byte_by_byte_it_is_the_same_answer(
    answers: list[tuple[bytes, int, list[tuple[bytes, bytes]], bytes]], bodiless: bool
) -> None:
    heads, others = Heads(LIMITS), Heads(LIMITS)
    for answer in answers:
        data = written(*answer)
        for _ in range(2):
            # The second time its head has a shape that is known.
            whole = read(heads, [data], bodiless=bodiless)
            pieces = [data[at : at + 1] for at in range(len(data))]

            assert whole == read(others, pieces, bodiless=bodiless)


def test_a_usual_answer_is_complete_at_once() -> None:
    heads, data = Heads(LIMITS), written(b"1", 200, [(b"Content-Length", b"5")], b"hello")

    first, second = (read(heads, [data], bodiless=False) for _ in range(2))

    assert first == second
    assert second[1:] == (True, False, b"hello")


def usual(status: int = 200, length: bytes = b"5", body: bytes = b"hello", **more: bytes) -> bytes:
    fields = [(b"Content-Length", length), *((name.encode(), more[name]) for name in more)]
    return written(b"1", status, fields, body)


@pytest.mark.parametrize("bodiless", [False, True], ids=["body", "bodiless"])
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(usual(), id="usual"),
        pytest.param(usual(length=b"+5"), id="length with a sign"),
        pytest.param(usual(length=b"05"), id="length with a zero"),
        pytest.param(usual(length=b"4"), id="more than its length"),
        pytest.param(usual(length=b"6"), id="less than its length"),
        pytest.param(usual(length=b""), id="no digits"),
        pytest.param(usual(length=b"21", body=b"x" * 21), id="too large a body"),
        pytest.param(usual(etag=b"b" * 160), id="too long a head"),
        pytest.param(usual(connection=b"close"), id="close"),
        pytest.param(usual(connection=b"Keep-Alive"), id="keep-alive in capitals"),
        pytest.param(usual().replace(b"/1.1", b"/1.0"), id="HTTP/1.0"),
        *(pytest.param(usual(status), id=str(status)) for status in (101, 103, 204, 304, 404)),
    ],
)
def test_each_thing_that_is_unusual_is_read_the_same_behind_a_shape_that_is_known(
    data: bytes, bodiless: bool
) -> None:
    heads = Heads(LIMITS)
    end = data.index(b"\r\n\r\n") + 4
    # As a server's other answers would: it is learned whatever this one is refused for.
    heads.read(data[:end])
    assert heads.begun(data) is not None
    pieces = [data[at : at + 1] for at in range(len(data))]

    whole = read(heads, [data], bodiless=bodiless)

    assert whole == read(Heads(LIMITS), pieces, bodiless=bodiless)
