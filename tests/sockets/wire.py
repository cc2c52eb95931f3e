"""HTTP as bytes: what a client writes on a connection, and what it reads."""

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

TIMEOUT_SECONDS = 10
BODILESS = (204, 304)


@dataclass(frozen=True)
class Heard:
    """One answer: its head as it came, and its body."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        """The status."""
        return int(self.head.split(b" ", 2)[1])

    @property
    def headers(self) -> dict[str, str]:
        """The headers by their names in lower case; none comes twice."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        pairs = [line.split(": ", 1) for line in lines]
        headers = {name.lower(): value for name, value in pairs}
        assert len(headers) == len(pairs)
        return headers

    @property
    def document(self) -> Any:
        """The document in the body."""
        return json.loads(self.body)


@dataclass
class Wire:
    """One connection, on which nothing is read but what an answer must have."""

    peer: socket.socket
    unread: bytes = b""

    def ask(
        self,
        method: str,
        path: str,
        document: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Heard:
        """Write a request as curl would, without a Content-Type, and read its answer."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        framed = {} if document is None else {"Content-Length": str(len(body))}
        lines = [f"{name}: {value}" for name, value in {**framed, **(headers or {})}.items()]
        head = "\r\n".join([f"{method} {path} HTTP/1.1", "Host: old.example", *lines, "", ""])
        self.write(head.encode() + (b"" if document is None else body))
        return self.read(bodiless=method == "HEAD")

    def write(self, raw: bytes) -> None:
        """Send bytes."""
        self.peer.sendall(raw)

    def read(self, *, bodiless: bool = False) -> Heard:
        """Read one answer, by its Content-Length."""
        while b"\r\n\r\n" not in self.unread:
            self._more()
        head, _, self.unread = self.unread.partition(b"\r\n\r\n")
        heard = Heard(head, b"")
        if bodiless or heard.status in BODILESS:
            return heard
        length = int(heard.headers["content-length"])
        while len(self.unread) < length:
            self._more()
        body, self.unread = self.unread[:length], self.unread[length:]
        return Heard(head, body)

    def _more(self) -> None:
        received = self.peer.recv(65536)
        assert received, "the connection was closed in the middle of an answer"
        self.unread += received


@contextmanager
def wire(port: int) -> Iterator[Wire]:
    """A new connection; what stands on it unread at the end was one answer too many."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as peer:
        connection = Wire(peer)
        yield connection
        assert connection.unread == b""


def ask(
    port: int,
    method: str,
    path: str,
    document: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Heard:
    """One request on a connection of its own."""
    with wire(port) as connection:
        return connection.ask(method, path, document, headers)


def bearer(token: str) -> dict[str, str]:
    """The credential of a caller."""
    return {"Authorization": f"Bearer {token}"}
