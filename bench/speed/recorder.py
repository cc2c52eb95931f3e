"""A new API that remembers what it was sent, to see that every gateway sends the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, cast


class Recorder(ThreadingHTTPServer):
    """Answers from prepared bodies."""

    daemon_threads = True

    def __init__(self, answers: Mapping[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.seen: list[tuple[str, Any]] = []
        """Each call, "METHOD path", with the document that came with it."""

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        recorder, call = cast("Recorder", self.server), f"{self.command} {self.path}"
        body = self._body()
        recorder.seen.append((call, json.loads(body) if body else None))
        answer = recorder.answers.get(call, b"{}")
        self.send_response((201 if self.command == "POST" else 200) if answer != b"{}" else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def recorder(answers: Mapping[str, bytes]) -> Iterator[Recorder]:
    """A recorder that runs until the end."""
    with Recorder(answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
