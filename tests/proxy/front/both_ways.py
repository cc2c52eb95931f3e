"""Two gateways that differ in the fast path alone, each on sockets and before its own new API."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from uvicorn.server import ServerState

from proxy.app import create_app
from proxy.cli.serving import config
from proxy.front.fast_path import FastPath, KnownHead
from proxy.front.fast_request import FastRequest
from proxy.front.protocol import HardenedProtocol
from proxy.front.wire import Wire
from proxy.journey.gateway import Gateway
from proxy.legacy_request import Fields
from proxy.settings import Settings
from tests.proxy.conftest import LogLines, noon
from tests.proxy.documents import ID, legacy_document, modern_document

READ = f"/api/v1/records/{ID}.json"
RECORDS = "/api/v1/records.json"
SHOWN = modern_document()
MODERN = json.dumps(SHOWN).encode()
LEGACY = json.dumps(legacy_document()).encode()

END, PAUSE = "end", "pause"
"""End the connection; let whatever has come be read."""

Step = bytes | str | asyncio.Event
Steps = Sequence[Step]

VARYING = (
    (rb"(?i)host: 127[\d.:]+", b"host: -"),
    (rb"passerelle-[0-9a-f]{8}", b"passerelle--"),
    (rb"x-request-id: [0-9a-f]{32}\r", b"x-request-id: -\r"),
    (rb"idempotency-key: [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\r", b"idempotency-key: -\r"),
)
"""What two gateways, or two requests, say each in its own way."""

UNLIKE = ("milliseconds", "request_id", "timestamp", "upstream_milliseconds")


def get(target: str = READ, *fields: str, method: str = "GET") -> bytes:
    """A request without a body."""
    lines = "".join(
        f"{line}\r\n" for line in ("Host: old.example", "Authorization: Bearer a", *fields)
    )
    return f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode()


def post(body: bytes = LEGACY, *fields: str, target: str = RECORDS) -> bytes:
    """A creation."""
    given = fields or ("Content-Type: application/json",)
    head = get(target, *given, f"Content-Length: {len(body)}", method="POST")
    return head + body


def answer(
    body: bytes = MODERN, status: int = 200, *fields: bytes, version: bytes = b"1.1"
) -> bytes:
    """An answer of the new API."""
    lines = [b"HTTP/%b %d X" % (version, status), *fields, b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*lines, b"", body])


GOOD = (answer(),)
MADE = (answer(status=201),)


def same(data: bytes) -> bytes:
    """The bytes without what varies."""
    for pattern, text in VARYING:
        data = re.sub(pattern, text, data)
    return data


@dataclass
class NewApi:
    """Answers each call by the steps that are next; what came is kept."""

    plan: list[Steps] = field(default_factory=list)
    calls: list[bytes] = field(default_factory=list)
    came: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    _serving: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One more connection."""
        self._serving[asyncio.create_task(self._serve(reader, writer))] = writer

    async def stop(self) -> None:
        """End every connection."""
        for task, writer in self._serving.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: (\d+)", head)
                call = head + await reader.readexactly(int(length[1]) if length else 0)
                self.calls.append(same(call))
                self.came.put_nowait(call)
                steps = self.plan.pop(0) if self.plan else (answer(b"{}", 500),)
                if not await self._play(steps, writer):
                    break
        writer.close()

    async def _play(self, steps: Steps, writer: asyncio.StreamWriter) -> bool:
        for step in steps:
            if isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
            elif isinstance(step, asyncio.Event):
                await step.wait()
            elif step == END:
                return False
            else:
                await settled()
        return True


class Watched(FastPath):
    """Counts the requests that go this way."""

    begun = 0

    def known(self, method: bytes, fields: Fields) -> KnownHead | None:
        head = super().known(method, fields)
        if head is not None:
            setattr(head, "begin", self._counted(head.begin))  # noqa: B010 - mypy knows it as a method
        return head

    def _counted(
        self, begin: Callable[..., FastRequest | None]
    ) -> Callable[..., FastRequest | None]:
        def counted(*given: Any) -> FastRequest | None:
            request = begin(*given)
            self.begun += request is not None
            return request

        return counted


@dataclass
class Way:
    """One of the two gateways."""

    gateway: Gateway
    api: NewApi
    wire: Wire
    state: ServerState
    port: int
    lines: LogLines
    fast: Watched | None
    over: list[bytes]
    """The targets of requests that went on as all others."""
    connections: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(
        default_factory=list
    )

    async def ask(self, request: bytes, *plan: Steps) -> tuple[bytes, list[bytes], list[Any]]:
        """The answer to a request on the open connection, the calls it took and what was logged."""
        self.api.plan = list(plan)
        self.api.calls.clear()
        reader, writer = await self.connection()
        writer.write(request)
        answered = await self.answered(reader, request)
        if b"connection: close" in answered:
            self.leave()
        return answered, list(self.api.calls), self.logged()

    async def connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The connection to it, opened when there is none."""
        return self.connections[-1] if self.connections else await self.another()

    async def another(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """One more connection to it, which is asked on from now on."""
        self.connections.append(await asyncio.open_connection("127.0.0.1", self.port))
        return self.connections[-1]

    async def answered(self, reader: asyncio.StreamReader, request: bytes) -> bytes:
        """One whole answer."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        sized = length is not None and not request.startswith(b"HEAD")
        body = await reader.readexactly(int(length[1])) if length is not None and sized else b""
        # What the gateway writes down behind an answer.
        await settled()
        return same(head + body)

    def leave(self) -> None:
        """The client closes its connection."""
        for _, writer in self.connections:
            writer.transport.abort()
        self.connections.clear()

    def logged(self) -> list[Any]:
        """The lines so far, without what differs each time; they are taken away."""
        rows = self.lines()
        self.lines.stream.seek(0)
        self.lines.stream.truncate(0)
        return [{name: row[name] for name in row if name not in UNLIKE} for row in rows]

    def seen(self) -> dict[str, Any]:
        """What it counts, and what it still holds."""
        gateway, breakers = self.gateway, self.gateway.upstream.breakers
        return {
            "counts": dict(gateway.counts.of),
            "lost": dict(gateway.losses.by_field),
            "requests": {key: sum(row[:-1]) for key, row in gateway.metrics.requests.items()},
            "calls": {key: sum(row[:-1]) for key, row in gateway.metrics.calls.items()},
            "turns": gateway.turns.in_flight,
            "held": gateway.room.held,
            "tasks": len(self.state.tasks),
            "used": gateway.upstream.connections.used,
            "answered": self.state.total_requests,
            "breakers": {
                name: (it._failures, it._open)
                for name, it in breakers._made.items()
                if it._outcomes or it._open
            },
        }


@dataclass
class Ways:
    """Both of them."""

    quick: Way
    plain: Way

    async def same(self, request: bytes, *plan: Steps) -> bytes:
        """The answer that both give to a request, after the same calls and with the same log."""
        quick, plain = await self.quick.ask(request, *plan), await self.plain.ask(request, *plan)
        for one, other in zip(quick, plain, strict=True):
            assert one == other
        return quick[0]

    async def warm(self, request: bytes, *plan: Steps) -> None:
        """From now on such a request can be plain."""
        before = self.begun
        await self.same(request, *plan)
        await self.same(request, *plan)
        assert self.begun == before + 1

    @property
    def begun(self) -> int:
        """How many requests began on the fast path."""
        assert self.quick.fast is not None
        return self.quick.fast.begun

    @property
    def over(self) -> int:
        """How many of them went on as all others."""
        return len(self.quick.over)


async def settled() -> None:
    """Whatever has come to a socket is read, and what follows of it is done."""
    for _ in range(5):
        await asyncio.sleep(0)


@asynccontextmanager
async def one_way(
    folder: Path, lines: LogLines, *, fast: bool, **settings: Any
) -> AsyncIterator[Way]:
    """A gateway, with its fast path or without."""
    api, base = NewApi(), settings.pop("base", "")
    serving = await asyncio.start_server(api.serve, "127.0.0.1", 0)
    origin = f"http://127.0.0.1:{serving.sockets[0].getsockname()[1]}{base}"
    given = {"retry_ratio": 0, "intent_minutes": 0, "upstream_url": origin, "data_dir": folder}
    app = create_app(Settings(**{**given, **settings}), clock=noon)
    gateway, wire = app.state.gateway, app.state.wire
    watched = Watched(gateway) if fast and wire.fast_path is not None else None
    wire.fast_path = watched
    configured = config(app)
    configured.load()
    state, loop, over = ServerState(), asyncio.get_running_loop(), list[bytes]()
    state.default_headers = [(b"date", b"-")]

    class Protocol(HardenedProtocol):
        def go_on(self, request: FastRequest, *of: Any) -> None:
            over.append(of[1])
            super().go_on(request, *of)

    async with app.router.lifespan_context(app) as life:
        made = lambda: Protocol(configured, state, dict(life or {}), loop)  # noqa: E731 - a factory
        front = await loop.create_server(made, "127.0.0.1", 0)
        port = front.sockets[0].getsockname()[1]
        way = Way(gateway, api, wire, state, port, lines, watched, over)
        try:
            yield way
        finally:
            way.leave()
            front.close()
            serving.close()
            await api.stop()
            await settled()


@asynccontextmanager
async def both_ways(folder: Path, lines: LogLines, **settings: Any) -> AsyncIterator[Ways]:
    """Both; at the end nothing is held, and both have counted the same."""
    async with (
        one_way(folder / "quick", lines, fast=True, **settings) as quick,
        one_way(folder / "plain", lines, fast=False, **settings) as plain,
    ):
        # What gateways before these said at their end is not theirs.
        quick.logged()
        yield Ways(quick, plain)
        await settled()
        for name, number in quick.seen().items():
            assert (name, number) == (name, plain.seen()[name])
        assert (quick.seen()["turns"], quick.seen()["held"], quick.seen()["tasks"]) == (0, 0, 0)
