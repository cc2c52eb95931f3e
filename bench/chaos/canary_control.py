"""The other way round: a canary that is planted in a place must be found there."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from bench.chaos.canary_requests import Told
from bench.chaos.canary_search import ERRORS, HEADS, REFUSALS, Found
from bench.chaos.collector import collector
from proxy.store.engine import FILE

Scrape = Callable[[int], Awaitable[list[bytes]]]


async def blind(found: Found, folder: Path, scrape: Scrape) -> list[str]:
    """The places in which the search finds nothing of what is planted there now."""
    control = Found(found.client, found.upstream)
    word, theirs = found.client.text(), found.upstream.text()
    for place, status, field in (
        (ERRORS, "502 Bad Gateway", word),
        (REFUSALS, "404 Not Found", theirs),
        (HEADS, "200 OK", theirs),
    ):
        answer = f"HTTP/1.1 {status}\r\nX-{place[:1]}: {field}\r\n\r\n"
        control.answered(Told("planted", 0, b""), answer.encode())
    _written(control, folder, word)
    control.told(await _told(f'passerelle_lost_values_total{{field="{word}"}} 1\n', scrape))
    _span(control, word)
    with tempfile.TemporaryFile() as unnamed:
        unnamed.write(word.encode())
        unnamed.flush()
        control.held([os.getpid()])
    return [place for place, hits in control.hits.items() if not hits]


def _written(control: Found, folder: Path, word: str) -> None:
    """Files such as a gateway leaves, and with its core."""
    folder.mkdir()
    (folder / "err").write_text(f'{{"event": "request", "route": "/{word}"}}\n', "utf-8")
    (folder / "core").write_bytes(b"\0\1" + word.encode("utf-16-le"))
    with closing(sqlite3.connect(folder / FILE)) as database, database:
        database.execute("CREATE TABLE planted (value TEXT)")
        database.execute("INSERT INTO planted VALUES (?)", [word])
    control.left(folder)
    control.audited(_audited(folder / "audit", control.client.identity()))


def _audited(folder: Path, identity: str) -> Path:
    """An audit log that names a record by its id."""
    folder.mkdir()
    (folder / "audit-planted.jsonl").write_text(f'{{"records": ["{identity}"]}}\n', "utf-8")
    return folder


async def _told(page: str, scrape: Scrape) -> list[bytes]:
    """What is scraped of an admin port that tells too much."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(page)}\r\nConnection: close\r\n\r\n"
        writer.write((head + page).encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        return await scrape(server.sockets[0].getsockname()[1])


def _span(control: Found, word: str) -> None:
    """A span as an instrumentation would make it, with the URL."""
    with collector() as came:
        provider = TracerProvider(shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint=f"{came.url}/v1/traces")
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        with provider.get_tracer("planted").start_as_current_span("GET") as span:
            span.set_attribute("url.full", f"https://old.example/{word}")
        provider.shutdown()
        control.collected(came)
