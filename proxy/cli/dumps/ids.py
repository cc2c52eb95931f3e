"""Ids of records on their way through a dump: looked up in the store, told to it, given out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mappings.core import pointer as pointers
from mappings.core.context import Document, Ids, Json, Key
from mappings.core.errors import Problem
from mappings.core.record_mapping import RecordMapping
from mappings.core.rules import Paired
from proxy.errors import StoreError
from proxy.store.connection import Connection
from proxy.store.crosswalk import add_pairs, allocate, by_modern, pairs_by
from proxy.store.dump import MODERN_ID, Dumped, Reader
from proxy.store.statements import BATCH

Pair = tuple[str, str, str]
"""A kind, a legacy id and a modern id."""


@dataclass(slots=True)
class Identified:
    """The records of one legacy document, and the modern id of each of them that has one."""

    records: list[Dumped]
    modern_ids: dict[str, str]
    """By the record's pointer."""
    unknown: list[Key] = field(default_factory=list)
    """Legacy ids of which nobody knows the modern one yet."""

    @property
    def pairs(self) -> list[Pair]:
        """What the document itself tells for the crosswalk."""
        return [
            (it.crosswalk_kind, it.legacy_id, it.modern_id)
            for it in self.records
            if it.crosswalk_kind and it.legacy_id and it.modern_id
        ]

    @property
    def carried(self) -> set[str]:
        """Where the legacy ids stand that are not lost."""
        return {
            pointers.child(it.pointer, it.mapping.identifier.legacy[0])
            for it in self.records
            if it.pointer in self.modern_ids and it.mapping.identifier is not None
        }

    def with_ids(self, mapping: RecordMapping, modern: Document, pointer: str = "") -> Document:
        """The modern document with these ids in it, first."""
        known = self.modern_ids.get(pointer)
        made = dict(modern)
        if known is not None and mapping.identifier is not None:
            made = {mapping.identifier.modern[0]: known, **modern}
        for rule in mapping.of_kind(Paired):
            within = made.get(rule.modern[0])
            if rule.record is None or within is None:
                continue
            place = pointers.child(pointer, rule.legacy[0])
            made[rule.modern[0]] = (
                [
                    self.with_ids(rule.record, item, pointers.child(place, position))
                    for position, item in enumerate(within)
                ]
                if rule.many
                else self.with_ids(rule.record, within, place)
            )
        return made


@dataclass(frozen=True, slots=True)
class StoredIds:
    """The crosswalk, asked for many documents at once."""

    connection: Connection
    mapping: RecordMapping
    uuid_kinds: Collection[str]

    def given(self, records: Iterable[Document]) -> Ids:
        """The legacy ids of all that modern records hold; those that had none get one, for good."""
        asked = dict.fromkeys(key for record in records for key in self.mapping.modern_ids(record))
        found: dict[Key, Json] = {**by_modern(self.connection, asked)}
        missing = [key for key in asked if key not in found]
        found |= {key: key[1] for key in missing if key[0] in self.uuid_kinds}
        new = [key for key in missing if key[0] not in self.uuid_kinds]
        if new:
            with self.connection.transaction():
                found |= allocate(self.connection, new)
        return Ids(found)

    def identified(self, documents: Iterable[Json]) -> list[Identified]:
        """The ids of legacy documents, which lose the members that told modern ones."""
        reader = Reader(self.mapping, lambda name: False)
        read = [list(reader.records(document)) for document in documents]
        for document in documents:
            _forget_told(document, self.mapping)
        asked = {
            (dumped.crosswalk_kind, dumped.legacy_id)
            for records in read
            for dumped in records
            if dumped.crosswalk_kind and dumped.legacy_id and not dumped.modern_id
        }
        rows = pairs_by(self.connection, "legacy_id", asked)
        known = {(kind, legacy): modern for kind, legacy, modern in rows}
        return [self._identified(records, known) for records in read]

    def _identified(self, records: list[Dumped], known: Mapping[Key, str]) -> Identified:
        ids: dict[str, str] = {}
        unknown: list[Key] = []
        for dumped in records:
            kind, legacy, modern = dumped.crosswalk_kind, dumped.legacy_id, dumped.modern_id
            if kind is None and modern and legacy and modern != legacy:
                place = pointers.child(dumped.pointer, MODERN_ID)
                dumped.problems.append(Problem(place, "mismatch"))
            same = legacy if kind is None or kind in self.uuid_kinds else None
            found = modern or known.get((kind or "", legacy or ""), same)
            if found is not None:
                ids[dumped.pointer] = found
            elif kind and legacy:
                unknown.append((kind, legacy))
        return Identified(records, ids, unknown)

    def told(self, unknown: Collection[Key]) -> bool:
        """Whether the store knows one of these by now."""
        return any(pairs_by(self.connection, "legacy_id", unknown))

    def accept(self, told: Sequence[tuple[int, Sequence[Pair]]]) -> set[int]:
        """
        Store the pairs that lines tell; gives the lines that contradict the store, or one before.

        Nothing of such a line is stored. Raises `StoreError` where others write the same ids now.
        """
        pairs = {pair for _, some in told for pair in some}
        if not pairs:
            return set()
        with self.connection.transaction():
            here = {
                *pairs_by(self.connection, "legacy_id", [(it[0], it[1]) for it in pairs]),
                *pairs_by(self.connection, "modern_id", [(it[0], it[2]) for it in pairs]),
            }
            new, refused = _judged(told, here)
            for at in range(0, len(new), BATCH):
                some = new[at : at + BATCH]
                if len(add_pairs(self.connection, some)) < len(some):
                    raise StoreError("another has just written the same ids: run this again")
        return refused


def _judged(
    told: Sequence[tuple[int, Sequence[Pair]]], here: Collection[Pair]
) -> tuple[list[Pair], set[int]]:
    """The new pairs, and the lines that contradict what stands before them."""
    modern = {(kind, old): id_ for kind, old, id_ in here}
    legacy = {(kind, id_): old for kind, old, id_ in here}
    new: dict[Pair, None] = {}
    refused: set[int] = set()
    for line, pairs in told:
        by_old = {(kind, old): id_ for kind, old, id_ in pairs}
        by_id = {(kind, id_): old for kind, old, id_ in pairs}
        if any(
            modern.get((kind, old), by_old[kind, old]) != id_
            or legacy.get((kind, id_), by_id[kind, id_]) != old
            for kind, old, id_ in pairs
        ):
            refused.add(line)
            continue
        modern |= by_old
        legacy |= by_id
        new |= dict.fromkeys(pair for pair in pairs if pair not in here)
    return list(new), refused


def _forget_told(document: Json, mapping: RecordMapping) -> None:
    """Take out, in place, what is said for the crosswalk alone."""
    if not isinstance(document, dict):
        return
    document.pop(MODERN_ID, None)
    for rule in mapping.of_kind(Paired):
        if rule.record is not None:
            within = document.get(rule.legacy[0])
            for item in within if isinstance(within, list) else [within]:
                _forget_told(item, rule.record)
