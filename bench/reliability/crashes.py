"""A gateway that dies at each point of a creation: the client's retry heals it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from bench.reliability.crash import crashes
from bench.reliability.databases import Databases
from bench.reliability.figure import Figure

QUICK = 2


def crash(databases: Databases, *, quick: bool) -> Iterator[Figure]:
    """One figure, of every death that `crashes` knows; a quick one, of the first ones."""
    figure = Figure("crash, SQLite")
    for what, right, counts in islice(crashes(), QUICK if quick else None):
        figure.counts[what] = counts
        figure.expect(right, what)
    figure.counts["deaths"] = len(figure.counts)
    yield figure
