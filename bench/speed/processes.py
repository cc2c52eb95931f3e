"""Processes on a core of their own, and what the system tells of them."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
PATIENCE_SECONDS = 30
PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Cores:
    """Which core the gateway under test has, and which all the rest."""

    gateway: int
    rest: int
    two: tuple[int, int]
    """For a gateway of two workers; where there are no more, it shares the second one."""


def cores() -> Cores:
    """The first two that this process may use."""
    mine = sorted(os.sched_getaffinity(0))
    return Cores(mine[0], mine[-1], (mine[0], mine[min(1, len(mine) - 1)]))


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


def tree(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                yield from tree(int(child))


def cpu_seconds(pid: int) -> float:
    """The user and system time of a process, threads that ended included, to the nanosecond."""
    # As clock_getcpuclockid(3) makes it; /proc/PID/stat tells the same in ticks of 10 ms.
    return time.clock_gettime(~pid << 3 | 2)


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs, with all its processes."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def cpu_seconds(self) -> float:
        """How long its processes have had a core."""
        return sum(map(cpu_seconds, tree(self.process.pid)))

    def rss_megabytes(self) -> float:
        """The memory that its processes hold."""
        pages = (Path(f"/proc/{pid}/statm").read_text() for pid in tree(self.process.pid))
        return sum(int(text.split()[1]) for text in pages) * PAGE_BYTES / 1e6

    def peak_megabytes(self) -> float:
        """The most memory that its processes ever held, each for itself."""
        told = (Path(f"/proc/{pid}/status").read_text() for pid in tree(self.process.pid))
        return sum(int(found[1]) for text in told if (found := PEAK.search(text))) * 1024 / 1e6


@contextmanager
def running(
    command: Sequence[str | Path], port: int, core: int | str, log: Path, env: Mapping[str, str]
) -> Iterator[Running]:
    """A server on this core from when it listens on its port; what it says goes to the log."""
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - the commands stand in this package
            ["taskset", "-c", str(core), *command],  # noqa: S607 - wherever the system has it
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=dict(env),
        )
    try:
        _until_it_listens(process, port, log)
        yield Running(process, port, log)
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"it does not serve: {log.read_text(errors='replace')[-2000:]}")
