"""The rules of a mapping one after the other: slower than compiled, and they tell everything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import msgspec

from mappings.core import pointer as pointers
from mappings.core.context import Context, Document, Json, Report, Scope, equal, is_blank
from mappings.core.errors import Problem
from mappings.core.rules import Alias, Changes, Computed, Paired

if TYPE_CHECKING:
    from mappings.core.record_mapping import RecordMapping


class ByRules:
    """What a mapping does, by asking each of its rules; what they find is in the report."""

    def __init__(self, mapping: RecordMapping) -> None:
        self._mapping = mapping

    def upgrade_within(self, document: Document, scope: Scope) -> Changes:
        """The modern fields of a record, or of one within a record, that change."""
        base = scope.context.base
        if base is not None:
            scope = self._known(base, scope)
        document, scope = self.named(document, scope)
        read = self._read(document, scope)
        broken = self._blanks(document, read, scope) | (document.keys() - read.keys())
        changes: Changes = {}
        for rule in self._mapping.rules:
            written = {name: read[name] for name in rule.legacy if name in read}
            if written and broken.isdisjoint(rule.legacy):
                changes |= self._checked(rule.upgrade(written, scope), written, scope)
        if not scope.report.problems:
            whole = {**(scope.context.base or {}), **changes}
            for rule in self._mapping.of_kind(Computed):
                if rule.legacy[0] in read:
                    rule.compare(read, whole, scope)
        return changes

    def downgrade_within(self, document: Document, scope: Scope) -> Document:
        """A modern record that fits its model, as the legacy side shows it."""
        shown: Changes = {}
        known = self._known(document, scope)
        for rule in self._mapping.rules:
            shown |= rule.downgrade(document, known)
        return {name: shown[name] for name in self._mapping.legacy.model_fields if name in shown}

    def canonical(self, document: Document) -> Document:
        """What a legacy document says, as it comes back; without what only the server makes."""
        document, scope = self.named(document, nowhere())
        read = self._read(document, scope)
        said: Changes = {}
        for rule in self._mapping.rules:
            said |= rule.canonical(read)
        return {name: said[name] for name in self._mapping.legacy.model_fields if name in said}

    def misfits(self, document: Json, pointer: str) -> list[Problem]:
        """Every place where a document does not fit the modern model, as far as rules read it."""
        if not isinstance(document, Mapping):
            return [Problem(pointer, "not_an_object")]
        found: list[Problem] = []
        for name, reader in self._mapping.modern_readers.items():
            where, value = pointers.child(pointer, name), document.get(name)
            rule = self._mapping.rule_of("modern", name)
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

    def named(self, document: Document, scope: Scope) -> tuple[Document, Scope]:
        """The document with the names that the rules use, for those that have another as well."""
        aliases = {rule.legacy[0]: rule.of for rule in self._mapping.of_kind(Alias)}
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
        return named, msgspec.structs.replace(scope, written_as=written_as)

    def note_undeclared(self, scope: Scope, *place: str | int) -> None:
        """Note a member that the legacy model does not have."""
        if self._mapping.undeclared == "refuse":
            scope.refuse("undeclared", *place)
        else:
            scope.lose(*place, declared=False)

    def _read(self, document: Document, scope: Scope) -> Document:
        """The declared legacy fields that can be read; the others are lost or problems."""
        read: Changes = {}
        for name, value in document.items():
            reader = self._mapping.legacy_readers.get(name)
            rule = self._mapping.rule_of("legacy", name)
            if reader is None or rule is None:
                self.note_undeclared(scope, name)
            elif rule.ignored or (isinstance(rule, Paired) and rule.record is not None):
                read[name] = value
            else:
                plain, problems, undeclared = reader.read_declared(value, scope.at(name).pointer)
                scope.report.problems += problems
                for place in undeclared:
                    self.note_undeclared(scope, name, *place)
                if not problems:
                    read[name] = plain
        return read

    def _blanks(self, document: Document, read: Document, scope: Scope) -> set[str]:
        """Refuse the required fields that are missing at creation or written blank."""
        base = scope.context.base
        shown = {} if base is None else self.downgrade_within(base, scope.unheard())
        blank = {
            name
            for name in self._mapping.required
            if is_blank(document.get(name))
            and (name in document or base is None)
            and not (name in shown and name in read and equal(read[name], shown[name]))
        }
        for name in self._mapping.required:
            if name in blank:
                scope.refuse("blank", name)
        return blank

    def _checked(self, changes: Changes, written: Document, scope: Scope) -> Changes:
        """Refuse a change to null of what the modern side must have."""
        for name, value in changes.items():
            reader = self._mapping.modern_readers.get(name)
            if value is None and reader is not None and reader.required:
                scope.refuse("blank", next(name for name in written if is_blank(written[name])))
        return changes

    def _known(self, document: Document, scope: Scope) -> Scope:
        """The scope with what is set aside for this modern record."""
        return scope.of(self._mapping.kind, self._mapping.identity_of(document))


def nowhere() -> Scope:
    """The scope of a document that nobody translates: only what it says is asked."""
    return Scope(Context(today=date.min), Report())
