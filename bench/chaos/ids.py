"""Ids: processes that map the same ones at once agree, and nobody meets a locked database."""

from __future__ import annotations

from contextlib import closing

from bench.chaos.figure import Figure
from bench.reliability.databases import Databases
from bench.reliability.ids import ids

NUMBER = 17


def figure(*, quick: bool) -> Figure:
    """The figure of the store, on each database, as demands."""
    taken = Figure(NUMBER, "ids")
    with closing(Databases()) as databases:
        for found in ids(databases, quick=quick):
            name, counts = found.name.removeprefix("ids, "), dict(found.counts)
            if not counts:
                taken.demand(f"{name}: a database", "one", "; ".join(found.failures), False)
                continue
            rows = counts.pop("rows")
            taken.demand(f"{name}: rows", f"{counts['ids']}", rows, rows == counts["ids"])
            for never in ("answers that disagree", "failures of the store"):
                taken.none(f"{name}: {never}", int(counts.pop(never)))
            what = f"{name}: every id has a row, and each row an integer of its own"
            taken.demand(what, "so", "; ".join(found.failures) or "so", not found.failures)
            taken.counts |= counts
    return taken
