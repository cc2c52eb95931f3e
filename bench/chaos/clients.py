"""Legacy applications, as fast as one process can play them: bare HTTP/1.1 on asyncio."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BODILESS = (204, 304)


class ClosedError(Exception):
    """The connection ended before an answer was whole."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, whole."""

    status: int
    headers: Mapping[str, str]
    """By their names in lower case."""
    body: bytes
    seconds: float

    @property
    def document(self) -> Any:
        """The document in the body."""
        return json.loads(self.body)


class Client:
    """One legacy application on one connection, which is kept while it may be."""

    def __init__(self, port: int, token: str = "chaos") -> None:  # noqa: S107 - invented
        self.port = port
        self.token = token
        self.connects = 0
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(
        self,
        method: str,
        path: str,
        document: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request and its answer; raises `ClosedError` or `OSError`, and never tries twice."""
        body = b"" if document is None else json.dumps(document).encode()
        lines = {
            "Host": "old.example",
            "Authorization": f"Bearer {self.token}",
            **({} if document is None else {"Content-Length": str(len(body))}),
            **(headers or {}),
        }
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items())
        began = time.perf_counter()
        reader, writer = await self._connected()
        try:
            writer.write(head.encode() + b"\r\n" + body)
            status, pairs = parsed(await reader.readuntil(b"\r\n\r\n"))
            told = dict(pairs)
            length = 0 if status in BODILESS or method == "HEAD" else int(told["content-length"])
            whole = await reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            self.close()
            raise ClosedError(type(error).__name__) from error
        except BaseException:
            self.close()
            raise
        if told.get("connection") == "close":
            self.close()
        return Answer(status, told, whole, time.perf_counter() - began)

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        # A connection that the gateway closed while nothing was asked is simply opened anew.
        if self._reader is None or self._writer is None or self._reader.at_eof():
            self.close()
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
            self.connects += 1
        return self._reader, self._writer

    def close(self) -> None:
        """Leave at once."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None


def parsed(head: bytes) -> tuple[int, list[tuple[str, str]]]:
    """The status and the fields of an answer's head."""
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = [line.split(":", 1) for line in lines]
    return int(first.split(" ", 2)[1]), [(name.lower(), value.strip()) for name, value in pairs]


def percentile(seconds: Sequence[float], part: float) -> float:
    """The smallest of these that so large a part of them does not exceed; in milliseconds."""
    ordered = sorted(seconds)
    return 1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0
