"""The computed national health identifier, INS-C: its form and its key; it is never computed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mappings.core.codecs import Codec
from mappings.core.compiled.inline import Inline
from mappings.core.context import Json, Scope, is_blank
from mappings.core.errors import RefusedError

FORM = re.compile(r"(\d{20}) ?(\d{2})", re.ASCII)

Check = Literal["none", "form", "key"]


def checked(check: Check) -> Callable[[Json], None]:
    """A check of the form (20 digits and 2), or of the key as well; raises `RefusedError`."""

    def accept(value: Json) -> None:
        if not is_blank(value) and check != "none" and not matches(value, with_key=check == "key"):
            raise RefusedError("invalid")

    return accept


def matches(value: Json, *, with_key: bool) -> bool:
    """Whether a value has the form of an INS-C, and the key 97 - (n mod 97) where that is asked."""
    found = FORM.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return False
    return not with_key or int(found[2]) == 97 - int(found[1]) % 97


@dataclass(frozen=True)
class AsExternalId(Codec):
    """
    Carried as the modern `external_id`, for a deployment whose new API keeps it there. Another
    key that stands there is not shown and not written over.
    """

    check: Check

    def upgrade(self, legacy: Json, stored: Json, scope: Scope) -> Json:
        checked(self.check)(legacy)
        if is_blank(legacy) and (is_blank(stored) or matches(stored, with_key=False)):
            return None
        elsewhere = not is_blank(stored) and not matches(stored, with_key=False)
        if elsewhere or not matches(legacy, with_key=False):
            scope.lose()
            return stored
        return legacy

    def downgrade(self, modern: Json, scope: Scope) -> Json:
        return modern if matches(modern, with_key=False) else None

    def inline(self, name: str, record: Inline) -> str:
        value = record.of(name)
        return f"{value} if {record.name(matches)}({value}, with_key=False) else None"

    def canonical_legacy(self, legacy: Json) -> Json:
        return None if is_blank(legacy) else legacy

    def canonical_modern(self, modern: Json) -> Json:
        return modern or None
