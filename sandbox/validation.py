"""Documents against the schema of the new API: every problem at once, and never a value."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import partial
from importlib.resources import files
from typing import Any, Final
from uuid import UUID

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from starlette.exceptions import HTTPException

from sandbox.problems import InvalidDocumentError, Problem

Schema = Mapping[str, Any]

HEALTH_RECORD: Final[Schema] = json.loads(
    files("sandbox").joinpath("modern.schema.json").read_text("utf-8")
)
CREATE: Final[Schema] = HEALTH_RECORD["$defs"]["create"]
UPDATE: Final[Schema] = HEALTH_RECORD["$defs"]["update"]
VACCINATION_ACT: Final[Schema] = HEALTH_RECORD["$defs"]["vaccination_act"]
CREATE_ACT: Final[Schema] = HEALTH_RECORD["$defs"]["create_act"]
UPDATE_ACT: Final[Schema] = HEALTH_RECORD["$defs"]["update_act"]
CREATE_SHARING_REQUEST: Final[Schema] = HEALTH_RECORD["$defs"]["create_sharing_request"]


def parse(body: bytes) -> Any:
    """Give the value that a body is; a ValueError when it is no JSON that can be written again."""
    try:
        value = json.loads(body.decode())
        # Python reads more than JSON has: NaN, 1e999, halves of surrogate pairs, any depth.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def read(body: bytes, schema: Schema) -> dict[str, Any]:
    """Give the document that a body is, once it fits."""
    try:
        document = parse(body)
    except ValueError as error:
        raise HTTPException(400) from error
    if found := problems(document, schema):
        raise InvalidDocumentError(found)
    return document  # type: ignore[no-any-return]  # every schema here asks for an object


def problems(document: object, schema: Schema) -> list[Problem]:
    """List what is wrong with a document, in the order of the pointers."""
    errors = _VALIDATOR.evolve(schema=schema).iter_errors(document)
    return sorted({problem for error in errors for problem in _explain(error)})


def echoing(stored: Mapping[str, Any], schema: Schema) -> Schema:
    """Let a schema pass every field that is as it is stored, also those that it does not know."""
    known = schema["properties"]
    echoed = {
        name: {"if": {"const": value}, "else": known[name]} if name in known else {"const": value}
        for name, value in stored.items()
    }
    return {**schema, "properties": {**known, **echoed}}


def writable(fields: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Give the fields that a schema declares, without those that were merely echoed."""
    return {name: value for name, value in fields.items() if name in schema["properties"]}


def _explain(error: ValidationError) -> Iterator[Problem]:
    place = [str(step) for step in error.absolute_path]
    instance: Any = error.instance
    schema: Any = error.schema
    expected: Any = error.validator_value
    match str(error.validator):
        case "required":
            for name in expected:
                if name not in instance:
                    yield Problem(_pointer(*place, name), "is required")
        case "additionalProperties":
            for name in instance:
                if name not in schema["properties"]:
                    yield Problem(_pointer(*place, name), "is not a known field")
        case keyword:
            if "propertyNames" in error.absolute_schema_path:
                place.append(instance)
            yield Problem(_pointer(*place), _DETAILS[keyword](expected))


_DETAILS: Final[Mapping[str, Callable[[Any], str]]] = {
    "type": lambda types: f"expected {_either(types)}",
    "enum": lambda words: f"expected {_either(words)}",
    "format": lambda name: f"expected a {name}",
    "minLength": lambda _: "expected some text",
    "const": lambda _: "is set already and may not differ",
}


def _either(words: str | list[str | None]) -> str:
    return words if isinstance(words, str) else " or ".join(word or "null" for word in words)


def _pointer(*steps: str) -> str:
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def _fits(form: str, meaning: Callable[[str], object], value: object) -> bool:
    return not isinstance(value, str) or (
        re.fullmatch(form, value, re.ASCII) is not None and bool(meaning(value))
    )


# Python alone reads more than RFC 3339 has: 20240131 and 2024-W05-3 as dates, 24:00 as an hour.
_DATE = r"\d{4}-\d\d-\d\d"
_TIME = r"([01]\d|2[0-3]):\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
_FORMATS = FormatChecker(())
_FORMATS.checks("date", ValueError)(partial(_fits, _DATE, date.fromisoformat))
_FORMATS.checks("date-time", ValueError)(partial(_fits, f"{_DATE}T{_TIME}", datetime.fromisoformat))
_FORMATS.checks("uuid")(partial(_fits, "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", UUID))
_FORMATS.checks("rpps-number")(partial(_fits, "[0-9]{11}", bool))

_VALIDATOR = Draft202012Validator(HEALTH_RECORD, format_checker=_FORMATS)
