"""Family names: the name in use and the name at birth, which the two APIs keep crosswise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mappings.core.codecs import GroupCodec, Values
from mappings.core.compiled.inline import Inline
from mappings.core.context import Scope, is_blank


class Crossed(GroupCodec):
    """
    Legacy `last_name` is the name in use and `birth_name` the name at birth when it differs;
    modern `last_name` is the name at birth and `customary_name` the name in use when it differs.
    """

    def upgrade(self, legacy: Values, stored: Values, scope: Scope) -> Values:
        in_use, at_birth = self.canonical_legacy(legacy)
        return (at_birth, in_use) if at_birth else (in_use, None)

    def downgrade(self, modern: Values, scope: Scope) -> Values:
        at_birth, in_use = self.canonical_modern(modern)
        return (in_use, at_birth) if in_use else (at_birth, "")

    def inline(self, names: Sequence[str], record: Inline) -> Sequence[str]:
        at_birth, in_use = map(record.of, names)
        alone = record.let(f"not {in_use} or {in_use} == {at_birth} or {in_use}.isspace()")
        return f"{at_birth} if {alone} else {in_use}", f"'' if {alone} else {at_birth}"

    def canonical_legacy(self, legacy: Values) -> Values:
        in_use, at_birth = legacy
        return in_use, "" if is_blank(at_birth) or at_birth == in_use else at_birth

    def canonical_modern(self, modern: Values) -> Values:
        at_birth, in_use = modern
        return at_birth, None if is_blank(in_use) or in_use == at_birth else in_use


class Straight(GroupCodec):
    """`last_name` is `last_name`; `birth_name` is `customary_name`, "" for null."""

    def upgrade(self, legacy: Values, stored: Values, scope: Scope) -> Values:
        last_name, birth_name = legacy
        return last_name, birth_name or None

    def downgrade(self, modern: Values, scope: Scope) -> Values:
        last_name, customary_name = modern
        return last_name, customary_name or ""

    def inline(self, names: Sequence[str], record: Inline) -> Sequence[str]:
        last_name, customary_name = map(record.of, names)
        return last_name, f"{customary_name} or ''"

    def canonical_legacy(self, legacy: Values) -> Values:
        return legacy[0], legacy[1] or ""

    def canonical_modern(self, modern: Values) -> Values:
        return modern[0], modern[1] or None


@dataclass(frozen=True)
class Swapped(GroupCodec):
    """First names and family names, where the new API keeps each under the other's name."""

    family: GroupCodec

    def upgrade(self, legacy: Values, stored: Values, scope: Scope) -> Values:
        first, *family = legacy
        name, customary = self.family.upgrade(tuple(family), (), scope)
        return name, first, customary

    def downgrade(self, modern: Values, scope: Scope) -> Values:
        name, first, customary = modern
        return first, *self.family.downgrade((name, customary), scope)

    def inline(self, names: Sequence[str], record: Inline) -> Sequence[str] | None:
        name, first, customary = names
        family = self.family.inline((name, customary), record)
        return None if family is None else (record.of(first), *family)

    def canonical_legacy(self, legacy: Values) -> Values:
        first, *family = legacy
        return first, *self.family.canonical_legacy(tuple(family))

    def canonical_modern(self, modern: Values) -> Values:
        name, first, customary = modern
        name, customary = self.family.canonical_modern((name, customary))
        return name, first, customary
