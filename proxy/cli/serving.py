"""`passerelle serve`, and how every server of this project stands on a socket."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from types import FrameType
from typing import Annotated, Any

import typer
import uvicorn
from uvicorn.loops.auto import auto_loop_factory
from uvicorn.supervisors import Multiprocess

from proxy import app as gateway
from proxy.errors import ConfigurationError, StoreError
from proxy.front.protocol import HardenedProtocol
from proxy.front.tls import bounding_handshakes, server_context
from proxy.journey.memory import Policy
from proxy.settings import PREFIX, Settings, settings_of_environment
from proxy.store import upkeep
from proxy.store.alone import alone


def port_option(sentence: str) -> Any:
    """An option for a port; any other number is wrong usage."""
    return typer.Option(min=0, max=65535, help=sentence)


Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, port_option("Port to listen on; 0 for any free one.")]
GRACE_SECONDS = 10
WORKER_SECONDS = 30


class Workers(Multiprocess):
    """uvicorn's parent of workers, which hears that it shall end also while it gives new ones."""

    def __init__(self, server_config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(server_config, sockets)
        self._rolling = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._end)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        self.signal_queue.append(number)
        if self._rolling:
            # It waits for an old worker now, and would read the queue when the last one is gone.
            self.should_exit.set()
            for child in multiprocessing.active_children():
                child.terminate()

    def handle_hup(self) -> None:
        self._rolling = True
        try:
            super().handle_hup()
        finally:
            self._rolling = False


FATES = {
    "keep": "kept here, sealed",
    "drop": "dropped and told (to keep them: PASSERELLE_KEYS_FILE and PASSERELLE_SET_ASIDE)",
    "reject": "refused",
}
"""What is said at start of values set aside, by policy."""


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8080,
    workers: Annotated[int, typer.Option(min=1, help="Processes that serve.")] = 1,
) -> None:
    """
    Serve the gateway.

    Configured by the environment; PASSERELLE_UPSTREAM_URL, the new API's base URL, suffices.
    """
    settings = settings_of_environment()
    with alone(settings):
        policy = asyncio.run(prepared(settings))
        _serve(settings, listen(host, port), workers, fates(policy))


def _serve(settings: Settings, listening: socket.socket, workers: int, told: str) -> None:
    secured: dict[str, Any] = {}
    if settings.tls_certificate is not None:
        secured = {"ssl_context_factory": tls, "loop": "proxy.cli.serving:loop"}
    line, administering = administered(settings)
    server_config = config(
        "proxy.app:from_environment" if line is None else partial(gateway.from_environment, line),
        factory=True,
        workers=workers,
        http=HardenedProtocol,
        timeout_keep_alive=settings.idle_seconds,
        timeout_graceful_shutdown=settings.grace_seconds,
        # A new worker that comes late on a busy machine is no reason to keep the old one.
        timeout_worker_healthcheck=WORKER_SECONDS,
        **secured,
    )
    # Plainly: a worker does without the library for colours.
    typer.echo(
        f"passerelle serves on {address(listening, 'https' if secured else 'http')}\n"
        f"values that the new API has no place for: {told}",
        err=True,
    )
    with administering:
        if workers == 1:
            run(server_config, listening)
        else:
            Workers(server_config, [listening]).run()


def administered(
    settings: Settings,
) -> tuple[socket.socket | None, AbstractContextManager[object]]:
    """
    The line over which workers tell their numbers, and the admin port, which serves while the
    context lasts. In a thread: the parent of workers has no loop, and a busy loop must not delay
    the answer to whether the process lives.
    """
    if settings.admin_port is None:
        return None, nullcontext()
    # What it brings along is for those who have the port.
    from proxy.front.admin import create_admin  # noqa: PLC0415 - see above
    from proxy.observe.reporting import line  # noqa: PLC0415 - see above
    from proxy.observe.workers import Workers as Telling  # noqa: PLC0415 - see above

    listening = listen(settings.admin_host, settings.admin_port)
    hears, tells = line()
    server = uvicorn.Server(config(create_admin(Telling(hears)), timeout_graceful_shutdown=1))
    typer.echo(f"passerelle tells its operators on {address(listening)}", err=True)

    @contextmanager
    def serving() -> Iterator[None]:
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join()
            hears.close()
            tells.close()

    return tells, serving()


async def prepared(settings: Settings) -> Policy:
    """Everything that can be wrong is found here, before the first request, and told in a line."""
    server_context(settings)
    made = gateway.create_app(settings).state.gateway
    try:
        await made.memory.store.open()
        locked = await upkeep.locked(settings)
    except StoreError as error:
        name = "STORE_URL" if settings.store_url else "DATA_DIR"
        raise ConfigurationError(f"{PREFIX}{name}: {error}") from error
    finally:
        await made.close()
    if locked and settings.set_aside not in ("drop", "reject"):
        rows = ", ".join(f"{count:,} rows by {name}" for name, count in locked.items())
        raise ConfigurationError(
            f"{PREFIX}KEYS_FILE: values are sealed by keys that are not configured: {rows}; put "
            f"them back after the others, or let go of the values by {PREFIX}SET_ASIDE=drop"
        )
    policy: Policy = made.memory.policy
    return policy


def tls(_config: uvicorn.Config, _default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext | None:
    """The gateway's side of TLS; each worker process makes its own."""
    return server_context(settings_of_environment())


def loop() -> asyncio.AbstractEventLoop:
    """The loop of a gateway with TLS; each worker process makes its own."""
    return bounding_handshakes(auto_loop_factory()(), settings_of_environment().head_seconds)


def fates(policy: Policy) -> str:
    """What is said at start of values that the new API has no place for."""
    told = {"": policy.otherwise, **policy.by_field}
    return "; ".join(
        f"{name}: {FATES[fate]}" if name else FATES[fate] for name, fate in told.items()
    )


serve.__doc__ = f"{serve.__doc__}\n\n    " + "\n\n    ".join(
    f"PASSERELLE_{name.upper()}: {info.description}" for name, info in Settings.model_fields.items()
)


def run(server_config: uvicorn.Config, listening: socket.socket) -> None:
    """Serve until a signal. SIGTERM is how a server is meant to end, hence its exit code is 0."""
    # Once it has ended, uvicorn raises the signal again, for the handler that was there before.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    uvicorn.Server(server_config).run(sockets=[listening])


def config(app: Any, **others: Any) -> uvicorn.Config:
    """How every server of this project runs: no line that holds a URL, no name in its answers."""
    ours: dict[str, Any] = {
        "http": "httptools",
        "ws": "none",
        "log_config": None,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        # Else a client on this machine could choose the address that it is seen to come from.
        "proxy_headers": False,
        "timeout_graceful_shutdown": GRACE_SECONDS,
    }
    return uvicorn.Config(app, **{**ours, **others})


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises `ConfigurationError` where the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        reason = error.strerror.partition(" (while")[0] if error.strerror else str(error)
        raise ConfigurationError(
            f"cannot listen on {host} port {port}: {reason}; choose another, or 0 for any free one"
        ) from error
    listening.set_inheritable(True)
    return listening


def address(listening: socket.socket, scheme: str = "http") -> str:
    """The URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
