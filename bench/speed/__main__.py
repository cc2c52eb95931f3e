"""What a request costs, beside gateways that do the same work in other technologies."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from bench import translation
from bench.speed import curves, goals, grown_page, growth, small, table
from bench.speed.extent import Extent
from bench.speed.installing import MissingError
from bench.speed.instructions import instructions
from bench.speed.peers import PEERS
from bench.speed.plot import plot
from bench.speed.rounds import Measured, Plan, measure, measure_against
from bench.speed.workload import WORKS

DOCS = Path(__file__).parent.parent.parent / "docs"


def main() -> int:
    """Measure what is asked for; not 0 where something cannot be measured or is not held."""
    chosen = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 150)
    if chosen.micro:
        console.print(translation.table())
        return 0
    try:
        if chosen.growth:
            return _growth(console, chosen)
        if chosen.small:
            return _small(console, chosen)
        if chosen.regress:
            for work, count in instructions().items():
                console.print(f"{work}: {count:,} instructions")
            return 0
        rounds, seconds = (4, 1) if chosen.quick else (7, 4)
        plan = Plan(rounds, seconds, chosen.work, chosen.only)
        with tempfile.TemporaryDirectory(prefix="passerelle-bench-") as folder:
            measured = measure(plan, Path(folder))
    except MissingError as error:
        console.print(f"nothing can be measured: {error}", style="red")
        return 2
    return _told(console, chosen, plan, measured)


def _arguments() -> argparse.Namespace:
    names = tuple(dict.fromkeys(peer.row or peer.name for peer in PEERS))
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter windows: below 5 minutes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows here")
    parser.add_argument(
        "--only",
        type=_listed(names),
        default=(),
        metavar="PEER,...",
        help=f"beside passerelle, only these of {', '.join(names)}",
    )
    parser.add_argument(
        "--work",
        type=_listed(tuple(WORKS)),
        default=tuple(WORKS),
        metavar="WORK,...",
        help=f"only these of {', '.join(WORKS)}",
    )
    parser.add_argument("--hold", action="store_true", help="fail where the least is not held")
    parser.add_argument("--write-docs", action="store_true", help="put it into docs/performance.md")
    parser.add_argument(
        "--growth", action="store_true", help="only passerelle, under work that grows: 6 minutes"
    )
    parser.add_argument(
        "--whole", action="store_true", help="with --growth: a crosswalk of 10^7 rows too (3 GB)"
    )
    parser.add_argument(
        "--small", action="store_true", help="only the others, by the small work of the sketches"
    )
    parser.add_argument("--micro", action="store_true", help="only the steps of a translation")
    parser.add_argument(
        "--regress", action="store_true", help="only the instructions of a translation"
    )
    return parser.parse_args()


def _listed(known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def names(text: str) -> tuple[str, ...]:
        given = tuple(text.split(","))
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise argparse.ArgumentTypeError(
                f"none is called {', '.join(unknown)}; there are {', '.join(known)}"
            )
        return given

    return names


def _growth(console: Console, chosen: argparse.Namespace) -> int:
    extent = Extent(rounds=1, seconds=1) if chosen.quick else Extent()
    if chosen.whole:
        extent = replace(extent, rows=(*extent.rows, 10**7))
    with tempfile.TemporaryDirectory(prefix="passerelle-bench-") as folder:
        grown = growth.measured(extent, Path(folder))
    demands = curves.demands(grown)
    for title, headings, lines in grown_page.tables(grown):
        console.print(table.shown(title, headings, lines))
    console.print(
        table.shown("one core", grown_page.FIGURE_HEADINGS, grown_page.figures(grown)),
        table.shown("demands", table.VERDICT_HEADINGS, table.verdicts(demands)),
    )
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(grown.rows, indent=2) + "\n")
    if chosen.write_docs:
        grown_page.write_docs(DOCS, grown, extent, demands)
    held = all(it.held for it in demands)
    console.print(f"what is demanded is {'held' if held else 'not held'}")
    return int(not held)


def _small(console: Console, chosen: argparse.Namespace) -> int:
    rounds, seconds = (2, 1) if chosen.quick else (5, 2)
    plan = Plan(rounds, seconds, tuple(small.SKETCHED), chosen.only or small.PEERS, always=())
    with tempfile.TemporaryDirectory(prefix="passerelle-bench-") as folder:
        right = small.right(Path(folder) / "right")
        measured = measure_against(right, plan, Path(folder))
    console.print(table.shown("the small work", small.HEADINGS, small.compared(measured)))
    for name, why in measured.missing.items():
        console.print(f"NOT MEASURED: {name}: {why}", style="bold red")
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(measured.rows, indent=2) + "\n")
    return int(bool(measured.missing))


def _told(console: Console, chosen: argparse.Namespace, plan: Plan, measured: Measured) -> int:
    """Show a run, write what is asked for, and judge it."""
    demands = goals.judged(measured, chosen.work, chosen.only)
    console.print(table.shown("16 connections", table.HEADINGS, table.figures(measured)))
    console.print(table.shown("1 connection", table.LATENCY_HEADINGS, table.latencies(measured)))
    console.print(table.shown("demands", table.VERDICT_HEADINGS, table.verdicts(demands)))
    for name, why in measured.missing.items():
        console.print(f"NOT MEASURED: {name}: {why}", style="bold red")
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(measured.rows, indent=2) + "\n")
    if chosen.write_docs:
        (DOCS / "performance.svg").write_text(plot(measured), encoding="utf-8")
        table.write_docs(DOCS / "performance.md", measured, plan, demands)
    held = all(it.held for it in demands)
    console.print(f"the least is {'held' if held else 'not held'}")
    return int(chosen.hold and not held)


if __name__ == "__main__":
    sys.exit(main())
