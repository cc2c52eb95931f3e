"""How long the steps of one translation take: parse, upgrade, downgrade, dump."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import date

from rich.console import Console
from rich.table import Table

from bench.speed import workload
from mappings.core.context import Context, Document
from mappings.mesvaccins import PACK
from proxy import strict_json

TODAY = date(2026, 11, 23)
RECORD = PACK.mappings["health_record"]
TABLES = {it.name: it.build(workload.vaccines()) for it in PACK.tables if it.name == "vaccines"}
CONTEXT = Context(today=TODAY, tables=TABLES)
CREATED = workload.new_record()
MODERN = workload.modern_record(workload.READ)
OVER = Context(today=TODAY, tables=TABLES, base=MODERN)
PEOPLE = [workload.modern_record(number) for number in range(workload.LISTED)]
ONE, ALL = workload.dump(MODERN), workload.dump(PEOPLE)


def shown(record: Document) -> Document:
    """A record as the legacy side shows it."""
    return RECORD.downgrade(record, CONTEXT).document


SHOWN, ALL_SHOWN = shown(MODERN), [shown(record) for record in PEOPLE]

STEPS: dict[str, Callable[[], object]] = {
    "parse": lambda: strict_json.parse(ONE, 64),
    "upgrade, a new record": lambda: RECORD.upgrade(CREATED, CONTEXT),
    "upgrade, over a base": lambda: RECORD.upgrade(SHOWN, OVER),
    "downgrade": lambda: shown(MODERN),
    "dump": lambda: strict_json.dump(SHOWN),
}
STEPS_OF_A_LIST: dict[str, Callable[[], object]] = {
    "parse, 100 records": lambda: strict_json.parse(ALL, 64),
    "downgrade, 100 records": lambda: [shown(record) for record in PEOPLE],
    "dump, 100 records": lambda: strict_json.dump(ALL_SHOWN),
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


def table(rounds: int, calls: int) -> Table:
    """Every step, of a record with six vaccinations and of a list of 100 such."""
    made = Table("step", "min us", "median us", "max us")
    for steps, times in ((STEPS, calls), (STEPS_OF_A_LIST, max(1, calls // 100))):
        for name, step in steps.items():
            figures = measured(step, rounds, times)
            row = (min(figures), statistics.median(figures), max(figures))
            made.add_row(name, *(f"{figure:.1f}" for figure in row))
    return made


def main() -> None:
    """Print a table of every step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="figures of each step (7)")
    parser.add_argument("--calls", type=int, default=1000, help="calls for each figure (1000)")
    chosen = parser.parse_args()
    Console().print(table(chosen.rounds, chosen.calls))
    Console().print(f"{chosen.rounds} rounds of {chosen.calls} calls; a 100th of it for lists")


if __name__ == "__main__":
    main()
