"""What an application is shown, and what is sent of its answer: as by uvicorn, to the byte."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from proxy.front.exchange import HIGH_WATER_BYTES
from proxy.front.protocol import HardenedProtocol
from proxy.front.wire import WIRE, Wire
from tests.proxy.front.wired import CHUNKED, LIMITS, Bytes, chunked, get, post, refusal, settle

Application = Callable[[Scope, Receive, Send], Awaitable[None]]

DATE = [(b"date", b"Tue, 24 Nov 2026 08:00:00 GMT"), (b"Server", b"old")]


class Writes(Bytes):
    """A transport that tells its writes apart."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        super().write(data)
        self.writes.append(bytes(data))


class Visit:
    """A connection before an application, of either protocol."""

    def __init__(
        self,
        application: Application,
        protocol: type[HardenedProtocol | HttpToolsProtocol] = HardenedProtocol,
    ) -> None:
        config = Config(application, proxy_headers=False, log_config=None)
        config.load()
        self.state = ServerState()
        self.state.default_headers = DATE
        self.transport = Writes()
        self.transport.extra = {"peername": ("10.0.0.7", 4711), "sockname": ("10.0.0.1", 8080)}
        state = {WIRE: Wire(replace(LIMITS, body_bytes=2 * HIGH_WATER_BYTES), refusal)}
        self.protocol = protocol(config, self.state, state, asyncio.get_running_loop())
        self.protocol.connection_made(self.transport)

    async def feed(self, *pieces: bytes) -> bytes:
        """What is written once these bytes of the client have come."""
        for piece in pieces:
            self.protocol.data_received(piece)
            await settle()
        return self.transport.written

    async def lose(self) -> None:
        """The connection is over."""
        self.protocol.connection_lost(None)
        await settle()


def answering(*messages: Message, status: int = 200, fields: Iterable[Any] = ()) -> Application:
    """An application that sends a head and then these."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": fields})
        for message in messages:
            await send(message)

    return application


def body(body: bytes, *, more: bool = False) -> Message:
    """A piece of the body of an answer."""
    return {"type": "http.response.body", "body": body, "more_body": more}


LENGTH = (b"content-length", b"3")
ANSWERS: dict[str, Application] = {
    "with a length": answering(body(b"abc"), fields=[LENGTH, (b"X-Note", b"a\tb \xe9")]),
    "in pieces": answering(body(b"a", more=True), body(b"bc"), fields=[LENGTH]),
    "of no length": answering(body(b"abc")),
    "in chunks": answering(body(b"ab", more=True), body(b"", more=True), body(b"c")),
    "in chunks that end with none": answering(body(b"ab", more=True), body(b"")),
    "in chunks by its own word": answering(
        body(b"abc"), fields=[(b"Transfer-Encoding", b"Chunked")]
    ),
    "in chunks, whatever length it says": answering(
        body(b"abcd"), fields=[(b"transfer-encoding", b"chunked"), LENGTH]
    ),
    "with two lengths": answering(body(b"abc"), fields=[LENGTH, (b"content-length", b"9")]),
    "without a body": answering(body(b""), status=204),
    "not modified": answering(body(b""), status=304),
    "of an unknown status": answering(body(b"abc"), status=599, fields=[LENGTH]),
    "that closes": answering(body(b"abc"), fields=[LENGTH, (b"Connection", b"a, Close")]),
    "that says it stays": answering(body(b"abc"), fields=[LENGTH, (b"connection", b"keep-alive")]),
}
REQUESTS = {
    "read": get(b"/a%20b?c=%20d"),
    "read of its head": get().replace(b"GET", b"HEAD"),
    "read for the last time": get(b"/a", b"Connection: close"),
    "read in HTTP/1.0": get(version=b"1.0"),
    "written": post(b"{}", b"Content-Length: 2", b"X-NOTE: a"),
    "written in chunks": post(chunked(b"{}"), CHUNKED, b"Expect: 100-continue"),
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("name", REQUESTS)
async def test_what_is_sent_is_what_uvicorn_sends_to_the_byte(name: str, answer: str) -> None:
    raw = REQUESTS[name]
    ours, theirs = Visit(ANSWERS[answer]), Visit(ANSWERS[answer], HttpToolsProtocol)

    sent = await ours.feed(raw)

    assert sent == await theirs.feed(raw)
    assert ours.transport.closed == theirs.transport.closed
    assert ours.state.total_requests == theirs.state.total_requests
    assert ours.state.tasks == set()
    for visit in (ours, theirs):
        await visit.lose()


@pytest.mark.parametrize("name", REQUESTS)
async def test_what_is_shown_is_what_uvicorn_shows(name: str) -> None:
    shown: list[tuple[Scope, Message]] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        shown.append((scope, await receive()))
        await answering(body(b""))(scope, receive, send)

    ours, theirs = Visit(application), Visit(application, HttpToolsProtocol)
    for visit in (ours, theirs):
        await visit.feed(REQUESTS[name])
        await visit.lose()

    (scope, message), (their_scope, their_message) = shown
    assert {**scope, "state": list(scope["state"])} == {
        **their_scope,
        "state": list(their_scope["state"]),
    }
    assert message == their_message


async def test_a_head_is_written_with_the_first_of_its_body() -> None:
    visit = Visit(answering(body(b"ab", more=True), body(b"c"), fields=[LENGTH]))

    await visit.feed(get())

    first, second = visit.transport.writes
    assert first.endswith(b"\r\n\r\nab")
    assert second == b"c"


async def test_the_fields_of_every_answer_are_the_servers_latest() -> None:
    visit = Visit(answering(body(b""), fields=[(b"content-length", b"0")]))

    before = await visit.feed(get())
    visit.state.default_headers = [(b"date", b"later")]
    after = await visit.feed(get())

    assert b"\r\ndate: later\r\n" in after.removeprefix(before)


WRONG: dict[str, list[Message]] = {
    "another message": [{"type": "http.response.body"}],
    "two heads": [{"type": "http.response.start", "status": 200}] * 2,
    "more than its length": [
        {"type": "http.response.start", "status": 200, "headers": [LENGTH]},
        body(b"abcd"),
    ],
    "less than its length": [
        {"type": "http.response.start", "status": 200, "headers": [LENGTH]},
        body(b"ab"),
    ],
    "a name that is two": [
        {"type": "http.response.start", "status": 200, "headers": [(b"a b", b"c")]},
        body(b""),
    ],
    "a value of two lines": [
        {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b\r\nc: d")]},
        body(b""),
    ],
    "a value with a control": [
        {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b\x7f")]},
        body(b""),
    ],
    "no answer": [],
    "half an answer": [{"type": "http.response.start", "status": 200, "headers": [LENGTH]}],
}
FAILED = b"HTTP/1.1 500 Internal Server Error\r\n"


@pytest.mark.parametrize("name", WRONG)
async def test_what_is_no_answer_is_answered_for(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        for message in WRONG[name]:
            await send(message)

    visit = Visit(application)
    with caplog.at_level(logging.ERROR, "uvicorn.error"):
        written = await visit.feed(get())

    assert written.startswith(FAILED)
    assert written.endswith(b"connection: close\r\n\r\nInternal Server Error")
    assert visit.transport.closed
    assert len(caplog.records) == 1


async def test_what_fails_behind_half_an_answer_closes() -> None:
    visit = Visit(answering(body(b"a", more=True), body(b"abc"), fields=[LENGTH]))

    written = await visit.feed(get())

    assert written.endswith(b"\r\n\r\na")
    assert visit.transport.closed


async def test_an_answer_that_stops_half_way_closes() -> None:
    visit = Visit(answering(body(b"a", more=True), fields=[LENGTH]))

    written = await visit.feed(get())

    assert written.endswith(b"\r\n\r\na")
    assert visit.transport.closed


async def test_nothing_is_sent_behind_the_end_of_an_answer() -> None:
    failed: list[str] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await answering(body(b"abc"), fields=[LENGTH])(scope, receive, send)
        try:
            await send(body(b"d"))
        except RuntimeError as error:
            failed.append(str(error))

    visit = Visit(application)

    written = await visit.feed(get())

    assert written.endswith(b"\r\n\r\nabc")
    assert failed == ["Unexpected ASGI message 'http.response.body'."]


async def test_who_waits_for_the_end_is_told_of_it() -> None:
    told: list[str] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

        async def wait() -> None:
            told.append((await receive())["type"])

        async with asyncio.TaskGroup() as tasks:
            for _ in range(2):
                tasks.create_task(wait())
            await settle()
            await answering(body(b""))(scope, receive, send)
        told.append((await receive())["type"])

    visit = Visit(application)
    await visit.feed(get())
    await settle()

    assert told == ["http.disconnect"] * 3


async def test_a_body_comes_as_it_comes() -> None:
    messages: list[Message] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        while not messages or messages[-1]["more_body"]:
            messages.append(await receive())
        await answering(body(b""))(scope, receive, send)

    visit = Visit(application)
    head = post(b"", b"Content-Length: 3")
    await visit.feed(head + b"a", b"b", b"c")

    assert [(message["body"], message["more_body"]) for message in messages] == [
        (b"a", True),
        (b"b", True),
        (b"c", False),
    ]


async def test_an_answer_waits_for_a_client_that_takes_it_slowly() -> None:
    visit = Visit(answering(body(b"abc"), fields=[LENGTH]))
    visit.protocol.pause_writing()

    before = await visit.feed(get())
    visit.protocol.resume_writing()
    await settle()

    assert before == b""
    assert visit.transport.written.endswith(b"abc")


async def test_who_waits_for_a_client_that_leaves_goes_on_and_sends_nothing() -> None:
    visit = Visit(answering(body(b"abc"), fields=[LENGTH]))
    visit.protocol.pause_writing()
    await visit.feed(get())

    await visit.lose()

    assert visit.transport.written == b""
    assert visit.state.tasks == set()


async def test_a_body_that_nobody_takes_is_read_no_further_until_somebody_does() -> None:
    gate, size = asyncio.Event(), HIGH_WATER_BYTES + 1

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await gate.wait()
        await receive()
        await answering(body(b""))(scope, receive, send)

    visit = Visit(application)
    await visit.feed(post(b"", b"Content-Length: %d" % (size + 1)), b"a" * size)

    paused = visit.transport.paused
    gate.set()
    await settle()

    assert paused
    assert not visit.transport.paused
