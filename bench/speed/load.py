"""Load by wrk, and what a request costs the gateway under it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from bench.speed.processes import Running
from bench.speed.workload import Work

SCRIPT = Path(__file__).with_name("wrk.lua")
TOLD = "TOLD "
SERIALS: Iterator[int] = count(1)
"""No two runs send the same bodies."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one window of load showed."""

    cpu_us: float
    rps: float
    p50_us: float
    p99_us: float
    rss_mb: float
    requests: int
    errors: int


def told_by_wrk(output: str) -> dict[str, Any]:
    """The line that the script of wrk writes at its end."""
    line = next(line for line in output.splitlines() if line.startswith(TOLD))
    told: dict[str, Any] = json.loads(line.removeprefix(TOLD))
    return told


def sample(told: dict[str, Any], cpu_seconds: float, rss_mb: float) -> Sample:
    """The figures of a window, each for one request where it is a cost."""
    requests = told["requests"]
    return Sample(
        cpu_us=1e6 * cpu_seconds / max(requests, 1),
        rps=1e6 * requests / told["microseconds"],
        p50_us=told["p50"],
        p99_us=told["p99"],
        rss_mb=rss_mb,
        requests=requests,
        errors=told["errors"],
    )


def wrk(port: int, work: Work, core: int, connections: int, seconds: int) -> str:
    """What wrk says after so many seconds."""
    program = shutil.which("wrk") or "wrk"
    command = ["taskset", "-c", str(core), program, "-t1", f"-c{connections}", f"-d{seconds}s"]
    command += ["--timeout", "10s", "-s", str(SCRIPT), f"http://127.0.0.1:{port}/", "--"]
    command += [work.method, work.path]
    if work.body:
        command += [work.body.decode(), str(next(SERIALS))]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - wrk
    return ended.stdout


def under_load(serving: Running, work: Work, core: int, connections: int, seconds: int) -> Sample:
    """One window of load on a gateway."""
    before = serving.cpu_seconds()
    output = wrk(serving.port, work, core, connections, seconds)
    return sample(told_by_wrk(output), serving.cpu_seconds() - before, serving.rss_megabytes())


def row(
    peer: str, work: str, connections: int, samples: list[Sample], wrong: int, *, equal: bool
) -> dict[str, Any]:
    """The figures of all windows; `wrong` counts the bodies that were looked at and not right."""
    costs = [it.cpu_us for it in samples]
    return {
        "peer": peer,
        "work": work,
        "connections": connections,
        "cpu_us": {
            "median": round(median(costs), 1),
            "min": round(min(costs), 1),
            "max": round(max(costs), 1),
        },
        "rps": round(median(it.rps for it in samples)),
        "p50_us": round(median(it.p50_us for it in samples)),
        "p99_us": round(median(it.p99_us for it in samples)),
        "rss_mb": round(max(it.rss_mb for it in samples), 1),
        "errors": sum(it.errors for it in samples) + wrong,
        "equal": equal,
    }
