"""What a translation gets besides the document, and what it tells besides the result."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, TypeAlias

import msgspec

from mappings.core import pointer as pointers
from mappings.core.errors import Problem

Json: TypeAlias = Any
"""A plain JSON value: None, bool, int, Decimal or float, str, list, dict."""

Document: TypeAlias = Mapping[str, Json]
"""One JSON object of either side. Translations never change the one they are given."""

EMPTY: Mapping[Any, Any] = MappingProxyType({})

PLAIN = frozenset({str, int, bool, type(None)})
"""The types of JSON values that are equal only to others of their type, or to another number."""

COLLECTIONS = (dict, list, Mapping)

Key: TypeAlias = tuple[str, str]
"""One record of the modern side: its kind and its id."""


# These and those below are made for every document and record: a dataclass takes six times as
# long to make.
class Ids(msgspec.Struct, frozen=True):
    """The crosswalk's answer for one document: the legacy ids that it asked for."""

    to_legacy: Mapping[Key, Json] = EMPTY


NO_IDS = Ids()


class Context(msgspec.Struct, frozen=True):
    """What a translation needs and may not fetch: the date, the base, the ids, the tables."""

    today: date
    base: Document | None = None
    """The modern record as stored now, when a legacy client writes over it."""
    ids: Ids = NO_IDS
    tables: Mapping[str, Any] = EMPTY
    """The operator's tables, by the names under which the pack declares them."""
    asides: Mapping[Key, Document] = EMPTY
    """The values set aside for each record, by legacy field."""
    parent: Document | None = None
    """The modern record around this one, for a record within a record."""


class Loss(msgspec.Struct, frozen=True):
    """A legacy value that was not carried over: its place in the client's document."""

    pointer: str
    declared: bool
    """False for a field that the legacy model does not have."""


class Item(msgspec.Struct, frozen=True):
    """A record within the record that a write makes or changes by a call of its own."""

    pointer: str
    """Where it stands in the client's document."""
    written: Document
    base: Document | None
    """It as it is stored now; none for one that is made."""
    changes: Document
    """The modern fields that change; of one that is made, all of them."""
    aside: Document
    """The legacy-only values that the client wrote, where they change."""


class Report(msgspec.Struct):
    """What one translation found on its way; filled by the rules, read by the mapping."""

    problems: list[Problem] = msgspec.field(default_factory=list)
    lost: list[Loss] = msgspec.field(default_factory=list)
    items: list[Item] = msgspec.field(default_factory=list)
    stale: bool = False
    unknown: list[str] = msgspec.field(default_factory=list)
    """Modern pointers at which a code stands that no table has."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell; the records that a client wrote are no news."""
        return not (self.problems or self.lost or self.unknown or self.stale)


class Scope(msgspec.Struct, frozen=True):
    """One place in a translation: its context, the pointer of the document, the report."""

    context: Context
    report: Report
    pointer: str = ""
    aside: Document = EMPTY
    """The values that are set aside for this record."""
    aside_to: dict[str, Json] | None = None
    """Where values to set aside are noted; nobody keeps those of a record that has no call."""
    written_as: Mapping[str, str] = EMPTY
    """The pointers that the client's document has under another name."""

    def at(self, *parts: str | int) -> Scope:
        """The scope of a member or an item within this one."""
        where = self.pointer
        for part in parts:
            where = pointers.child(where, part)
            where = self.written_as.get(where, where)
        # No `replace` here and below: it takes three times as long.
        return Scope(self.context, self.report, where, self.aside, self.aside_to, self.written_as)

    def within(
        self,
        base: Document | None,
        parent: Document | None,
        aside_to: dict[str, Json] | None = None,
    ) -> Scope:
        """The scope of a record within this record: its own base, and this one as its parent."""
        of = self.context
        context = Context(of.today, base, of.ids, of.tables, of.asides, parent)
        return Scope(context, self.report, self.pointer, EMPTY, aside_to, self.written_as)

    def of(self, kind: str, identity: Json) -> Scope:
        """The same place, with what is set aside for the record of this kind and id."""
        aside = self.context.asides.get((kind, str(identity)), EMPTY)
        return Scope(self.context, self.report, self.pointer, aside, self.aside_to, self.written_as)

    def unheard(self) -> Scope:
        """The same place, with a report that nobody reads."""
        return Scope(
            self.context, Report(), self.pointer, self.aside, self.aside_to, self.written_as
        )

    def refuse(self, reason: str, *parts: str | int) -> None:
        """Note a problem here or within; the translation goes on to find the others."""
        self.report.problems.append(Problem(self.at(*parts).pointer, reason))

    def lose(self, *parts: str | int, declared: bool = True) -> None:
        """Note that the value here or within is not carried over."""
        self.report.lost.append(Loss(self.at(*parts).pointer, declared))

    def set_aside(self, name: str, value: Json) -> None:
        """Note a value for whoever keeps them, where somebody does."""
        if self.aside_to is not None:
            self.aside_to[name] = value
        elif not is_blank(value) or not is_blank(self.aside.get(name)):
            self.lose(name)

    def note_unknown(self, *parts: str | int) -> None:
        """Note that a modern code here or within is in no table."""
        self.report.unknown.append(self.at(*parts).pointer)


def equal(one: Json, other: Json) -> bool:
    """Whether two JSON values are the same: true is not 1, and absent members count."""
    kind = type(one)
    if kind is type(other):
        if kind in PLAIN:
            return bool(one == other)
        if kind is dict:
            return one.keys() == other.keys() and all(map(equal, one.values(), map(other.get, one)))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(map(equal, one.values(), map(other.get, one)))
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def identical(one: Json, other: Json) -> bool:
    """Whether two JSON values cannot be told apart: 1 is not 1.0 either."""
    kind = type(one)
    if kind is not type(other):
        return False
    if kind in PLAIN:
        return bool(one == other)
    if kind is dict:
        same_keys = one.keys() == other.keys()
        return same_keys and all(map(identical, one.values(), map(other.get, one)))
    return kind is list and len(one) == len(other) and all(map(identical, one, other))


def is_blank(value: Json) -> bool:
    """Whether a value says nothing: null, or a text or collection with nothing in it."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or (not value and isinstance(value, COLLECTIONS))
