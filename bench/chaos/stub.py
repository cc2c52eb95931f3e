"""A new API that is fast and well-behaved, unless it is told otherwise: a process of its own."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import uuid4

import httptools
import uvloop

from bench.chaos.records import legacy_record, listed, modern_record

__all__ = ["Stub", "legacy_record", "modern_record", "stub"]

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
RECORDS = "/health_records"
STAMP = "2024-01-16T08:30:00.125Z"
REASONS = {200: "OK", 201: "Created", 204: "No Content"}


@dataclass(frozen=True, slots=True)
class Stub:
    """The new API as seen from here; it is told what to do on paths that begin with /_/."""

    port: int

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"

    def mode(
        self,
        *,
        latency: float = 0,
        failing: float = 0,
        status: int = 503,
        list_length: int = 3,
    ) -> None:
        """
        How it answers from now on: after so many seconds, so large a part of the calls with this
        status, lists of so many records.
        """
        wanted = {"latency": latency, "failing": failing, "status": status}
        self._tell("mode", {**wanted, "list_length": list_length})

    def calls(self) -> dict[str, int]:
        """How many calls came since the last reset, by "METHOD /template"."""
        calls: dict[str, int] = self._tell("seen")["calls"]
        return calls

    def made(self) -> list[tuple[str, str]]:
        """The first name and the id of every record that a creation made since the last reset."""
        return [(name, identity) for name, identity in self._tell("seen")["made"]]

    def unheard(self) -> dict[str, int]:
        """How many answers nobody waited for since the last reset, by method."""
        unheard: dict[str, int] = self._tell("seen")["unheard"]
        return unheard

    def connections(self) -> int:
        """How many connections are open, this question's own aside."""
        count: int = self._tell("seen")["connections"]
        return count

    def reset(self) -> None:
        """Forget what was counted and made."""
        self._tell("reset")

    def _tell(self, what: str, document: object = None) -> Any:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            line.request("POST", f"/_/{what}", json.dumps(document))
            return json.loads(line.getresponse().read())
        finally:
            line.close()


@contextmanager
def stub() -> Iterator[Stub]:
    """A new API that runs until the end."""
    running = subprocess.Popen(
        [sys.executable, "-m", "bench.chaos.stub"], stdout=subprocess.PIPE, text=True
    )
    try:
        yield Stub(int(running.stdout.readline() if running.stdout else ""))
    finally:
        running.kill()
        running.communicate()


@dataclass(slots=True)
class World:
    """What all connections share."""

    latency: float = 0
    failing: float = 0
    status: int = 503
    list_length: int = 3
    owed: float = 0
    """Failures that are due: once it reaches 1, the next call fails."""
    calls: Counter[str] = field(default_factory=Counter)
    unheard: Counter[str] = field(default_factory=Counter)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Those that a creation made."""
    connections: set[asyncio.Protocol] = field(default_factory=set)

    def told(self, what: str, document: Any) -> object:
        """The answer to who tells it what to do."""
        if what == "mode":
            for name, value in document.items():
                setattr(self, name, value)
        elif what == "reset":
            self.calls.clear()
            self.unheard.clear()
            self.records.clear()
        else:
            made = [(str(it.get("first_name")), name) for name, it in self.records.items()]
            seen = {"calls": self.calls, "made": made, "unheard": self.unheard}
            return {**seen, "connections": len(self.connections) - 1}
        return {}

    def answered(self, method: str, path: str, token: str, body: bytes) -> tuple[int, object]:
        """The status and the document of an answer."""
        self.calls[f"{method} {ID.sub('{id}', path)}"] += 1
        self.owed += self.failing
        if self.owed >= 1:
            self.owed -= 1
            return self.status, {"title": "as told", "status": self.status}
        sent = json.loads(body) if body else {}
        found = ID.search(path)
        if method == "DELETE":
            self.records.pop(path.rpartition("/")[2], None)
            return 204, None
        if method == "POST":
            return (204, None) if path.endswith(("/accept", "/refuse")) else self._made(path, sent)
        if found is None:
            return 200, [modern_record(identity) for identity in listed(token, self.list_length)]
        record = self._record(found[0])
        if method in ("PUT", "PATCH"):
            record = {**record, **sent}
            if found[0] in self.records:
                self.records[found[0]] = record
        return 200, record

    def _record(self, identity: str) -> dict[str, Any]:
        return self.records.get(identity) or modern_record(identity)

    def _made(self, path: str, sent: dict[str, Any]) -> tuple[int, object]:
        made = {**sent, "id": str(uuid4())}
        if path == RECORDS:
            made |= {"sharing_requests": [], "vaccination_acts": [], "created_at": STAMP}
            made |= {"updated_at": STAMP}
            self.records[made["id"]] = made
        return 201, made


class Connection(asyncio.Protocol):
    """One connection; one call at a time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.transport: Any = None
        self.parser: Any = None
        self.url = self.token = ""
        self.body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)
        self.world.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self.world.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.world.calls["malformed"] += 1
            self.transport.close()

    def on_message_begin(self) -> None:
        self.url, self.token, self.body = "", "", []

    def on_url(self, url: bytes) -> None:
        self.url += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"authorization":
            self.token = value.decode("latin-1").removeprefix("Bearer ")

    def on_body(self, body: bytes) -> None:
        self.body.append(body)

    def on_message_complete(self) -> None:
        method, path = self.parser.get_method().decode(), self.url.partition("?")[0]
        body, world = b"".join(self.body), self.world
        if path.startswith("/_/"):
            self._answer(method, 200, world.told(path.removeprefix("/_/"), json.loads(body)))
            return
        # What is made is made at once, whether or not anybody waits for the answer.
        status, document = world.answered(method, path, self.token, body)
        if world.latency:
            loop = asyncio.get_running_loop()
            loop.call_later(world.latency, self._answer, method, status, document)
        else:
            self._answer(method, status, document)

    def _answer(self, method: str, status: int, document: object) -> None:
        if self.transport is None:
            self.world.unheard[method] += 1
            return
        head = f"HTTP/1.1 {status} {REASONS.get(status, 'As Told')}\r\n"
        if status == 204:
            self.transport.write(f"{head}\r\n".encode())
            return
        body = json.dumps(document, ensure_ascii=False).encode()
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.transport.write(head.encode() + body)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    server = await loop.create_server(partial(Connection, World()), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await stopped.wait()


if __name__ == "__main__":
    uvloop.run(_serve())
