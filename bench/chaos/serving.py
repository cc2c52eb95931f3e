"""The gateway as a process of its own, and what the system tells of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from proxy.settings import PREFIX

PROGRAM = Path(sys.executable).with_name("passerelle")
SERVES = re.compile(r"serves on https?://127\.0\.0\.1:(\d+)\n")
PATIENCE_SECONDS = 15
TICKS = os.sysconf("SC_CLK_TCK")
LISTENING = "0A"
"""The state of a socket in /proc/net/tcp."""

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Gateway:
    """A `passerelle serve` that runs."""

    running: subprocess.Popen[bytes]
    folder: Path
    port: int
    workers: int

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pids(self) -> list[int]:
        """The processes that serve: itself, or its workers."""
        own = self.running.pid
        if self.workers == 1:
            return [own]
        told = Path(f"/proc/{own}/task/{own}/children").read_text()
        # Beside its workers there is the process in which multiprocessing counts what is shared.
        return [pid for pid in map(int, told.split()) if b"spawn_main" in _command(pid)]

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
        """The lines of its log so far, JSON each."""
        return [line for line in self.err.splitlines() if line.startswith("{")]

    def rss_bytes(self) -> int:
        """The memory that its processes hold."""
        pages = (Path(f"/proc/{pid}/statm").read_text().split()[1] for pid in self.pids)
        return PAGE_BYTES * sum(map(int, pages))

    def peak_rss_bytes(self) -> int:
        """The most that they ever held."""
        told = (Path(f"/proc/{pid}/status").read_text() for pid in self.pids)
        return sum(1024 * int(text.partition("VmHWM:")[2].split()[0]) for text in told)

    def cpu_seconds(self) -> float:
        """How long they have had a processor."""
        told = (Path(f"/proc/{pid}/stat").read_text() for pid in self.pids)
        fields = (text.rpartition(")")[2].split() for text in told)
        return sum(int(it[11]) + int(it[12]) for it in fields) / TICKS

    def open_files(self) -> int:
        """How many file descriptors they hold."""
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.pids)

    def connections(self) -> int:
        """How many connections of clients they hold."""
        inodes = {name for pid in self.pids for name in _sockets(pid)}
        rows = Path(f"/proc/{self.running.pid}/net/tcp").read_text().splitlines()[1:]
        fields = (row.split() for row in rows)
        return sum(
            int(it[1].partition(":")[2], 16) == self.port and it[3] != LISTENING and it[9] in inodes
            for it in fields
        )

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, and give the exit code."""
        self.running.send_signal(number)
        return self.running.wait(PATIENCE_SECONDS)


@contextmanager
def gateway(upstream_url: str, *, workers: int = 1, **settings: str) -> Iterator[Gateway]:
    """
    A gateway before this new API, with these settings and no others, by their names without the
    prefix and in small letters; what it keeps is gone at the end.
    """
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    own = {f"{PREFIX}{name.upper()}": value for name, value in settings.items()}
    own[f"{PREFIX}UPSTREAM_URL"] = upstream_url
    with tempfile.TemporaryDirectory(prefix="passerelle-chaos-") as name:
        folder = Path(name)
        with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
            running = subprocess.Popen(  # noqa: S603 - the program itself
                [PROGRAM, "serve", "--port", "0", "--workers", str(workers)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env={**others, **own, "XDG_STATE_HOME": name},
            )
        try:
            serving = Gateway(running, folder, _port(running, folder), workers)
            _until_it_answers(serving)
            yield serving
        finally:
            _end(running)


def _port(running: subprocess.Popen[bytes], folder: Path) -> int:
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        told = (folder / "err").read_text(encoding="utf-8")
        if found := SERVES.search(told):
            return int(found[1])
        if running.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"the gateway serves nothing: {told}")
        time.sleep(0.02)


def _until_it_answers(serving: Gateway) -> None:
    """The socket listens before the processes are there: wait for those."""
    end = time.monotonic() + PATIENCE_SECONDS
    while len(serving.pids) < serving.workers or "passerelle" not in serving.err:
        if time.monotonic() > end:
            raise RuntimeError("the gateway's workers do not start")
        time.sleep(0.02)


def _end(running: subprocess.Popen[bytes]) -> None:
    if running.poll() is None:
        running.terminate()
    try:
        running.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()


def _sockets(pid: int) -> Iterator[str]:
    """The inodes of its sockets."""
    for entry in os.scandir(f"/proc/{pid}/fd"):
        # One that was open when the folder was read may be closed by now.
        with suppress(OSError):
            kind, _, number = os.readlink(entry.path).partition(":")
            if kind == "socket":
                yield number.strip("[]")


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
