"""
How a worker tells its numbers to the process that owns the admin port.

Every worker inherits one end of a line, and sends over it, once, the end of a socket of its own.
Whenever a byte comes over that one, the worker answers with a line of JSON; so it does, unasked,
when it ends. Nothing of this has a name in a file system, and only children of the process can
speak.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from proxy.observe.snapshot import Snapshot

HELLO = b"."
ASK = b"?"

Tell = Callable[[], Awaitable[Snapshot]]


def line() -> tuple[socket.socket, socket.socket]:
    """The two ends of the line: the one that hears, and the one that workers inherit."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)


@contextlib.asynccontextmanager
async def reporting(to: socket.socket | None, tell: Tell) -> AsyncIterator[None]:
    """Tell what is asked over a line, as long as the worker lives; without one, nothing."""
    if to is None:
        yield
        return
    own, given = socket.socketpair()
    with given:
        socket.send_fds(to, [HELLO], [given.fileno()])
    asked, told = await asyncio.open_unix_connection(sock=own)
    answering = asyncio.create_task(_answer(asked, told, tell))
    try:
        yield
    finally:
        answering.cancel()
        await asyncio.wait([answering])
        # Whoever would hear the last word may be gone first.
        with contextlib.suppress(OSError):
            await _say(told, tell)
        told.close()
        with contextlib.suppress(OSError):
            await told.wait_closed()


async def _answer(asked: asyncio.StreamReader, told: asyncio.StreamWriter, tell: Tell) -> None:
    with contextlib.suppress(OSError):
        while await asked.read(1):
            await _say(told, tell)


async def _say(told: asyncio.StreamWriter, tell: Tell) -> None:
    told.write(msgspec.json.encode(await tell()) + b"\n")
    await told.drain()
