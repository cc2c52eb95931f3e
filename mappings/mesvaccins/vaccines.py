"""The nomenclature of vaccines: what a legacy client calls a vaccine, and the modern UUID of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from mappings.core.codecs import Codec
from mappings.core.context import Document, Json, Scope, is_blank
from mappings.core.errors import OptionsError, RefusedError
from mappings.core.pack import Row, Table

NAMED_BY = ("id", "ucd_code", "cip_code", "icp_code")
"""The members by which a legacy client may name a vaccine; the documentation has `icp_code`."""

SEPARATOR = "|"
"""Between the values of one cell of a CSV file."""

IN_A_VACCINATION = ("id", "name", "cip_codes", "ucd_code", "diseases", "valences")
IN_THE_LIST = (
    "id",
    "name",
    "marketing_start",
    "marketing_end",
    "french",
    "alternative_names",
    "ucd_code",
    "cip_codes",
    "diseases",
    "valences",
)


@dataclass(frozen=True, slots=True)
class Vaccines:
    """The nomenclature, both ways; the legacy form of each vaccine is made once."""

    by_uuid: Mapping[str, Document]
    """The legacy vaccine, with every member, by modern UUID."""
    uuids: Mapping[tuple[str, str], str | None]
    """The modern UUID by member and code; none for a code that several vaccines have."""

    def named(self, member: str, code: str) -> str | None:
        """The UUID of the vaccine that a member names, or none."""
        return self.uuids.get(("cip_code" if member == "icp_code" else member, code))


def vaccines(rows: Sequence[Row]) -> Vaccines:
    """
    The nomenclature from its rows: `code` (a NUVA code, `VAC0495` or 495), `uuid` and `name`; at
    choice `legacy_id` where it is not the number in `code`, and what else a vaccine shows.

    Raises `OptionsError` for a row that cannot be read, or an id or UUID that stands twice.
    """
    by_uuid: dict[str, Document] = {}
    uuids: dict[tuple[str, str], str | None] = {}
    for number, row in enumerate(rows, start=1):
        try:
            uuid, vaccine = str(UUID(row["uuid"])), _vaccine(row)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise OptionsError(f"vaccines, row {number}: expected code, uuid and name") from error
        if uuid in by_uuid or ("id", str(vaccine["id"])) in uuids:
            raise OptionsError(f"vaccines, row {number}: the id or the uuid stands twice")
        by_uuid[uuid] = vaccine
        for key in _codes(vaccine):
            # A code that two vaccines have names none of them.
            uuids[key] = None if key in uuids else uuid
    return Vaccines(by_uuid, uuids)


def _vaccine(row: Row) -> Document:
    given = row.get("legacy_id")
    identity = int(str(row["code"]).removeprefix("VAC")) if is_blank(given) else int(str(given))
    if is_blank(row["name"]) or not 0 < identity < 2**31:
        raise ValueError("no name, or no id")
    return {
        "id": identity,
        "name": str(row["name"]),
        "short_description": row.get("short_description") or None,
        "marketing_start": row.get("marketing_start") or None,
        "marketing_end": row.get("marketing_end") or None,
        "french": str(row.get("french", True)).strip().lower() not in ("false", "0", "no"),
        "alternative_names": [str(name) for name in _cell(row.get("alternative_names"))],
        "ucd_code": str(row.get("ucd_code") or ""),
        "cip_codes": [str(code) for code in _cell(row.get("cip_codes"))],
        "diseases": [_numbered(item) for item in _cell(row.get("diseases"))],
        "valences": [_numbered(item) for item in _cell(row.get("valences"))],
        "code_set": "MesVaccins.net",
    }


def _cell(value: Any) -> Iterable[Any]:
    """The values of a cell: an array, or a text with separators."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(SEPARATOR) if part.strip()]
    return value or ()


def _numbered(item: Any) -> Document:
    """A disease or a valence: an object, or `1:Diphtérie`."""
    if isinstance(item, Mapping):
        return {"id": int(item["id"]), "name": item.get("name")}
    number, _, name = str(item).partition(":")
    return {"id": int(number), "name": name.strip() or None}


def _codes(vaccine: Document) -> Iterable[tuple[str, str]]:
    yield "id", str(vaccine["id"])
    if vaccine["ucd_code"]:
        yield "ucd_code", vaccine["ucd_code"]
    yield from (("cip_code", code) for code in dict.fromkeys(vaccine["cip_codes"]))


TABLE = Table(
    name="vaccines",
    columns=(
        "code",
        "uuid",
        "name",
        "legacy_id",
        "cip_codes",
        "ucd_code",
        "diseases",
        "valences",
        "french",
        "alternative_names",
        "marketing_start",
        "marketing_end",
    ),
    sentence="The vaccines: NUVA code (its number is the legacy id, unless `legacy_id` says "
    "another), modern UUID, name; at choice the rest. In CSV, `|` stands between several codes or "
    "names, and a disease or valence is `1:Diphtérie`.",
    build=vaccines,
)


@dataclass(frozen=True)
class VaccineById(Codec):
    """
    `{"id": 495, ...}` is the vaccine's UUID, by the operator's table. What a client left as it
    was shown names nothing; what it wrote anew must name one vaccine, and only one.
    """

    unknown: Literal["object", "null"] = "object"
    cid_codes: bool = False

    def upgrade(self, legacy: Json, stored: Json, scope: Scope) -> Json:
        if legacy is None:
            return None
        said = {name: str(legacy[name]) for name in NAMED_BY if not is_blank(legacy.get(name))}
        shown = self.downgrade(stored, scope.unheard()) or {}
        anew = {name: code for name, code in said.items() if not _echoes(shown, name, code)}
        if not anew and stored is not None:
            return stored
        if not anew:
            raise RefusedError("blank", ("id",))
        table: Vaccines | None = scope.context.tables.get(TABLE.name)
        named = {name: table and table.named(name, code) for name, code in anew.items()}
        for name, uuid in named.items():
            if uuid is None:
                raise RefusedError("inclusion", (name,))
            if uuid != next(iter(named.values())):
                raise RefusedError("mismatch", (name,))
        return next(iter(named.values()))

    def downgrade(self, modern: Json, scope: Scope) -> Json:
        if modern is None:
            return None
        table: Vaccines | None = scope.context.tables.get(TABLE.name)
        vaccine = None if table is None else table.by_uuid.get(modern)
        if vaccine is None:
            scope.note_unknown()
            return dict(NOT_KNOWN) if self.unknown == "object" else None
        shown = {name: vaccine[name] for name in IN_A_VACCINATION}
        return {**shown, "cid_codes": vaccine["cip_codes"]} if self.cid_codes else shown

    def canonical_legacy(self, legacy: Json) -> Json:
        if legacy is None:
            return None
        said = {name: str(legacy[name]) for name in NAMED_BY if not is_blank(legacy.get(name))}
        return {name: int(code) if name == "id" else code for name, code in said.items()}


NOT_KNOWN: Document = {
    "id": None,
    "name": None,
    "cip_codes": [],
    "ucd_code": "",
    "diseases": [],
    "valences": [],
}
"""What is shown of a vaccine that no table has: every member, and nothing in them."""


def _echoes(shown: Document, name: str, code: str) -> bool:
    if name in ("cip_code", "icp_code"):
        return code in shown.get("cip_codes", ())
    return not is_blank(shown.get(name)) and str(shown[name]) == code


def all_vaccines(query: Mapping[str, str], tables: Mapping[str, Any]) -> Json:
    """The whole nomenclature as a bare array: the French vaccines, the others when asked for."""
    table: Vaccines | None = tables.get(TABLE.name)
    if table is None:
        return None
    foreigns = query.get("include_foreigns") in ("1", "true")
    return [
        {name: vaccine[name] for name in IN_THE_LIST}
        for vaccine in table.by_uuid.values()
        if foreigns or vaccine["french"]
    ]


def found_vaccines(query: Mapping[str, str], tables: Mapping[str, Any]) -> Json:
    """The vaccines with a name, a disease or a code that holds the text asked for."""
    listed, text = all_vaccines(query, tables), _folded(query.get("query", ""))
    if listed is None:
        return None
    return [vaccine for vaccine in listed if any(text in _folded(it) for it in _texts(vaccine))]


def _texts(vaccine: Document) -> Iterable[str]:
    yield from (vaccine["name"], vaccine["ucd_code"])
    yield from (*vaccine["alternative_names"], *vaccine["cip_codes"])
    yield from (disease["name"] or "" for disease in vaccine["diseases"])


def _folded(text: str) -> str:
    """Without case and accents."""
    decomposed = unicodedata.normalize("NFD", text.strip().casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
