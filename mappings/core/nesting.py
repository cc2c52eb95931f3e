"""Records within a record: one, or a list whose items are paired by their key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mappings.core import pointer as pointers
from mappings.core.codecs import Codec
from mappings.core.context import EMPTY, Document, Item, Json, Scope, equal, is_blank
from mappings.core.errors import RefusedError

if TYPE_CHECKING:
    from mappings.core.record_mapping import RecordMapping

UpgradeWithin = Callable[[Document, Scope, Document], Document]
"""The modern fields of one record that change; given also how it is shown as it is stored."""

MOST_ITEMS = 1000
"""How many records a client may write within one: each is checked, and may be a call."""


@dataclass(frozen=True)
class Nested(Codec):
    """A record within the record, by a mapping of its own."""

    mapping: RecordMapping

    def upgrade(self, legacy: Json, stored: Json, scope: Scope) -> Json:
        if legacy is None and stored is None:
            return None
        if legacy is None:
            # What only the new API knows stays: null says that there is nothing of the rest.
            legacy = dict.fromkeys(self.mapping.legacy_paired)
        if not isinstance(legacy, Mapping):
            raise RefusedError("not_an_object")
        changes = self.mapping.by_rules.upgrade_within(
            legacy, scope.within(stored, scope.context.base)
        )
        return {**(stored or {}), **changes}

    def downgrade(self, modern: Json, scope: Scope) -> Json:
        if modern is None:
            return None
        return self.mapping.by_rules.downgrade_within(modern, scope)

    def canonical_legacy(self, legacy: Json) -> Json:
        return None if legacy is None else self.mapping.canonical(legacy)

    def canonical_modern(self, modern: Json) -> Json:
        return None if modern is None else self.mapping.canonical_modern(modern)


@dataclass(frozen=True)
class Each(Codec):
    """
    A list of records. An item is paired with the stored one that shows the same key; where what
    is stored shows no key, by its position in a list of the same length. An item that the client
    leaves out stays; where the list is not writable, any difference is refused, but for the
    members that are `forgiven`. What a client made or changed is noted item by item, for whoever
    sends them by calls of their own.
    """

    mapping: RecordMapping
    key: str
    writable: bool = True
    forgiven: frozenset[str] = frozenset()
    by_calls: bool = False

    def upgrade(self, legacy: Json, stored: Json, scope: Scope) -> Json:
        shown = self.downgrade(stored, scope.within(None, scope.context.base).unheard())
        return self.merged(
            legacy,
            stored,
            shown,
            scope,
            lambda item, at, _: self.mapping.by_rules.upgrade_within(item, at),
        )

    def merged(
        self,
        legacy: Json,
        stored: Json,
        shown: Sequence[Document],
        scope: Scope,
        upgrade_within: UpgradeWithin,
    ) -> list[Document]:
        """The stored records with what a client made and changed, given how they are shown."""
        items, kept = self._items(legacy), list(stored or [])
        pairs = self._paired(items, shown, scope)
        result, told = list(kept), len(scope.report.lost)
        for position, (item, place) in enumerate(zip(items, pairs, strict=True)):
            base, known = (None, EMPTY) if place is None else (kept[place], shown[place])
            changes = self._changes(item, base, known, scope.at(position), upgrade_within)
            if place is None:
                result.append(changes)
            elif changes:
                result[place] = {**kept[place], **changes}
        left_out = len(kept) > sum(place is not None for place in pairs)
        ignored = {pointers.segments(loss.pointer)[-1] for loss in scope.report.lost[told:]}
        if not self.writable and (
            left_out or not equal(result, kept) or not ignored <= self.forgiven
        ):
            raise RefusedError("read_only")
        if left_out:
            scope.lose()
        return result

    def _changes(
        self,
        item: Document,
        base: Document | None,
        shown: Document,
        scope: Scope,
        upgrade_within: UpgradeWithin,
    ) -> Document:
        """The modern fields of one item that change; what it sets aside goes with its own call."""
        aside: dict[str, Json] | None = {} if self.by_calls else None
        within = scope.within(base, scope.context.base, aside)
        changes = upgrade_within(item, within, shown)
        if self.by_calls and (base is None or changes or aside):
            if base is not None and self.mapping.identity_of(base) is None:
                # What has no id has no path of its own.
                scope.refuse("read_only")
            noted = Item(scope.pointer, item, base, changes, aside or {})
            scope.report.items.append(noted)
        return changes

    def downgrade(self, modern: Json, scope: Scope) -> Json:
        return [
            self.mapping.by_rules.downgrade_within(item, scope.at(position))
            for position, item in enumerate(modern or [])
        ]

    def canonical_legacy(self, legacy: Json) -> Json:
        return [self.mapping.canonical(item) for item in legacy or []]

    def canonical_modern(self, modern: Json) -> Json:
        return [self.mapping.canonical_modern(item) for item in modern or []]

    @staticmethod
    def _items(legacy: Json) -> Sequence[Document]:
        if legacy is not None and not isinstance(legacy, list):
            raise RefusedError("not_a_list")
        if legacy and len(legacy) > MOST_ITEMS:
            raise RefusedError("invalid")
        for position, item in enumerate(legacy or []):
            if not isinstance(item, Mapping):
                raise RefusedError("not_an_object", (position,))
        return legacy or []

    def _paired(
        self, items: Sequence[Document], shown: Sequence[Document], scope: Scope
    ) -> list[int | None]:
        """For each item, the position of the stored one that it writes over, or none."""
        keyed = {
            str(item[self.key]): place
            for place, item in enumerate(shown)
            if item[self.key] is not None
        }
        pairs: list[int | None] = []
        taken: set[int] = set()
        for position, item in enumerate(items):
            key, place = item.get(self.key), None
            if is_blank(key):
                echoed = len(items) == len(shown) and shown[position][self.key] is None
                place = position if echoed else None
            elif scope.context.base is not None:
                # Some clients write numbers as texts.
                place = keyed.get(str(key))
                if place is None:
                    scope.refuse("unknown", position, self.key)
                elif place in taken:
                    scope.refuse("taken", position, self.key)
                else:
                    taken.add(place)
            pairs.append(place)
        return pairs
