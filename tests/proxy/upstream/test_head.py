"""A head that is read by its shape tells what the strict reading of it tells."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.upstream import head as heads
from proxy.upstream.head import Heads, Told, read_head
from proxy.upstream.limits import TransportLimits

LIMITS = TransportLimits(fields=20)
BODY = b'{"a": 1}\r\n\r\n'

NAMES = st.sampled_from(
    [
        "Server",
        "Date",
        "Content-Length",
        "content-length",
        "ETag",
        "etag",
        "Link",
        "Connection",
        "Content-Encoding",
        "Transfer-Encoding",
        "retry-after",
        "Content_Length",
        "X.*",
        "a|b",
        "$",
    ]
)
VALUES = st.one_of(
    st.sampled_from(["", " ", " 5", "5 ", "\t close \t", ' "a" b ', " a, b", " :", " \xe9"]),
    st.text(alphabet=" \t:,a5\xe9\x80\r\n\x00\x7f", max_size=6),
)
STARTS = st.sampled_from(
    [
        "HTTP/1.1 200 OK",
        "HTTP/1.0 404",
        "HTTP/1.1 204 ",
        "HTTP/1.1 100 Continue",
        "HTTP/1.2 200 OK",
        "HTTP/1.1 600 OK",
        "HTTP/1.1 20 OK",
        "http/1.1 200 OK",
        "HTTP/1.1 200OK",
    ]
)


def head_of(start: str, names: list[str], values: list[str]) -> bytes:
    """A head with these fields, whether or not there can be such a one."""
    lines = [f"{name}:{value}" for name, value in zip(names, values, strict=True)]
    return "\r\n".join([start, *lines, "", ""]).encode("latin-1")


def outcome(reader: Heads | None, head: bytes) -> Told | str:
    """What is told, or why nothing is."""
    try:
        return read_head(head) if reader is None else reader.read(head)
    except httpx.RemoteProtocolError as error:
        return str(error)


@given(data=st.data(), names=st.lists(NAMES, max_size=6))
def test_a_head_of_a_known_shape_tells_what_it_told_without(
    data: st.DataObject, names: list[str]
) -> None:
    values = st.lists(VALUES, min_size=len(names), max_size=len(names))
    reader = Heads(LIMITS)
    outcome(reader, head_of("HTTP/1.1 200 OK", names, [" 5"] * len(names)))
    head = head_of(data.draw(STARTS), names, data.draw(values))

    begun = reader.begun(head + BODY)

    if begun is not None:
        told, end = begun
        assert told == read_head((head + BODY)[:end])
        assert end == (head + BODY).index(b"\r\n\r\n") + 4
    assert outcome(reader, head) == outcome(None, head)


@given(st.lists(st.tuples(STARTS, st.lists(NAMES, max_size=4), VALUES), max_size=30))
def test_what_was_read_before_changes_nothing(read: list[tuple[str, list[str], str]]) -> None:
    reader = Heads(LIMITS)

    for start, names, value in read:
        head = head_of(start, names, [value] * len(names))
        assert outcome(reader, head) == outcome(None, head)


def test_the_next_head_of_a_shape_is_read_at_one_go() -> None:
    reader = Heads(LIMITS)
    reader.read(b'HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 5\r\nETag: "1"\r\n\r\n')
    head = b'HTTP/1.0 404 Y\r\nDate: z\r\nContent-Length: 12 \r\nETag:"2"\r\n\r\n'

    begun = reader.begun(head + BODY)

    told = Told(b"0", b"404", content_length=b"12", etag=b'"2"')
    assert begun == (told, len(head))


def test_a_name_with_an_underscore_is_another_one() -> None:
    told = Heads(LIMITS).read(b"HTTP/1.1 200 OK\r\nContent_Length: 5\r\n\r\n")

    assert told == Told(b"1", b"200")


def test_a_server_that_always_answers_otherwise_makes_few_shapes_known() -> None:
    reader = Heads(LIMITS)
    many = [b"HTTP/1.1 200 OK\r\nA%d: 1\r\nETag: 2\r\n\r\n" % number for number in range(100)]

    for head in many:
        assert reader.read(head) == Told(b"1", b"200", etag=b"2")

    assert len(reader._known) == heads._SHAPES
    assert reader.begun(many[-1]) is None


@pytest.mark.parametrize("more", [0, 1])
def test_a_head_has_so_many_fields_and_no_more(more: int) -> None:
    head = head_of("HTTP/1.1 200 OK", ["a"] * (20 + more), ["b"] * (20 + more))

    told = outcome(Heads(LIMITS), head)

    assert told == ("the head is too long" if more else Told(b"1", b"200"))
