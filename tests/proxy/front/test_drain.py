"""SIGTERM: first the process is not ready any more, then the server ends as it always did."""

from __future__ import annotations

import asyncio
import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import pytest

from proxy.front.drain import on_sigterm
from proxy.front.wire import Limits, Wire
from proxy.settings import FrontSettings

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 15
LONG = 3600
LOOPS = pytest.mark.parametrize("loop", ["asyncio", "uvloop"])


def made_wire() -> Wire:
    return Wire(Limits.of(FrontSettings()), refusal=lambda status: b"")


@dataclass
class Server:
    """What stands for the server: it hears of signals by a handler of its own."""

    heard: list[int] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def handle_exit(self, number: int, frame: FrameType | None) -> None:
        self.heard.append(number)
        self.ended.set()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    before = signal.signal(signal.SIGTERM, server.handle_exit)
    yield server
    signal.signal(signal.SIGTERM, before)


async def test_the_process_is_not_ready_at_once_and_the_server_hears_of_it_later(
    server: Server,
) -> None:
    wire = made_wire()
    on_sigterm(wire, 0.01)

    signal.raise_signal(signal.SIGTERM)

    assert wire.draining
    assert server.heard == []
    await asyncio.wait_for(server.ended.wait(), PATIENCE_SECONDS)
    assert server.heard == [signal.SIGTERM]


async def test_without_a_pause_the_server_hears_of_it_at_once(server: Server) -> None:
    wire = made_wire()
    on_sigterm(wire, 0)

    signal.raise_signal(signal.SIGTERM)

    assert wire.draining
    assert server.heard == [signal.SIGTERM]


async def test_a_second_sigterm_ends_the_pause(server: Server) -> None:
    on_sigterm(made_wire(), LONG)

    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)

    assert server.heard == [signal.SIGTERM]


async def test_the_servers_own_handler_can_be_put_back(server: Server) -> None:
    wire = made_wire()
    put_back = on_sigterm(wire, LONG)

    put_back()
    signal.raise_signal(signal.SIGTERM)

    assert server.heard == [signal.SIGTERM]
    assert not wire.draining


async def test_sigint_is_left_alone(server: Server) -> None:
    before = signal.getsignal(signal.SIGINT)

    on_sigterm(made_wire(), LONG)

    assert signal.getsignal(signal.SIGINT) is before


async def test_where_no_server_handles_sigterm_it_ends_the_process_as_ever(
    server: Server,
) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

    put_back = on_sigterm(made_wire(), LONG)

    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    put_back()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_server_in_a_thread_gets_no_signals_and_is_left_alone(server: Server) -> None:
    async def start() -> None:
        on_sigterm(made_wire(), LONG)()

    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(start())
        except BaseException as error:  # noqa: BLE001 - told below, by the thread that can fail
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(PATIENCE_SECONDS)

    assert failures == []
    assert signal.getsignal(signal.SIGTERM) == server.handle_exit


@LOOPS
def test_a_loop_that_has_nothing_to_do_is_woken(loop: str) -> None:
    process = subprocess.run(
        [sys.executable, "-c", IDLE, loop],
        cwd=ROOT,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )

    assert (process.returncode, process.stdout, process.stderr) == (0, b"ended\n", b"")


IDLE = """
import asyncio, importlib, os, signal, sys, threading
from proxy.front.drain import on_sigterm
from tests.proxy.front.test_drain import made_wire

async def main():
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(ended.set))
    on_sigterm(made_wire(), 0.05)
    # From another thread, once the loop sleeps: no timer of its own may wake it.
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
    await ended.wait()
    print("ended")

with asyncio.Runner(loop_factory=importlib.import_module(sys.argv[1]).new_event_loop) as runner:
    runner.run(main())
"""


SERVED = """
import signal, socket, sys
from contextlib import asynccontextmanager
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from proxy.front.drain import on_sigterm
from tests.proxy.front.test_drain import made_wire

loop, seconds, port_file = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
wire = made_wire()

async def readyz(request):
    return PlainTextResponse("", 503 if wire.draining else 200)

@asynccontextmanager
async def lifespan(app):
    put_back = on_sigterm(wire, seconds)
    yield
    put_back()
    print("put back", signal.getsignal(signal.SIGTERM).__name__, flush=True)

app = Starlette(routes=[Route("/readyz", readyz)], lifespan=lifespan)
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit("as before"))
listening = socket.socket(fileno=port_file)
config = uvicorn.Config(app, loop=loop, log_config=None, timeout_graceful_shutdown=5)
uvicorn.Server(config).run(sockets=[listening])
"""


@dataclass(frozen=True)
class Served:
    process: subprocess.Popen[str]
    port: int

    def status(self) -> int:
        """What /readyz says, on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status
        finally:
            connection.close()

    def ended(self) -> tuple[int, str, str]:
        """Exit code, and what was written; waits for the end."""
        out, err = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, out, err


@contextmanager
def served(loop: str, seconds: float) -> Iterator[Served]:
    """A server of its own process, which is over at the end."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        subprocess.Popen(
            [sys.executable, "-c", SERVED, loop, str(seconds), str(listening.fileno())],
            cwd=ROOT,
            pass_fds=[listening.fileno()],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        port = listening.getsockname()[1]
        # Else connections would go on being taken by nobody once the server has closed its own.
        listening.close()
        try:
            yield Served(process, port)
        finally:
            process.kill()


# uvicorn gave its own handler back to us, and then the signal to the one that stood before it.
ORDERLY = (1, "put back handle_exit\n", "as before\n")


@LOOPS
def test_a_server_that_is_told_twice_says_that_it_is_not_ready_and_then_ends(loop: str) -> None:
    with served(loop, seconds=LONG) as server:
        assert server.status() == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.status() == 503

        server.process.send_signal(signal.SIGTERM)

        assert server.ended() == ORDERLY


@LOOPS
def test_a_server_that_is_told_once_ends_by_itself_after_its_pause(loop: str) -> None:
    with served(loop, seconds=0.5) as server:
        assert server.status() == 200

        server.process.send_signal(signal.SIGTERM)
        told = time.monotonic()

        assert server.ended() == ORDERLY
        assert time.monotonic() - told >= 0.5


def test_ctrl_c_ends_a_server_in_the_middle_of_its_pause() -> None:
    with served("uvloop", seconds=LONG) as server:
        assert server.status() == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.status() == 503

        server.process.send_signal(signal.SIGINT)

        code, out, err = server.ended()
        assert (code, out) == (-signal.SIGINT, "put back handle_exit\n")
        assert err.endswith("KeyboardInterrupt\n")
