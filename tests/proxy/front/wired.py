"""The hardened protocol before a small application: on a socket, or on a transport of bytes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ssl import SSLContext
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from proxy.front.protocol import HardenedProtocol
from proxy.front.wire import LEFT, WIRE, Limits, Wire

HOST = b"Host: old.example\r\n"
PATIENCE_SECONDS = 5

LIMITS = Limits(
    fields=12,
    head_bytes=600,
    target_bytes=200,
    body_bytes=1000,
    head_seconds=PATIENCE_SECONDS,
    body_seconds=PATIENCE_SECONDS,
    hosts=frozenset(),
)


def get(target: bytes = b"/a", *fields: bytes, version: bytes = b"1.1") -> bytes:
    """A good request to read, but for what is given."""
    lines = b"".join(b"%b\r\n" % field for field in fields)
    return b"GET %b HTTP/%b\r\n%b%b\r\n" % (target, version, HOST, lines)


def post(body: bytes = b"", *fields: bytes, target: bytes = b"/a") -> bytes:
    """A request with a body, which says its length unless fields are given."""
    given = fields or (b"Content-Length: %d" % len(body),)
    lines = b"".join(b"%b\r\n" % field for field in given)
    return b"POST %b HTTP/1.1\r\n%b%b\r\n%b" % (target, HOST, lines, body)


def chunked(*chunks: bytes, trailers: bytes = b"") -> bytes:
    """A body in chunks, whole."""
    parts = (b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"".join(parts) + b"0\r\n" + trailers + b"\r\n"


CHUNKED = b"Transfer-Encoding: chunked"


@dataclass
class App:
    """
    An application that answers with what it was asked.

    `/early` is answered before its body is read, `/held` once `gate` is set, `/begun` so too, but
    the head of its answer at once; `/failing` fails, and `/large` gets a long answer.
    """

    asked: list[Scope] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    """Paths whose client was gone before the answer."""
    left: list[str] = field(default_factory=list)
    """Paths for which it was told so at once."""
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    at_work: asyncio.Event = field(default_factory=asyncio.Event)
    large: int = 4 * 1024**2

    @property
    def paths(self) -> list[str]:
        """What was asked for."""
        return [scope["path"] for scope in self.asked]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(scope)
        path = scope["path"]
        scope["state"][LEFT] = lambda: self.left.append(path)
        self.at_work.set()
        if path != "/early" and not await self._read(path, receive):
            return
        if path == "/failing":
            raise RuntimeError
        if path == "/held":
            await self.gate.wait()
        said = b"x" * self.large if path == "/large" else path.encode()
        fields = [(b"content-length", b"%d" % len(said))]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        if path == "/begun":
            await send({"type": "http.response.body", "more_body": True})
            await self.gate.wait()
        await send({"type": "http.response.body", "body": said})

    async def _read(self, path: str, receive: Receive) -> bool:
        body, more = b"", path != "/begun"
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone.append(path)
                return False
            body, more = body + message["body"], message["more_body"]
        self.bodies.append(body)
        return True


@dataclass
class Served:
    """The protocol before an application."""

    app: App
    wire: Wire
    config: Config
    state: ServerState = field(default_factory=ServerState)
    port: int = 0

    def protocol(self) -> HardenedProtocol:
        """The protocol for one more connection."""
        return HardenedProtocol(
            config=self.config,
            server_state=self.state,
            app_state={WIRE: self.wire},
            _loop=asyncio.get_running_loop(),
        )

    @property
    def refused(self) -> dict[str, int]:
        """How often it refused, by reason."""
        counted = self.wire.counts.of.items()
        return {label: count for (name, label), count in counted if name == "refused"}


def refusal(status: int) -> bytes:
    """What is answered in place of the legacy form."""
    body = b'{"error":%d}' % status
    head = b"HTTP/1.1 %d Refused\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    return head % (status, len(body)) + body


def served(*, idle_seconds: int = 5, **changes: Any) -> Served:
    """The protocol with these limits changed, before an `App`."""
    app = App()
    config = Config(app, timeout_keep_alive=idle_seconds, proxy_headers=False, log_config=None)
    config.load()
    return Served(app, Wire(replace(LIMITS, **changes), refusal), config)


class Bytes(asyncio.Transport):
    """A transport on which what is written is kept, and nothing is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.extra: dict[str, Any] = {}
        self.written = b""
        self.unsent = 0
        self.closed = self.ended = self.aborted = self.paused = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.extra.get(name, default)

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        self.written += bytes(data)

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


@dataclass
class Line:
    """A connection over a transport of bytes."""

    served: Served
    protocol: HardenedProtocol
    transport: Bytes

    async def feed(self, *pieces: bytes) -> None:
        """Bytes of the client, each of these at once; then whoever can goes on."""
        for piece in pieces:
            self.protocol.data_received(piece)
        await settle()

    @property
    def statuses(self) -> list[int]:
        """The statuses of the answers so far."""
        parts = self.transport.written.split(b"HTTP/1.1 ")[1:]
        return [int(part[:3]) for part in parts]


async def passing(seconds: float) -> None:
    """A short time passes: what is tested is a deadline."""
    await asyncio.sleep(seconds)


async def settle() -> None:
    """Let whoever can go on: an application that is not held ends."""
    for _ in range(20):
        await asyncio.sleep(0)


@asynccontextmanager
async def line(**changes: Any) -> AsyncIterator[Line]:
    """A connection with these limits changed; lost at the end."""
    made = served(**changes)
    protocol, transport = made.protocol(), Bytes()
    protocol.connection_made(transport)
    try:
        yield Line(made, protocol, transport)
    finally:
        protocol.connection_lost(None)
        made.app.gate.set()
        await settle()


@dataclass
class Client:
    """A client on a socket."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def write(self, raw: bytes) -> None:
        """Send bytes."""
        self.writer.write(raw)
        await self.writer.drain()

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """One answer: its status, its fields and its body."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            fields = dict(line.lower().split(": ", 1) for line in lines if line)
            body = await self.reader.readexactly(int(fields["content-length"]))
        return int(first.split()[1]), fields, body

    async def rest(self) -> bytes:
        """All that comes until the server ends the connection."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.reader.read()


@asynccontextmanager
async def listening(
    made: Served, tls: SSLContext | None = None, *, send_bytes: int | None = None
) -> AsyncIterator[Served]:
    """It takes connections on a free port; the system holds that much of what is sent."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(made.protocol, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    if send_bytes is not None:
        server.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_bytes)
    try:
        yield made
    finally:
        server.close()
        made.app.gate.set()
        for connection in list(made.state.connections):
            assert isinstance(connection, HardenedProtocol)
            connection.transport.abort()
        await asyncio.gather(*made.state.tasks)
        await settle()


@asynccontextmanager
async def client(made: Served, tls: SSLContext | None = None) -> AsyncIterator[Client]:
    """A connection of a client; closed at the end."""
    name = None if tls is None else "localhost"
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", made.port, ssl=tls, server_hostname=name
    )
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
