"""The health profile: legacy lists of condition ids, modern values by condition UUID."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from mappings.core.codecs import Codec
from mappings.core.compiled.inline import Inline
from mappings.core.context import Json, Scope
from mappings.core.errors import OptionsError
from mappings.core.pack import Row, Table

KEY = "condition_ids"
TYPES = frozenset({"boolean", "date", "integer", "float"})


@dataclass(frozen=True, slots=True)
class Conditions:
    """The nomenclature of conditions, both ways."""

    by_id: Mapping[int, str]
    by_uuid: Mapping[str, int]
    boolean: frozenset[int]
    """Those that simply hold or not; the others have a value, which no legacy client knows."""


def conditions(rows: Sequence[Row]) -> Conditions:
    """
    The nomenclature from its rows: `id`, `type` and `uuid`, or `codes` with one of nomenclature
    SYADEM as in the vendor's published file.

    Raises `OptionsError` for a row that cannot be read, or an id or UUID that stands twice.
    """
    by_id: dict[int, str] = {}
    boolean = set()
    for number, row in enumerate(rows, start=1):
        try:
            identity, kind = int(row["id"]), row["type"]
            uuid = str(UUID(row["uuid"] if "uuid" in row else _syadem_code(row)))
        except (AttributeError, KeyError, TypeError, ValueError, StopIteration) as error:
            raise OptionsError(f"conditions, row {number}: expected id, type and uuid") from error
        if not isinstance(kind, str) or kind not in TYPES:
            raise OptionsError(f"conditions, row {number}: the type is none of {sorted(TYPES)}")
        if identity in by_id or uuid in by_id.values():
            raise OptionsError(f"conditions, row {number}: the id or the uuid stands twice")
        by_id[identity] = uuid
        if kind == "boolean":
            boolean.add(identity)
    by_uuid = {uuid: identity for identity, uuid in by_id.items()}
    return Conditions(by_id, by_uuid, frozenset(boolean))


def _syadem_code(row: Row) -> str:
    codes = (code["code"] for code in row["codes"] if code["nomenclature"] == "SYADEM")
    return str(next(codes))


TABLE = Table(
    name="conditions",
    columns=("id", "uuid", "type"),
    sentence="The conditions of health profiles: legacy id, modern UUID, type of value.",
    build=conditions,
)


@dataclass(frozen=True)
class HealthProfile(Codec):
    """
    `{"condition_ids": [52]}` is `{"<uuid>": true}`, by the operator's table. What the table does
    not have stays as it is stored; without a table nothing is shown and nothing is changed.
    """

    not_boolean: Literal["omit", "refuse"] = "omit"

    def upgrade(self, legacy: Json, stored: Json, scope: Scope) -> Json:
        table: Conditions | None = scope.context.tables.get(TABLE.name)
        wanted = (legacy or {}).get(KEY)
        if table is None or wanted is None:
            if wanted or (legacy is None and self.downgrade(stored, scope)[KEY]):
                scope.lose()
            return stored
        profile = dict(stored or {})
        shown = set(self._shown(profile, table))
        for place, identity in enumerate(wanted):
            if identity not in table.by_id:
                scope.refuse("inclusion", KEY, place)
            elif identity not in shown and identity in table.boolean:
                profile[table.by_id[identity]] = True
            elif identity not in shown and self.not_boolean == "refuse":
                scope.refuse("inclusion", KEY, place)
            elif identity not in shown:
                scope.lose(KEY)
        for identity in shown.difference(wanted):
            # Written out rather than left out, so that an API that merges sees it too.
            profile[table.by_id[identity]] = False if identity in table.boolean else None
        return profile

    def downgrade(self, modern: Json, scope: Scope) -> Json:
        table: Conditions | None = scope.context.tables.get(TABLE.name)
        return {KEY: [] if table is None else self._shown(modern or {}, table)}

    def inline(self, name: str, record: Inline) -> str:
        table, value = record.once(f"context.tables.get({TABLE.name!r})"), record.of(name)
        shown = f"{record.name(self._shown)}({value}, {table})"
        return record.object({KEY: f"{shown} if {value} and {table} is not None else []"})

    def canonical_legacy(self, legacy: Json) -> Json:
        given = dict(legacy or {})
        if KEY in given:
            given[KEY] = sorted(set(given[KEY]))
        return given

    def canonical_modern(self, modern: Json) -> Json:
        return {
            uuid: value
            for uuid, value in (modern or {}).items()
            if value is not None and value is not False
        }

    @staticmethod
    def _shown(profile: Mapping[str, Json], table: Conditions) -> list[int]:
        return sorted(
            table.by_uuid[uuid]
            for uuid, value in profile.items()
            if uuid in table.by_uuid and value is not None and value is not False
        )
