"""The rules of a mapping: what becomes of a few fields, both ways, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mappings.core.codecs import Codec, GroupCodec, Values
from mappings.core.context import Document, Json, Scope, equal, is_blank
from mappings.core.errors import RefusedError
from mappings.core.evidence import Evidence
from mappings.core.model import identity

if TYPE_CHECKING:
    from mappings.core.record_mapping import RecordMapping

Changes = dict[str, Json]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One line of a mapping: the fields that it decides on either side."""

    verb: str
    legacy: tuple[str, ...] = ()
    modern: tuple[str, ...] = ()
    source: Evidence
    because: str = ""
    """In words for the docs; asked for wherever a field is not simply carried over."""
    ignored: ClassVar[bool] = False
    """Whether what a client writes in these fields is not even checked."""

    @property
    def reads(self) -> tuple[str, ...]:
        """The modern fields whose values this rule reads on the way down."""
        return self.modern

    def upgrade(self, written: Document, scope: Scope) -> Changes:
        """The modern fields that change, given the legacy ones that the client wrote."""
        return {}

    def downgrade(self, modern: Document, scope: Scope) -> Changes:
        """The legacy fields that the modern record shows."""
        return {}

    def canonical(self, written: Document) -> Changes:
        """The fields after one trip there and back, but for what only the server makes."""
        return {}

    def contradictions(self) -> list[str]:
        """What is wrong with this rule by itself."""
        found = [] if self.because or self.verb in CARRIED else [f"{self.verb}: no reason is given"]
        if self.source.level == "guess" and not (self.source.question and self.source.option):
            found.append("a guess names its question and its option")
        return found


CARRIED = frozenset({"same", "renamed", "coded", "grouped", "nested", "each", "identifier"})


@dataclass(frozen=True, kw_only=True)
class Paired(Rule):
    """Fields that are carried both ways, through a codec."""

    codec: GroupCodec
    record: RecordMapping | None = None
    """The mapping of the record or of each record within, which then reads its own fields."""
    many: bool = False
    by_calls: bool = False
    """Whether the records within are made and changed by calls of their own."""
    writable: bool = True

    @property
    def has_ids(self) -> bool:
        """Whether there may be ids in its own values, beside those of records within."""
        return self.record is None and type(self.codec).modern_ids is not GroupCodec.modern_ids

    def upgrade(self, written: Document, scope: Scope) -> Changes:
        base = scope.context.base
        stored = self._values(base or {}, self.modern)
        if base is None and len(written) == len(self.legacy):
            # Nothing is stored that could be shown.
            full = self._values(written, self.legacy)
        else:
            shown = self.codec.downgrade(stored, self._around(base, scope.unheard()))
            said = zip(self.legacy, shown, strict=True)
            full = tuple([written.get(name, value) for name, value in said])
            if base is not None and self.record is None and self.codec.echoes(full, shown):
                return {}
        place = scope.at(next(name for name in self.legacy if name in written))
        try:
            modern = self.codec.upgrade(full, stored, place)
        except RefusedError as refusal:
            place.refuse(refusal.reason, *refusal.within)
            return {}
        return self.changed(modern, stored)

    def downgrade(self, modern: Document, scope: Scope) -> Changes:
        place = self._around(modern, scope.at(self.modern[0]))
        values = self.codec.downgrade(self._values(modern, self.modern), place)
        return dict(zip(self.legacy, values, strict=True))

    def canonical(self, written: Document) -> Changes:
        values = self.codec.canonical_legacy(self._values(written, self.legacy))
        return dict(zip(self.legacy, values, strict=True)) if self.writable else {}

    def contradictions(self) -> list[str]:
        found = super().contradictions() + self.codec.contradictions()
        return found if self.writable or self.because else [*found, "read only: no reason is given"]

    def changed(self, modern: Values, stored: Values) -> Changes:
        """
        The values that say something else than the stored ones; the others stay as stored.

        Where nothing is stored, a value that says what nothing would mean is still a value.
        """
        if all(map(_says_something_new, modern, stored)):
            named = zip(self.modern, modern, strict=True)
            return {name: value for name, value in named if value is not None}
        news = self.codec.canonical_modern(modern)
        olds = self.codec.canonical_modern(stored)
        kept = tuple(
            old if equal(new, canonical) and (old is not None or is_blank(value)) else value
            for value, new, old, canonical in zip(modern, news, stored, olds, strict=True)
        )
        # A value that said nothing beside the old ones may say something beside the new ones.
        if not equal(self.codec.canonical_modern(kept), news):
            kept = modern
        return {
            name: value
            for name, value, old in zip(self.modern, kept, stored, strict=True)
            if not equal(value, old)
        }

    @staticmethod
    def _values(document: Document, names: Sequence[str]) -> Values:
        return tuple([document.get(name) for name in names])

    def _around(self, modern: Document | None, scope: Scope) -> Scope:
        """The scope in which the records within `modern` are shown: it is their parent."""
        return scope if self.record is None else scope.within(None, modern)


def _says_something_new(value: Json, stored: Json) -> bool:
    """Whether nothing is stored, and the value is null or surely more than that."""
    return stored is None and (value is None or not is_blank(value))


@dataclass(frozen=True, kw_only=True)
class Identifier(Rule):
    """The record's own id, made by the server: the same on both sides, or by the crosswalk."""

    ignored = True
    kind: str | None = None
    """The kind under which the crosswalk has it; none where both sides use the same id."""

    def upgrade(self, written: Document, scope: Scope) -> Changes:
        (name,) = self.legacy
        base = scope.context.base
        if base is None:
            if not is_blank(written[name]):
                scope.lose(name)
        elif str(written[name]).lower() != str(self.downgrade(base, scope)[name]).lower():
            scope.refuse("mismatch", name)
        return {}

    def downgrade(self, modern: Document, scope: Scope) -> Changes:
        value = modern.get(self.modern[0])
        if self.kind is None:
            return {self.legacy[0]: value}
        return {self.legacy[0]: scope.context.ids.to_legacy.get((self.kind, identity(value)))}


@dataclass(frozen=True, kw_only=True)
class Shown(Rule):
    """A field that the server sets: shown to the client, ignored when it writes it."""

    ignored = True
    codec: Codec
    older: Callable[[Json, Json], bool] | None = None
    """Whether what the client wrote is older than what is stored: then the write is stale."""

    def upgrade(self, written: Document, scope: Scope) -> Changes:
        (name,) = self.legacy
        base = scope.context.base
        shown = None if base is None else self.downgrade(base, scope.unheard())[name]
        if base is None:
            if not is_blank(written[name]):
                scope.lose(name)
        elif not equal(written[name], shown):
            scope.lose(name)
            if self.older and self.older(written[name], shown):
                scope.report.stale = True
        return {}

    def downgrade(self, modern: Document, scope: Scope) -> Changes:
        value = self.codec.downgrade(modern.get(self.modern[0]), scope.at(self.modern[0]))
        return {self.legacy[0]: value}


@dataclass(frozen=True, kw_only=True)
class Computed(Rule):
    """A field that is made from others when it is shown; ignored when a client writes it."""

    ignored = True
    function: Callable[[Document, Scope], Json]
    """Given the modern fields that it reads, and no others."""
    made_of: tuple[str, ...]

    @property
    def reads(self) -> tuple[str, ...]:
        return self.made_of

    def downgrade(self, modern: Document, scope: Scope) -> Changes:
        read = {name: modern.get(name) for name in self.made_of}
        return {self.legacy[0]: self.function(read, scope)}

    def compare(self, written: Document, modern: Document, scope: Scope) -> None:
        """Note a loss where the client wrote something else than what will be shown."""
        (name,) = self.legacy
        if scope.context.base is None and is_blank(written[name]):
            return
        if not equal(written[name], self.downgrade(modern, scope.unheard())[name]):
            scope.lose(name)


@dataclass(frozen=True, kw_only=True)
class Alias(Rule):
    """Another name under which a client may write a field; it is never shown."""

    of: str


@dataclass(frozen=True, kw_only=True)
class SetAside(Rule):
    """A legacy-only field: the gateway may keep its value, the new API never gets it."""

    empty: Json = None
    """What is shown where nothing is kept."""
    check: Callable[[Json], None] | None = None
    """Raises `RefusedError` for a value that the old API would not have taken."""

    def upgrade(self, written: Document, scope: Scope) -> Changes:
        (name,) = self.legacy
        if equal(written[name], scope.aside.get(name, self.empty)):
            return {}
        if self.check is not None:
            try:
                self.check(written[name])
            except RefusedError as refusal:
                scope.refuse(refusal.reason, name)
        scope.set_aside(name, written[name])
        return {}

    def downgrade(self, modern: Document, scope: Scope) -> Changes:
        (name,) = self.legacy
        return {name: scope.aside.get(name, self.empty)}

    def canonical(self, written: Document) -> Changes:
        (name,) = self.legacy
        return {name: written.get(name, self.empty)}


@dataclass(frozen=True, kw_only=True)
class Untouched(Rule):
    """A modern-only field: never shown, never destroyed."""

    @property
    def reads(self) -> tuple[str, ...]:
        return ()


Rules = tuple[Rule, ...]
