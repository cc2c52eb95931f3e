"""Whether a document surely fits the modern model: types looked at one by one, in line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import StrictBool, StrictInt

from mappings.core.compiled.source import Source
from mappings.core.context import Json
from mappings.core.days import DAYS, is_day
from mappings.core.model import (
    UUID_IN_ANY_CASE,
    CalendarDate,
    FieldReader,
    Timestamp,
    Uuid,
    is_timestamp,
)
from mappings.core.rules import Paired

if TYPE_CHECKING:
    from mappings.core.record_mapping import RecordMapping

TESTS: tuple[tuple[Any, str], ...] = (
    (Any, "True"),
    (str, "type({0}) is str"),
    (StrictBool, "type({0}) is bool"),
    (StrictInt, "type({0}) is int"),
    (list[Any], "type({0}) is list"),
    (Uuid, "type({0}) is str and is_uuid({0})"),
    (CalendarDate, "type({0}) is str and ({0} in DAYS or is_day({0}))"),
    (Timestamp, "type({0}) is str and is_timestamp({0})"),
)
"""By type, the test that its plain values pass."""

TESTERS: Mapping[str, Any] = {
    "DAYS": DAYS,
    "is_uuid": UUID_IN_ANY_CASE.fullmatch,
    "is_day": is_day,
    "is_timestamp": is_timestamp,
}


def test_of(reader: FieldReader, value: str) -> str | None:
    """The test of a value other than null, where the type of its field has one."""
    # Compared one by one: what checks a type need not have a hash.
    found = next((test for annotation, test in TESTS if annotation == reader.type), None)
    return None if found is None else found.format(value)


def compiled_fits(mapping: RecordMapping) -> Callable[[Json], bool]:
    """Whether a document surely has no misfits; where it may have, the readers tell which."""
    source = Source("fits(document)")
    source.values |= TESTERS
    source.add("if type(document) is not dict:", "    return False", "get = document.get")
    for name, reader in mapping.modern_readers.items():
        test = _test(mapping, name, reader, source)
        if test == "True" and not reader.required:
            continue
        absent = "value is None or" if reader.required else "value is not None and"
        source.add(f"value = get({name!r})", f"if {absent} not ({test}):", "    return False")
    source.add("return True")
    fits: Callable[[Json], bool] = source.function(str(mapping))
    return fits


def _test(mapping: RecordMapping, name: str, reader: FieldReader, source: Source) -> str:
    rule = mapping.rule_of("modern", name)
    if isinstance(rule, Paired) and rule.record is not None:
        fits = source.name(rule.record.compiled.fits)
        return f"type(value) is list and all(map({fits}, value))" if rule.many else f"{fits}(value)"
    return test_of(reader, "value") or f"{source.name(reader.accepts)}(value)"
