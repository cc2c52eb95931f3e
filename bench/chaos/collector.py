"""A stand-in for an OpenTelemetry collector, which keeps the bytes and spans that come to it."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass(slots=True)
class Collector:
    """What came to it (OTLP over HTTP, protobuf)."""

    url: str = ""
    heads: list[bytes] = field(default_factory=list)
    """Of each request: its line and its fields."""
    bodies: list[bytes] = field(default_factory=list)
    """As they were before a compression."""

    @property
    def raw(self) -> bytes:
        """Every byte that came."""
        return b"\n".join([*self.heads, *self.bodies])

    @property
    def spans(self) -> list[Span]:
        """The spans that came."""
        return [
            span
            for body in list(self.bodies)
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def text(self) -> str:
        """All that came, decoded: resources, spans, attributes and events by name and value."""
        return "\n".join(str(ExportTraceServiceRequest.FromString(it)) for it in list(self.bodies))


@contextmanager
def collector() -> Iterator[Collector]:
    """Run one; it is over at the end."""
    kept = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            kept.heads.append(f"{self.requestline}\n{self.headers}".encode())
            kept.bodies.append(body)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads its log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
