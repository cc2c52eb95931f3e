"""The program as a process of its own: started, heard and stopped."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from proxy.settings import PREFIX

PROGRAM = Path(sys.executable).with_name("passerelle")
PATIENCE_SECONDS = 15
SERVES = re.compile(r"serves on http://127\.0\.0\.1:(\d+)\n")
ADMIN = re.compile(r"operators on http://127\.0\.0\.1:(\d+)\n")


@dataclass(frozen=True)
class Process:
    """A `passerelle` that runs; what it writes goes to two files."""

    running: subprocess.Popen[bytes]
    folder: Path

    @property
    def out(self) -> str:
        """What it wrote to standard output so far."""
        return (self.folder / "out").read_text(encoding="utf-8")

    @property
    def err(self) -> str:
        """What it wrote to standard error so far."""
        return (self.folder / "err").read_text(encoding="utf-8")

    @property
    def log(self) -> list[str]:
        """The lines of its log so far: all but the first ones, which say that it serves."""
        return [line for line in self.err.splitlines() if line.startswith("{")]

    @property
    def port(self) -> int:
        """The port on which it serves."""
        until(lambda: SERVES.search(self.err) is not None or self.running.poll() is not None)
        found = SERVES.search(self.err)
        assert found is not None, f"it serves nothing, exit code {self.running.poll()}"
        return int(found[1])

    @property
    def url(self) -> str:
        """The base URL of what it serves."""
        return f"http://127.0.0.1:{self.port}"

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, and give the exit code."""
        self.running.send_signal(number)
        return self.running.wait(PATIENCE_SECONDS)


@contextmanager
def passerelle(folder: Path, *arguments: str, **settings: str) -> Iterator[Process]:
    """Run a command with these settings and no others; it is over at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        running = subprocess.Popen(
            [PROGRAM, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env={**environment(**settings), "XDG_STATE_HOME": str(folder)},
        )
    try:
        yield Process(running, folder)
    finally:
        if running.poll() is None:
            running.terminate()
        try:
            running.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def environment(**settings: str) -> dict[str, str]:
    """The environment of the tests, with these settings and no others."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return others | {f"{PREFIX}{name.upper()}": value for name, value in settings.items()}


def admin_port(err: str) -> int:
    """The admin port of a gateway that serves, as it says on standard error."""
    found = ADMIN.search(err)
    if found is None:
        raise RuntimeError("no line says where operators ask")
    return int(found[1])


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, and not for ever."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def free_port() -> int:
    """A port on which nobody listened a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
