"""Take the figures that the store must hold: python -m bench.reliability NAME."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from bench.reliability.crash import crash
from bench.reliability.databases import Databases
from bench.reliability.erasure import erasure
from bench.reliability.figure import Figure
from bench.reliability.fsync import fsync
from bench.reliability.ids import ids
from bench.reliability.kills import kills
from bench.reliability.rotation import rotation

FIGURES: dict[str, Callable[..., Iterator[Figure]]] = {
    "kills": kills,
    "fsync": fsync,
    "crash": crash,
    "ids": ids,
    "rotation": rotation,
    "erasure": erasure,
}


def main() -> int:
    """Take the figures that are asked for; 0 where every one holds or is skipped."""
    parser = argparse.ArgumentParser(prog="scripts/reliability", description=__doc__)
    parser.add_argument("name", choices=[*FIGURES, "all"], help="which figure")
    parser.add_argument("--quick", action="store_true", help="a smaller one, of a few seconds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the counts here too")
    chosen = parser.parse_args()
    names = list(FIGURES) if chosen.name == "all" else [chosen.name]
    with closing(Databases()) as those:
        figures = [figure for name in names for figure in _taken(name, those, quick=chosen.quick)]
    if chosen.json is not None:
        rows = [{**dataclasses.asdict(figure), "verdict": figure.verdict} for figure in figures]
        chosen.json.write_text(json.dumps({"quick": chosen.quick, "figures": rows}, indent=2))
    return int(any(figure.verdict == "FAILED" for figure in figures))


def _taken(name: str, those: Databases, *, quick: bool) -> Iterator[Figure]:
    for figure in FIGURES[name](those, quick=quick):
        if quick:
            figure.counts["size"] = "quick: not the whole figure"
        print("\n".join(figure.lines()), flush=True)
        yield figure


if __name__ == "__main__":
    sys.exit(main())
