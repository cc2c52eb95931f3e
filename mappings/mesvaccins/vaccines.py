"""The nomenclature of vaccines: the operator's table, and what is answered from it alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from mappings.core.context import Document, Json, is_blank
from mappings.core.errors import OptionsError
from mappings.core.pack import Row, Table

SEPARATOR = "|"
"""Between the values of one cell of a CSV file."""

CODE = re.compile(r"(?:VAC)?([0-9]{1,10})", re.ASCII | re.IGNORECASE)
"""A NUVA code, or its number."""

TRUTHS = {
    **dict.fromkeys(("", "true", "1", "yes", "oui"), True),
    **dict.fromkeys(("false", "0", "no", "non"), False),
}
"""Whether a vaccine is French, as files say it; where they say nothing, it is."""

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
"""What a vaccine shows in the list, in the order in which a streaming client reads it."""

SHOWN = ("id", "name", "cip_codes", "ucd_code", "diseases", "valences")
"""What it shows in a vaccination."""


# Compared by identity, so that what is made of it can be remembered.
@dataclass(frozen=True, slots=True, eq=False)
class Vaccines:
    """The nomenclature, both ways; the legacy form of each vaccine is made once."""

    by_uuid: Mapping[str, Document]
    """The legacy vaccine, with every member, by modern UUID."""
    uuids: Mapping[tuple[str, str], frozenset[str]]
    """The modern UUIDs by member (`id`, `ucd_code`, `cip_codes`) and code."""
    shown: Mapping[str, Document]
    """What a vaccination shows of its vaccine, by modern UUID."""

    def named(self, member: str, code: str) -> frozenset[str]:
        """The UUIDs of the vaccines that have a code: several may share one."""
        return self.uuids.get((member, code), frozenset())


NO_VACCINES = Vaccines({}, {}, {})


def vaccines(rows: Sequence[Row]) -> Vaccines:
    """
    The nomenclature from its rows: `code` (a NUVA code, `VAC0495` or 495), `uuid` and `name`; at
    choice `legacy_id` where it is not the number in `code`, and what else a vaccine shows.

    Raises `OptionsError` for a row that cannot be read, or an id or UUID that stands twice.
    """
    by_uuid: dict[str, Document] = {}
    uuids: dict[tuple[str, str], frozenset[str]] = {}
    for number, row in enumerate(rows, start=1):
        try:
            uuid, vaccine = str(UUID(row["uuid"])), _vaccine(row)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise OptionsError(
                f"vaccines, row {number}: expected code, uuid and name; diseases and valences by "
                "number; french as true or false"
            ) from error
        if uuid in by_uuid or ("id", str(vaccine["id"])) in uuids:
            raise OptionsError(f"vaccines, row {number}: the id or the uuid stands twice")
        by_uuid[uuid] = vaccine
        for key in _codes(vaccine):
            uuids[key] = uuids.get(key, frozenset()) | {uuid}
    shown = {uuid: {name: it[name] for name in SHOWN} for uuid, it in by_uuid.items()}
    return Vaccines(by_uuid, uuids, shown)


def _vaccine(row: Row) -> Document:
    name = _text(row["name"])
    if not name:
        raise ValueError("no name")
    return {
        "id": _legacy_id(row),
        "name": name,
        "marketing_start": _text(row.get("marketing_start")) or None,
        "marketing_end": _text(row.get("marketing_end")) or None,
        "french": TRUTHS[_text(row.get("french")).lower()],
        "alternative_names": [_text(name) for name in _cell(row.get("alternative_names"))],
        "ucd_code": _text(row.get("ucd_code")),
        "cip_codes": [_text(code) for code in _cell(row.get("cip_codes"))],
        "diseases": [_numbered(item) for item in _cell(row.get("diseases"))],
        "valences": [_numbered(item) for item in _cell(row.get("valences"))],
    }


def _legacy_id(row: Row) -> int:
    given = row.get("legacy_id")
    found = CODE.fullmatch(_text(row["code"] if is_blank(given) else given))
    if found is None or not 0 < int(found[1]) < 2**31:
        raise ValueError("no id")
    return int(found[1])


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _cell(value: Any) -> Iterable[Any]:
    """The values of a cell: an array, or a text with separators."""
    if isinstance(value, str):
        return [part for part in value.split(SEPARATOR) if part.strip()]
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
    yield from (("cip_codes", code) for code in vaccine["cip_codes"])


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
