"""Values set aside, into the store from a dump of the old API, and out of it line by line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from mappings.core.context import Json, Key
from mappings.core.record_mapping import RecordMapping
from proxy.settings import StoreSettings
from proxy.store import asides
from proxy.store.connection import Connection, Row
from proxy.store.crosswalk import pairs_by
from proxy.store.dump import MODERN_ID, Dumped, Reader
from proxy.store.opening import (
    Progress,
    expired_at,
    in_thread,
    modern_ids_of,
    opened,
    paged,
    sealing,
    unseen,
)
from proxy.store.seal import Seal
from proxy.store.staging import Pair, Problems, SealedAside, Staged, lines, staged
from proxy.store.statements import BATCH, places, rows
from proxy.store.transfer import lock, parsed, write_pairs

UNKNOWN = (
    f"its modern id is not known: say it as {MODERN_ID}, or import it before "
    "(passerelle crosswalk import)"
)
KEY = ("set_aside.kind", "set_aside.modern_id")
EXPORTED = """
    SELECT set_aside.kind, set_aside.modern_id, owner_id, key_id, sealed, legacy_id
    FROM set_aside LEFT JOIN crosswalk
    ON crosswalk.kind = set_aside.kind AND crosswalk.modern_id = set_aside.modern_id
"""
INSERT = "INSERT INTO set_aside (kind, modern_id, owner_id, key_id, sealed, written_at)"
OVER = """
    ON CONFLICT (kind, modern_id) DO UPDATE
    SET owner_id = excluded.owner_id, key_id = excluded.key_id, sealed = excluded.sealed,
        written_at = excluded.written_at
"""
READ_AT_ONCE = 100
"""How many lines of a dump are held in memory: one may be megabytes."""


@dataclass(frozen=True, slots=True)
class ImportedRecords:
    """What the import of a dump did."""

    lines: int
    records: int
    """How many records, those within others included, have values to set aside."""
    filled: int
    """How many of them had none here, or not all."""
    pairs: int
    """How many pairs of ids were added."""


@in_thread
def import_records(
    settings: StoreSettings,
    file: BinaryIO,
    mapping: RecordMapping,
    *,
    uuid_kinds: Collection[str],
    keeps: Callable[[str], bool],
    now: float,
    progress: Progress = unseen,
) -> ImportedRecords:
    """
    Fill in what is set aside, from legacy records in NDJSON; all of the file or nothing.

    What is here already is newer than any dump, and stays. `keeps` tells which fields are kept.
    Raises `ImportRefusedError`.
    """
    seal, problems = sealing(settings), Problems()
    with staged() as ready:
        with opened(settings, fresh=True) as connection:
            reading = _Reading(connection, Reader(mapping, keeps), uuid_kinds, seal, ready)
            count = reading.all(file, problems, progress)
            problems.check()
            with connection.transaction():
                lock(connection)
                pairs = write_pairs(connection, ready, problems)
                problems.check()
                filling = _Filling(connection, seal, expired_at(settings, now), now)
                filled = filling.all(ready, progress)
        return ImportedRecords(count, ready.asides_count, filled, pairs)


@dataclass(slots=True)
class _Reading:
    """Reads a dump, finds the modern id of each record, and seals what is to be kept."""

    connection: Connection
    reader: Reader
    uuid_kinds: Collection[str]
    seal: Seal
    ready: Staged

    def all(self, file: BinaryIO, problems: Problems, progress: Progress) -> int:
        read, batch = 0, []
        for number, line in lines(file, problems):
            document = parsed(number, line, problems)
            if document is not None:
                batch.append((number, list(self.reader.records(document))))
            if len(batch) == READ_AT_ONCE:
                self._stage(batch, problems)
                read, batch = read + len(batch), []
                progress("reading", read, None)
        self._stage(batch, problems)
        return read + len(batch)

    def _stage(self, batch: list[tuple[int, list[Dumped]]], problems: Problems) -> None:
        known = self._modern_ids([dumped for _, line in batch for dumped in line])
        for number, line in batch:
            owner = self._modern_id(line[0], known)
            for dumped in line:
                for problem in dumped.problems:
                    problems.add(number, str(problem))
                if not dumped.problems:
                    self._stage_one(number, dumped, self._modern_id(dumped, known), owner, problems)

    def _stage_one(
        self, line: int, dumped: Dumped, modern: str | None, owner: str | None, problems: Problems
    ) -> None:
        where = f"{dumped.pointer or '(the whole document)'}: "
        if dumped.modern_id and dumped.legacy_id and dumped.modern_id != dumped.legacy_id:
            if dumped.crosswalk_kind is None:
                problems.add(line, f"{where}its id is the same on both sides, {MODERN_ID} is not")
                return
            pair = Pair(line, dumped.crosswalk_kind, dumped.legacy_id, dumped.modern_id)
            self.ready.add_pair(pair, problems)
        if not dumped.values:
            return
        if modern is None or owner is None:
            problems.add(line, where + UNKNOWN)
            return
        key = (dumped.mapping.kind, modern)
        key_id, sealed = self.seal.seal(dumped.values, *asides.place(key))
        self.ready.add_aside(SealedAside(line, *key, owner, key_id, sealed), problems)

    def _modern_id(self, dumped: Dumped, known: dict[tuple[str, str], str]) -> str | None:
        kind, legacy = dumped.crosswalk_kind, dumped.legacy_id
        if dumped.modern_id or legacy is None:
            return dumped.modern_id
        same = kind is None or kind in self.uuid_kinds
        return known.get((kind or "", legacy), legacy if same else None)

    def _modern_ids(self, batch: list[Dumped]) -> dict[tuple[str, str], str]:
        asked = {
            (dumped.crosswalk_kind, dumped.legacy_id)
            for dumped in batch
            if dumped.crosswalk_kind and dumped.legacy_id and not dumped.modern_id
        }
        return {
            (kind, legacy): modern
            for kind, legacy, modern in pairs_by(self.connection, "legacy_id", asked)
        }


@dataclass(frozen=True, slots=True)
class _Filling:
    """Writes the values that are not here yet, while nobody else writes."""

    connection: Connection
    seal: Seal
    since: float
    now: float

    def all(self, ready: Staged, progress: Progress) -> int:
        filled = done = 0
        for some in ready.asides(BATCH):
            # As with pairs: what is new is found by writing it.
            fresh = "ON CONFLICT DO NOTHING RETURNING kind, modern_id"
            written = [self._row(aside, aside.key_id, aside.sealed) for aside in some]
            new = set(self._insert(written, fresh))
            others = [aside for aside in some if _key(aside) not in new]
            filled += len(new) + self._merge(others)
            done += len(some)
            progress("writing", done, ready.asides_count)
        return filled

    def _merge(self, some: list[SealedAside]) -> int:
        """Lay the values under those that are here, and give the number of rows that change."""
        keys = [_key(aside) for aside in some]
        kept = asides.read(self.connection, self.seal, keys, self.since)
        changed = [row for aside in some if (row := self._merged(aside, kept.get(_key(aside), {})))]
        if changed:
            self._insert(changed, OVER)
        return len(changed)

    def _insert(self, some: list[Row], on_conflict: str) -> list[Row]:
        statement = f"{INSERT} VALUES {rows(6, len(some))} {on_conflict}"
        return self.connection.execute(statement, *chain.from_iterable(some))

    def _merged(self, aside: SealedAside, kept: dict[str, Json]) -> Row | None:
        """The row with the values of both; none where the dump has nothing that is not here."""
        place = asides.place(_key(aside))
        values = self.seal.open(aside.key_id, aside.sealed, *place)
        if values.keys() <= kept.keys():
            return None
        return self._row(aside, *self.seal.seal({**values, **kept}, *place))

    def _row(self, aside: SealedAside, key_id: str, sealed: bytes) -> Row:
        return (*_key(aside), aside.owner_id, key_id, sealed, self.now)


def _key(aside: SealedAside) -> Key:
    return aside.kind, aside.modern_id


def export_records(
    settings: StoreSettings, *, now: float, record: str | None = None
) -> Iterator[dict[str, Json]]:
    """What is set aside, of every record or of one and those within it; raises `SealError`."""
    seal = sealing(settings)
    where = "written_at > ?"
    values: list[object] = [expired_at(settings, now)]
    with opened(settings) as connection:
        if record is not None:
            ids = modern_ids_of(connection, record)
            its_own = f"set_aside.modern_id IN ({places(ids)}) OR owner_id IN ({places(ids)})"
            where, values = f"{where} AND ({its_own})", [*values, *ids, *ids]
        for some in paged(connection, EXPORTED, KEY, where, values):
            for row in some:
                yield _exported(seal, row)


def _exported(seal: Seal, row: Row) -> dict[str, Json]:
    kind, modern, owner, key_id, sealed, legacy = row
    numeric = legacy is not None and legacy.isdecimal()
    return {
        "kind": kind,
        "modern_id": modern,
        "owner_id": owner,
        "legacy_id": int(legacy) if numeric else legacy,
        "values": seal.open(key_id, sealed, *asides.place((kind, modern))),
    }
