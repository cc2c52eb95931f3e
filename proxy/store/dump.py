"""Records of the old API as a dump has them: their ids, and the values that are set aside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from mappings.core import pointer as pointers
from mappings.core.context import Document, Json, equal
from mappings.core.errors import Problem, RefusedError
from mappings.core.model import FieldReader
from mappings.core.record_mapping import RecordMapping
from mappings.core.rules import Paired, SetAside
from proxy.store.staging import NO_ID, identity

MODERN_ID = "modern_id"
"""The member of a line that tells the new API's id, where it is another one."""


@dataclass(slots=True)
class Dumped:
    """One record of a line, or one within it."""

    mapping: RecordMapping
    pointer: str
    legacy_id: str | None = None
    modern_id: str | None = None
    """Told by the line itself."""
    values: dict[str, Json] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def crosswalk_kind(self) -> str | None:
        """The kind under which the crosswalk has its id; none where both sides use the same."""
        return self.mapping.identifier.kind if self.mapping.identifier else None


class Reader:
    """Reads lines of one kind of record; `keeps` tells which fields this gateway keeps at all."""

    def __init__(self, mapping: RecordMapping, keeps: Callable[[str], bool]) -> None:
        self._mapping = mapping
        self._keeps = keeps
        self._readers: dict[tuple[RecordMapping, str], FieldReader] = {}

    def records(self, document: Document) -> Iterator[Dumped]:
        """The record of a line, and then those within it."""
        yield from self._records(self._mapping, document, "")

    def _records(self, mapping: RecordMapping, document: Json, where: str) -> Iterator[Dumped]:
        if not isinstance(document, dict):
            yield Dumped(mapping, where, problems=[Problem(where, "not_an_object")])
            return
        yield self._record(mapping, document, where)
        for rule in mapping.of_kind(Paired):
            within = document.get(rule.legacy[0])
            if rule.record is None or within is None:
                continue
            place = pointers.child(where, rule.legacy[0])
            if not rule.many:
                yield from self._records(rule.record, within, place)
            elif isinstance(within, list):
                for position, item in enumerate(within):
                    yield from self._records(rule.record, item, pointers.child(place, position))
            else:
                yield Dumped(mapping, place, problems=[Problem(place, "not_a_list")])

    def _record(self, mapping: RecordMapping, document: Document, where: str) -> Dumped:
        found = Dumped(mapping, where)
        if mapping.identifier is not None:
            found.legacy_id = self._id(document, mapping.identifier.legacy[0], found)
            found.modern_id = self._id(document, MODERN_ID, found)
        for rule in mapping.of_kind(SetAside):
            (name,) = rule.legacy
            value = document.get(name)
            if value is not None and not equal(value, rule.empty) and self._keeps(name):
                self._value(rule, value, found)
        return found

    def _id(self, document: Document, name: str, found: Dumped) -> str | None:
        if document.get(name) is None:
            return None
        known = identity(document[name])
        if known is None:
            place = pointers.child(found.pointer, name)
            found.problems.append(Problem(place, NO_ID))
        return known

    def _value(self, rule: SetAside, value: Json, found: Dumped) -> None:
        (name,) = rule.legacy
        place = pointers.child(found.pointer, name)
        key = (found.mapping, name)
        if key not in self._readers:
            self._readers[key] = FieldReader(found.mapping.legacy.model_fields[name])
        plain, problems = self._readers[key].read(value, place)
        if problems:
            found.problems += problems
            return
        try:
            if rule.check is not None:
                rule.check(plain)
        except RefusedError as refusal:
            found.problems.append(Problem(place, refusal.reason))
        else:
            found.values[name] = plain
