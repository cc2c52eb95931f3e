"""What becomes of each field of one document, in words and without its values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from mappings.core import pointer as pointers
from mappings.core.context import Document, Json
from mappings.core.record_mapping import RecordMapping
from mappings.core.rules import Computed, Paired, Rule

Direction = Literal["upgrade", "downgrade"]

FATES: Mapping[tuple[Direction, str], str] = {
    ("upgrade", "shown"): "ignored: the server sets it",
    ("upgrade", "computed"): "ignored: made from other fields",
    ("upgrade", "identifier"): "must be the record's own",
    ("upgrade", "set aside"): "not sent: set aside, or lost",
    ("downgrade", "untouched"): "not shown, kept as it is",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One field of a document: where it stands, what becomes of it, why, known from where."""

    pointer: str
    fate: str
    becomes: str
    because: str
    source: str


def explain(mapping: RecordMapping, document: Document, direction: Direction) -> list[Row]:
    """A row for each member of the document, then for what the other side makes by itself."""
    rows = list(_members(mapping, document, direction, "", ""))
    if direction == "downgrade":
        rows += [
            Row("", "computed", pointers.child("", rule.legacy[0]), rule.because, str(rule.source))
            for rule in mapping.of_kind(Computed)
        ]
    return rows


def _members(
    mapping: RecordMapping, document: Document, direction: Direction, above: str, beyond: str
) -> Iterator[Row]:
    side: Literal["legacy", "modern"] = "legacy" if direction == "upgrade" else "modern"
    for name, value in document.items():
        where = pointers.child(above, name)
        rule = mapping.rule_of(side, name)
        if rule is None:
            kept = "dropped and counted" if side == "legacy" else "not shown, kept as it is"
            yield Row(where, f"undeclared: {kept}", "", "", "")
            continue
        yield _row(rule, where, direction, beyond)
        if isinstance(rule, Paired) and rule.record is not None:
            there = pointers.child(beyond, _others(rule, direction)[0])
            for place, item in _records(value, ""):
                yield from _members(rule.record, item, direction, where + place, there + place)


def _row(rule: Rule, where: str, direction: Direction, beyond: str) -> Row:
    others = _others(rule, direction)
    fate = FATES.get((direction, rule.verb), rule.verb)
    becomes = ", ".join(pointers.child(beyond, name) for name in others)
    return Row(where, fate, becomes, rule.because, str(rule.source))


def _others(rule: Rule, direction: Direction) -> tuple[str, ...]:
    return rule.modern if direction == "upgrade" else rule.legacy


def _records(value: Json, where: str) -> Iterator[tuple[str, Document]]:
    if isinstance(value, Mapping):
        yield where, value
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _records(item, pointers.child(where, position))
