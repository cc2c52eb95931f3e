"""One declaration, both directions: what becomes of every field of two models."""

from __future__ import annotations

from collections.abc import Iterator, KeysView, Mapping
from dataclasses import replace
from datetime import date
from typing import Literal, TypeVar

from mappings.core import pointer as pointers
from mappings.core.context import (
    Context,
    Document,
    Json,
    Key,
    Report,
    Scope,
    equal,
    is_blank,
)
from mappings.core.coverage import contradictions
from mappings.core.errors import ContradictionError, DocumentError, Problem
from mappings.core.model import FieldReader, Model, identity
from mappings.core.results import Downgraded, Upgraded
from mappings.core.rules import (
    Alias,
    Changes,
    Computed,
    Identifier,
    Paired,
    Rule,
    Rules,
    SetAside,
)

R = TypeVar("R", bound=Rule)


class RecordMapping:
    """
    Two models and what becomes of each of their fields.

    Raises `ContradictionError` at import, with every contradiction, unless exactly one rule
    decides each field of both models.
    """

    def __init__(
        self,
        legacy: type[Model],
        modern: type[Model],
        *rules: Rules,
        kind: str = "",
        required: tuple[str, ...] = (),
        undeclared: Literal["drop", "refuse"] = "drop",
    ) -> None:
        self.legacy = legacy
        self.modern = modern
        self.rules = tuple(rule for group in rules for rule in group)
        self.kind = kind
        """The kind of the modern record, for the crosswalk and for values set aside."""
        self.required = required
        """Legacy fields that a creation must have and that nothing may leave blank."""
        self.undeclared = undeclared
        found = contradictions(legacy, modern, self.rules, required, kind)
        if found:
            raise ContradictionError(str(self), found)
        self.identifier = next(self.of_kind(Identifier), None)
        self._by_legacy = {name: rule for rule in self.rules for name in rule.legacy}
        self._by_modern = {name: rule for rule in self.rules for name in rule.modern}
        self._legacy_readers = self._readers(legacy, self._by_legacy)
        reads = {name: rule for rule in self.rules for name in rule.reads}
        self._modern_readers = self._readers(modern, reads)

    def __str__(self) -> str:
        return f"the mapping of {self.legacy.__name__}"

    def upgrade(self, document: Json, context: Context) -> Upgraded:
        """
        A legacy document, whole or partial, carried over to the modern side.

        With a base, what the client did not change keeps the base's own value.
        Raises `DocumentError` with all problems, as pointers into the client's document.
        """
        aside: dict[str, Json] = {}
        scope = Scope(context, Report(), aside_to=aside)
        if not isinstance(document, Mapping):
            raise DocumentError([Problem("", "not_an_object")])
        changes, report = self.upgrade_within(document, scope), scope.report
        if report.problems:
            raise DocumentError(report.problems)
        whole = {**(context.base or {}), **changes}
        items, lost = tuple(report.items), tuple(report.lost)
        return Upgraded(whole, changes, aside, items, lost, report.stale)

    def downgrade(self, document: Json, context: Context) -> Downgraded:
        """
        A modern document as the legacy side shows it: every legacy field, in the legacy order.

        Raises `DocumentError` where the document does not fit the modern model.
        """
        problems = self.misfits(document, "")
        if problems:
            raise DocumentError(problems)
        scope = Scope(context, Report())
        return Downgraded(self.downgrade_within(document, scope), tuple(scope.report.unknown))

    def upgrade_within(self, document: Document, scope: Scope) -> Changes:
        """The modern fields of a record, or of one within a record, that change."""
        base = scope.context.base
        if base is not None:
            scope = self._known(base, scope)
        document, scope = self._named(document, scope)
        read = self._read(document, scope)
        broken = self._blanks(document, read, scope) | (document.keys() - read.keys())
        changes: Changes = {}
        for rule in self.rules:
            written = {name: read[name] for name in rule.legacy if name in read}
            if written and broken.isdisjoint(rule.legacy):
                changes |= self._checked(rule.upgrade(written, scope), written, scope)
        if not scope.report.problems:
            whole = {**(scope.context.base or {}), **changes}
            for rule in self.of_kind(Computed):
                if rule.legacy[0] in read:
                    rule.compare(read, whole, scope)
        return changes

    def downgrade_within(self, document: Document, scope: Scope) -> Document:
        """A modern record that fits its model, as the legacy side shows it."""
        shown: Changes = {}
        known = self._known(document, scope)
        for rule in self.rules:
            shown |= rule.downgrade(document, known)
        return {name: shown[name] for name in self.legacy.model_fields if name in shown}

    def canonical(self, document: Document) -> Document:
        """What a legacy document says, as it comes back; without what only the server makes."""
        document, scope = self._named(document, _nowhere())
        read = self._read(document, scope)
        said: Changes = {}
        for rule in self.rules:
            said |= rule.canonical(read)
        return {name: said[name] for name in self.legacy.model_fields if name in said}

    def canonical_modern(self, document: Document) -> Document:
        """The paired fields of a modern document, as they come back."""
        said: Changes = {}
        for rule in self.of_kind(Paired):
            values = rule.codec.canonical_modern(tuple(document.get(name) for name in rule.modern))
            said |= dict(zip(rule.modern, values, strict=True)) if rule.writable else {}
        return said

    def misfits(self, document: Json, pointer: str) -> list[Problem]:
        """Every place where a document does not fit the modern model, as far as rules read it."""
        if not isinstance(document, Mapping):
            return [Problem(pointer, "not_an_object")]
        found: list[Problem] = []
        for name, reader in self._modern_readers.items():
            where, value = pointers.child(pointer, name), document.get(name)
            rule = self._by_modern.get(name)
            if value is None and not reader.required:
                continue
            if name not in document:
                found.append(Problem(where, "blank"))
            elif not isinstance(rule, Paired) or rule.record is None:
                found += reader.read(value, where)[1]
            elif not rule.many:
                found += rule.record.misfits(value, where)
            elif not isinstance(value, list):
                found.append(Problem(where, "not_a_list"))
            else:
                for position, item in enumerate(value):
                    found += rule.record.misfits(item, pointers.child(where, position))
        return found

    def modern_ids(self, document: Document) -> KeysView[Key]:
        """The ids in a modern document that the crosswalk must resolve, in their order."""
        found: dict[Key, None] = {}
        for rule in self.rules:
            if isinstance(rule, Identifier) and rule.kind:
                if document.get(rule.modern[0]) is not None:
                    found[rule.kind, identity(document[rule.modern[0]])] = None
            elif isinstance(rule, Paired) and rule.record is None:
                ids = rule.codec.modern_ids(tuple(map(document.get, rule.modern)))
                found |= dict.fromkeys(ids)
        for record, item in self._records_in(document):
            found |= dict.fromkeys(record.modern_ids(item))
        return found.keys()

    def set_aside_in(self, document: Document) -> set[Key]:
        """The records in a modern document, itself included, for which values may be set aside."""
        found = set()
        own = self.identity_of(document)
        if own is not None and any(self.of_kind(SetAside)):
            found.add((self.kind, own))
        for record, item in self._records_in(document):
            found |= record.set_aside_in(item)
        return found

    def identity_of(self, document: Document) -> str | None:
        """The id of a modern record, in lower case; none where it has none."""
        if self.identifier is None or document.get(self.identifier.modern[0]) is None:
            return None
        return identity(document[self.identifier.modern[0]])

    def legacy_pointers(self, modern_pointer: str, written: Document) -> list[str]:
        """
        Where in the client's document lies what stands at a modern pointer.

        Nothing for what the legacy side never had; of a group, the fields that say something.
        """
        head, *rest = pointers.segments(modern_pointer) or [""]
        rule = self._by_modern.get(head)
        if rule is None or not rule.legacy:
            return []
        written, scope = self._named(written, _nowhere())
        names = [name for name in rule.legacy if not is_blank(written.get(name))]
        places = [scope.at(name).pointer for name in names or rule.legacy[:1]]
        record, inner = self._record(rule), written.get(rule.legacy[0])
        if record is not None and rest and isinstance(inner, Mapping):
            found = record.legacy_pointers(pointers.join(rest), inner)
            return [places[0] + place for place in found] or places
        return places

    @property
    def legacy_paired(self) -> tuple[str, ...]:
        """The legacy fields that have a modern counterpart which a client may write."""
        return tuple(name for rule in self.of_kind(Paired) if rule.writable for name in rule.legacy)

    @property
    def by_calls(self) -> frozenset[str]:
        """The modern lists whose records are made and changed by calls of their own."""
        return frozenset(rule.modern[0] for rule in self.of_kind(Paired) if rule.by_calls)

    def rule_of(self, side: Literal["legacy", "modern"], name: str) -> Rule | None:
        """The rule that decides a field, or none for an undeclared one."""
        return (self._by_legacy if side == "legacy" else self._by_modern).get(name)

    def of_kind(self, kind: type[R]) -> Iterator[R]:
        """The rules of one kind, in their order."""
        return (rule for rule in self.rules if isinstance(rule, kind))

    def _named(self, document: Document, scope: Scope) -> tuple[Document, Scope]:
        """The document with the names that the rules use, for those that have another as well."""
        aliases = {rule.legacy[0]: rule.of for rule in self.of_kind(Alias)}
        named = {name: value for name, value in document.items() if name not in aliases}
        written_as = {}
        for alias, name in aliases.items():
            if alias not in document:
                continue
            value = document[alias]
            if name not in named or (is_blank(named[name]) and not is_blank(value)):
                named[name] = value
                written_as[scope.at(name).pointer] = scope.at(alias).pointer
            elif not is_blank(value) and not equal(named[name], value):
                scope.refuse("contradiction", alias)
        return named, replace(scope, written_as=written_as)

    def _read(self, document: Document, scope: Scope) -> Document:
        """The declared legacy fields that can be read; the others are lost or problems."""
        read: Changes = {}
        for name, value in document.items():
            reader = self._legacy_readers.get(name)
            if reader is None:
                self._undeclared(scope, name)
            elif self._by_legacy[name].ignored or self._record(self._by_legacy[name]) is not None:
                read[name] = value
            else:
                plain, problems, undeclared = reader.read_declared(value, scope.at(name).pointer)
                scope.report.problems += problems
                for place in undeclared:
                    self._undeclared(scope, name, *place)
                if not problems:
                    read[name] = plain
        return read

    def _undeclared(self, scope: Scope, *place: str | int) -> None:
        """Note a member that the legacy model does not have."""
        if self.undeclared == "refuse":
            scope.refuse("undeclared", *place)
        else:
            scope.lose(*place, declared=False)

    def _blanks(self, document: Document, read: Document, scope: Scope) -> set[str]:
        """Refuse the required fields that are missing at creation or written blank."""
        base = scope.context.base
        shown = {} if base is None else self.downgrade_within(base, scope.unheard())
        blank = {
            name
            for name in self.required
            if is_blank(document.get(name))
            and (name in document or base is None)
            and not (name in shown and name in read and equal(read[name], shown[name]))
        }
        for name in self.required:
            if name in blank:
                scope.refuse("blank", name)
        return blank

    def _checked(self, changes: Changes, written: Document, scope: Scope) -> Changes:
        """Refuse a change to null of what the modern side must have."""
        for name, value in changes.items():
            reader = self._modern_readers.get(name)
            if value is None and reader is not None and reader.required:
                scope.refuse("blank", next(name for name in written if is_blank(written[name])))
        return changes

    def _known(self, document: Document, scope: Scope) -> Scope:
        """The scope with what is set aside for this modern record."""
        return scope.of(self.kind, self.identity_of(document))

    def _records_in(self, document: Document) -> Iterator[tuple[RecordMapping, Document]]:
        """The modern records within a modern record, each with its mapping."""
        for rule in self.of_kind(Paired):
            value = document.get(rule.modern[0])
            if rule.record is not None and value is not None:
                yield from ((rule.record, item) for item in (value if rule.many else [value]))

    @staticmethod
    def _record(rule: Rule | None) -> RecordMapping | None:
        return rule.record if isinstance(rule, Paired) else None

    @staticmethod
    def _readers(model: type[Model], rules: Mapping[str, Rule]) -> dict[str, FieldReader]:
        return {
            name: FieldReader(info) for name, info in model.model_fields.items() if name in rules
        }


def _nowhere() -> Scope:
    """The scope of a document that nobody translates: only what it says is asked."""
    return Scope(Context(today=date.min), Report())
