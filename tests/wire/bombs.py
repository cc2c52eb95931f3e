"""Answers that are larger than anybody should read: 200 MB, however they are framed."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping

from tests.wire.modern_api import head

PIECE = b" " * 2**20
PIECES = 200
SMALL = gzip.compress(PIECE) * PIECES
"""200 MB that go on the wire as 204 kB: gzip may be joined out of parts (RFC 1952, 2.2)."""


def _gzip() -> Iterator[bytes]:
    yield head(200, ("Content-Encoding", "gzip"), ("Content-Length", str(len(SMALL))))
    yield SMALL


def _chunked() -> Iterator[bytes]:
    yield head(200, ("Transfer-Encoding", "chunked"))
    for _ in range(PIECES):
        yield b"%x\r\n%s\r\n" % (len(PIECE), PIECE)
    yield b"0\r\n\r\n"


def _length() -> Iterator[bytes]:
    yield head(200, ("Content-Length", str(PIECES * len(PIECE))))
    for _ in range(PIECES):
        yield PIECE


BOMBS: Mapping[str, Callable[[], Iterator[bytes]]] = {
    "bomb_gzip": _gzip,
    "bomb_chunked": _chunked,
    "bomb_length": _length,
}
