"""Which vaccine was given: a legacy client names it by its codes, the new API by its UUID."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import msgspec

from mappings.core.codecs import Codec
from mappings.core.compiled.inline import Inline
from mappings.core.context import Document, Json, Scope, equal, is_blank
from mappings.core.errors import RefusedError
from mappings.mesvaccins.vaccines import NO_VACCINES, TABLE, Vaccines

COLUMNS = {
    "id": "id",
    "ucd_code": "ucd_code",
    "cip_code": "cip_codes",
    "icp_code": "cip_codes",
    "cip_codes": "cip_codes",
    "cid_codes": "cip_codes",
}
"""
The members by which a legacy client may name a vaccine, and where the table has their codes. The
documentation spells one of them `icp_code`, a sample another `cid_codes`.
"""

NOT_KNOWN: Document = {
    "id": None,
    "name": None,
    "cip_codes": [],
    "ucd_code": "",
    "diseases": [],
    "valences": [],
}
"""What is shown of a vaccine that no table has: every member, and nothing in them."""

Place = tuple[str | int, ...]

ENCODER = msgspec.json.Encoder(decimal_format="number")


def with_cid_codes(shown: Document) -> Document:
    """A vaccine with its CIP codes under the name of an old sample as well."""
    return {**shown, "cid_codes": shown["cip_codes"]}


@lru_cache(maxsize=4)
def as_json(table: Vaccines, *, cid_codes: bool) -> Mapping[str | None, msgspec.Raw | None]:
    """What a vaccination shows of its vaccine, by modern UUID, as JSON made once."""
    shown = {uuid: with_cid_codes(it) if cid_codes else it for uuid, it in table.shown.items()}
    return {None: None, **{uuid: msgspec.Raw(ENCODER.encode(it)) for uuid, it in shown.items()}}


@dataclass(frozen=True)
class VaccineByCode(Codec):
    """
    `{"id": 495, ...}` is the vaccine's UUID, by the operator's table. Codes that a client left as
    it was shown them name nothing; those that it wrote anew must together name one vaccine.
    """

    unknown: Literal["object", "null"] = "object"
    cid_codes: bool = False

    def upgrade(self, legacy: Json, stored: Json, scope: Scope) -> Json:
        if legacy is None:
            return None
        table = _table(scope)
        shown = self._shown(stored, table) or {}
        chosen = _chosen(legacy, shown, stored, table)
        self._tell(legacy, shown, chosen, scope)
        return chosen

    def downgrade(self, modern: Json, scope: Scope) -> Json:
        table = _table(scope)
        if modern is not None and str(modern).lower() not in table.shown:
            scope.note_unknown()
        return self._shown(modern, table)

    def inline(self, name: str, record: Inline) -> str:
        # A vaccine that the table does not have declines, and so does an id in upper case.
        record.proves(name)
        shown = record.once(f"{record.name(self._as_json)}(context.tables)")
        return f"{shown}[{record.of(name)}]"

    def _as_json(self, tables: Mapping[str, Vaccines]) -> Mapping[str | None, Any]:
        return as_json(tables.get(TABLE.name, NO_VACCINES), cid_codes=self.cid_codes)

    def _shown(self, modern: Json, table: Vaccines) -> Document | None:
        """What is shown of a vaccine, known or not."""
        if modern is None:
            return None
        shown = table.shown.get(str(modern).lower())
        if shown is None:
            if self.unknown == "null":
                return None
            shown = NOT_KNOWN
        return with_cid_codes(shown) if self.cid_codes else shown

    def canonical_legacy(self, legacy: Json) -> Json:
        if legacy is None:
            return None
        return {name: legacy[name] for name in ("id", "ucd_code") if not is_blank(legacy.get(name))}

    def echoes(self, legacy: Json, shown: Json) -> bool:
        # Whatever differs is looked at: a code that names, a member that is lost.
        return equal(legacy, shown)

    def _tell(self, legacy: Document, shown: Document, chosen: str, scope: Scope) -> None:
        """Note the members that will not be shown as the client wrote them."""
        table = _table(scope)
        now = self._shown(chosen, table) or {}
        for member, value in legacy.items():
            before, after = shown.get(member), now.get(member)
            if is_blank(value):
                lost = equal(shown, now) and not is_blank(before)
            elif member in COLUMNS:
                lost = not all(table.named(COLUMNS[member], code) for code in _codes(value))
            else:
                lost = not equal(value, before) and not equal(value, after)
            if lost:
                scope.lose(member)


def _chosen(legacy: Document, shown: Document, stored: Json, table: Vaccines) -> str:
    """The vaccine that the client means; raises `RefusedError` where that is not plain."""
    named: frozenset[str] | None = None
    first: Place = ("id",)
    strange: Place | None = None
    for place, code in _written_anew(legacy, shown):
        found = table.named(COLUMNS[str(place[0])], code)
        if not found and len(place) == 1:
            raise RefusedError("inclusion", place)
        if not found:
            # Old lists have codes that a table may lack; they are told as lost.
            strange = strange or place
        elif named is None:
            named, first = found, place
        else:
            named &= found
            if not named:
                raise RefusedError("contradiction", place)
    if named is None:
        if strange and is_blank(legacy.get("id")) and is_blank(legacy.get("ucd_code")):
            raise RefusedError("inclusion", strange)
        if stored is None:
            raise RefusedError("blank", ("id",))
        return str(stored)
    if stored is not None and str(stored).lower() in named:
        return str(stored)
    if len(named) > 1:
        raise RefusedError("inclusion", first)
    return next(iter(named))


def _written_anew(legacy: Document, shown: Document) -> Iterator[tuple[Place, str]]:
    """The codes in the members that differ from what was shown, each with its place."""
    for member, column in COLUMNS.items():
        value = legacy.get(member)
        if is_blank(value):
            continue
        codes = _codes(value)
        # A member that is never shown cannot be an echo.
        if member in ("cip_code", "icp_code") or set(codes) != set(_codes(shown.get(column))):
            single = not isinstance(value, list)
            for position, code in enumerate(codes):
                yield (member,) if single else (member, position), code


def _codes(value: Json) -> list[str]:
    """A code or a list of codes, as texts: clients write them as numbers as well."""
    return [] if is_blank(value) else list(map(str, value if isinstance(value, list) else [value]))


def _table(scope: Scope) -> Vaccines:
    table: Vaccines = scope.context.tables.get(TABLE.name, NO_VACCINES)
    return table
