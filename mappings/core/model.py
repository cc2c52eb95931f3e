"""How both sides' models are declared: fields that say what they mean, values as in JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from mappings.core import pointer as pointers
from mappings.core.context import Json
from mappings.core.errors import Problem
from mappings.core.evidence import Evidence

UUID_PATTERN = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UUID_IN_ANY_CASE = re.compile(UUID_PATTERN.pattern.replace("a-f", "A-Fa-f"))
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


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID in its usual form, in any case."""
    return UUID_IN_ANY_CASE.fullmatch(text) is not None


def is_calendar_date(text: str) -> bool:
    """Whether a text is a day that there is, as YYYY-MM-DD."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    # Not one of the shorter forms, nor a week.
    return len(text) == 10 and text[4] == text[7] == "-"


def is_timestamp(text: str) -> bool:
    """Whether a text is an instant in ISO 8601, with its offset."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return False
    return instant.tzinfo is not None and DATE_PATTERN.match(text) is not None


def identity(value: Json) -> str:
    """An id as it is compared: a UUID in lower case, and anything else as it is."""
    text = str(value)
    lowered = text.lower()
    # Most are in lower case: these need no look at their form.
    return text if text == lowered or not is_uuid(text) else lowered


def _calendar_date(text: str) -> str:
    if is_calendar_date(text):
        return text
    raise PydanticCustomError("date", "expected a date, YYYY-MM-DD")


def _timestamp(text: str) -> str:
    if is_timestamp(text):
        return text
    raise PydanticCustomError("timestamp", "expected an ISO 8601 timestamp with its offset")


def _uuid(text: str) -> str:
    if is_uuid(text):
        return text.lower()
    raise PydanticCustomError("uuid", "expected a UUID")


CalendarDate = Annotated[str, AfterValidator(_calendar_date)]
"""A day without a zone, "1988-12-18": it never passes through an instant."""

Timestamp = Annotated[str, AfterValidator(_timestamp)]
"""An instant in ISO 8601, with "Z" or a numeric offset."""

Uuid = Annotated[str, AfterValidator(_uuid)]
"""A UUID in its usual form; read in any case, kept in lower case."""


@dataclass(frozen=True, slots=True)
class Lenient(BeforeValidator):
    """What a type makes of values of other types, before it checks them."""

    usual: Callable[[Json], bool] = field(kw_only=True)
    """Whether a value is surely one of the type, and stays as it is: most are."""


def usual_of(annotation: Any) -> Callable[[Json], bool] | None:
    """The test that the usual values of a type pass, if it has one."""
    lenient = next((it for it in get_args(annotation) if isinstance(it, Lenient)), None)
    if lenient is not None:
        return lenient.usual
    inner = usual_of(get_args(annotation)[0]) if get_origin(annotation) is list else None
    if inner is None:
        return None
    return lambda value: type(value) is list and all(map(inner, value))


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
        self.nullable = annotation is Any or (
            get_origin(annotation) in (Union, UnionType) and type(None) in get_args(annotation)
        )
        others = [it for it in get_args(annotation) if it is not type(None)]
        self.type = others[0] if self.nullable and len(others) == 1 else annotation
        """The type of its values, null left aside."""
        self._adapter: TypeAdapter[Any] = TypeAdapter(annotation)
        self.accepts: Callable[[Json], bool] = self._adapter.validator.isinstance_python
        """Whether `read` finds no problem, without saying which it would be."""

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

    def plain(self, value: Json) -> Json:
        """
        The value in plain JSON; raises `ValueError` where there is a problem or an undeclared
        member, without saying which.
        """
        read = self._adapter.validator.validate_python(value)
        if read is None:
            return None
        if isinstance(read, BaseModel | list) and _says_more(read):
            raise ValueError("undeclared")
        return self._adapter.serializer.to_python(read, exclude_unset=True)

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


def _says_more(read: Any) -> bool:
    """Whether there is a member that no model within declares."""
    if isinstance(read, list):
        return any(map(_says_more, read))
    if not isinstance(read, BaseModel) or not read.__pydantic_fields__:
        return False
    return bool(read.__pydantic_extra__) or any(map(_says_more, read.__dict__.values()))
