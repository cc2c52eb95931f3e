"""Servers of this machine alone, for commands that call one."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from proxy.cli import serving

START_SECONDS = 10


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve an application on a free port, and give its URL."""
    listening = serving.listen("127.0.0.1", 0)
    url = serving.address(listening)
    server = uvicorn.Server(serving.config(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    end = time.monotonic() + START_SECONDS
    while not server.started and time.monotonic() < end:
        time.sleep(0.01)
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def taken_port() -> Iterator[int]:
    """A port on which somebody listens, and answers nobody."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


def free_port() -> int:
    """A port on which nobody listened a moment ago."""
    with taken_port() as port:
        return port
