"""Which connection carries a call: kept ones, for whom, how long, and never one that was heard."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import httpx
import pytest

from proxy.upstream.transport import Transport, TransportLimits
from tests.authorities import Authority
from tests.wire.loops import anyio_backend
from tests.wire.scripted import (
    CLOSE,
    FOREVER,
    HEAD,
    HOLD,
    REQUEST,
    RESET,
    Script,
    answer,
    echo,
    scripted,
)

__all__ = ["anyio_backend"]

GOOD: Script = [REQUEST, echo] * FOREVER
LARGE = b"x" * 2**24
"""More than the kernel takes of what nobody reads."""


@dataclass
class Counted:
    """What a transport tells of its connections."""

    told: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, name: str, label: str) -> None:
        self.told.append((name, label))

    @property
    def words(self) -> list[str]:
        """Labels where there is one, else names."""
        return [label or name for name, label in self.told]


async def get(
    transport: Transport, origin: str, affinity: str | None = None, method: str = "GET"
) -> bytes:
    """One call; its body."""
    request = httpx.Request(method, origin, extensions={"affinity": affinity})
    response = await transport.handle_async_request(request)
    return await response.aread()


async def test_the_connection_that_came_back_last_is_taken_first() -> None:
    first, second = asyncio.Event(), asyncio.Event()
    async with scripted(
        [REQUEST, first, answer(b"0"), REQUEST, answer(b"0")],
        [REQUEST, second, answer(b"1"), REQUEST, answer(b"1")],
    ) as upstream:
        transport = Transport(upstream.origin)
        slow = asyncio.create_task(get(transport, upstream.origin))
        await upstream.came.get()
        quick = asyncio.create_task(get(transport, upstream.origin))
        await upstream.came.get()
        second.set()
        await quick
        first.set()
        await slow

        assert await get(transport, upstream.origin) == b"0"
        await transport.aclose()


async def test_a_connection_carries_calls_of_one_affinity_alone() -> None:
    counted = Counted()
    async with scripted(GOOD) as upstream:
        transport = Transport(upstream.origin, count=counted)
        for affinity in ("a", "b", None, "a", "b", None):
            await get(transport, upstream.origin, affinity)
        await transport.aclose()

    assert upstream.connections == 3
    assert counted.words == ["opened"] * 3 + ["reused"] * 3 + ["shutdown"] * 3


async def test_the_oldest_idle_connection_makes_room_for_another_affinity() -> None:
    counted = Counted()
    async with scripted(GOOD) as upstream:
        transport = Transport(upstream.origin, TransportLimits(connections=2), count=counted)
        for affinity in ("a", "b", "c", "b", "a"):
            await get(transport, upstream.origin, affinity)
        await transport.aclose()

    assert counted.words == [
        *["opened", "opened", "evicted", "opened", "reused", "evicted", "opened"],
        *["shutdown", "shutdown"],
    ]


@pytest.mark.parametrize(("affinity", "connections"), [("a", 1), ("b", 2)])
async def test_who_waits_first_gets_the_connection_or_its_place(
    affinity: str, connections: int
) -> None:
    held = asyncio.Event()
    async with scripted([REQUEST, held, echo, *GOOD], GOOD) as upstream:
        transport = Transport(upstream.origin, TransportLimits(connections=1))
        first = asyncio.create_task(get(transport, upstream.origin, "a"))
        await upstream.came.get()
        second = asyncio.create_task(get(transport, upstream.origin, affinity))
        third = asyncio.create_task(get(transport, upstream.origin, affinity))
        done: list[str] = []
        second.add_done_callback(lambda _: done.append("second"))
        third.add_done_callback(lambda _: done.append("third"))
        held.set()
        await asyncio.gather(first, second, third)
        await transport.aclose()

    assert done == ["second", "third"]
    assert upstream.connections == connections


async def test_a_place_that_came_back_without_a_connection_goes_to_who_waits() -> None:
    held = asyncio.Event()
    async with scripted([REQUEST, held, RESET], GOOD) as upstream:
        transport = Transport(upstream.origin, TransportLimits(connections=1))
        first = asyncio.create_task(get(transport, upstream.origin))
        await upstream.came.get()
        second = asyncio.create_task(get(transport, upstream.origin))
        held.set()

        with pytest.raises(httpx.ReadError):
            await first
        assert await second == b"nobody"
        await transport.aclose()


async def test_a_connection_given_to_who_waits_is_looked_at_as_any_kept_one() -> None:
    held, counted = asyncio.Event(), Counted()
    async with scripted([REQUEST, held, echo, HOLD], GOOD) as upstream:
        limits = TransportLimits(connections=1, age_seconds=0)
        transport = Transport(upstream.origin, limits, count=counted)
        first = asyncio.create_task(get(transport, upstream.origin))
        await upstream.came.get()
        second = asyncio.create_task(get(transport, upstream.origin))
        held.set()
        await asyncio.gather(first, second)
        await transport.aclose()

    assert counted.words == ["opened", "age", "opened", "shutdown"]


async def test_idle_connections_are_closed_after_a_while_without_another_call() -> None:
    counted = Counted()
    later = asyncio.Event()
    async with scripted([REQUEST, echo, HOLD], [REQUEST, later, echo, HOLD]) as upstream:
        transport = Transport(upstream.origin, TransportLimits(idle_seconds=0.1), count=counted)
        await get(transport, upstream.origin, "a")
        asyncio.get_running_loop().call_later(0.05, later.set)
        await get(transport, upstream.origin, "b")

        assert [await upstream.ended.get() for _ in range(2)] == [0, 1]

        await get(transport, upstream.origin, "a")
        await transport.aclose()

    assert counted.words == ["opened", "opened", "idle", "idle", "opened", "shutdown"]


@pytest.mark.parametrize(
    ("limits", "reason"),
    [(TransportLimits(age_seconds=0), "age"), (TransportLimits(idle_seconds=0), "idle")],
)
async def test_an_old_connection_carries_no_further_call(
    limits: TransportLimits, reason: str
) -> None:
    counted = Counted()
    async with scripted(GOOD) as upstream:
        transport = Transport(upstream.origin, limits, count=counted)
        await get(transport, upstream.origin)
        await get(transport, upstream.origin)
        await transport.aclose()

    assert counted.words[:3] == ["opened", reason, "opened"]


@pytest.mark.parametrize(
    ("meanwhile", "reason"),
    [([answer(b"stray")], "unsolicited"), ([b"\r\n"], "unsolicited"), ([CLOSE], "ended")],
    ids=["answer", "blank", "end"],
)
async def test_what_comes_while_nobody_asks_ends_the_connection(
    meanwhile: Script, reason: str
) -> None:
    idle, told, counted = asyncio.Event(), asyncio.Event(), Counted()

    def count(name: str, label: str) -> None:
        counted(name, label)
        if name == "closed":
            told.set()

    async with scripted([REQUEST, echo, idle, *meanwhile, HOLD], GOOD) as upstream:
        transport = Transport(upstream.origin, TransportLimits(connections=1), count=count)
        await get(transport, upstream.origin)
        idle.set()
        await told.wait()

        assert await get(transport, upstream.origin) == b"nobody"
        await transport.aclose()

    assert counted.words == ["opened", reason, "opened", "shutdown"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("end", [CLOSE, RESET])
async def test_a_read_is_sent_once_more_when_a_kept_connection_ends_before_the_answer(
    method: str, end: bytes
) -> None:
    counted = Counted()
    async with scripted([REQUEST, echo, HEAD, end], [REQUEST, answer(b"")]) as upstream:
        transport = Transport(upstream.origin, TransportLimits(connections=1), count=counted)
        await get(transport, upstream.origin)

        await get(transport, upstream.origin, method=method)
        await transport.aclose()

    assert counted.words == [
        *["opened", "reused", "ended", "stale_retry", "opened"],
        "shutdown",
    ]


async def test_a_read_is_sent_once_more_and_never_twice() -> None:
    counted = Counted()
    async with scripted([REQUEST, echo, HEAD, CLOSE], [HEAD, CLOSE]) as upstream:
        transport = Transport(upstream.origin, count=counted)
        await get(transport, upstream.origin)

        with pytest.raises(httpx.ReadError):
            await get(transport, upstream.origin)

    assert counted.words == ["opened", "reused", "ended", "stale_retry", "opened", "ended"]


async def test_a_caller_who_leaves_a_read_that_was_sent_once_more_ends_its_connection() -> None:
    counted = Counted()
    async with scripted([REQUEST, echo, HEAD, CLOSE], [REQUEST, HOLD]) as upstream:
        transport = Transport(upstream.origin, count=counted)
        await get(transport, upstream.origin)
        await upstream.came.get()
        call = asyncio.create_task(get(transport, upstream.origin))
        await upstream.came.get()

        call.cancel()

        assert {await upstream.ended.get() for _ in range(2)} == {0, 1}
    assert counted.words[-2:] == ["opened", "cancelled"]


async def test_a_read_that_may_have_arrived_does_not_look_unsent_for_want_of_a_connection() -> None:
    refused = asyncio.Event()
    async with scripted([REQUEST, echo, HEAD, refused, CLOSE]) as upstream:
        transport = Transport(upstream.origin, TransportLimits(connections=1))
        await get(transport, upstream.origin)
        call = asyncio.create_task(get(transport, upstream.origin))
        await upstream.refuse()
        refused.set()

        with pytest.raises(httpx.ReadError):
            await call


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_write_is_never_sent_again(method: str) -> None:
    async with scripted([REQUEST, echo, HEAD, CLOSE], GOOD) as upstream:
        transport = Transport(upstream.origin)
        await get(transport, upstream.origin)

        with pytest.raises(httpx.ReadError):
            await get(transport, upstream.origin, method=method)

        assert upstream.connections == 1


async def test_a_read_whose_answer_has_begun_is_not_sent_again() -> None:
    async with scripted([REQUEST, echo, HEAD, b"HTTP", CLOSE], GOOD) as upstream:
        transport = Transport(upstream.origin)
        await get(transport, upstream.origin)

        with pytest.raises(httpx.RemoteProtocolError):
            await get(transport, upstream.origin)

        assert upstream.connections == 1


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
async def test_an_answer_to_a_request_that_was_not_read_arrives_and_ends_the_connection(
    secure: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    counted = Counted()
    folder, authority = tmp_path_factory.mktemp("tls"), Authority()
    server = authority.server_context(folder) if secure else None
    async with scripted([HEAD, answer(b"too large", 413), HOLD], tls=server) as upstream:
        tls = authority.client_context(folder) if secure else None
        transport = Transport(upstream.origin, count=counted, tls=tls)

        response = await transport.handle_async_request(
            httpx.Request("POST", upstream.origin, content=LARGE)
        )

    assert response.status_code == 413
    assert counted.words == ["opened", "early"]


async def test_a_transport_that_is_closed_keeps_nothing_and_cuts_nothing() -> None:
    held, counted = asyncio.Event(), Counted()
    async with scripted([REQUEST, held, echo, HOLD]) as upstream:
        transport = Transport(upstream.origin, count=counted)
        call = asyncio.create_task(get(transport, upstream.origin))
        await upstream.came.get()
        await transport.aclose()
        held.set()

        assert await call == b"nobody"

    assert counted.words == ["opened", "shutdown"]


# Bytes that stand in the kernel and have not come to the loop: the other side acts in a thread,
# and the loop does not run between its act and the call.


@dataclass
class Peer:
    """The other side of connections, in blocking calls."""

    listening: socket.socket
    connection: socket.socket | None = None

    @property
    def origin(self) -> str:
        """What a client calls."""
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def serve(self, *sent: bytes) -> None:
        """Accept a connection and answer its requests."""
        connection, _ = self.listening.accept()
        for item in sent:
            connection.recv(65536)
            connection.sendall(item)
        self.connection = connection

    @contextmanager
    def serving(self, *sent: bytes) -> Iterator[None]:
        """The same, meanwhile."""
        thread = threading.Thread(target=self.serve, args=sent)
        thread.start()
        yield
        thread.join()


@pytest.fixture
def peer() -> Iterator[Peer]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        peer = Peer(listening)
        yield peer
        if peer.connection is not None:
            peer.connection.close()


@pytest.mark.parametrize("stray", [answer(b"stray"), b"\r\n", b""], ids=["answer", "blank", "end"])
async def test_a_kept_connection_with_bytes_that_nobody_has_seen_yet_is_not_used(
    stray: bytes, peer: Peer
) -> None:
    counted = Counted()
    transport = Transport(peer.origin, TransportLimits(connections=1), count=counted)
    with peer.serving(answer(b"first")):
        await get(transport, peer.origin)
    kept = peer.connection
    assert kept is not None

    with kept, peer.serving(answer(b"second")):
        if stray:
            kept.sendall(stray)
        else:
            kept.shutdown(socket.SHUT_WR)
        # Not even a read is sent on it, so a write is safe.
        second = await get(transport, peer.origin, method="POST")
    await transport.aclose()

    assert second == b"second"
    reason = "unsolicited" if stray else "ended"
    assert counted.words == ["opened", reason, "opened", "shutdown"]


@pytest.mark.parametrize(
    ("greeting", "error", "reason"),
    [
        (answer(b"stray"), httpx.RemoteProtocolError, "unsolicited"),
        (b"", httpx.ConnectError, "ended"),
    ],
    ids=["greeting", "end"],
)
async def test_a_server_that_speaks_before_it_is_asked_is_asked_nothing(
    greeting: bytes, error: type[Exception], reason: str, peer: Peer
) -> None:
    counted, done = Counted(), threading.Event()

    def greet() -> None:
        connection, _ = peer.listening.accept()
        peer.connection = connection
        if greeting:
            connection.sendall(greeting)
        else:
            connection.shutdown(socket.SHUT_WR)
        done.set()

    def count(name: str, label: str) -> None:
        counted(name, label)
        done.wait(5)

    transport = Transport(peer.origin, TransportLimits(connections=1), count=count)
    thread = threading.Thread(target=greet)
    thread.start()
    with pytest.raises(error):
        await get(transport, peer.origin)
    thread.join()

    assert counted.words == ["opened", reason]
    assert peer.connection is not None
    # Closed over a greeting that was not read it is a reset.
    with suppress(ConnectionResetError):
        assert await asyncio.to_thread(peer.connection.recv, 1) == b""
