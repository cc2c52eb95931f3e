"""A new API behind TLS that keeps every byte it was sent, and the ways in which it is untrusted."""

from __future__ import annotations

import asyncio
import json
import ssl
import warnings
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.authorities import DAY, Authority, Issued, self_signed
from tests.wire.modern_api import answer

RECORDS = range(20, 24)
"""The types of TLS records (RFC 8446, section 5.1)."""


@dataclass(slots=True)
class Received:
    """What came on one connection: on the wire, and out of TLS."""

    wire: bytearray = field(default_factory=bytearray)
    plain: bytearray = field(default_factory=bytearray)

    @property
    def outside_of_tls(self) -> int:
        """How many of its bytes are part of no TLS record."""
        rest = bytes(self.wire)
        while rest:
            if rest[0] not in RECORDS or rest[1:2] not in (b"", b"\x03"):
                return len(rest)
            rest = rest[5 + int.from_bytes(rest[3:5], "big") :]
        return 0


@dataclass(slots=True)
class Secured:
    """One on this machine; what it shows may change between connections."""

    context: ssl.SSLContext | None
    """None for one that speaks without TLS where TLS is expected."""
    port: int = 0
    received: list[Received] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"https://localhost:{self.port}"

    async def show(self, context: ssl.SSLContext | None) -> None:
        """From now on this, on new connections; those that are open end."""
        await self.close()
        self.context, self.received = context, []

    async def close(self) -> None:
        """End what is open."""
        for task in tuple(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it ends."""
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        try:
            await _Connection(self, reader, writer).serve()
        except (asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.transport.abort()


class _Connection:
    def __init__(
        self, server: Secured, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader, self.writer, self.received = reader, writer, Received()
        server.received.append(self.received)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls: ssl.SSLObject | None = None
        if server.context is not None:
            self.tls = server.context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.shaken = False
        self.answered = 0

    async def serve(self) -> None:
        while data := await self.reader.read(65536):
            self.received.wire += data
            self.incoming.write(data)
            if self.tls is None:
                self.writer.write(answer("GET", "/health_records", "nobody", {}).raw)
                await self.writer.drain()
                return
            try:
                self._go_on(self.tls)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                # The alert, and then what else comes: nothing is to be missed.
                self.tls = None
                self.writer.write(self.outgoing.read())
                while data := await self.reader.read(65536):
                    self.received.wire += data
                return
            self._answer(self.tls)
            self.writer.write(self.outgoing.read())
            await self.writer.drain()

    def _go_on(self, tls: ssl.SSLObject) -> None:
        if not self.shaken:
            tls.do_handshake()
            self.shaken = True
        while data := tls.read(65536):
            self.received.plain += data

    def _answer(self, tls: ssl.SSLObject) -> None:
        """Whatever requests have come whole."""
        while True:
            head, end, rest = bytes(self.received.plain[self.answered :]).partition(b"\r\n\r\n")
            if not end:
                return
            first, *lines = head.decode("latin-1").split("\r\n")
            fields = {name.lower(): value for name, value in (it.split(": ", 1) for it in lines)}
            length = int(fields.get("content-length", 0))
            if len(rest) < length:
                return
            method, path, _ = first.split(" ")
            token = fields.get("authorization", "").removeprefix("Bearer ")
            written = json.loads(rest[:length]) if length else {}
            tls.write(answer(method, path, token, written).raw)
            self.answered += len(head) + len(end) + length


@asynccontextmanager
async def secured(context: ssl.SSLContext | None) -> AsyncIterator[Secured]:
    """Run one; it is over at the end."""
    server = Secured(context)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await server.close()


def good(folder: Path, ours: Authority) -> ssl.SSLContext:
    """What the gateway is to believe."""
    return ours.server_context(folder)


def untrusted(folder: Path, ours: Authority) -> Mapping[str, ssl.SSLContext | None]:
    """What the gateway is not to believe, by name, where it believes this authority."""
    others = Authority("Others")
    shown: dict[str, Issued] = {
        "of another authority": others.issue(),
        "of another authority of the same name": Authority(ours.name).issue(),
        "signed by itself": self_signed(),
        "expired": ours.issue(begins=-2 * DAY, ends=-DAY),
        "not yet valid": ours.issue(begins=DAY, ends=2 * DAY),
        "of another name": ours.issue(names=("other.example", "127.0.0.2")),
        "of a name below it": ours.issue(names=("www.localhost", "*.localhost")),
        "of a name in its subject alone": ours.issue("localhost", names=()),
        "of a client": ours.issue(purpose="client"),
    }
    contexts: dict[str, ssl.SSLContext | None] = {
        name: ours.server_context(folder, issued) for name, issued in shown.items()
    }
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        asking = demanding(folder, ours, others)
        asking.maximum_version = version
        contexts[f"demands a certificate, {version.name}"] = asking
    contexts["TLS 1.1 alone"] = old(ours.server_context(folder))
    contexts["no TLS at all"] = None
    return contexts


def demanding(folder: Path, ours: Authority, clients: Authority) -> ssl.SSLContext:
    """A good one that lets nobody in who shows no certificate of these authorities."""
    context = ours.server_context(folder)
    context.load_verify_locations(cadata=clients.itself.pem.decode())
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def old(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same, of TLS 1.1 alone."""
    with warnings.catch_warnings():
        # Python warns of old versions; here they are meant.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context
