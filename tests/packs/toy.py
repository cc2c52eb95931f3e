"""A small pair of APIs in which every verb of a mapping is used, in a domain of its own."""

from __future__ import annotations

from typing import Any

from pydantic import StrictInt

from mappings.core.codecs import Codec, GroupCodec, Values, code_table
from mappings.core.context import Document, Json, Scope
from mappings.core.evidence import documented
from mappings.core.model import Model, Timestamp, Uuid, declared
from mappings.core.record_mapping import RecordMapping
from mappings.core.verbs import (
    also_read,
    coded,
    computed,
    each,
    grouped,
    identifier,
    nested,
    renamed,
    same,
    set_aside,
    shown,
    untouched,
)

TOLD = documented("TOY")


class OldPage(Model):
    number: StrictInt | None = declared("Its number.", TOLD)
    heading: str | None = declared("Its heading.", TOLD)
    length: StrictInt | None = declared("Its length.", TOLD)


class NewPage(Model):
    id: Uuid | None = declared("Its id.", TOLD)
    title: str | None = declared("Its title.", TOLD)
    scan: Any = declared("Its scan.", TOLD)


class OldLoan(Model):
    number: StrictInt | None = declared("Its number.", TOLD)
    by: str | None = declared("Who has it.", TOLD)
    day: str | None = declared("Since when.", TOLD)
    remark: str | None = declared("A remark.", TOLD)


class NewLoan(Model):
    id: Uuid | None = declared("Its id.", TOLD)
    reader: str | None = declared("Who has it.", TOLD)
    since: str | None = declared("Since when.", TOLD)
    fee: Any = declared("What it costs.", TOLD)


class OldPress(Model):
    town: str | None = declared("Its town.", TOLD)
    street: str | None = declared("Its street.", TOLD)


class NewPress(Model):
    city: str | None = declared("Its town.", TOLD)
    street: str | None = declared("Its street.", TOLD)
    score: Any = declared("Its score.", TOLD)


class OldBook(Model):
    number: StrictInt | None = declared("Its number.", TOLD)
    name: str | None = declared("Its name.", TOLD)
    year: str | None = declared("Its year, as a text.", TOLD)
    state: str | None = declared("Its state.", TOLD)
    first: str | None = declared("The author's first name.", TOLD)
    last: str | None = declared("The author's last name.", TOLD)
    press: OldPress | None = declared("Its press.", TOLD)
    pages: list[OldPage] | None = declared("Its pages.", TOLD)
    label: str | None = declared("Its label.", TOLD)
    seen_at: Timestamp | None = declared("When it was seen.", TOLD)
    note: str | None = declared("A note.", TOLD)
    loans: list[OldLoan] | None = declared("Its loans.", TOLD)
    title: str | None = declared("Its name, in other words.", TOLD)


class NewBook(Model):
    id: Uuid = declared("Its id.", TOLD, required=True)
    title: str = declared("Its name.", TOLD, required=True)
    year: StrictInt | None = declared("Its year.", TOLD)
    condition: str | None = declared("Its state.", TOLD)
    author: str | None = declared("The author's names.", TOLD)
    printer: NewPress | None = declared("Its press.", TOLD)
    leaves: list[NewPage] | None = declared("Its pages.", TOLD)
    seen_at: Timestamp | None = declared("When it was seen.", TOLD)
    shelf: Any = declared("Where it stands.", TOLD)
    borrowings: list[NewLoan] | None = declared("Its loans.", TOLD)


class Year(Codec):
    """A number on the modern side, a text on the legacy one."""

    def upgrade(self, legacy: Json, stored: Json, scope: Scope) -> Json:
        return None if legacy in (None, "") else int(legacy)

    def downgrade(self, modern: Json, scope: Scope) -> Json:
        return None if modern is None else str(modern)

    def canonical_legacy(self, legacy: Json) -> Json:
        return None if legacy in (None, "") else str(int(legacy))


class Author(GroupCodec):
    """First and last name, with a comma between on the modern side."""

    def upgrade(self, legacy: Values, stored: Values, scope: Scope) -> Values:
        first, last = self.canonical_legacy(legacy)
        return (None if first is None and last is None else f"{last or ''}, {first or ''}",)

    def downgrade(self, modern: Values, scope: Scope) -> Values:
        if modern[0] is None:
            return None, None
        last, _, first = modern[0].partition(", ")
        return first, last

    def canonical_legacy(self, legacy: Values) -> Values:
        first, last = legacy
        if first is None and last is None:
            return None, None
        return first or "", last or ""

    def canonical_modern(self, modern: Values) -> Values:
        if modern[0] is None:
            return (None,)
        last, _, first = modern[0].partition(", ")
        return (f"{last}, {first}",)


STATE = code_table(
    {"new": "mint", "good": "fine", "ok": "fine"},
    also_shown={"worn": "good"},
    comes_back={"fine": "good"},
    unknown="odd",
)

PAGE = RecordMapping(
    OldPage,
    NewPage,
    identifier("number", to="id", kind="page", source=TOLD),
    renamed("heading", to="title", source=TOLD),
    computed(
        "length",
        lambda read, scope: len(read["title"] or "") or None,
        made_of=("title",),
        because="counted",
        source=TOLD,
    ),
    untouched("scan", because="new", source=TOLD),
    kind="page",
)

LOAN = RecordMapping(
    OldLoan,
    NewLoan,
    identifier("number", to="id", kind="loan", source=TOLD),
    renamed("by", to="reader", source=TOLD),
    renamed("day", to="since", source=TOLD),
    set_aside("remark", because="no place", source=TOLD),
    untouched("fee", because="new", source=TOLD),
    kind="loan",
    required=("by",),
)

PRESS = RecordMapping(
    OldPress,
    NewPress,
    renamed("town", to="city", source=TOLD),
    same("street", source=TOLD),
    untouched("score", because="new", source=TOLD),
)


def label(read: Document, scope: Scope) -> str:
    """Say what a book is."""
    return f"Book: {read['title']}"


BOOK = RecordMapping(
    OldBook,
    NewBook,
    identifier("number", to="id", kind="book", source=TOLD),
    renamed("name", to="title", source=TOLD),
    same("year", codec=Year(), source=TOLD),
    coded("state", STATE, to="condition", source=TOLD),
    grouped(("first", "last"), ("author",), Author(), source=TOLD),
    nested("press", to="printer", mapping=PRESS, source=TOLD),
    each("pages", to="leaves", mapping=PAGE, key="number", source=TOLD),
    each("loans", to="borrowings", mapping=LOAN, key="number", by_calls=True, source=TOLD),
    also_read("title", of="name", source=TOLD),
    computed("label", label, made_of=("title",), because="a sentence", source=TOLD),
    shown("seen_at", because="set by the server", source=TOLD),
    set_aside("note", because="no place", source=TOLD),
    untouched("shelf", because="new", source=TOLD),
    kind="book",
    required=("name",),
)
