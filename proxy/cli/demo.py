"""`passerelle demo`: the sandbox, the gateway, and a tour of both in one command."""

from __future__ import annotations

import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from pydantic import SecretStr

from proxy import packs, strict_json
from proxy.app import create_app
from proxy.cli import serving
from proxy.cli.console import ExitCode, err, out
from proxy.cli.tour import Tour
from proxy.observe import logs
from proxy.settings import Settings, pack_settings_of_environment, settings_of_environment
from proxy.settings.keys import new_key
from sandbox import create_app as create_sandbox

START_SECONDS = 10


def demo(
    port: Annotated[int, serving.port_option("Port of the gateway; 0 for any free one.")] = 8080,
    sandbox_port: Annotated[
        int, serving.port_option("Port of the new API's stand-in; 0 for any free one.")
    ] = 9000,
    once: Annotated[bool, typer.Option("--once", help="End after the tour.")] = False,
) -> None:
    """
    Show a legacy record travel to the new API and back, then serve until Ctrl-C.

    With --once, the exit code is 0 only if every step of the tour was right.
    """
    with (
        serving.listen("127.0.0.1", sandbox_port) as behind,
        serving.listen("127.0.0.1", port) as front,
        tempfile.TemporaryDirectory(prefix="passerelle-demo-") as folder,
    ):
        _show(behind, front, Path(folder), once=once)


def _show(behind: socket.socket, front: socket.socket, folder: Path, *, once: bool) -> None:
    upstream, gateway = serving.address(behind), serving.address(front)
    logs.silence()
    app = create_app(settings(upstream, folder))
    with _served(create_sandbox(), behind), _served(app, front):
        tour = Tour(gateway, upstream, out())
        right = tour.walk()
        if once:
            raise typer.Exit(0 if right else ExitCode.FAILED)
        logs.configure()
        err().print(
            f"\nThe gateway serves on {gateway}, the new API's stand-in on {upstream}.\n"
            f"Try: curl -s {gateway}{tour.path('list')}\nCtrl-C ends both.",
            soft_wrap=True,
        )
        _wait()


def settings(upstream: str, folder: Path) -> Settings:
    """The environment's settings, with what a demo makes for itself: a store, a key, tables."""
    of_pack = pack_settings_of_environment()
    sample = packs.load(of_pack.pack, of_pack.pack_options).pack.sample
    tables = folder / "tables"
    tables.mkdir()
    for name, rows in sample.tables.items():
        (tables / f"{name}.json").write_bytes(strict_json.dump(list(rows)))
    return settings_of_environment(
        upstream_url=upstream,
        public_url=None,
        data_dir=folder,
        store_url=None,
        keys=SecretStr(new_key()),
        keys_file=None,
        tables=tables,
        credentials="passthrough",
        tokens="upstream",
    )


def _wait() -> None:
    """Until somebody has seen enough."""
    # A shell starts what runs in the background with Ctrl-C ignored; here it is the way to end.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        err().print("ended")


@contextmanager
def _served(app: Any, listening: Any) -> Iterator[None]:
    """Serve an application in a thread of its own."""
    server = uvicorn.Server(serving.config(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    end = time.monotonic() + START_SECONDS
    while not server.started and time.monotonic() < end:
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
