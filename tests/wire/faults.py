"""
The new API when it fails: a server that answers rightly, or with the fault that a token names.

`Authorization: Bearer fault-NAME-whatever` has every call of that token answered with the fault;
`fault-NAME-on-2-whatever` only the second call that its request makes, however often it is tried.
`GET /_counts` tells what came. Runs alone as `python -m tests.wire.faults`, which prints its port.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests.wire.failing import CROSSING, FAULTS, Exchange, GoneError
from tests.wire.modern_api import Good, answer

NAMED = re.compile(r"fault-(?P<name>[a-z0-9_]+)(?:-on-(?P<call>\d+))?-")
SELDOM = 20

EARLY = "early_answer"
"""The right answer before the body of the request was read, and then the end."""

SOME = "some"
"""One call in `SELDOM` fails, by each of these in turn."""


@dataclass(slots=True)
class Server:
    """Answers, and counts what it received."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    calls: dict[str, dict[str, int]] = field(default_factory=dict)
    """By token, its calls, each with its place in the order in which they first came."""
    faults: Counter[str] = field(default_factory=Counter)
    turns: Iterator[int] = field(default_factory=count)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it ends."""
        try:
            while True:
                await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, GoneError):
            if writer.transport.get_write_buffer_size():
                writer.close()
            else:
                writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, path, fields = _parsed(await reader.readuntil(b"\r\n\r\n"))
        if path == "/_counts":
            writer.write(Good(200, self.told).raw)
            return
        token = fields.get("authorization", "").removeprefix("Bearer ")
        name = self._fault(method, path, token)
        if name == EARLY:
            writer.write(answer(method, path, token, {}).raw)
            raise GoneError
        raw = await reader.readexactly(int(fields.get("content-length", 0)))
        good = answer(method, path, token, json.loads(raw) if raw else {})
        if name is None:
            writer.write(good.raw)
        else:
            await FAULTS[name](Exchange(good, reader, writer))

    def _fault(self, method: str, path: str, token: str) -> str | None:
        self.counts[method, path, token] += 1
        asked = self.calls.setdefault(token, {})
        place = asked.setdefault(f"{method} {path}", len(asked) + 1)
        found = NAMED.match(token)
        if found is None:
            return None
        name = found["name"]
        if name == SOME:
            turn = next(self.turns)
            name = CROSSING[turn // SELDOM % len(CROSSING)] if turn % SELDOM == 0 else ""
        elif found["call"] is not None and place != int(found["call"]):
            name = ""
        self.faults[name] += bool(name)
        return name or None

    @property
    def told(self) -> Any:
        """What came, and how often what was done about it."""
        counts = [[*key, times] for key, times in self.counts.items()]
        return {"counts": counts, "calls": self.calls, "faults": self.faults}


def _parsed(raw: bytes) -> tuple[str, str, dict[str, str]]:
    first, *lines = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ")
    pairs = (line.split(":", 1) for line in lines)
    return method, path, {name.lower(): value.strip() for name, value in pairs}


@dataclass(frozen=True)
class FaultUpstream:
    """The server as a process of its own."""

    running: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """From now on nobody listens on its port."""
        self.running.kill()
        self.running.wait()

    def told(self) -> Any:
        """What it received so far."""
        with urllib.request.urlopen(f"{self.url}/_counts") as answered:  # noqa: S310 - our own
            return json.loads(answered.read())

    def times(self, token: str) -> dict[tuple[str, str], int]:
        """How often each call of a token came, by method and path."""
        counts = self.told()["counts"]
        return {(method, path): times for method, path, of, times in counts if of == token}


@contextmanager
def fault_upstream() -> Iterator[FaultUpstream]:
    """Run one; it is over at the end."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.wire.faults"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) as running:
        assert running.stdout is not None
        try:
            yield FaultUpstream(running, int(running.stdout.readline()))
        finally:
            running.kill()


async def main() -> None:
    """Serve until killed."""
    server = await asyncio.start_server(Server().serve, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
