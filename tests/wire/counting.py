"""An upstream on a raw socket: it keeps every request that reaches it, and answers rightly."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.sockets.people import modern_document

UUID = rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TARGET = re.compile(
    rb"/health_records(?:/(?P<id>" + UUID + rb")(?:/vaccination_acts|/sharing_requests)?)?"
    rb"|/vaccination_acts/" + UUID
)
"""Every target that the gateway makes: constants and typed ids, and never a query here."""

METHODS = frozenset({b"GET", b"POST", b"PATCH", b"DELETE"})
NAMES = frozenset(
    {
        b"accept",
        b"accept-encoding",
        b"accept-language",
        b"authorization",
        b"connection",
        b"content-length",
        b"content-type",
        b"host",
        b"idempotency-key",
        b"if-match",
        b"traceparent",
        b"tracestate",
        b"user-agent",
        b"via",
        b"x-request-id",
    }
)
"""Every field that the gateway may send."""

VALUE = re.compile(rb"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")
LENGTH = re.compile(rb"0|[1-9][0-9]{0,6}")


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that reached the upstream, as its bytes came."""

    head: bytes
    body: bytes

    @property
    def line(self) -> list[bytes]:
        """The parts of the request line: three, or it is no request of ours."""
        return self.head.split(b"\r\n", 1)[0].split(b" ")

    @property
    def fields(self) -> list[tuple[bytes, bytes]]:
        """The fields in their order, their names in lower case."""
        pairs = (line.partition(b":") for line in self.head.split(b"\r\n")[1:])
        return [(name.lower(), value.strip(b" \t")) for name, _, value in pairs]

    def values(self, name: bytes) -> list[bytes]:
        """The values of every field of this name."""
        return [value for given, value in self.fields if given == name]

    @property
    def unfit(self) -> list[str]:
        """What is wrong with it as a request of the gateway's own making."""
        line, fields = self.line, self.fields
        wrong = {
            "a request line that is not ours": len(line) != 3
            or line[0] not in METHODS
            or TARGET.fullmatch(line[1]) is None
            or line[2] != b"HTTP/1.1",
            "not exactly one Host": len(self.values(b"host")) != 1,
            "more than one length": len(self.values(b"content-length")) > 1,
            "a field that never crosses": any(name not in NAMES for name, _ in fields),
            "a value that is none": any(VALUE.fullmatch(value) is None for _, value in fields),
            "a body without its length": bool(self.body) and not self.values(b"content-length"),
            "a bare line end": b"\n" in self.head.replace(b"\r\n", b"")
            or b"\r" in self.head.replace(b"\r\n", b""),
        }
        return [what for what, is_so in wrong.items() if is_so]


@dataclass(slots=True)
class Counting:
    """The upstream while it serves."""

    port: int = 0
    seen: list[Seen] = field(default_factory=list, repr=False)
    open: int = 0
    """Connections that are open now."""

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until the gateway leaves it."""
        self.open += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n"))[:-4]
                lengths = Seen(head, b"").values(b"content-length") or [b"0"]
                if LENGTH.fullmatch(lengths[0]) is None:
                    self.seen.append(Seen(head, b""))
                    return
                seen = Seen(head, await reader.readexactly(int(lengths[0])))
                self.seen.append(seen)
                writer.write(answer(seen))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError) as error:
            # Bytes that are no whole request reached it all the same.
            if isinstance(error, asyncio.IncompleteReadError) and error.partial:
                self.seen.append(Seen(error.partial, b""))
        finally:
            self.open -= 1
            writer.close()


def answer(seen: Seen) -> bytes:
    """What the new API would say: the record that was asked for or made, or an empty list."""
    method, target, *_ = [*seen.line, b"", b""]
    found = TARGET.fullmatch(target)
    if found is None:
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    if method == b"DELETE":
        return b"HTTP/1.1 204 No Content\r\n\r\n"
    if method == b"GET" and target == b"/health_records":
        return _framed(b"200 OK", [])
    made = method == b"POST"
    identity = str(uuid.uuid4()) if made or found["id"] is None else found["id"].decode()
    record = modern_document(identity, vaccination_acts=[])
    return _framed(b"201 Created" if made else b"200 OK", record)


def _framed(status: bytes, document: object) -> bytes:
    body = json.dumps(document).encode()
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(body)) + body


@contextmanager
def counting() -> Iterator[Counting]:
    """An upstream in a thread of its own, over at the end."""
    upstream, ready, over = Counting(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def until_over() -> None:
        # The whole head of a request in one buffer: no request of the gateway's is larger.
        async with await asyncio.start_server(upstream.serve, "127.0.0.1", 0, limit=2**18) as it:
            upstream.port = it.sockets[0].getsockname()[1]
            ready.set()
            await over.wait()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

    thread = threading.Thread(target=lambda: loop.run_until_complete(until_over()))
    thread.start()
    try:
        ready.wait()
        yield upstream
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()
