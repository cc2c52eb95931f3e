"""The code tables, and small values that differ in how they say "nothing"."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.core.codecs import Codec, code_table
from mappings.core.compiled.inline import Inline
from mappings.core.context import Json, Scope

GENDER = code_table({"male": "m", "female": "f"})

ROUTES: Mapping[str, str] = {
    "IM": "intramuscular",
    "SQ": "subcutaneous",
    "IDINJ": "intradermal",
    "NASINHL": "intranasal",
    "PO": "oral",
}
"""How a vaccine is given: HL7 v3 code -> modern word."""

SITES: Mapping[str, str] = {
    "LD": "left_deltoid",
    "RD": "right_deltoid",
    "LT": "left_thigh",
    "RT": "right_thigh",
}
"""Where it is given: HL7 v3 code -> modern word."""


class EmptyText(Codec):
    """A text for which the legacy API says "" where the new one says null."""

    def upgrade(self, legacy: Json, stored: Json, scope: Scope) -> Json:
        return legacy or None

    def downgrade(self, modern: Json, scope: Scope) -> Json:
        return modern or ""

    def inline(self, name: str, record: Inline) -> str:
        return f"{record.of(name)} or ''"

    def canonical_legacy(self, legacy: Json) -> Json:
        return legacy or ""

    def canonical_modern(self, modern: Json) -> Json:
        return modern or None


class FalseWhenUnknown(Codec):
    """A truth value for which the legacy API has no null, and the new one takes none."""

    def upgrade(self, legacy: Json, stored: Json, scope: Scope) -> Json:
        return bool(legacy)

    def downgrade(self, modern: Json, scope: Scope) -> Json:
        return bool(modern)

    def inline(self, name: str, record: Inline) -> str:
        return f"True if {record.of(name)} else False"

    def canonical_legacy(self, legacy: Json) -> Json:
        return bool(legacy)

    def canonical_modern(self, modern: Json) -> Json:
        return bool(modern)
