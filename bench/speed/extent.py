"""How far a run under growing work goes, how long it takes, and how it is told meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.speed.installing import tell

GATEWAY_SECONDS, ROWS_A_SECOND = 4, 150_000
"""What a gateway takes to start, warm up and end, and how fast a table is filled."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a run goes."""

    rounds: int = 3
    seconds: int = 2
    """Of each window of load."""
    lengths: tuple[int, ...] = (1, 4, 10, 40, 100, 400, 1000, 4000, 10_000)
    connections: tuple[int, ...] = (1, 4, 16, 64, 256, 1024)
    rows: tuple[int, ...] = (10**3, 10**4, 10**5, 10**6)
    drawn: int = 4000
    """How many records are drawn from a crosswalk at most: their ids all fit the cache."""

    @property
    def minutes(self) -> int:
        """About how long it takes."""
        windows = len(self.lengths) + len(self.connections) + 7
        gateways = len(self.lengths) + self.rounds * len(self.rows) + 3
        load = self.rounds * self.seconds * windows
        return 1 + (load + GATEWAY_SECONDS * gateways + sum(self.rows) // ROWS_A_SECOND) // 60


def followed(steps: Sequence[tuple[str, Callable[[], None]]], minutes: int) -> None:
    """Take every step; a bar on a terminal, else a line for each, tells how far it is."""
    console = Console(stderr=True)
    tell(f"{len(steps)} steps, about {minutes} minutes")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeElapsedColumn(), console=console, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("", total=len(steps))
        for number, (name, step) in enumerate(steps, 1):
            progress.update(task, description=name)
            if not console.is_terminal:
                tell(f"  {number} of {len(steps)}: {name}")
            step()
            progress.advance(task)
