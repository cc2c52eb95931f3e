"""
How many requests and calls there were, how they ended and how long they took.

Every request adds to these numbers: plain integers in dicts. Whoever asks for them makes
something of them (`proxy.observe.snapshot`), and no request waits for that.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TypeVar

from proxy.errors import (
    SuspendedError,
    UpstreamError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""The upper bounds of the buckets, in seconds; one more holds what took longer."""

Row = list[float]
"""How many there were in each bucket, then the seconds of all of them together."""

K = TypeVar("K")


class Rows(dict[K, Row]):
    """A row for each key, made when it is first asked for; keys come from closed sets."""

    __slots__ = ()

    def __missing__(self, key: K) -> Row:
        made = self[key] = empty()
        return made


class Metrics:
    """The numbers of one process, since its start."""

    __slots__ = ("calls", "requests")

    def __init__(self) -> None:
        self.requests: Rows[tuple[str, str, int]] = Rows()
        """By route template, method and legacy status."""
        self.calls: Rows[tuple[str, str]] = Rows()
        """By operation of the new API, and how it ended: its status, or why there is none."""

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """One request was answered; each of these words is of a closed set."""
        row = self.requests[route, method, status]
        row[bisect_left(BOUNDS, seconds)] += 1
        row[-1] += seconds

    def call(self, operation: str, status: int, seconds: float) -> None:
        """One call of the new API was answered."""
        row = self.calls[operation, _STATUSES.get(status, "other")]
        row[bisect_left(BOUNDS, seconds)] += 1
        row[-1] += seconds

    def call_failed(self, operation: str, error: UpstreamError, seconds: float) -> None:
        """One call of the new API had no answer that could be used."""
        row = self.calls[operation, _ENDS.get(type(error), "unfit")]
        row[bisect_left(BOUNDS, seconds)] += 1
        row[-1] += seconds


_STATUSES = {status: str(status) for status in range(100, 600)}
_ENDS: dict[type[UpstreamError], str] = {
    SuspendedError: "suspended",
    UpstreamTimeoutError: "timeout",
    UpstreamUnreachableError: "unreachable",
}


def empty() -> Row:
    """A row of nothing."""
    return [*[0] * (len(BOUNDS) + 1), 0.0]


def add(row: Row, more: Row) -> None:
    """Add the numbers of one row to those of another."""
    for at, number in enumerate(more):
        row[at] += number


def count_of(row: Row) -> int:
    """How many there were."""
    return int(sum(row[:-1]))
