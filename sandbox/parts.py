"""What has an id of its own inside a record: vaccination acts and sharing requests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sandbox.problems import found
from sandbox.records import Document, Record, Records


@dataclass(frozen=True)
class Part:
    """One object in a list of a record, and that record as it is with it."""

    record: Record
    document: Document

    @property
    def etag(self) -> str:
        """The strong entity tag of what it holds."""
        return f'"{sha256(json.dumps(self.document).encode()).hexdigest()[:32]}"'


@dataclass(frozen=True)
class Parts:
    """The objects in one list of every record; a planted record may hold anything there."""

    records: Records
    field: str

    def get(self, identity: str, among: Iterable[Record]) -> Part:
        """Give the object with this id in some records; refuse when there is none."""
        parts = [
            Part(record, item)
            for record in among
            for item in self.of(record)
            if isinstance(item, dict) and item.get("id") == identity
        ]
        # Planted records may repeat an id: the one that was written last has it.
        return found(max(parts, key=lambda part: part.record.version, default=None))

    def of(self, record: Record) -> list[Any]:
        """Give the list as it is in a record."""
        items = record.document.get(self.field)
        return items if isinstance(items, list) else []

    def add(self, record: Record, document: Document) -> Part:
        """Put an object at the end of a record's list."""
        return Part(self._write(record, [*self.of(record), document]), document)

    def write(self, part: Part, fields: Document) -> Part:
        """Put fields over those of an object, which stays where it is."""
        document = {**part.document, **fields}
        items = [document if item is part.document else item for item in self.of(part.record)]
        return Part(self._write(part.record, items), document)

    def delete(self, part: Part) -> None:
        """Take an object out of its record."""
        self._write(
            part.record, [item for item in self.of(part.record) if item is not part.document]
        )

    def _write(self, record: Record, items: list[Any]) -> Record:
        return self.records.write(record, {self.field: items})
