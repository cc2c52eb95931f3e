"""What a request costs, beside gateways that do the same work in other technologies."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from bench import translation
from bench.speed import goals, table
from bench.speed.installing import MissingError
from bench.speed.instructions import instructions
from bench.speed.peers import PEERS
from bench.speed.plot import plot
from bench.speed.rounds import Measured, Plan, measure
from bench.speed.workload import WORKS

DOCS = Path(__file__).parent.parent.parent / "docs"


def main() -> int:
    """Measure what is asked for; not 0 where something cannot be measured or is not held."""
    chosen = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 150)
    if chosen.micro:
        console.print(translation.table(rounds=7, calls=500))
        return 0
    try:
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
