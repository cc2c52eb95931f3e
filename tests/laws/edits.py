"""What a client makes of what it was shown, and what is stored and kept after it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from mappings.core.context import Document, Key
from mappings.core.record_mapping import RecordMapping
from mappings.core.results import Upgraded
from mappings.core.rules import Paired, SetAside
from tests.documents import MAPPINGS, legacy_documents, legacy_values


@dataclass(frozen=True)
class Edited:
    """What a client makes of a record, or of one in a list, that it was shown."""

    written: Document
    changed: tuple[str, ...]
    """The legacy fields that it changed; of lists, the items tell the rest."""
    items: Mapping[str, Sequence[tuple[int | None, Edited]]] = field(default_factory=dict)
    """By list, each item that it sends, with the position of the one that it was shown."""


def writable(mapping: RecordMapping) -> list[str]:
    """The legacy fields that a client may change, alone or with others."""
    return [
        name
        for rule in mapping.rules
        if isinstance(rule, SetAside) or (isinstance(rule, Paired) and rule.writable)
        for name in rule.legacy
    ]


@st.composite
def edited(draw: st.DrawFn, mapping: RecordMapping, shown: Document) -> Edited:
    """Some fields changed, some echoed, and in each list some items changed, added, left out."""
    lists = {rule.legacy[0]: rule for rule in mapping.of_kind(Paired) if rule.many}
    fields = writable(mapping)
    changed = draw(st.sets(st.sampled_from(fields))) if fields else set()
    echoed = draw(st.sets(st.sampled_from(sorted(shown))))
    if mapping.identifier is not None:
        # Without its key, an item of a list would be a new one.
        echoed |= {mapping.identifier.legacy[0]}
    written = {name: shown[name] for name in sorted(echoed)}
    items = {}
    for name in sorted(changed):
        record = lists[name].record if name in lists else None
        if record is None:
            written[name] = draw(legacy_values(mapping, name))
        else:
            items[name] = draw(_edited_items(record, shown[name] or []))
            written[name] = [item.written for _, item in items[name]]
    return Edited(written, tuple(sorted(changed)), items)


@st.composite
def _edited_items(
    draw: st.DrawFn, record: RecordMapping, shown: Sequence[Document]
) -> Sequence[tuple[int | None, Edited]]:
    kept = draw(st.sets(st.sampled_from(range(len(shown))))) if shown else set()
    items: list[tuple[int | None, Edited]] = [
        (place, draw(edited(record, shown[place]))) for place in sorted(kept)
    ]
    key = record.identifier.legacy[0] if record.identifier else ""
    for written in draw(st.lists(legacy_documents(record), max_size=2)):
        new = {name: value for name, value in written.items() if name != key}
        items.append((None, Edited(new, tuple(sorted(new.keys() & set(writable(record)))))))
    return draw(st.permutations(items))


@st.composite
def kept_asides(draw: st.DrawFn, mapping: RecordMapping, record: Document) -> dict[Key, Document]:
    """Values that were set aside before for a modern record and those within it."""
    found: dict[Key, Document] = {}
    for kind, identity in sorted(mapping.set_aside_in(record)):
        of = next(it for it in MAPPINGS.values() if it.kind == kind)
        fields = {
            rule.legacy[0]: legacy_values(of, rule.legacy[0]) for rule in of.of_kind(SetAside)
        }
        drawn = draw(st.fixed_dictionaries({}, optional=fields))
        # What is kept was read before: "07" is the number 7.
        read = of.canonical(drawn)
        found[kind, identity] = {name: read[name] for name in drawn}
    return found


def with_ids(document: Document, mapping: RecordMapping) -> Document:
    """A modern document as the new API has it once it is made: with an id, and each item too."""
    return _identified(document, mapping, itertools.count(1))


def _identified(document: Document, mapping: RecordMapping, fresh: Iterator[int]) -> Document:
    found = dict(document)
    for rule in mapping.of_kind(Paired):
        (name, *_), record = rule.modern, rule.record
        if record is not None and rule.many and found.get(name):
            found[name] = [_identified(item, record, fresh) for item in found[name]]
    if mapping.identifier is not None:
        found.setdefault(mapping.identifier.modern[0], f"{next(fresh):08d}-0000-4000-8000-{0:012d}")
    return found


def asides_after(mapping: RecordMapping, upgraded: Upgraded, stored: Document) -> dict[Key, Any]:
    """What the gateway keeps of a write, by the ids that the new API gave out."""
    asides = {(mapping.kind, str(mapping.identity_of(stored))): dict(upgraded.aside)}
    for rule in mapping.of_kind(Paired):
        if rule.by_calls and rule.record is not None:
            acts = stored.get(rule.modern[0]) or []
            made = len(acts) - sum(item.base is None for item in upgraded.items)
            for item in upgraded.items:
                identity = rule.record.identity_of(item.base or acts[made])
                made += item.base is None
                asides[rule.record.kind, str(identity)] = dict(item.aside)
    return asides
