"""A client that leaves ends what it only asked for, and never a write that has begun."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from proxy.front.wire import LEFT
from tests.proxy.conftest import Gateways, LogLines
from tests.proxy.documents import RECORD, RECORDS, legacy_document, modern_document

CLIENT_LEFT = 499


class Slow(httpx.AsyncBaseTransport):
    """A new API that answers when it is let."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.cancelled: list[str] = []
        self.reached = asyncio.Event()
        self.let = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.method)
        self.reached.set()
        try:
            await self.let.wait()
        except asyncio.CancelledError:
            self.cancelled.append(request.method)
            raise
        return httpx.Response(200 if request.method == "GET" else 201, json=modern_document())


@dataclass
class Visit:
    """One request, whose client may leave."""

    app: Starlette
    method: str
    path: str
    document: Any = None
    state: dict[str, Any] = field(default_factory=dict)
    sent: list[Any] = field(default_factory=list)

    @property
    def scope(self) -> dict[str, Any]:
        return {
            "type": "http",
            "http_version": "1.1",
            "method": self.method,
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": b"",
            "headers": [],
            "state": self.state,
        }

    async def receive(self) -> Any:
        body = b"" if self.document is None else json.dumps(self.document).encode()
        return {"type": "http.request", "body": body}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def run(self) -> None:
        await self.app(self.scope, self.receive, self.send)

    def leave(self) -> None:
        self.state[LEFT]()


async def left(visit: Visit, until: Callable[[], Awaitable[Any]]) -> asyncio.Task[None]:
    """The visit, after its client has left at that moment."""
    task = asyncio.create_task(visit.run())
    await until()
    visit.leave()
    return task


@pytest.mark.parametrize("path", [RECORD, RECORDS])
async def test_a_read_ends_when_its_client_leaves(
    path: str, gateways: Gateways, log_lines: LogLines
) -> None:
    slow = Slow()
    app = gateways.app(upstream=slow)
    visit = Visit(app, "GET", path)

    await (await left(visit, slow.reached.wait))

    assert slow.cancelled == ["GET"]
    assert visit.sent == []
    assert log_lines()[-1]["legacy_status"] == CLIENT_LEFT
    assert app.state.gateway.counts.of == {("left", ""): 1}
    assert app.state.gateway.turns.in_flight == 0


async def test_a_write_goes_on_to_its_end_when_its_client_leaves(gateways: Gateways) -> None:
    slow = Slow()
    app = gateways.app(upstream=slow)
    visit = Visit(app, "POST", RECORDS, legacy_document())

    task = await left(visit, slow.reached.wait)
    slow.let.set()
    await task

    assert (slow.asked, slow.cancelled) == (["POST"], [])
    assert visit.sent[0]["status"] == 201


async def test_a_write_that_has_not_its_turn_yet_never_begins(gateways: Gateways) -> None:
    slow = Slow()
    app = gateways.app(upstream=slow, max_requests=1)
    first = asyncio.create_task(Visit(app, "GET", RECORD).run())
    await slow.reached.wait()
    visit = Visit(app, "POST", RECORDS, legacy_document())

    async def waits() -> None:
        for _ in range(100):
            await asyncio.sleep(0)
        assert app.state.gateway.turns.waiting == 1

    await (await left(visit, waits))
    slow.let.set()
    await first

    assert slow.asked == ["GET"]
    assert app.state.gateway.turns.in_flight == 0


async def test_who_leaves_after_the_answer_ends_nothing(gateways: Gateways) -> None:
    slow = Slow()
    slow.let.set()
    visit = Visit(gateways.app(upstream=slow), "GET", RECORD)

    await visit.run()

    assert LEFT not in visit.state
    assert visit.sent[0]["status"] == 200


@pytest.mark.parametrize(
    ("visit", "status"),
    [(("GET", RECORD, None), 503), (("POST", RECORDS, legacy_document()), 504)],
    ids=["a read", "a write"],
)
async def test_what_the_server_itself_ends_is_told_in_the_legacy_form(
    visit: tuple[str, str, Any], status: int, gateways: Gateways
) -> None:
    """At the end of its grace; of a write nobody knows what became."""
    slow = Slow()
    app = gateways.app(upstream=slow)
    ended = Visit(app, *visit)
    task = asyncio.create_task(ended.run())
    await slow.reached.wait()

    task.cancel()
    await task

    assert ended.sent[0]["status"] == status
    assert list(json.loads(ended.sent[1]["body"])) == ["error"]
    assert app.state.gateway.counts.of == {}


async def test_an_answer_that_has_begun_is_not_answered_again(gateways: Gateways) -> None:
    slow = Slow()
    slow.let.set()
    app = gateways.app(upstream=slow)
    begun, visit = asyncio.Event(), Visit(app, "GET", RECORD)

    async def stuck(message: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(app(visit.scope, visit.receive, stuck))
    await begun.wait()

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
