"""Documents drawn at random from a mapping: every declared field, and undeclared ones."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from hypothesis import strategies as st
from pydantic import StrictBool, StrictInt
from pydantic.fields import FieldInfo

from mappings.core.codecs import Alone, CodeTable
from mappings.core.context import NO_IDS, Context, Document, Ids, Key, is_blank
from mappings.core.model import CalendarDate, Timestamp, Uuid
from mappings.core.record_mapping import RecordMapping
from mappings.core.rules import Alias, Paired, Rule
from mappings.mesvaccins import PACK, legacy, modern
from mappings.mesvaccins.conditions import conditions
from mappings.mesvaccins.vaccines import vaccines
from tests.packs import toy

TODAY = date(2026, 11, 23)

CONDITIONS = conditions(
    [
        {"id": number, "uuid": f"00000000-0000-4000-8000-{number:012d}", "type": kind}
        for number, kind in ((7, "boolean"), (52, "date"), (145, "boolean"), (990, "float"))
    ]
)
VACCINES = vaccines(PACK.sample.tables["vaccines"])
TABLES = {"conditions": CONDITIONS, "vaccines": VACCINES}

HEALTH_RECORD = PACK.mappings["health_record"]
VACCINATION = PACK.mappings["vaccination"]
SHARING_REQUEST = PACK.mappings["sharing_request"]
MAPPINGS: Mapping[str, RecordMapping] = {
    "health_record": HEALTH_RECORD,
    "vaccination": VACCINATION,
    "sharing_request": SHARING_REQUEST,
    "book": toy.BOOK,
    "page": toy.PAGE,
    "loan": toy.LOAN,
    "press": toy.PRESS,
}

Strategy = st.SearchStrategy[Any]

# Drawn from a pool where that says as much: drawing is most of what the laws cost.
TEXT = st.sampled_from(
    ["", " ", "Ana", "O'Neil-Çelik", "\U0001f489", "null", '"\\/\n', "0", "m"]
) | (st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5))
NAME = st.sampled_from(["Ana", "Zoé", "D'Arc", "李", "0"]) | TEXT.map(lambda text: f"{text}.")
DATES = st.sampled_from(["1988-02-29", "2025-12-31", "0001-01-01"]) | st.dates().map(str)
INSTANTS = st.datetimes(timezones=st.just(UTC)).map(
    lambda at: at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
)
JSON = st.sampled_from([None, True, 0, -1, 2**64, "", "x", [], {}, [[1]], {"a": {"b": None}}])
UNDECLARED = st.dictionaries(
    st.sampled_from(["x", "uuid2", "a/b~c", "Passerelle"]), JSON, max_size=2
)

LENIENT_DATES = DATES | st.datetimes().map(
    lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.123+01:00".rjust(29, "0")
)


def _validator(annotation: Any) -> Any:
    """What tells one kind of checked text from another."""
    return typing.get_args(annotation)[-1].func


BY_VALIDATOR: Mapping[Any, Strategy] = {
    _validator(CalendarDate): DATES,
    _validator(Timestamp): INSTANTS,
    _validator(Uuid): st.uuids().map(str),
    _validator(legacy.LenientDate): LENIENT_DATES,
    _validator(legacy.Number): st.integers(0, 2**31 - 1),
    _validator(legacy.Boolean): st.booleans(),
    _validator(legacy.Code): st.integers(0) | TEXT,
    _validator(legacy.Department): st.sampled_from([1, 29, 64, 971, "2A", "2B", "07"]),
}

CONDITION_IDS = st.lists(st.sampled_from(sorted(CONDITIONS.boolean)), max_size=3)
TRUE_CONDITIONS = st.dictionaries(
    st.sampled_from([CONDITIONS.by_id[number] for number in sorted(CONDITIONS.boolean)]),
    st.just(True),
)
ANY_CONDITIONS = st.dictionaries(
    st.sampled_from([*CONDITIONS.by_uuid]) | st.uuids().map(str),
    st.none() | st.booleans() | st.integers() | DATES,
    max_size=4,
)

NAMED_VACCINES = st.sampled_from(
    [
        {"id": 901},
        {"id": "902"},
        {"ucd_code": "9000001"},
        {"cip_code": "3400900000026"},
        {"icp_code": 3400900000033},
        {"cip_codes": ["3400900000019"], "name": "IMAGIVAX DTP", "dose": 2},
        *VACCINES.shown.values(),
    ]
)
KNOWN_VACCINES = st.sampled_from(sorted(VACCINES.by_uuid))
VALIDATIONS = st.fixed_dictionaries(
    {"date": LENIENT_DATES},
    optional={
        "method": st.sampled_from(["execution", "proof"]),
        "validator": st.none() | st.just({"id": 7, "name": "Inès Kermorvan"}),
    },
)
RPPS_NUMBERS = st.sampled_from(["10000000009", "10000000017", "10000000025"])

ANY_BY_FIELD: Mapping[tuple[Any, str], Strategy] = {
    (modern.HealthRecord, "profile"): ANY_CONDITIONS,
    (modern.VaccinationAct, "vaccine_id"): st.none() | st.uuids().map(str),
    (modern.VaccinationAct, "certification_method"): st.none() | NAME,
    (modern.SharingRequest, "status"): NAME,
}
"""Beside the values that both sides know, those that the new API may have."""

BY_FIELD: Mapping[tuple[Any, str], Strategy] = {
    (legacy.HealthRecord, "health_profile"): st.none()
    | st.fixed_dictionaries({}, optional={"condition_ids": CONDITION_IDS}),
    (legacy.Vaccination, "vaccine"): NAMED_VACCINES,
    (legacy.Vaccination, "validation"): st.none() | VALIDATIONS,
    (modern.VaccinationAct, "vaccine_id"): KNOWN_VACCINES,
    (modern.VaccinationAct, "certification_method"): st.sampled_from(["execution", "proof"]),
    (legacy.SharingRequest, "rpps"): RPPS_NUMBERS,
    (modern.SharingRequest, "external_id"): st.none() | RPPS_NUMBERS,
    (modern.SharingRequest, "to_pro_external_account_id"): st.none() | RPPS_NUMBERS | JSON,
    (legacy.HealthRecord, "ins_c"): st.sampled_from(["", None, "20410087654321098765 79"]),
    (modern.HealthRecord, "profile"): st.none() | TRUE_CONDITIONS,
    (toy.OldBook, "year"): st.none() | st.just("") | st.integers(0, 3000).map(str),
    (toy.OldBook, "last"): st.none() | TEXT.filter(lambda text: "," not in text),
    (toy.OldBook, "first"): st.none() | TEXT,
}


def context(
    base: Document | None = None,
    asides: Mapping[Key, Document] | None = None,
    ids: Ids = NO_IDS,
) -> Context:
    """The context of a test: a fixed day and the tables, beside what is given."""
    return Context(today=TODAY, base=base, tables=TABLES, asides=asides or {}, ids=ids)


def ids_of(document: Document, mapping: RecordMapping) -> Ids:
    """A crosswalk that gives each modern id of a document the next integer of its kind."""
    asked = sorted(mapping.modern_ids(document))
    kinds = {kind: [key for key in asked if key[0] == kind] for kind, _ in asked}
    return Ids({key: number for keys in kinds.values() for number, key in enumerate(keys, start=1)})


@cache
def legacy_values(mapping: RecordMapping, name: str) -> Strategy:
    """What a client may write in a legacy field."""
    rule = mapping.rule_of("legacy", name)
    info, says = mapping.legacy.model_fields[name], name in mapping.required
    drawn = _values(mapping.legacy, name, info, rule, "legacy", says=says)
    return drawn.filter(lambda value: not is_blank(value)) if says else drawn


@cache
def modern_values(mapping: RecordMapping, name: str, *, any_code: bool = False) -> Strategy:
    """What the new API may give in a modern field; `any_code` draws words of no table too."""
    rule = mapping.rule_of("modern", name)
    info, says = mapping.modern.model_fields[name], _demanded(mapping, name, any_code=any_code)
    drawn = _values(mapping.modern, name, info, rule, "modern", any_code=any_code, says=says)
    if any_code and _table(rule) is not None:
        drawn = drawn | NAME
    if any_code:
        drawn = drawn | ANY_BY_FIELD.get((mapping.modern, name), st.nothing())
    return drawn.filter(lambda value: not is_blank(value)) if says else drawn


def _demanded(mapping: RecordMapping, name: str, *, any_code: bool) -> bool:
    """Whether a modern field must say something; where any may, so that it can be made anew."""
    rule = mapping.rule_of("modern", name)
    for_creation = not any_code and rule is not None and set(rule.legacy) & set(mapping.required)
    return mapping.modern.model_fields[name].is_required() or bool(for_creation)


@cache
def legacy_documents(mapping: RecordMapping) -> Strategy:
    """A legacy document that can be created: the required fields, any of the others, more."""
    fields = {name: legacy_values(mapping, name) for name in mapping.legacy.model_fields}
    for rule in mapping.of_kind(Alias):
        # Two names for one field must not contradict each other; the tests of aliases use them.
        fields.pop(rule.legacy[0])
    required = {name: fields.pop(name) for name in mapping.required}
    return _documents(required, fields)


@cache
def modern_documents(
    mapping: RecordMapping, *, any_code: bool = False, within: bool = False
) -> Strategy:
    """
    A modern document that the new API may give: what it must have, any of the others, more.

    One `within` a list has its id: without, nothing could be paired.
    """
    model = mapping.modern.model_fields
    fields = {name: modern_values(mapping, name, any_code=any_code) for name in model}
    required = {
        name: fields.pop(name) for name in model if _demanded(mapping, name, any_code=any_code)
    }
    if within and mapping.identifier is not None:
        name = mapping.identifier.modern[0]
        fields.pop(name, None)
        required[name] = st.uuids().map(str)
    return _documents(required, fields)


def _documents(required: dict[str, Strategy], fields: dict[str, Strategy]) -> Strategy:
    declared = st.fixed_dictionaries(required, optional=fields)
    return st.builds(lambda more, said: {**more, **said}, UNDECLARED, declared)


def agrees(said: Any, whole: Any) -> bool:
    """Whether everything that one document says stands in another, which may say more."""
    if isinstance(said, Mapping) and isinstance(whole, Mapping):
        return all(name in whole and agrees(value, whole[name]) for name, value in said.items())
    if isinstance(said, list) and isinstance(whole, list):
        return len(said) == len(whole) and all(map(agrees, said, whole))
    return bool(said == whole) and type(said) is type(whole)


def _table(rule: Rule | None) -> CodeTable | None:
    if isinstance(rule, Paired) and isinstance(rule.codec, Alone):
        return rule.codec.codec if isinstance(rule.codec.codec, CodeTable) else None
    return None


def _values(
    model: Any,
    name: str,
    info: FieldInfo,
    rule: Rule | None,
    side: str,
    *,
    any_code: bool = False,
    says: bool = False,
) -> Strategy:
    """What may stand in a field; `says`: what says nothing is hardly drawn."""
    if (model, name) in BY_FIELD:
        return BY_FIELD[model, name]
    table = _table(rule)
    if table is not None:
        codes = table.pairs if side == "legacy" else table.shown
        drawn = st.sampled_from(sorted(codes))
        return drawn if says else st.none() | drawn
    if isinstance(rule, Paired) and rule.record is not None:
        inner = (
            legacy_documents(rule.record)
            if side == "legacy"
            else modern_documents(rule.record, any_code=any_code, within=rule.many)
        )
        several = st.lists(inner, max_size=2, unique_by=_identity)
        return st.none() | (several if rule.many else inner)
    return _of(info.annotation, info.metadata, says=says)


def _identity(document: Document) -> Any:
    """What no two records of a list share: the id, where they have one."""
    identity = document.get("id")
    return id(document) if identity is None else identity


def _of(  # noqa: PLR0911 - a line a type
    annotation: Any, metadata: list[Any], *, says: bool = False
) -> Strategy:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if metadata and hasattr(metadata[-1], "func"):
        return BY_VALIDATOR[metadata[-1].func]
    if annotation is StrictInt:
        return st.integers()
    if annotation is StrictBool:
        return st.booleans()
    if origin is typing.Annotated:
        return _of(arguments[0], list(arguments[1:]))
    if origin in (types.UnionType, typing.Union):
        several = [it for it in arguments if not (says and it is type(None))]
        return st.one_of([_of(argument, [], says=says) for argument in several])
    if origin is list:
        return st.lists(_of(arguments[0], []), max_size=2)
    if origin is dict:
        return st.dictionaries(NAME, JSON, max_size=2)
    text = NAME if says else TEXT
    simple = {str: text, int: st.integers(), bool: st.booleans(), type(None): st.none(), Any: JSON}
    if annotation in simple:
        return simple[annotation]
    fields = {
        name: _of(info.annotation, info.metadata) for name, info in annotation.model_fields.items()
    }
    if not fields:
        return st.dictionaries(NAME, JSON, max_size=2)
    return st.fixed_dictionaries({}, optional=fields)


def datetime_of_test() -> datetime:
    """The instant at which every test takes place."""
    return datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
