"""How both sides' models are declared: fields that say what they mean, values as in JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Annotated, Any, cast
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from mappings.core import pointer as pointers
from mappings.core.context import Json
from mappings.core.errors import Problem
from mappings.core.evidence import Evidence

UUID_PATTERN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
DATE_PATTERN = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Model(BaseModel):
    """A document of either side. Only declared: documents themselves stay plain JSON."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)


def declared(sentence: str, source: Evidence, *, required: bool = False) -> Any:
    """A field: what it means, where that is known from, whether it may be absent."""
    default = ... if required else None
    return Field(default, description=sentence, json_schema_extra=source.as_json())


def evidence_of(info: FieldInfo) -> Evidence:
    """The evidence with which a field was declared."""
    return Evidence(**cast("dict[str, Any]", info.json_schema_extra))


def _calendar_date(text: str) -> str:
    try:
        if DATE_PATTERN.fullmatch(text):
            date.fromisoformat(text)
            return text
    except ValueError:
        pass
    raise PydanticCustomError("date", "expected a date, YYYY-MM-DD")


def _timestamp(text: str) -> str:
    try:
        if DATE_PATTERN.match(text) and datetime.fromisoformat(text).tzinfo:
            return text
    except ValueError:
        pass
    raise PydanticCustomError("timestamp", "expected an ISO 8601 timestamp with its offset")


def _uuid(text: str) -> str:
    lowered = text.lower()
    if UUID_PATTERN.fullmatch(lowered):
        return str(UUID(lowered))
    raise PydanticCustomError("uuid", "expected a UUID")


def identity(value: Json) -> str:
    """An id as it is compared: a UUID in lower case, and anything else as it is."""
    text = str(value)
    return text.lower() if UUID_PATTERN.fullmatch(text.lower()) else text


CalendarDate = Annotated[str, AfterValidator(_calendar_date)]
"""A day without a zone, "1988-12-18": it never passes through an instant."""

Timestamp = Annotated[str, AfterValidator(_timestamp)]
"""An instant in ISO 8601, with "Z" or a numeric offset."""

Uuid = Annotated[str, AfterValidator(_uuid)]
"""A UUID in its usual form; read in any case, kept in lower case."""

REASONS: Mapping[str, str] = {
    "missing": "blank",
    "string_type": "not_a_text",
    "int_type": "not_a_number",
    "int_parsing": "not_a_number",
    "float_type": "not_a_number",
    "bool_type": "not_a_boolean",
    "list_type": "not_a_list",
    "dict_type": "not_an_object",
    "model_type": "not_an_object",
    "literal_error": "inclusion",
    "date": "date",
    "department": "department",
    "timestamp": "timestamp",
    "uuid": "uuid",
}
"""The closed set of reasons, by the type of pydantic's error; every other is "invalid"."""


class FieldReader:
    """Checks the values of one declared field and gives them back as plain JSON."""

    def __init__(self, info: FieldInfo) -> None:
        self.required = info.is_required()
        annotation: Any = info.annotation
        if info.metadata:
            annotation = Annotated[annotation, *info.metadata]
        self._adapter: TypeAdapter[Any] = TypeAdapter(annotation)

    def read(self, value: Json, pointer: str) -> tuple[Json, list[Problem]]:
        """The value in plain JSON, or null and every problem with it."""
        read, problems = self._read(value, pointer)
        return self._plain(read), problems

    def read_declared(
        self, value: Json, pointer: str
    ) -> tuple[Json, list[Problem], list[tuple[str | int, ...]]]:
        """The same without the members that no model within declares, and where these stand."""
        read, problems = self._read(value, pointer)
        undeclared = list(_without_undeclared(read, ()))
        return self._plain(read), problems, undeclared

    def _plain(self, read: Any) -> Json:
        return None if read is None else self._adapter.dump_python(read, exclude_unset=True)

    def _read(self, value: Json, pointer: str) -> tuple[Any, list[Problem]]:
        try:
            return self._adapter.validate_python(value), []
        except ValidationError as error:
            return None, [
                Problem(
                    pointer + pointers.join(found["loc"]),
                    REASONS.get(found["type"], "invalid"),
                )
                for found in error.errors(
                    include_url=False, include_context=False, include_input=False
                )
            ]


def _without_undeclared(read: Any, place: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Take out what is undeclared; a model without any field holds whatever there is."""
    if isinstance(read, list):
        for position, item in enumerate(read):
            yield from _without_undeclared(item, (*place, position))
    elif isinstance(read, BaseModel) and type(read).model_fields:
        extra = read.model_extra or {}
        yield from ((*place, name) for name in extra)
        extra.clear()
        for name in type(read).model_fields:
            yield from _without_undeclared(getattr(read, name), (*place, name))
