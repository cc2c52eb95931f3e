"""How what passerelle costs grows with the work, and whether that is as it should be."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench.speed.goals import Judged

LINEAR, FLAT, STALL_MS = 1.5, 1.5, 250.0
WANTED_RPS, FILLED = 10_000, 0.6
"""Of a deployment: the requests a second, and how much of a core they may fill."""


@dataclass(frozen=True, slots=True)
class Curve:
    """What is drawn as one figure."""

    name: str
    title: str
    across: str
    """What grows, from left to right."""
    series: tuple[str, ...]
    steep: bool = False
    """Whether what is measured grows too, so that both sides go by tenfolds."""


LISTS = Curve(
    "lists", "CPU per request by the length of a list", "records", ("CPU us",), steep=True
)
MEMORY = Curve(
    "memory",
    "Memory by the size of a body",
    "KB",
    ("MB afterwards", "MB at most"),
)
CONNECTIONS = Curve(
    "connections", "CPU per reading by open connections", "connections", ("CPU us",)
)
WORKERS = Curve("workers", "Readings a second by workers", "workers", ("requests/s",))
CROSSWALK = Curve(
    "crosswalk", "CPU per reading by the rows of the crosswalk", "rows", ("not cached", "cached")
)
READINGS, CREATIONS = "readings/s of one core", "creations/s of one core"
ADDED_P50, ADDED_P99 = "added p50 us at one connection", "added p99 us at one connection"
WORST = "worst ms beside a list of 10,000"
CURVES = (LISTS, MEMORY, CONNECTIONS, WORKERS, CROSSWALK)


@dataclass(frozen=True, slots=True)
class Point:
    """One place on a curve: what grew, and what was measured there, once a round."""

    x: float
    values: tuple[float, ...]

    @property
    def y(self) -> float:
        """The median."""
        return median(self.values)


@dataclass(slots=True)
class Grown:
    """What a run showed."""

    points: dict[tuple[str, str], list[Point]] = field(default_factory=lambda: defaultdict(list))
    """By curve and series, in the order in which they grow."""
    figures: dict[str, float] = field(default_factory=dict)
    """What is measured at one place only, by name and unit."""
    errors: int = 0

    def add(self, curve: Curve, series: str, x: float, values: Iterable[float]) -> None:
        """One more point."""
        self.points[curve.name, series].append(Point(x, tuple(values)))

    @property
    def rows(self) -> list[dict[str, Any]]:
        """All of it, for a file."""
        curves = [
            {
                "curve": curve,
                "series": series,
                "x": point.x,
                "median": round(point.y, 2),
                "min": round(min(point.values), 2),
                "max": round(max(point.values), 2),
            }
            for (curve, series), points in self.points.items()
            for point in points
        ]
        return [
            *curves,
            *({"figure": it, "value": round(at, 2)} for it, at in self.figures.items()),
        ]


def per_record(grown: Grown) -> list[Point]:
    """The cost of one record of a list."""
    return [
        Point(point.x, tuple(value / point.x for value in point.values))
        for point in grown.points.get((LISTS.name, "CPU us"), ())
    ]


def demands(grown: Grown) -> list[Judged]:
    """What is demanded of growth, and what was found."""
    # With fewer it is the request that costs, not its records.
    each = [point.y for point in per_record(grown) if 100 <= point.x <= 10_000]
    linear = max(each) / min(each) if len(each) > 1 else None
    by_count = {it.x: it.y for it in grown.points.get((CONNECTIONS.name, "CPU us"), ())}
    flat = by_count[1024] / by_count[16] if {16, 1024} <= by_count.keys() else None
    stalled = grown.figures.get(WORST)
    return [
        Judged("CPU per record, most over least", "100 to 10,000 records", linear, LINEAR, LINEAR),
        Judged("CPU at 1,024 connections over 16", "read", flat, FLAT, FLAT),
        Judged(WORST, "read", stalled, STALL_MS, STALL_MS),
        Judged("errors", "all", float(grown.errors), 0, 0),
    ]


def replicas(rps: float) -> int:
    """How many of one core carry what is wanted, with one more that may be gone."""
    return math.ceil(WANTED_RPS / (FILLED * rps)) + 1
