"""What is demanded of passerelle beside the others, and whether a run holds it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from bench.speed.peers import PEERS, PLAIN
from bench.speed.rounds import Measured

ONE = ("create", "read")
MEGABYTES = 80
LATENCY_RATIO = 1.5
"""Of the latency added at one connection, over what nginx with Lua adds."""

CPU = {
    **{("nginx-lua", work): (1.0, 1.3) for work in ONE},
    ("nginx-lua", "list100"): (0.5, 0.7),
    **{(peer, work): (0.7, 0.9) for peer in ("go", "node") for work in ONE},
    **{(peer, "list100"): (0.4, 0.5) for peer in ("go", "node")},
    **{("fastapi", work): (1 / 25, 1 / 15) for work in ONE},
    ("fastapi", "list100"): (1 / 8, 1 / 5),
    **{("nginx", work): (5.0, 7.0) for work in ONE},
    ("nginx", "list100"): (12.0, 15.0),
    ("passerelle", "create-kept"): (3.0, math.inf),
}
"""Goal, and the least that counts as done: passerelle's CPU over a peer's, by peer and work. Of a
creation that is remembered: its CPU over that of one that is not, which is a goal and no more."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One demand beside what a run showed."""

    what: str
    work: str
    measured: float | None
    """The median; none where it was not measured."""
    least: float
    """At most so much counts as done."""
    goal: float

    @property
    def held(self) -> bool:
        """Whether the least is held."""
        return self.measured is not None and self.measured <= self.least

    @property
    def verdict(self) -> str:
        """In a word or two."""
        if self.measured is None:
            return "not measured"
        if self.measured <= self.goal:
            return "goal"
        if self.least == math.inf:
            # There is a goal alone, and it is missed.
            return "MISSED"
        return "least" if self.held else "SHORT"


def judged(measured: Measured, works: tuple[str, ...], only: tuple[str, ...]) -> list[Judged]:
    """Every demand on the works and peers that were asked for; no peers: on all."""
    return [it for it in _all(measured) if it.work in works and _asked(it.what, only)]


def _asked(what: str, only: tuple[str, ...]) -> bool:
    named = [peer.name for peer in PEERS if what.endswith(f"over {peer.name}")]
    return not only or not named or named[0] in (*only, "passerelle")


def _all(measured: Measured) -> Iterator[Judged]:
    for (peer, work), (goal, least) in CPU.items():
        ratios = measured.ratios.get((peer, work))
        yield Judged(f"CPU over {peer}", work, median(ratios) if ratios else None, least, goal)
    added = measured.added_us
    ratio = None
    if "passerelle" in added and "nginx-lua" in added:
        ratio = added["passerelle"] / max(added["nginx-lua"], 1)
    yield Judged("added p50, one connection, over nginx-lua", "read", ratio, LATENCY_RATIO, 1.0)
    for row in measured.rows:
        if row["peer"] != "passerelle":
            continue
        name = "one connection" if row["connections"] == 1 else f"{row['connections']} connections"
        yield Judged(f"errors, {name}", row["work"], row["errors"], 0, 0)
        yield Judged(f"wrong answers, {name}", row["work"], float(not row["equal"]), 0, 0)
        # A store is beside the point of what a stateless worker holds.
        if row["work"] in PLAIN:
            yield Judged(f"memory MB, {name}", row["work"], row["rss_mb"], MEGABYTES, MEGABYTES)
