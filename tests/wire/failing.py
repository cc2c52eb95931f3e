"""Failures that take time or end a connection: what becomes of the right answer on its way."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.wire.bombs import BOMBS
from tests.wire.hostile import CLOSING, HOSTILE, stray
from tests.wire.modern_api import Good, head

LATE_SECONDS = 0.02
SLOW_SECONDS = 0.9
"""Within the deadline of the figures, and three of them beyond it."""

PAUSE_SECONDS = 0.05
PAUSES = 200
"""A trickle lasts longer than any deadline of the tests, and not for ever."""


class GoneError(Exception):
    """The connection is over."""


@dataclass(slots=True)
class Exchange:
    """One request, and the connection on which its answer goes out."""

    good: Good
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, raw: bytes) -> None:
        """Write bytes, and wait until they are on their way."""
        self.writer.write(raw)
        await self.writer.drain()

    async def left(self) -> None:
        """Wait until the other side is gone: then so is this one."""
        while await self.reader.read(65536):
            pass
        raise GoneError

    def reset(self) -> None:
        """End the connection by RST."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        raise GoneError


Fault = Callable[[Exchange], Awaitable[None]]


async def _rst_before(exchange: Exchange) -> None:
    exchange.reset()


async def _rst_after(exchange: Exchange) -> None:
    await exchange.send(exchange.good.raw[:-40])
    await asyncio.sleep(PAUSE_SECONDS)
    exchange.reset()


async def _black_hole(exchange: Exchange) -> None:
    await exchange.left()


async def _latency(exchange: Exchange) -> None:
    await asyncio.sleep(PAUSE_SECONDS * PAUSES)
    await exchange.send(exchange.good.raw)


async def _slow(exchange: Exchange) -> None:
    await asyncio.sleep(SLOW_SECONDS)
    await exchange.send(exchange.good.raw)


async def _trickle(exchange: Exchange, at_once: bytes, slowly: bytes) -> None:
    await exchange.send(at_once)
    for place in range(min(len(slowly), PAUSES)):
        await exchange.send(slowly[place : place + 1])
        await asyncio.sleep(PAUSE_SECONDS)
    raise GoneError


async def _trickle_head(exchange: Exchange) -> None:
    await _trickle(exchange, b"", head(200, ("X-Slow", "x" * PAUSES)))


async def _trickle_body(exchange: Exchange) -> None:
    await _trickle(exchange, head(200, ("Content-Length", "500")), b" " * 500)


async def _length_without_body(exchange: Exchange) -> None:
    await exchange.send(head(200, ("Content-Length", str(len(exchange.good.body)))))
    await exchange.left()


async def _late_answer(exchange: Exchange) -> None:
    await exchange.send(exchange.good.raw)
    await asyncio.sleep(LATE_SECONDS)
    await exchange.send(stray(exchange.good))


async def _late_bytes(exchange: Exchange) -> None:
    await exchange.send(exchange.good.raw)
    await asyncio.sleep(LATE_SECONDS)
    await exchange.send(b"\0")


def _bomb(pieces: Callable[[], Iterator[bytes]]) -> Fault:
    async def bomb(exchange: Exchange) -> None:
        for piece in pieces():
            await exchange.send(piece)

    return bomb


def _hostile(name: str) -> Fault:
    async def hostile(exchange: Exchange) -> None:
        good = exchange.good
        # What is done to a body needs one: then a deletion is answered with something, too.
        good = Good(200, {"deleted": True}) if good.document is None else good
        await exchange.send(HOSTILE[name](good))
        if name in CLOSING:
            raise GoneError

    return hostile


FAULTS: Mapping[str, Fault] = {
    **{name: _hostile(name) for name in HOSTILE},
    **{name: _bomb(pieces) for name, pieces in BOMBS.items()},
    "rst_before": _rst_before,
    "rst_after": _rst_after,
    "black_hole": _black_hole,
    "latency": _latency,
    "slow": _slow,
    "trickle_head": _trickle_head,
    "trickle_body": _trickle_body,
    "length_without_body": _length_without_body,
    "late_answer": _late_answer,
    "late_bytes": _late_bytes,
}

CROSSING = ("extra_bytes", "second_answer", "body_204", "rst_before", "late_answer", "late_bytes")

MATRIX = (
    "rst_before",
    "rst_after",
    "black_hole",
    "latency",
    "trickle_head",
    "trickle_body",
    "cut_length",
    "cut_chunk",
    "garbage",
    "big_header",
    "bad_gzip",
    "status_999",
)
"""The faults that any call can meet; beside them, an upstream that is not there."""
