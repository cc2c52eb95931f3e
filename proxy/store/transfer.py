"""Pairs of ids into the crosswalk and out of it, by the file."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal, TypeAlias

from mappings.core.context import Json
from proxy import strict_json
from proxy.settings import StoreSettings
from proxy.store.connection import Connection
from proxy.store.crosswalk import add_pairs, pairs_by
from proxy.store.opening import Progress, in_thread, opened, paged, unseen
from proxy.store.staging import NO_ID, Pair, Problems, Staged, identity, lines, staged
from proxy.store.statements import BATCH

Form: TypeAlias = Literal["csv", "ndjson"]

MEMBERS = ("kind", "legacy_id", "modern_id")
MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    read: int
    """How many pairs the file has."""
    added: int
    """How many of them were not here before."""


@in_thread
def import_pairs(
    settings: StoreSettings,
    file: BinaryIO,
    form: Form,
    kinds: Collection[str],
    progress: Progress = unseen,
) -> Imported:
    """
    Add the pairs of a file to the crosswalk, all of them or none.

    Raises `ImportRefusedError` for lines that cannot be read, that name another kind than
    `kinds`, or that contradict each other or a pair that is here.
    """
    problems = Problems()
    with staged() as ready:
        for read, pair in enumerate(_pairs(file, form, kinds, problems), start=1):
            ready.add_pair(pair, problems)
            if read % BATCH == 0:
                progress("reading", read, None)
        problems.check()
        with opened(settings, fresh=True) as connection, connection.transaction():
            lock(connection)
            added = write_pairs(connection, ready, problems, progress)
            problems.check()
        return Imported(ready.pairs_count, added)


def _pairs(
    file: BinaryIO, form: Form, kinds: Collection[str], problems: Problems
) -> Iterator[Pair]:
    for number, members in (_comma_rows if form == "csv" else _json_rows)(file, problems):
        kind: Json = members.get("kind")
        legacy, modern = identity(members.get("legacy_id")), identity(members.get("modern_id"))
        well = isinstance(kind, str) and kind in kinds
        if not well:
            problems.add(number, f"kind: expected one of {', '.join(sorted(kinds))}")
        if legacy is None:
            problems.add(number, f"legacy_id: {NO_ID}")
        if modern is None:
            problems.add(number, f"modern_id: {NO_ID}")
        if well and legacy and modern:
            yield Pair(number, kind, legacy, modern)


def _json_rows(file: BinaryIO, problems: Problems) -> Iterator[tuple[int, dict[str, Json]]]:
    for number, line in lines(file, problems):
        document = parsed(number, line, problems)
        if document is not None:
            yield number, document


def parsed(number: int, line: bytes, problems: Problems) -> dict[str, Json] | None:
    """The JSON object of a line; none where it is none, which is then a problem."""
    try:
        document = strict_json.parse(line, MAX_DEPTH)
    except strict_json.NotStrictJsonError as error:
        problems.add(number, str(error))
        return None
    if not isinstance(document, dict):
        problems.add(number, "expected one JSON object")
        return None
    return document


def _comma_rows(file: BinaryIO, problems: Problems) -> Iterator[tuple[int, dict[str, Json]]]:
    header: list[str] = []
    for number, line in lines(file, problems):
        try:
            (cells,) = csv.reader([line.decode().rstrip("\r\n")], strict=True)
        except (csv.Error, ValueError):
            problems.add(number, "not CSV in UTF-8")
            continue
        if not header:
            header = cells
            if sorted(header) != sorted(MEMBERS):
                problems.add(number, f"expected the header {','.join(MEMBERS)}")
                return
        elif len(cells) != len(header):
            problems.add(number, f"expected {len(header)} cells")
        else:
            yield number, dict(zip(header, cells, strict=True))


def lock(connection: Connection) -> None:
    """Let nobody else write before this transaction ends; reading goes on."""
    if not connection.is_sqlite:
        # In the order in which the gateway's own transactions take them.
        tables = "sequence, crosswalk, set_aside"
        connection.execute(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")


def write_pairs(
    connection: Connection, ready: Staged, problems: Problems, progress: Progress = unseen
) -> int:
    """Write the pairs that are not here yet, and give their number; contradictions are problems."""
    added = done = 0
    for some in ready.pairs(BATCH):
        # To ask first which ones are here takes PostgreSQL minutes: it knows a table that grows
        # in this very transaction as an empty one, and does not use its indexes.
        new = add_pairs(connection, [_row(pair) for pair in some])
        others = [pair for pair in some if _row(pair) not in new]
        here = set(pairs_by(connection, "legacy_id", [(it.kind, it.legacy_id) for it in others]))
        for pair in others:
            if _row(pair) not in here:
                problems.add(pair.line, "contradicts the store: one of its ids has another pair")
        added += len(new)
        done += len(some)
        progress("writing", done, ready.pairs_count)
    return added


def _row(pair: Pair) -> tuple[str, str, str]:
    return pair.kind, pair.legacy_id, pair.modern_id


def export_pairs(settings: StoreSettings) -> Iterator[list[Pair]]:
    """The pairs of the crosswalk, some at a time; their lines are counted from one."""
    line = 0
    with opened(settings) as connection:
        select = "SELECT kind, legacy_id, modern_id FROM crosswalk"
        for rows in paged(connection, select, ("kind", "legacy_id")):
            yield [Pair(line + place, *row) for place, row in enumerate(rows, start=1)]
            line += len(rows)
