"""A client that reads one thing after the other, and notes how long each took."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bench.speed.workload import TOKEN

HEADERS = {"Authorization": f"Bearer {TOKEN}"}
PATIENCE_SECONDS = 120


@dataclass(slots=True)
class Seen:
    """What a client saw."""

    milliseconds: list[float] = field(default_factory=list)
    errors: int = 0

    def at(self, part: float) -> float:
        """What so large a part of the answers was not slower than: 0.5 for the median."""
        ordered = sorted(self.milliseconds)
        return ordered[min(int(part * len(ordered)), len(ordered) - 1)]


def read(port: int, paths: Iterable[str], until: Callable[[], bool] = lambda: False) -> Seen:
    """Read each on one connection, or as many as there is time for."""
    seen = Seen()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        for path in paths:
            if until():
                break
            began = time.perf_counter()
            line.request("GET", path, headers=HEADERS)
            answer = line.getresponse()
            answer.read()
            seen.milliseconds.append(1e3 * (time.perf_counter() - began))
            seen.errors += answer.status != 200
    finally:
        line.close()
    return seen
