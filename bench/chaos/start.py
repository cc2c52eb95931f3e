"""Start: soon ready, and a wrong configuration is refused at once, in one line."""

from __future__ import annotations

import http.client
import math
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.chaos.figure import Figure
from bench.chaos.misconfigured import Broken, broken
from tests.sockets.processes import PROGRAM, environment, free_port

NUMBER = 24
STARTS = 5
READY_SECONDS = 2.0
REFUSED_SECONDS = 1.0
PATIENCE_SECONDS = 4
TRIES = 3
CONFIGURATION = 3
"""The exit code that says that the configuration is wrong."""


def figure(*, quick: bool) -> Figure:
    """Start it cold, and start it with each of the broken configurations."""
    taken = Figure(NUMBER, "start", quick)
    with tempfile.TemporaryDirectory(prefix="passerelle-start-") as name:
        folder = Path(name)
        starts = [_ready(folder / str(number)) for number in range(3 if quick else STARTS)]
        ready = statistics.median(starts)
        taken.demand(
            "ready after a cold start, median",
            f"<= {taken.at_most(READY_SECONDS):.0f} s",
            f"{ready:.2f} s",
            ready <= taken.at_most(READY_SECONDS),
        )
        with broken(folder) as configurations:
            _refused(taken, configurations[::4] if quick else configurations, quick=quick)
    taken.counts["starts"] = len(starts)
    return taken


def _ready(folder: Path) -> float:
    """How long it takes from the start of a process to the first 200 of /readyz."""
    port = free_port()
    began = time.perf_counter()
    with _serving(folder, port):
        while not _is_ready(port):
            time.sleep(0.005)
            assert time.perf_counter() < began + 10 * READY_SECONDS, "it is never ready"  # noqa: S101 - ends the figure
        return time.perf_counter() - began


@contextmanager
def _serving(folder: Path, port: int) -> Iterator[None]:
    settings = environment(upstream_url="http://127.0.0.1:9", data_dir=str(folder))
    running = subprocess.Popen(  # noqa: S603 - our own program
        [PROGRAM, "serve", "--port", str(port)], env=settings, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        running.terminate()
        running.wait()


def _is_ready(port: int) -> bool:
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=READY_SECONDS)
    try:
        asking.request("GET", "/readyz")
        return asking.getresponse().status == 200
    except OSError:
        return False
    finally:
        asking.close()


def _refused(taken: Figure, configurations: list[Broken], *, quick: bool) -> None:
    """Each of them ends with its exit code, in its time, with a line that names the setting."""
    walls, busies = {}, {}
    for configuration in configurations:
        wall = busy = math.inf
        for _ in range(TRIES):
            wrong, took, used = _start(configuration)
            wall, busy = min(wall, took), min(busy, used)
            if wrong or max(wall, busy) <= REFUSED_SECONDS:
                break
        walls[configuration.what], busies[configuration.what] = wall, busy
        if wrong:
            taken.demand(f"refused: {configuration.what}", configuration.named, wrong, False)
    _timed(taken, "busiest", busies)
    # On a machine that does other things too, nothing follows from how long one waited.
    if not quick:
        _timed(taken, "slowest", walls)
    taken.counts |= {
        "broken configurations": len(configurations),
        "slowest s": round(max(walls.values()), 2),
    }


def _timed(taken: Figure, which: str, seconds: dict[str, float]) -> None:
    most = max(seconds, key=seconds.__getitem__)
    limit, measured = f"<= {REFUSED_SECONDS:.0f} s", f"{seconds[most]:.2f} s ({most})"
    taken.demand(f"refusal, the {which}", limit, measured, seconds[most] <= REFUSED_SECONDS)


def _start(configuration: Broken) -> tuple[str, float, float]:
    """What is wrong with how it ended, and the time and the processors' time that it took."""
    began, before = time.perf_counter(), _processor_seconds()
    try:
        ended = subprocess.run(  # noqa: S603 - our own program
            [PROGRAM, "serve", *configuration.arguments],
            env=environment(**configuration.settings),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return "it serves", 0, 0
    took = time.perf_counter() - began, _processor_seconds() - before
    return _wrong(configuration, ended), *took


def _wrong(configuration: Broken, ended: subprocess.CompletedProcess[str]) -> str:
    """What is wrong with how it ended; nothing where all is well."""
    lines = ended.stderr.splitlines()
    if ended.returncode != CONFIGURATION:
        return f"exit code {ended.returncode}: {lines[-1:]}"
    if len(lines) != 1:
        return f"{len(lines)} lines"
    if configuration.named not in lines[0]:
        return lines[0]
    return ""


def _processor_seconds() -> float:
    """What the processes that have ended took of the processors, in user and system mode."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
