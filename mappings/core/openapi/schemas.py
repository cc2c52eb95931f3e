"""Models as JSON schemas (draft 2020-12): as one side shows a record, and as it takes one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from mappings.core.context import Json
from mappings.core.model import CalendarDate, FieldReader, Lenient, Model, Timestamp, Uuid
from mappings.core.pack import Pack
from mappings.core.record_mapping import RecordMapping
from mappings.core.rules import Alias, Paired

Schema = dict[str, Any]
Side = Literal["legacy", "modern"]

FORMATS = {
    get_args(annotation)[1]: name
    for annotation, name in ((CalendarDate, "date"), (Timestamp, "date-time"), (Uuid, "uuid"))
}
"""By the check that a type has."""

SCALARS = frozenset({str, int, float, bool})
NULL: Schema = {"type": "null"}
WRITTEN = "Written"
"""Ends the name of a schema that says what is taken, and not what is shown."""

READABLE: Schema = {
    "type": ["string", "number", "boolean"],
    "description": "Anything that reads as one, as forms and old clients write it.",
}


class Schemas:
    """The models of one side as component schemas, each made when it is first named."""

    def __init__(self, pack: Pack, side: Side) -> None:
        self.components: dict[str, Schema] = {}
        self._side = side
        self._mappings = {getattr(it, side): it for it in _with_those_within(pack)}

    def shown(self, mapping: RecordMapping) -> Schema:
        """A record as it is read."""
        return self._of(getattr(mapping, self._side), written=False)

    def taken(self, mapping: RecordMapping) -> Schema:
        """A record as it is written; what is not even checked there is read only."""
        return self._of(getattr(mapping, self._side), written=True)

    def _of(self, annotation: Any, *, written: bool) -> Schema:
        origin, arguments = get_origin(annotation), get_args(annotation)
        if annotation is Any:
            return {}
        if isinstance(annotation, type) and issubclass(annotation, Model):
            return self._component(annotation, written=written)
        if origin in (Union, UnionType):
            return _any_of([self._of(it, written=written) for it in arguments])
        if origin is list:
            return {"type": "array", "items": self._of(arguments[0], written=written)}
        if origin is Annotated:
            return self._annotated(annotation, written=written)
        return TypeAdapter(annotation).json_schema()

    def _annotated(self, annotation: Any, *, written: bool) -> Schema:
        """A type with checks: those with a name of their own are told by it."""
        base, *checks = get_args(annotation)
        plain = base in SCALARS
        schema = TypeAdapter(annotation).json_schema() if plain else self._of(base, written=written)
        formats = [FORMATS[it] for it in checks if it in FORMATS]
        if formats:
            schema["format"] = formats[-1]
        lenient = written and any(isinstance(it, Lenient) for it in checks)
        return _any_of([schema, READABLE]) if lenient else schema

    def _component(self, model: type[Model], *, written: bool) -> Schema:
        name = f"{model.__name__}{WRITTEN if written else ''}"
        if name not in self.components:
            # Its place is taken first: it may lie within itself.
            self.components[name] = {}
            self.components[name] |= self._object(model, written=written)
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, model: type[Model], *, written: bool) -> Schema:
        mapping = self._mappings.get(model)
        names = self._names(model, mapping, written=written)
        ignored = _ignored(mapping) if written else frozenset()
        legacy = mapping if self._side == "legacy" else None
        filled = needed(legacy) if written and legacy is not None else []
        schema: Schema = {
            "type": "object",
            "description": model.__doc__ or "",
            "properties": {
                name: self._field(
                    info, written=written, ignored=name in ignored, filled=name in filled
                )
                for name, info in model.model_fields.items()
                if name in names
            },
        }
        if not written:
            # A legacy record is always shown whole.
            always = [it for it in names if legacy or model.model_fields[it].is_required()]
            schema |= {"required": always} if always else {}
        elif mapping is not None and mapping.undeclared == "refuse":
            schema["additionalProperties"] = False
        return schema

    def _field(self, info: FieldInfo, *, written: bool, ignored: bool, filled: bool) -> Schema:
        said = {"description": info.description or ""}
        if ignored:
            return {"readOnly": True, **said}
        annotation: Any = info.annotation
        if filled:
            annotation = FieldReader(info).type
        elif info.metadata:
            annotation = Annotated[annotation, *info.metadata]
        return {**self._of(annotation, written=written), **said}

    def _names(
        self, model: type[Model], mapping: RecordMapping | None, *, written: bool
    ) -> list[str]:
        """The fields that are shown, taken, or sent, in their order."""
        names = list(model.model_fields)
        if mapping is not None and self._side == "legacy" and not written:
            aliases = {name for rule in mapping.of_kind(Alias) for name in rule.legacy}
            return [name for name in names if name not in aliases]
        if mapping is None or self._side == "legacy" or not written:
            return names
        sent = {
            name
            for rule in mapping.of_kind(Paired)
            if rule.writable and not rule.by_calls
            for name in rule.modern
        }
        return [name for name in names if name in sent]


def needed(mapping: RecordMapping) -> list[str]:
    """The legacy fields that nothing may leave blank, but for those that have another name."""
    named_twice = {rule.of for rule in mapping.of_kind(Alias)}
    return [name for name in mapping.required if name not in named_twice]


def form_of(one: Json, other: Json) -> Schema:
    """The schema of two documents of one form: names that differ are no part of the form."""
    if isinstance(one, Mapping):
        if one.keys() != other.keys():
            values = next(iter(one.values()), None), next(iter(other.values()), None)
            return {"type": "object", "additionalProperties": form_of(*values)}
        properties = {name: form_of(value, other[name]) for name, value in one.items()}
        return {"type": "object", "required": list(one), "properties": properties}
    if isinstance(one, list):
        return {"type": "array", "items": form_of(one[0], other[0]) if one and other else {}}
    return TypeAdapter(type(one)).json_schema()


def _ignored(mapping: RecordMapping | None) -> frozenset[str]:
    rules = () if mapping is None else mapping.rules
    return frozenset(name for rule in rules if rule.ignored for name in rule.legacy)


def _any_of(options: list[Schema]) -> Schema:
    """One of these; null as a second type where that says the same."""
    flat = [it for option in options for it in _options(option)]
    if {} in flat:
        return {}
    first, *others = flat
    if others == [NULL] and isinstance(first.get("type"), str) and "enum" not in first:
        return {**first, "type": [first["type"], "null"]}
    return {"anyOf": flat}


def _options(schema: Schema) -> list[Schema]:
    return schema["anyOf"] if schema.keys() == {"anyOf"} else [schema]


def _with_those_within(pack: Pack) -> Iterator[RecordMapping]:
    """The mappings of a pack, and those of the records within their records."""
    waiting, told = list(pack.mappings.values()), set()
    while waiting:
        mapping = waiting.pop(0)
        if mapping not in told:
            told.add(mapping)
            yield mapping
            waiting += [it.record for it in mapping.of_kind(Paired) if it.record is not None]
