"""Which keys a modern record holds, it and those within it, as straight-line functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mappings.core.compiled.reading import block
from mappings.core.compiled.source import Source
from mappings.core.context import Key
from mappings.core.model import FieldReader, Uuid, identity
from mappings.core.rules import Identifier, Paired, SetAside

if TYPE_CHECKING:
    from mappings.core.record_mapping import RecordMapping

Keys = Callable[[Any], dict[Key, None]]
"""The keys in a record in their order, each once."""


@dataclass(frozen=True, slots=True)
class Place:
    """A record in the text: a document, or a typed one."""

    mapping: RecordMapping
    itself: str
    source: Source
    typed: bool

    def of(self, name: str) -> str:
        """The value of a field."""
        return f"{self.itself}.{name}" if self.typed else f"{self.itself}.get({name!r})"

    def within(self, mapping: RecordMapping) -> Place:
        """A record within this one."""
        return Place(mapping, f"{self.itself}_in", self.source, self.typed)

    def own(self, rule: Identifier, kind: str) -> list[str]:
        """The lines that put the record's own key in `found`."""
        name = rule.modern[0]
        reader = self.mapping.modern_readers[name] if self.typed else None
        return [
            f"value = {self.of(name)}",
            "if value is not None:",
            f"    found[{kind!r}, {as_compared('value', reader, self.source)}] = None",
        ]


Own = Callable[[Place], list[str]]
"""The lines that put a record's own keys in `found`."""


def as_compared(value: str, reader: FieldReader | None, source: Source) -> str:
    """The text of `identity` for a value; `reader` is that of its field, where it surely fits."""
    is_uuid = reader is not None and reader.type == Uuid
    return f"{value}.lower()" if is_uuid else f"{source.name(identity)}({value})"


def set_aside_keys(mapping: RecordMapping, *, typed: bool) -> Keys:
    """The records for which values may be set aside."""
    return _keys(mapping, _set_aside, typed=typed)


def modern_id_keys(mapping: RecordMapping) -> Keys:
    """The ids in a document that the crosswalk must resolve."""
    return _keys(mapping, _ids, typed=False)


def _keys(mapping: RecordMapping, own: Own, *, typed: bool) -> Keys:
    source = Source("keys(record)")
    lines = _lines(Place(mapping, "record", source, typed), own)
    source.add("found = {}", *lines, "return found")
    keys: Keys = source.function(str(mapping))
    return keys


def _lines(place: Place, own: Own) -> list[str]:
    lines = own(place)
    for rule in place.mapping.of_kind(Paired):
        if rule.record is not None:
            item, value = place.within(rule.record), place.of(rule.modern[0])
            inner = _lines(item, own)
            several = f"{value} or ()" if rule.many else f"[{value}] if {value} is not None else ()"
            lines += [f"for {item.itself} in {several}:", *block(inner)] if inner else []
    return lines


def _set_aside(place: Place) -> list[str]:
    mapping = place.mapping
    if mapping.identifier is None or not any(mapping.of_kind(SetAside)):
        return []
    return place.own(mapping.identifier, mapping.kind)


def _ids(place: Place) -> list[str]:
    lines: list[str] = []
    for rule in place.mapping.rules:
        if isinstance(rule, Identifier) and rule.kind:
            lines += place.own(rule, rule.kind)
        elif isinstance(rule, Paired) and rule.has_ids:
            values = "".join(f"{place.of(name)}, " for name in rule.modern)
            asked = f"{place.source.name(rule.codec.modern_ids)}(({values}))"
            lines += [f"for key in {asked}:", "    found[key] = None"]
    return lines
