"""A legacy field read in line: its plain value, or the end of the compiled function."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from mappings.core.compiled.fits import TESTERS, test_of
from mappings.core.compiled.source import Source
from mappings.core.context import Json, equal, identical, is_blank
from mappings.core.model import FieldReader, Model, Uuid, usual_of

if TYPE_CHECKING:
    from mappings.core.record_mapping import RecordMapping

VALUES: Mapping[str, Any] = {
    **TESTERS,
    "ABSENT": object(),
    "equal": equal,
    "identical": identical,
    "is_blank": is_blank,
}
"""What the text may name. What a document does not have is ABSENT: null is something else."""


class Reading(Source):
    """The text of a function that reads what a client wrote: a document."""

    def __init__(self, mapping: RecordMapping, head: str) -> None:
        super().__init__(head)
        self.values |= VALUES
        self.mapping = mapping

    def if_written(self, name: str, lines: list[str]) -> list[str]:
        """The lines for the `value` of a field, whatever it is, where the client wrote it."""
        return [f"if {name!r} in document:", *block([f"value = document[{name!r}]", *lines])]

    def if_readable(self, name: str, lines: list[str]) -> list[str]:
        """The same for the plain `value`; they decline where it does not fit."""
        return self.if_written(name, [*read(self.mapping.legacy_readers[name], self), *lines])


def read(reader: FieldReader, source: Source) -> list[str]:
    """The lines that make `value` plain; they decline where it does not fit."""
    test, plain = test_of(reader, "value"), _plain_model(reader.type)
    if plain is not None:
        lines = [f"value = {source.name(plain)}(value)"]
        return ["if value is not None:", *block(lines)] if reader.nullable else lines
    if test is None:
        lines = [f"value = {source.name(reader.plain)}(value)"]
        usual = usual_of(reader.type)
        if usual is None:
            return lines
        null = "value is not None and " if reader.nullable else ""
        return [f"if {null}not {source.name(usual)}(value):", *block(lines)]
    # Few are null, and no test is true of null.
    wrong = f"not ({test}) and value is not None" if reader.nullable else f"not ({test})"
    lines = [] if test == "True" else [f"if {wrong}:", "    raise DeclinedError"]
    if reader.type == Uuid:
        lines += ["if value is not None:", "    value = value.lower()"]
    return lines


def block(lines: list[str]) -> list[str]:
    """The same lines within a block."""
    return [f"    {line}" for line in lines]


def _plain_model(model: Any) -> Callable[[Json], Json] | None:
    """`FieldReader.plain` for an object whose fields are checked alone, each by its type."""
    return _compiled_model(model) if is_plain_model(model) else None


def is_plain_model(kind: Any) -> bool:
    """Whether a type is that of an object whose fields are checked alone, each by its type."""
    return isinstance(kind, type) and issubclass(kind, Model) and only_declares(kind)


@cache
def _compiled_model(model: type[Model]) -> Callable[[Json], Json]:
    source = Source("plain(document)")
    source.values |= VALUES
    source.add(
        f"if type(document) is not dict or not {source.name(set(model.model_fields))}"
        ".issuperset(document):",
        "    raise DeclinedError",
        "get, said = document.get, {}",
    )
    for name, info in model.model_fields.items():
        reader = FieldReader(info)
        absent = "raise DeclinedError" if reader.required else "pass"
        source.add(
            f"value = get({name!r}, ABSENT)",
            "if value is ABSENT:",
            f"    {absent}",
            "else:",
            *block([*read(reader, source), f"said[{name!r}] = value"]),
        )
    source.add("return said")
    plain: Callable[[Json], Json] = source.function(model.__name__)
    return plain


def only_declares(model: type[Model]) -> bool:
    """
    Whether a model has fields, as `Model` configures them, and nothing else that checks or
    changes a value: no validator, no serializer, no alias, nothing that this does not know.
    """
    schema: Any = model.__pydantic_core_schema__
    decorators = model.__pydantic_decorators__
    if any(getattr(decorators, it.name) for it in dataclasses.fields(decorators)):
        return False
    if schema["type"] != "model" or schema["custom_init"] or schema["root_model"]:
        return False
    fields = schema["schema"]
    return (
        bool(model.model_fields)
        and model.model_config == Model.model_config
        and schema.keys()
        <= {"type", "cls", "config", "custom_init", "metadata", "ref", "root_model", "schema"}
        and fields.keys() <= {"type", "model_name", "fields", "computed_fields"}
        and all(it.keys() <= {"type", "schema", "metadata"} for it in fields["fields"].values())
        and not any(info.validate_default for info in model.model_fields.values())
    )
