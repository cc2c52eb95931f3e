"""How long the steps of one translation take: parse, upgrade, downgrade, dump."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import date

from rich.console import Console
from rich.table import Table

from mappings.core.context import Context
from mappings.mesvaccins import PACK
from mappings.mesvaccins.samples import SAMPLE
from proxy import strict_json

TODAY = date(2026, 11, 23)
RECORD = PACK.mappings["health_record"]
TABLES = {table.name: table.build(SAMPLE.tables[table.name]) for table in PACK.tables}
NEW = Context(today=TODAY, tables=TABLES)
LEGACY = strict_json.dump(dict(SAMPLE.created))
MODERN = {
    **RECORD.upgrade(SAMPLE.created, NEW).document,
    **SAMPLE.by_another_hand,
    "id": "7c9e6679-7425-40de-944b-000000000001",
    "created_at": "2022-11-03T13:41:17.071Z",
    "updated_at": "2022-11-03T13:41:17.071Z",
}
OVER = Context(today=TODAY, tables=TABLES, base=MODERN)
SHOWN = RECORD.downgrade(MODERN, NEW).document

STEPS: dict[str, Callable[[], object]] = {
    "parse": lambda: strict_json.parse(LEGACY, 64),
    "upgrade, a new record": lambda: RECORD.upgrade(SAMPLE.created, NEW),
    "upgrade, over a base": lambda: RECORD.upgrade(SHOWN, OVER),
    "downgrade": lambda: RECORD.downgrade(MODERN, NEW),
    "dump": lambda: strict_json.dump(SHOWN),
}


def measured(step: Callable[[], object], rounds: int, calls: int) -> list[float]:
    """Microseconds a call, one figure for each round."""
    figures = []
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(calls):
            step()
        figures.append((time.perf_counter() - began) / calls * 1e6)
    return figures


def main() -> None:
    """Print a table of every step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="figures of each step (7)")
    parser.add_argument("--calls", type=int, default=2000, help="calls for each figure (2000)")
    chosen = parser.parse_args()
    table = Table("step", "min us", "median us", "max us")
    for name, step in STEPS.items():
        figures = measured(step, chosen.rounds, chosen.calls)
        shown = (min(figures), statistics.median(figures), max(figures))
        table.add_row(name, *(f"{figure:.1f}" for figure in shown))
    Console().print(table)
    Console().print(f"{chosen.rounds} rounds of {chosen.calls} calls, one record each")


if __name__ == "__main__":
    main()
