"""How a connection ends on real sockets: deadlines, the last answer that is read, slow readers."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from uvicorn import Config, Server

from proxy.credentials.shown import TLS_SUBJECT
from proxy.front.protocol import HardenedProtocol
from proxy.front.wire import WIRE, Wire
from tests.authorities import Authority
from tests.proxy.front.wired import (
    CHUNKED,
    Served,
    client,
    get,
    line,
    listening,
    passing,
    post,
    refusal,
    served,
)

SOON = 0.1
HANDED_OVER = {
    "half a first line": (b"GET /a", 408),
    "half a head": (get()[:-2], 408),
    "an empty line": (b"\r\n", 408),
    "half a body": (post(b"", b"Content-Length: 9") + b"a", 408),
    "half a chunk": (post(b"9\r\na", CHUNKED), 408),
    "nothing": (b"", None),
}


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both loops: what a transport does at its end is the loop's own."""
    return "asyncio", {"use_uvloop": request.param}


@pytest.mark.parametrize("name", HANDED_OVER)
async def test_what_does_not_come_in_time_is_refused(name: str) -> None:
    raw, status = HANDED_OVER[name]
    made = served(head_seconds=SOON, body_seconds=SOON)
    async with listening(made), client(made) as peer:
        if raw:
            await peer.write(raw)

        assert await peer.rest() == (b"" if status is None else refusal(status))
    assert made.app.bodies == []


async def test_one_that_drips_has_no_more_time_than_one_that_stalls() -> None:
    made = served(head_seconds=SOON)
    async with listening(made), client(made) as peer:
        rest = asyncio.create_task(peer.rest())
        for byte in get(b"/" + b"a" * 100):
            if rest.done():
                break
            await peer.write(bytes([byte]))
            await asyncio.wait([rest], timeout=SOON / 10)

        assert await rest == refusal(408)
    assert made.refused == {"head_time": 1}


async def test_the_time_of_a_body_counts_from_the_first_byte_of_its_request() -> None:
    made = served(head_seconds=5, body_seconds=SOON)
    async with listening(made), client(made) as peer:
        await peer.write(post(b"", b"Content-Length: 9"))

        assert await peer.rest() == refusal(408)
    assert made.app.gone == ["/a"]
    assert made.refused == {"body_time": 1}


async def test_each_request_has_a_time_of_its_own() -> None:
    made = served(head_seconds=2 * SOON, body_seconds=2 * SOON)
    async with listening(made), client(made) as peer:
        for _ in range(5):
            await peer.write(get()[:9])
            await passing(SOON / 2)
            await peer.write(get()[9:])
            status, fields, _ = await peer.answer()

            assert status == 200
            assert "connection" not in fields


async def test_a_request_that_waits_for_its_turn_has_its_time_from_then_on() -> None:
    made = served(head_seconds=SOON, body_seconds=SOON)
    async with listening(made), client(made) as peer:
        await peer.write(get(b"/held"))
        await made.app.at_work.wait()
        made.app.gate.set()
        await peer.answer()
        await peer.write(post(b"", b"Content-Length: 9"))

        assert await peer.rest() == refusal(408)


async def test_what_we_do_not_read_is_not_late() -> None:
    made = served(head_seconds=SOON, body_seconds=SOON, body_bytes=200_000)
    async with listening(made), client(made) as peer:
        await peer.write(post(b"a" * 100_000, b"Content-Length: 200000", target=b"/begun"))
        await made.app.at_work.wait()
        await passing(2.5 * SOON)

        assert made.refused == {}


async def test_a_connection_without_a_request_is_closed_in_silence() -> None:
    made = served(idle_seconds=0)
    async with listening(made), client(made) as peer:
        await peer.write(get())
        status, *_ = await peer.answer()

        assert status == 200
        assert await peer.rest() == b""


@pytest.mark.parametrize("size", [100_000, 8_000_000])
async def test_a_client_that_sends_too_much_can_read_why(size: int) -> None:
    made = served()
    async with listening(made), client(made) as peer:
        peer.writer.write(post(b"a" * size))

        status, fields, _ = await peer.answer()

        assert status == 413
        assert fields["connection"] == "close"
        assert made.app.asked == []


async def test_a_client_that_never_ends_after_its_last_answer_is_left() -> None:
    made = served()
    async with listening(made), client(made) as peer:
        await peer.write(get(b"/a;b"))
        assert await peer.rest() == refusal(400)
        (connection,) = made.state.connections

        while made.state.connections:
            await passing(SOON)

        assert isinstance(connection, HardenedProtocol)
        assert connection.transport.is_closing()


async def _taking_slowly(made: Served, raw: bytes) -> socket.socket:
    """A client that has a small buffer, and takes nothing of what it asked for."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(peer, ("127.0.0.1", made.port))
    await loop.sock_sendall(peer, raw)
    return peer


async def _until_lost(made: Served) -> None:
    async with asyncio.timeout(5):
        while made.state.connections:
            await passing(SOON / 5)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(get(b"/large"), id="kept"),
        pytest.param(get(b"/large", b"Connection: close"), id="closing"),
        pytest.param(get(b"/large", b"Connection: close") + get(), id="lingering"),
    ],
)
async def test_a_client_that_takes_nothing_of_its_answer_is_given_up(raw: bytes) -> None:
    made = served(body_seconds=SOON, head_seconds=SOON)
    made.app.large = 20 * 1024**2
    async with listening(made):
        peer = await _taking_slowly(made, raw)
        await made.app.at_work.wait()

        await _until_lost(made)

        peer.close()


async def test_a_client_that_takes_its_answer_slowly_gets_it_whole() -> None:
    made = served(body_seconds=SOON, head_seconds=SOON)
    made.app.large = 1024**2
    async with listening(made, send_bytes=128 * 1024):
        peer = await _taking_slowly(made, get(b"/large", b"Connection: close"))
        loop = asyncio.get_running_loop()
        taken = 0

        while piece := await loop.sock_recv(peer, 1024**2):
            taken += len(piece)
            await passing(SOON / 100)

        peer.close()
    assert taken > made.app.large


async def test_a_client_that_has_caught_up_has_time_again() -> None:
    async with line(body_seconds=SOON) as it:
        it.transport.unsent = 100_000
        it.protocol.pause_writing()
        it.protocol.resume_writing()
        await passing(1.5 * SOON)

        assert not it.transport.aborted


@pytest.mark.parametrize(("taken", "given_up"), [(16 * 1024, False), (16 * 1024 - 1, True)])
async def test_where_the_system_does_not_tell_what_it_holds_only_ours_is_counted(
    taken: int, given_up: bool
) -> None:
    with socket.socket(socket.AF_UNIX) as told:
        async with line(body_seconds=SOON) as it:
            it.transport.extra["socket"] = told
            it.transport.unsent = 100_000
            it.protocol.pause_writing()
            it.transport.unsent -= taken
            await passing(1.5 * SOON)

            assert it.transport.aborted == given_up


async def test_who_has_taken_all_of_it_is_not_given_up() -> None:
    async with line(body_seconds=SOON) as it:
        it.transport.unsent = 100_000
        it.protocol.pause_writing()
        it.transport.unsent = 0
        await passing(2.5 * SOON)

        assert not it.transport.aborted


async def test_who_never_says_the_last_word_is_not_waited_for() -> None:
    """With TLS a close has two sides."""
    async with line(body_seconds=SOON) as it:
        it.protocol.eof_received()
        await passing(3 * SOON)

        assert it.transport.aborted


async def test_over_tls_a_refusal_is_read(tmp_path: Path) -> None:
    authority = Authority()
    ours, theirs = authority.server_context(tmp_path), authority.client_context(tmp_path)
    made = served(head_seconds=3 * SOON)
    async with listening(made, ours), client(made, theirs) as peer:
        await peer.write(get())
        assert (await peer.answer())[0] == 200
        await peer.write(get()[:-2])

        assert (await peer.answer())[0] == 408


async def test_over_tls_each_request_knows_the_subject_of_its_client(tmp_path: Path) -> None:
    authority = Authority()
    shown = authority.issue("logiciel", purpose="client")
    ours, theirs = authority.server_context(tmp_path), authority.client_context(tmp_path, shown)
    ours.verify_mode = ssl.CERT_REQUIRED
    ours.load_verify_locations(authority.write(tmp_path / "clients.pem"))
    made = served()
    async with listening(made, ours), client(made, theirs) as peer:
        await peer.write(get())
        await peer.answer()

    assert made.app.asked[0]["state"][TLS_SUBJECT].startswith("CN=logiciel,")


async def test_within_uvicorn_the_end_cuts_no_answer() -> None:
    made = served()

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[dict[str, Wire]]:
        yield {WIRE: made.wire}

    app = Starlette(lifespan=life)
    app.router.default = made.app
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made.port = listener.getsockname()[1]
        server = Server(Config(app, http=HardenedProtocol, log_config=None))
        serving = asyncio.create_task(server.serve([listener]))
        async with client(made) as idle, client(made) as busy:
            await idle.write(get())
            assert (await idle.answer())[0] == 200
            await busy.write(get(b"/held"))
            while "/held" not in made.app.paths:
                await passing(SOON / 10)

            server.should_exit = True
            assert await idle.rest() == b""
            made.app.gate.set()
            status, fields, _ = await busy.answer()
            await serving

    assert (status, fields["connection"]) == (200, "close")
