"""Pairs of ids into the crosswalk and out of it, by the file."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal, TypeAlias

from sqlalchemy import Column, Select, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mappings.core.context import Json
from proxy import strict_json
from proxy.settings import Settings
from proxy.store import migrating
from proxy.store.database import BATCH, among, batches
from proxy.store.engine import failures, for_reading, is_sqlite, make_engine
from proxy.store.schema import CROSSWALK
from proxy.store.staging import NO_ID, Pair, Problems, Staged, identity, lines, staged

Form: TypeAlias = Literal["csv", "ndjson"]
Progress: TypeAlias = Callable[[str, int, int | None], None]
"""Told what is being done, how much of it is done, and of how much where that is known."""

MEMBERS = ("kind", "legacy_id", "modern_id")
MAX_DEPTH = 64


def unseen(what: str, done: int, total: int | None) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    read: int
    """How many pairs the file has."""
    added: int
    """How many of them were not here before."""


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """The engine on a store that is ready; raises `ConfigurationError` and `StoreError`."""
    engine = make_engine(settings)
    try:
        await migrating.prepare(engine)
        with failures():
            yield engine
    finally:
        await engine.dispose()


async def import_pairs(
    settings: Settings,
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
        async with opened(settings) as engine, engine.begin() as connection:
            await lock(connection)
            added = await add_pairs(connection, ready, problems, progress)
            problems.check()
        return Imported(ready.pairs_count, added)


def _pairs(
    file: BinaryIO, form: Form, kinds: Collection[str], problems: Problems
) -> Iterator[Pair]:
    for number, members in (_comma_rows if form == "csv" else _json_rows)(file, problems):
        kind, legacy, modern = (members.get(name) for name in MEMBERS)
        ids = (identity(legacy), identity(modern))
        if kind not in kinds:
            problems.add(number, f"kind: expected one of {', '.join(sorted(kinds))}")
        for name, known in zip(MEMBERS[1:], ids, strict=True):
            if known is None:
                problems.add(number, f"{name}: {NO_ID}")
        if kind in kinds and ids[0] and ids[1]:
            yield Pair(number, kind, ids[0], ids[1])


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


async def lock(connection: AsyncConnection) -> None:
    """Let nobody else write before this transaction ends; reading goes on."""
    if not is_sqlite(connection):
        # In the order in which the gateway's own transactions take them.
        tables = "sequence, crosswalk, set_aside"
        await connection.execute(text(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE"))


async def add_pairs(
    connection: AsyncConnection, ready: Staged, problems: Problems, progress: Progress = unseen
) -> int:
    """Add the pairs that are not here yet, and give their number; contradictions are problems."""
    added = done = 0
    for some in ready.pairs(BATCH):
        here = await _here(connection, some)
        fresh = [pair for pair in some if (pair.kind, pair.legacy_id, pair.modern_id) not in here]
        taken = {(kind, legacy) for kind, legacy, _ in here}
        named = {(kind, modern) for kind, _, modern in here}
        for pair in fresh:
            if (pair.kind, pair.legacy_id) in taken or (pair.kind, pair.modern_id) in named:
                problems.add(pair.line, "contradicts the store: one of its ids has another pair")
        if fresh and not problems.count:
            rows = [{name: getattr(pair, name) for name in MEMBERS} for pair in fresh]
            await connection.execute(CROSSWALK.insert(), rows)
        added += len(fresh)
        done += len(some)
        progress("writing", done, ready.pairs_count)
    return added


async def _here(connection: AsyncConnection, pairs: list[Pair]) -> set[tuple[str, str, str]]:
    """The rows that have an id of any of these pairs."""
    by_legacy = [(pair.kind, pair.legacy_id) for pair in pairs]
    by_modern = [(pair.kind, pair.modern_id) for pair in pairs]
    found: set[tuple[str, str, str]] = set()
    for column, keys in ((CROSSWALK.c.legacy_id, by_legacy), (CROSSWALK.c.modern_id, by_modern)):
        for some in batches(keys):
            where = among(CROSSWALK, column, some)
            found |= {
                tuple(row) for row in await connection.execute(select(CROSSWALK).where(where))
            }
    return found


async def export_pairs(settings: Settings) -> AsyncIterator[list[Pair]]:
    """The pairs of the crosswalk, some at a time; their lines are counted from one."""
    line = 0
    async with opened(settings) as engine, for_reading(engine).connect() as connection:
        columns = (CROSSWALK.c.kind, CROSSWALK.c.legacy_id)
        async for rows in paged(connection, select(CROSSWALK), columns):
            yield [Pair(line + place, *row) for place, row in enumerate(rows, start=1)]
            line += len(rows)


async def paged(
    connection: AsyncConnection, query: Select[Any], by: Sequence[Column[str]]
) -> AsyncIterator[list[Any]]:
    """All rows in the order of the columns, a batch a statement, so that none is held open."""
    page = query.order_by(*by).limit(BATCH)
    after = page
    while rows := list((await connection.execute(after)).all()):
        yield rows
        last = [getattr(rows[-1], column.name) for column in by]
        after = page.where(tuple_(*by) > tuple_(*last))
