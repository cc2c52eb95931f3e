"""A record that is forgotten: nothing of it is left in the database's files."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench.reliability import writer
from bench.reliability.databases import Databases
from bench.reliability.figure import Figure
from proxy.settings import Settings
from proxy.store import upkeep
from proxy.store.engine import FILE
from proxy.store.store import Aside, Store

RECORD = "5a3d0b6e-0000-4000-8000-00000000000a"
WITHIN = "5a3d0b6e-0000-4000-8000-0000000000a1"
WRITES = 3
"""How often the record is written, with the others in between: each leaves an older row behind."""

PIECE = 16
"""A piece of a sealed row of so many bytes counts as an occurrence."""


def erasure(databases: Databases, *, quick: bool) -> Iterator[Figure]:
    """The figure for SQLite, whose files are here to be read."""
    figure = Figure("erasure, SQLite")
    others = 100 if quick else 3000
    with databases.sqlite() as database:
        asyncio.run(_take(figure, database.settings, others))
    yield figure


async def _take(figure: Figure, settings: Settings, others: int) -> None:
    folder, store = settings.data_dir, Store(settings, writer.now)
    plain = [f"canary {secrets.token_hex(20)}" for _ in range(2 * WRITES)]
    sealed: set[bytes] = set()
    for turn in range(WRITES):
        await _write_others(store, turn, others)
        values = (plain[2 * turn], plain[2 * turn + 1])
        for key, value in zip((("record", RECORD), ("act", WITHIN)), values, strict=True):
            await store.keep([Aside(key, RECORD, {"value": value})])
        sealed |= set(_sealed(folder))
    await _write_others(store, WRITES, others)
    words = [text.encode() for text in plain]
    pieces = [row[at : at + PIECE] for row in sealed for at in range(len(row) - PIECE + 1)]
    before = _occurrences(folder, pieces)
    erased = await upkeep.forget(settings, RECORD)
    figure.counts |= {
        "other rows": others,
        "rows erased": erased.rows["set_aside"],
        "sealed rows looked for, older ones included": len(sealed),
        "pieces of them in the files before": before,
        "pieces of them in the files after": _occurrences(folder, pieces),
        "occurrences of plaintext after": _occurrences(folder, words),
        "bytes read": sum(path.stat().st_size for path in folder.iterdir()),
    }
    kept = await store.asides([("record", f"r-{number}") for number in range(others)])
    await store.close()
    figure.expect(before > 0, "the search finds sealed rows that are there")
    figure.expect(erased.rows["set_aside"] == 2, "the record and the one within are erased")
    for name in ("pieces of them in the files after", "occurrences of plaintext after"):
        figure.expect(figure.counts[name] == 0, f"no {name}")
    figure.expect(len(kept) == others, "every other row is there")


async def _write_others(store: Store, turn: int, others: int) -> None:
    """Rows around, each time of another length, so that pages are filled, split and moved."""
    for at in range(0, others, 500):
        numbers = range(at, min(at + 500, others))
        value = {"value": "x" * (40 + 60 * turn)}
        await store.keep([Aside(("record", f"r-{it}"), f"r-{it}", value) for it in numbers])


def _sealed(folder: Path) -> list[bytes]:
    with closing(sqlite3.connect(folder / FILE)) as database:
        query = "SELECT sealed FROM set_aside WHERE owner_id = ?"
        return [sealed for (sealed,) in database.execute(query, (RECORD,))]


def _occurrences(folder: Path, wanted: list[bytes]) -> int:
    """How many of these byte strings are in any file of the folder."""
    files = [path.read_bytes() for path in folder.iterdir() if path.is_file()]
    return sum(any(piece in file for file in files) for piece in wanted)
