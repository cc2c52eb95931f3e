"""Modern models as types into which bytes are decoded: only what is read, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, get_args, get_origin

import msgspec
from pydantic import StrictBool, StrictInt

from mappings.core.compiled.reading import only_declares
from mappings.core.compiled.source import DeclinedError
from mappings.core.model import CalendarDate, FieldReader, Model, Timestamp, Uuid
from mappings.core.rules import Paired

if TYPE_CHECKING:
    from mappings.core.record_mapping import RecordMapping

PLAIN: tuple[tuple[Any, Any], ...] = (
    (Any, Any),
    (str, str),
    (StrictBool, bool),
    (StrictInt, int),
    (Uuid, str),
    (CalendarDate, str),
    (Timestamp, str),
    (list[Any], list[Any]),
    (list[str], list[str]),
    (dict[str, Any], dict[str, Any]),
)
"""By the type of a field, the one that is decoded; the form of a text is looked at later."""

LARGEST = Decimal("1.7976931348623157e308")
"""The largest double: a larger number has no meaning in JSON."""


LIST: Any = list
"""For lists of types that are made here."""


class NoFormError(Exception):
    """There is something in a mapping that has no form here: it is shown from documents."""


def number(text: str) -> Decimal:
    """A number with a fraction or an exponent, exactly; one beyond every double declines."""
    value = Decimal(text)
    if not -LARGEST <= value <= LARGEST:
        raise DeclinedError
    return value


def decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """What decodes values of a type; untyped numbers keep every digit."""
    return msgspec.json.Decoder(kind, float_hook=number)


def record_type(mapping: RecordMapping, named: Mapping[str, str], also: str = "") -> Any:
    """
    The type of a modern record with what its rules read; `named` is the field by which a record
    within a list names this one, and `also` that of the record itself.
    """
    fields, readers = [], mapping.modern_readers
    if not named.keys() <= readers.keys():
        raise NoFormError
    for name in mapping.modern.model_fields:
        if name in readers:
            rule, reader = mapping.rule_of("modern", name), readers[name]
            if isinstance(rule, Paired) and rule.record is not None:
                within = record_type(rule.record, {}, named.get(name, ""))
                kind = LIST[within] if rule.many else within
            elif name in named:
                raise NoFormError
            else:
                kind = _type_of(reader.type)
            fields.append(_field(name, kind, reader))
        elif name == also:
            fields.append((name, str | None, None))
    return _struct(mapping.modern, fields)


def model_of(kind: Any) -> type[Model] | None:
    """The model of an object, or of those in a list, that no mapping of its own shows."""
    inner = get_args(kind)[0] if get_origin(kind) is list else kind
    return inner if isinstance(inner, type) and issubclass(inner, Model) else None


def fields_of(model: type[Model]) -> Iterator[tuple[str, FieldReader]]:
    """What is decoded of such an object: all that is checked; what may be anything is skipped."""
    if not only_declares(model):
        raise NoFormError
    for name, info in model.model_fields.items():
        reader = FieldReader(info)
        if reader.required or reader.type is not Any:
            yield name, reader


def _type_of(kind: Any) -> Any:
    # Compared one by one: what checks a type need not have a hash.
    plain = next((decoded for declared, decoded in PLAIN if declared == kind), None)
    if plain is not None:
        return plain
    model = model_of(kind)
    if model is None:
        raise NoFormError
    fields = [_field(name, _type_of(it.type), it) for name, it in fields_of(model)]
    struct = _struct(model, fields)
    return struct if kind is model else LIST[struct]


def _field(name: str, kind: Any, reader: FieldReader) -> Any:
    return (name, kind) if reader.required else (name, kind | None, None)


def _struct(model: type[Model], fields: list[Any]) -> Any:
    # They hold no cycles, so that the collector need not know them.
    return msgspec.defstruct(model.__name__, fields, kw_only=True, gc=False)
