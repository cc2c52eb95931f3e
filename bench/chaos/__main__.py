"""Take the figures that the gateway must hold on the wire."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.chaos.figure import Figure

FIGURES = (
    "load",
    "crosstalk",
    "cancelling",
    "leaving",
    "faults",
    "retries",
    "breaker",
    "overload",
    "malformed",
    "fuzz",
    "schema",
    "slow",
    "bombs",
    "ids",
    "replicas",
    "canary",
    "audit",
    "drain",
    "rolling",
    "soak",
    "start",
    "tls",
)
"""Each is a module beside this one, whose `figure(quick=...)` takes it."""

SECONDS = 60


def main() -> int:
    """Take the figures that are asked for; 0 only where every demand holds."""
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    parser.add_argument("name", nargs="*", metavar="NAME", help="which figures; by default all")
    parser.add_argument("--quick", action="store_true", help="smaller ones, of a few seconds each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.name) - set(FIGURES))
    if unknown:
        parser.error(f"no figure is called {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    console = Console(width=None if sys.stdout.isatty() else 120)
    figures = []
    for name in chosen.name or FIGURES:
        began = time.monotonic()
        figure = importlib.import_module(f"bench.chaos.{name}").figure(quick=chosen.quick)
        seconds = time.monotonic() - began
        figure.counts["seconds"] = round(seconds, 1)
        if not chosen.quick:
            figure.demand("time", f"<= {SECONDS} s", f"{seconds:.0f} s", seconds <= SECONDS)
        figures.append(figure)
        console.print(_table(figure, quick=chosen.quick))
    if chosen.json is not None:
        rows = [{**dataclasses.asdict(figure), "held": figure.held} for figure in figures]
        chosen.json.write_text(json.dumps({"quick": chosen.quick, "figures": rows}, indent=2))
    short = [figure.name for figure in figures if not figure.held]
    size = ", quick: not the whole figures" if chosen.quick else ""
    console.print(f"{len(figures) - len(short)} of {len(figures)} figures hold{size}")
    if short:
        console.print(f"these do not: {', '.join(short)}", style="red")
    return int(bool(short))


def _table(figure: Figure, *, quick: bool) -> Table:
    counts = ", ".join(f"{name} {count}" for name, count in figure.counts.items())
    table = Table(
        title=f"{figure.number} {figure.name}{' (quick)' if quick else ''}",
        caption=counts,
        title_justify="left",
        caption_justify="left",
        expand=True,
    )
    for heading in ("what", "demanded", "measured", ""):
        table.add_column(heading)
    for demand in figure.demands:
        verdict = "[green]held[/]" if demand.held else "[bold red]SHORT[/]"
        table.add_row(demand.what, demand.demanded, demand.measured, verdict)
    return table


if __name__ == "__main__":
    sys.exit(main())
