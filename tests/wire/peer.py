"""A client on a raw socket: what it writes, what is answered, and what is wrong with that."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from mappings.mesvaccins.errors import STATUSES
from tests.wire.corpus import MARK

PATIENCE_SECONDS = 4.0
SENTENCES = STATUSES["fr"]
FIELDS: dict[str, re.Pattern[str]] = {
    "access-control-allow-credentials": re.compile("true"),
    "allow": re.compile("[A-Z]+(, [A-Z]+)*"),
    "cache-control": re.compile("no-store"),
    "connection": re.compile("close|keep-alive"),
    "content-length": re.compile("[0-9]+"),
    "content-type": re.compile("application/json(; charset=utf-8)?"),
    "date": re.compile("[A-Z][a-z]{2}, [0-9A-Za-z: ]+ GMT"),
    "etag": re.compile('"[0-9a-f]{32}"'),
    "location": re.compile("/api/v1/records/[0-9a-f-]{36}(/vaccinations/[0-9]+)?\\.json"),
    "passerelle-lost": re.compile("[a-z_., ]+"),
    "retry-after": re.compile("[0-9]+"),
    "vary": re.compile("[A-Za-z-]+(, [A-Za-z-]+)*"),
    "www-authenticate": re.compile('Bearer realm="Doorkeeper", error="invalid_token"'),
    "x-request-id": re.compile("[0-9a-f]{32}"),
}
"""Every field that an answer may have, and every form of its value: nothing can be echoed in it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, as it came."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        """The status; 0 where the first line is none."""
        found = re.match(rb"HTTP/1\.1 ([1-5][0-9]{2}) ", self.head)
        return int(found[1]) if found else 0

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The fields in their order, their names in lower case."""
        pairs = (line.partition(":") for line in self.head.decode("latin-1").split("\r\n")[1:])
        return [(name.lower(), value.strip()) for name, _, value in pairs]

    @property
    def closes(self) -> bool:
        """Whether it says that it is the last one."""
        return ("connection", "close") in self.fields

    @property
    def wrong(self) -> list[str]:
        """What is wrong with its form."""
        names = [name for name, _ in self.fields]
        found = [f"a field {name} that no answer has" for name in names if name not in FIELDS]
        found += [
            f"a field {name} of another form"
            for name, value in self.fields
            if name in FIELDS and FIELDS[name].fullmatch(value) is None
        ]
        found += [f"{name} twice" for name, count in Counter(names).items() if count > 1]
        if MARK in self.head + self.body:
            found.append("an echo")
        if self.status >= 400 and self.body:
            found += _wrong_refusal(self.status, self.body)
        return found


def _wrong_refusal(status: int, body: bytes) -> list[str]:
    """What is wrong with the body of a refusal: it is one of the legacy API's own sentences."""
    try:
        document = json.loads(body)
    except ValueError:
        return ["a refusal that is no JSON"]
    if document == {"error": SENTENCES.get(status)}:
        return []
    if status == 422 and isinstance(document, dict) and document.keys() == {"errors"}:
        return []
    return ["a refusal in another form"]


class EndedError(Exception):
    """The connection ended before an answer was whole; within it, or before it began."""

    def __init__(self, *, within: bool) -> None:
        self.within = within
        super().__init__("ended within an answer" if within else "ended")


class Peer:
    """
    One connection. Reading and writing know nothing of each other: what was answered is read
    also where nothing can be written any more.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._unread = b""

    async def write(self, pieces: Iterable[bytes]) -> None:
        """Send these, one after the other, as long as anybody takes them."""
        loop = asyncio.get_running_loop()
        try:
            for piece in pieces:
                await loop.sock_sendall(self._connection, piece)
                # Let the others write, so that the gateway reads this piece alone.
                await asyncio.sleep(0)
        except ConnectionError:
            return

    def finish(self) -> None:
        """Say that nothing more is sent."""
        try:
            self._connection.shutdown(socket.SHUT_WR)
        except OSError:
            # The gateway has closed it already.
            return

    async def read(self, *, bodiless: bool = False) -> Answer:
        """One answer, by its Content-Length; raises `EndedError`."""
        while b"\r\n\r\n" not in self._unread:
            await self._more()
        head, _, rest = self._unread.partition(b"\r\n\r\n")
        answer = Answer(head, b"")
        lengths = [value for name, value in answer.fields if name == "content-length"]
        length = 0 if bodiless or not lengths else int(lengths[0])
        while len(rest) < length:
            await self._more()
            rest = self._unread[len(head) + 4 :]
        self._unread = rest[length:]
        return Answer(head, rest[:length])

    async def end(self) -> None:
        """Wait until the gateway ends the connection."""
        try:
            while True:
                self._unread = b""
                await self._more()
        except EndedError:
            return

    async def canary(self) -> bool:
        """Whether a good request is answered rightly now."""
        identity = uuid.uuid4()
        await self.write(
            [
                f"GET /api/v1/records/{identity}.json HTTP/1.1\r\nHost: old.example\r\n"
                f"Authorization: Bearer {identity}\r\n\r\n".encode()
            ]
        )
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                answer = await self.read()
        except (EndedError, TimeoutError):
            return False
        return answer.status == 200 and json.loads(answer.body)["uuid"] == str(identity)

    async def _more(self) -> None:
        try:
            received = await asyncio.get_running_loop().sock_recv(self._connection, 2**18)
        except ConnectionError:
            received = b""
        if not received:
            raise EndedError(within=bool(self._unread))
        self._unread += received


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Peer]:
    """A new connection, left without a word at the end."""
    with socket.socket() as connection:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
        yield Peer(connection)


async def lives(port: int) -> bool:
    """Whether a good request on a connection of its own is answered rightly."""
    async with connected(port) as peer:
        return await peer.canary()
