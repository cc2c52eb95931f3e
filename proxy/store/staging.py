"""Files that are imported: read line by line, and laid ready beside the store until all is well."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from mappings.core.context import Json
from mappings.core.model import UUID_PATTERN
from proxy.store.crosswalk import LARGEST

MAX_LINE_BYTES = 16 * 1024**2
TOLD = 100
"""How many problems of a file are told one by one."""

NO_ID = "expected an integer from 1 to 2147483647, or a UUID"
BOM = b"\xef\xbb\xbf"
TABLES = """
    CREATE TABLE pair (
        line INTEGER, kind TEXT, legacy_id TEXT, modern_id TEXT,
        UNIQUE (kind, legacy_id), UNIQUE (kind, modern_id)
    );
    CREATE TABLE aside (
        line INTEGER, kind TEXT, modern_id TEXT, owner_id TEXT, key_id TEXT, sealed BLOB,
        UNIQUE (kind, modern_id)
    );
    BEGIN;
"""


class ImportRefusedError(Exception):
    """Nothing of a file was imported; says why, line by line and without values."""

    def __init__(self, problems: Problems) -> None:
        self.problems = tuple(sorted(problems.first, key=lambda problem: problem[0]))
        """The first of them, each with the number of its line."""
        more = problems.count - len(self.problems)
        told = [f"line {line}: {reason}" for line, reason in self.problems]
        super().__init__("\n".join([*told, f"and {more} more"] if more else told))


class Problems:
    """What is wrong with a file: the first problems, and how many there are."""

    def __init__(self) -> None:
        self.first: list[tuple[int, str]] = []
        self.count = 0

    def add(self, line: int, reason: str) -> None:
        """Note one more."""
        self.count += 1
        if len(self.first) < TOLD:
            self.first.append((line, reason))

    def check(self) -> None:
        """Raise `ImportRefusedError` where there are any."""
        if self.count:
            raise ImportRefusedError(self)


@dataclass(frozen=True, slots=True)
class Pair:
    """One pair of ids, as the crosswalk keeps them, and the line that says so."""

    line: int
    kind: str
    legacy_id: str
    modern_id: str


@dataclass(frozen=True, slots=True)
class SealedAside:
    """The values to set aside of one record, sealed for their row already."""

    line: int
    kind: str
    modern_id: str
    owner_id: str
    key_id: str
    sealed: bytes


def identity(value: Json) -> str | None:
    """An id as the store keeps it: an integer of 31 bits, or a UUID; none for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value).strip().lower()
    if UUID_PATTERN.fullmatch(text):
        return text
    # No more digits than the largest has: int() takes its time for a million of them.
    if text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST)):
        return str(int(text)) if 0 < int(text) <= LARGEST else None
    return None


def lines(file: BinaryIO, problems: Problems) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers; one that is far too long is a problem."""
    number = 0
    while line := file.readline(MAX_LINE_BYTES):
        number += 1
        if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
            problems.add(number, "longer than 16 MiB")
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE_BYTES)
            continue
        if number == 1:
            line = line.removeprefix(BOM)
        if line.strip():
            yield number, line


class Staged:
    """
    What a file says, on a disk of its own until the whole of it was read.

    So the store is locked for as long as writing takes, and not while a slow file is read; and
    what is read needs no memory. Values lie here sealed.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.pairs_count = 0
        self.asides_count = 0

    def add_pair(self, pair: Pair, problems: Problems) -> None:
        """Lay a pair ready; the same one again is well, one that contradicts it a problem."""
        values = (pair.line, pair.kind, pair.legacy_id, pair.modern_id)
        done = self._connection.execute("INSERT OR IGNORE INTO pair VALUES (?, ?, ?, ?)", values)
        self.pairs_count += done.rowcount
        if done.rowcount == 0:
            (line, *same) = self._connection.execute(
                "SELECT line, kind, legacy_id, modern_id FROM pair "
                "WHERE kind = ?1 AND (legacy_id = ?2 OR modern_id = ?3) "
                "ORDER BY legacy_id = ?2 AND modern_id = ?3 DESC, line",
                values[1:],
            ).fetchone()
            if tuple(same) != values[1:]:
                problems.add(pair.line, f"contradicts line {line}: one of its ids is in both")

    def add_aside(self, aside: SealedAside, problems: Problems) -> None:
        """Lay sealed values ready; a record that came before is a problem."""
        key = (aside.kind, aside.modern_id)
        values = (aside.line, *key, aside.owner_id, aside.key_id, aside.sealed)
        done = self._connection.execute(
            "INSERT OR IGNORE INTO aside VALUES (?, ?, ?, ?, ?, ?)", values
        )
        self.asides_count += done.rowcount
        if done.rowcount == 0:
            (line,) = self._connection.execute(
                "SELECT line FROM aside WHERE kind = ? AND modern_id = ?", key
            ).fetchone()
            problems.add(aside.line, f"a record that line {line} has already")

    def pairs(self, size: int) -> Iterator[list[Pair]]:
        """The pairs by line, so many at a time."""
        found = self._connection.execute("SELECT * FROM pair ORDER BY line")
        while rows := found.fetchmany(size):
            yield [Pair(*row) for row in rows]

    def asides(self, size: int) -> Iterator[list[SealedAside]]:
        """The values by record, so many records at a time."""
        found = self._connection.execute("SELECT * FROM aside ORDER BY kind, modern_id")
        while rows := found.fetchmany(size):
            yield [SealedAside(*row) for row in rows]


@contextmanager
def staged() -> Iterator[Staged]:
    """A place to lay things ready, gone at the end."""
    # The name of no file: SQLite keeps a small one in memory, and a large one in a file that
    # nobody else can open.
    connection = sqlite3.connect("", isolation_level=None)
    try:
        connection.executescript(TABLES)
        yield Staged(connection)
    finally:
        connection.close()
