"""Parts of statements whose length depends on how much is asked or written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby, islice

BATCH = 1000
"""How many rows one statement names: each takes values, and a statement has 32766 of them."""


def batches(pairs: Collection[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """The pairs in order, each once, as many at a time as a statement takes."""
    each = iter(sorted(set(pairs)))
    while batch := list(islice(each, BATCH)):
        yield batch


def among(column: str, pairs: Sequence[tuple[str, str]]) -> tuple[str, list[str]]:
    """
    The condition for the rows of these pairs of kind and `column`, and its values.

    It has a form that uses the index on the two. The pairs are in order.
    """
    conditions, values = [], []
    for kind, some in groupby(pairs, key=lambda pair: pair[0]):
        names = [name for _, name in some]
        conditions.append(f"kind = ? AND {column} IN ({places(names)})")
        values += [kind, *names]
    return " OR ".join(conditions), values


def places(values: Collection[object]) -> str:
    """The place of each value in a list."""
    return ", ".join("?" * len(values))


def rows(columns: int, count: int) -> str:
    """The places of the values of so many rows."""
    return ", ".join([f"({', '.join('?' * columns)})"] * count)
