"""
An upstream that does what a script says, byte for byte, on a real socket.

    async with scripted([REQUEST, b"HTTP/1.1 204 \\r\\n\\r\\n", CLOSE]) as upstream:
        ...  # call upstream.origin; upstream.requests has what came

One script for each connection, in order; the last one is for all that follow. At a script's end
the connection is closed.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto


class Act(Enum):
    """What an upstream can do beside writing bytes."""

    REQUEST = auto()
    """Read one whole request, and keep it."""
    HEAD = auto()
    """Read up to the end of a request's head, and no further."""
    CLOSE = auto()
    """End the connection after what was written."""
    HALF_CLOSE = auto()
    """Write no more; read on."""
    RESET = auto()
    """Reset the connection."""
    HOLD = auto()
    """Read on until the other side ends the connection."""
    STALL = auto()
    """Do nothing any more, and read nothing."""


REQUEST, HEAD, CLOSE, HALF_CLOSE, RESET, HOLD, STALL = Act
FOREVER = 10_000
"""`[REQUEST, echo] * FOREVER` answers as long as a connection lasts."""

Step = bytes | Act | asyncio.Event | Callable[[bytes], bytes]
"""Bytes are written; an event is waited for; a function makes bytes of the last request."""

Script = Sequence[Step]

_LENGTH = re.compile(rb"(?im)^content-length: *(\d+)\r$")


def answer(body: bytes, status: int = 200, *fields: bytes) -> bytes:
    """A good answer."""
    lines = [b"HTTP/1.1 %d X" % status, *fields, b"Content-Length: %d" % len(body), b"", body]
    return b"\r\n".join(lines)


def echo(request: bytes) -> bytes:
    """A good answer whose body is the request's field `Caller`."""
    found = re.search(rb"(?im)^caller: *(.*)\r$", request)
    return answer(found[1] if found else b"nobody")


@dataclass
class Upstream:
    """One that is running."""

    scripts: Sequence[Script]
    host: str = "127.0.0.1"
    port: int = 0
    scheme: str = "http"
    connections: int = 0
    """How many were accepted."""
    requests: list[bytes] = field(default_factory=list)
    """What came by `REQUEST`, from all connections."""
    came: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    """The numbers of the connections of those, as they come."""
    ended: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    """The numbers of the connections whose script is over, from 0, as they end."""
    server: asyncio.Server | None = None
    _playing: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)
    _stopped: bool = False

    @property
    def origin(self) -> str:
        """What a client calls."""
        return f"{self.scheme}://{self.host}:{self.port}"

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Play the script of one more connection."""
        if self._stopped:
            # It was accepted, and its turn came late.
            writer.transport.abort()
            return
        script = self.scripts[min(self.connections, len(self.scripts) - 1)]
        playing = self._serve(self.connections, script, reader, writer)
        self._playing[asyncio.create_task(playing)] = writer
        self.connections += 1

    async def refuse(self) -> None:
        """Refuse every further connection."""
        assert self.server is not None
        self.server.close()
        # Closed is what the loop closes next.
        await asyncio.sleep(0)

    async def stop(self) -> None:
        """End every connection; raises what went wrong with a script."""
        self._stopped = True
        for task, writer in self._playing.items():
            task.cancel()
            writer.transport.abort()
        for over in await asyncio.gather(*self._playing, return_exceptions=True):
            if isinstance(over, Exception):
                raise over

    async def _serve(
        self,
        number: int,
        script: Script,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        try:
            # The other side may leave in the middle of any script.
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._play(number, script, reader, writer)
        finally:
            writer.transport.abort()
            self.ended.put_nowait(number)

    async def _play(
        self,
        number: int,
        script: Script,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        request = b""
        for step in script:
            if isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
            elif step is HEAD:
                request = await reader.readuntil(b"\r\n\r\n")
            elif step is REQUEST:
                request = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(request)
                request += await reader.readexactly(int(length[1]) if length else 0)
                self.requests.append(request)
                self.came.put_nowait(number)
            elif step is HOLD:
                while await reader.read(65536):
                    pass
            elif step is STALL:
                await asyncio.Event().wait()
            elif step is HALF_CLOSE:
                writer.write_eof()
            elif step is CLOSE:
                writer.close()
                await writer.wait_closed()
            elif step is RESET:
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, linger
                )
                writer.transport.abort()
            elif isinstance(step, asyncio.Event):
                await step.wait()
            elif not isinstance(step, Act):
                writer.write(step(request))
                await writer.drain()


@asynccontextmanager
async def scripted(*scripts: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[Upstream]:
    """Run one, in this loop; of what is not read it takes little, and the rest waits behind."""
    upstream = Upstream(scripts, scheme="http" if tls is None else "https")
    listening = socket.create_server((upstream.host, 0), backlog=1000)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
    upstream.server = await asyncio.start_server(
        upstream.accept, sock=listening, ssl=tls, backlog=1000
    )
    upstream.port = listening.getsockname()[1]
    try:
        yield upstream
    finally:
        await upstream.refuse()
        await upstream.stop()
