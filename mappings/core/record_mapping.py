"""One declaration, both directions: what becomes of every field of two models."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, KeysView, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Literal, TypeVar

from mappings.core import pointer as pointers
from mappings.core.by_rules import ByRules, nowhere
from mappings.core.compiled import compiled
from mappings.core.compiled.from_bytes import FromBytes, from_bytes
from mappings.core.compiled.keys import modern_id_keys, set_aside_keys
from mappings.core.compiled.source import DECLINED
from mappings.core.compiled.written import Written, from_client
from mappings.core.context import (
    EMPTY,
    Context,
    Document,
    Json,
    Key,
    Report,
    Scope,
    is_blank,
)
from mappings.core.coverage import contradictions
from mappings.core.errors import ContradictionError, DocumentError, Problem
from mappings.core.model import FieldReader, Model, identity
from mappings.core.results import Downgraded, Upgraded
from mappings.core.rules import (
    Changes,
    Identifier,
    Paired,
    Rule,
    Rules,
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
        self.legacy_readers = self._readers(legacy, self._by_legacy)
        reads = {name: rule for rule in self.rules for name in rule.reads}
        self.modern_readers = self._readers(modern, reads)
        self._modern_ids = modern_id_keys(self)
        self._set_aside_keys = set_aside_keys(self, typed=False)
        self.by_rules = ByRules(self)
        self.compiled = compiled(self)
        """The same as `by_rules`, at a tenth of the cost, or nothing."""
        self._from_bytes: dict[Hashable, FromBytes | None] = {}

    def __str__(self) -> str:
        return f"the mapping of {self.legacy.__name__}"

    def upgrade(self, document: Json, context: Context) -> Upgraded:
        """
        A legacy document, whole or partial, carried over to the modern side.

        With a base, what the client did not change keeps the base's own value.
        Raises `DocumentError` with all problems, as pointers into the client's document.
        """
        return self.in_line(document, context) or self._rule_by_rule(document, context)

    def in_line(self, document: Json, context: Context) -> Upgraded | None:
        """The upgrade by the compiled function, where there are no problems."""
        if self.compiled.upgrade is None:
            return None
        aside: dict[str, Json] = {}
        scope = Scope(context, Report(), aside_to=aside)
        base = context.base
        try:
            shown = EMPTY if base is None else self.show(base, context).document
            changes = self.compiled.upgrade(document, scope, shown)
        except DECLINED:
            return None
        return Upgraded.of(base, changes, aside, scope.report)

    def _rule_by_rule(self, document: Json, context: Context) -> Upgraded:
        if not isinstance(document, Mapping):
            raise DocumentError([Problem("", "not_an_object")])
        aside: dict[str, Json] = {}
        scope = Scope(context, Report(), aside_to=aside)
        changes, report = self.by_rules.upgrade_within(document, scope), scope.report
        if report.problems:
            raise DocumentError(report.problems)
        return Upgraded.of(context.base, changes, aside, report)

    def downgrade(self, document: Json, context: Context) -> Downgraded:
        """
        A modern document as the legacy side shows it: every legacy field, in the legacy order.

        Raises `DocumentError` where the document does not fit the modern model.
        """
        problems = self.misfits(document, "")
        if problems:
            raise DocumentError(problems)
        return self.show(document, context)

    def show(self, document: Document, context: Context) -> Downgraded:
        """The same for a document of which it is known that it has no misfits."""
        if self.compiled.downgrade is not None:
            scope = Scope(context, Report())
            with suppress(*DECLINED):
                shown = self.compiled.downgrade(document, scope)
                if scope.report.empty:
                    return Downgraded(shown, ())
        if self.compiled.downgrade_placed is not None:
            scope = Scope(context, Report())
            with suppress(*DECLINED):
                shown = self.compiled.downgrade_placed(document, scope)
                return Downgraded(shown, tuple(scope.report.unknown))
        scope = Scope(context, Report())
        shown = self.by_rules.downgrade_within(document, scope)
        return Downgraded(shown, tuple(scope.report.unknown))

    def from_bytes(self, named: Mapping[str, str], list_key: str | None) -> FromBytes | None:
        """
        What shows records from the bytes of the new API; none where something has no such form.

        `named` tells by modern list which field of a record in it names the one around it; a list
        of these records lies below `list_key`, if that is given.
        """
        key = (tuple(named.items()), list_key)
        if key not in self._from_bytes:
            self._from_bytes[key] = from_bytes(self, named, list_key)
        return self._from_bytes[key]

    def from_client(self) -> Written | None:
        """What makes new records of a client's bytes; none where something has no such form."""
        return self._from_client

    @cached_property
    def _from_client(self) -> Written | None:
        return from_client(self)

    def canonical(self, document: Document) -> Document:
        """What a legacy document says, as it comes back; without what only the server makes."""
        if self.compiled.canonical is not None:
            with suppress(*DECLINED):
                return self.compiled.canonical(document)
        return self.by_rules.canonical(document)

    def canonical_modern(self, document: Document) -> Document:
        """The paired fields of a modern document, as they come back."""
        said: Changes = {}
        for rule in self.of_kind(Paired):
            values = rule.codec.canonical_modern(tuple(document.get(name) for name in rule.modern))
            said |= dict(zip(rule.modern, values, strict=True)) if rule.writable else {}
        return said

    def misfits(self, document: Json, pointer: str) -> list[Problem]:
        """Every place where a document does not fit the modern model, as far as rules read it."""
        if self.compiled.fits(document):
            return []
        return self.by_rules.misfits(document, pointer)

    def modern_ids(self, document: Document) -> KeysView[Key]:
        """The ids in a modern document that the crosswalk must resolve, in their order."""
        return self._modern_ids(document).keys()

    def set_aside_in(self, document: Document) -> set[Key]:
        """The records in a modern document, itself included, for which values may be set aside."""
        return set(self._set_aside_keys(document))

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
        written, scope = self.by_rules.named(written, nowhere())
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

    @cached_property
    def by_calls(self) -> frozenset[str]:
        """The modern lists whose records are made and changed by calls of their own."""
        return frozenset(rule.modern[0] for rule in self.of_kind(Paired) if rule.by_calls)

    def rule_of(self, side: Literal["legacy", "modern"], name: str) -> Rule | None:
        """The rule that decides a field, or none for an undeclared one."""
        return (self._by_legacy if side == "legacy" else self._by_modern).get(name)

    def of_kind(self, kind: type[R]) -> Iterator[R]:
        """The rules of one kind, in their order."""
        return (rule for rule in self.rules if isinstance(rule, kind))

    @staticmethod
    def _record(rule: Rule | None) -> RecordMapping | None:
        return rule.record if isinstance(rule, Paired) else None

    @staticmethod
    def _readers(model: type[Model], rules: Mapping[str, Rule]) -> dict[str, FieldReader]:
        return {
            name: FieldReader(info) for name, info in model.model_fields.items() if name in rules
        }
