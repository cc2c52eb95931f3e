"""The legacy API's documents, field by field, in the order of its samples."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import StrictBool, StrictInt
from pydantic_core import PydanticCustomError

from mappings.core.days import DAYS, is_day
from mappings.core.evidence import guess, inferred
from mappings.core.model import (
    CalendarDate,
    Lenient,
    Model,
    Timestamp,
    Uuid,
    declared,
)
from mappings.mesvaccins.sources import SEED, VACC, VFC

TIME = re.compile(r"[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII)
DEPARTMENT = re.compile(r"2[AB]|\d{1,3}", re.ASCII)


def _date_part(value: Any) -> Any:
    """A full timestamp where a date is expected: its date as it is written, in no zone."""
    if isinstance(value, str) and len(value) > 10 and TIME.fullmatch(value, 10):
        return value[:10]
    return value


def _number(value: Any) -> Any:
    """A number that was written as a text, as forms and some clients do."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value


def _code(value: Any) -> Any:
    """A code that was written as a number: its digits."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _boolean(value: Any) -> Any:
    """A truth value that was written as a text, as forms do."""
    return (
        {"true": True, "1": True, "false": False, "0": False}.get(value, value)
        if isinstance(value, str)
        else value
    )


def _department(value: Any) -> Any:
    """The number of a department; Corsica's two are no numbers, and "" is none."""
    if value == "":
        return None
    if isinstance(value, bool) or not DEPARTMENT.fullmatch(str(value)):
        raise PydanticCustomError("department", "expected the number of a French department")
    return value if value in ("2A", "2B") else int(value)


def _is_day(value: Any) -> bool:
    return type(value) is str and (value in DAYS or is_day(value))


def _is_code(value: Any) -> bool:
    return type(value) is str


def _is_number(value: Any) -> bool:
    return type(value) is int


def _is_boolean(value: Any) -> bool:
    return type(value) is bool


def _is_department(value: Any) -> bool:
    return type(value) is int and 0 <= value <= 999


LenientDate = Annotated[CalendarDate, Lenient(_date_part, usual=_is_day)]
"""A day; a full timestamp is accepted and cut to its date part (real clients send them)."""

Number = Annotated[StrictInt, Lenient(_number, usual=_is_number)]
Code = Annotated[str, Lenient(_code, usual=_is_code)]
Boolean = Annotated[StrictBool, Lenient(_boolean, usual=_is_boolean)]
Department = Annotated[Any, Lenient(_department, usual=_is_department)]


class HealthProfile(Model):
    """What is known of a person beside the vaccinations."""

    condition_ids: list[Number] = declared(
        "The conditions that hold for the person, by legacy id.",
        guess(
            "4.6",
            question="What does the legacy `health_profile` of a record look like?",
            option="conditions.not_boolean",
        ),
    )


class User(Model):
    """Who wrote something down."""

    id: Number | None = declared("The user's legacy id.", VACC)
    name: str | None = declared("First and last name.", VACC)
    first_name: str | None = declared("First name.", VACC)
    last_name: str | None = declared("Last name.", VACC)


class Vaccine(Model):
    """A vaccine: a client names it by one of its codes, and reads all that is known of it."""

    id: Number | None = declared("Its legacy id, the number of its NUVA code.", VFC)
    name: str | None = declared("Its name.", VACC)
    cip_codes: list[Any] | None = declared("Its CIP codes.", VFC)
    ucd_code: Code | None = declared("Its UCD code.", VACC)
    diseases: list[Any] | None = declared("What it protects from.", VACC)
    valences: list[Any] | None = declared("What it is made of.", VFC)
    cip_code: Code | None = declared("One of its CIP codes, to name it by.", VACC)
    icp_code: Code | None = declared("The same, as the documentation spells it.", VACC)
    cid_codes: list[Any] | None = declared("Its CIP codes, as an old sample spells it.", VACC)


class Validation(Model):
    """How a professional validated a vaccination."""

    validator: User | None = declared("Who validated it.", inferred("1.4"))
    date: LenientDate | None = declared("The day on which it was validated.", inferred("1.4"))
    method: str | None = declared("How it was validated.", inferred("1.4"))


class Vaccination(Model):
    """One vaccination of a record."""

    id: Number | None = declared("The vaccination's legacy id.", VACC)
    created_at: Timestamp | None = declared("When it was written down.", VACC)
    updated_at: Timestamp | None = declared("When it was last changed.", VACC)
    vaccine: Vaccine | None = declared("The vaccine that was given.", VACC)
    date: LenientDate | None = declared("The day on which it was given.", VACC)
    age: str | None = declared("The person's age on that day, in French.", inferred("1.4"))
    batch: str | None = declared('The batch number; "" when it is not known.', VACC)
    injection_route: str | None = declared("How it was given: an HL7 v3 code.", VACC)
    injection_site: str | None = declared("Where it was given: an HL7 v3 code.", VACC)
    creator: User | None = declared("Who wrote it down.", VACC)
    validation: Validation | None = declared("Its validation by a professional, or null.", VACC)
    booster: Boolean | None = declared("Whether it was a booster.", inferred("1.4"))
    comments: Any = declared("Comments by the patient or by professionals.", inferred("1.4"))


class SharingRequest(Model):
    """A wish that a professional may read a record; in the style of the old API."""

    id: Number | None = declared("The request's legacy id.", inferred("1.8"))
    rpps: Code | None = declared("The RPPS number of the professional who is asked.", SEED)
    status: str | None = declared("Where it stands.", inferred("1.8"))
    created_at: Timestamp | None = declared("When it was made.", inferred("1.8"))
    external_id: Code | None = declared("The RPPS number, under the new API's name.", SEED)


class HealthRecord(Model):
    """The vaccination record of one person."""

    created_at: Timestamp | None = declared("When the record was made.", SEED)
    updated_at: Timestamp | None = declared("When the record was last changed.", SEED)
    uuid: Uuid | None = declared("The record's id; it stands in the path.", SEED)
    birth_date: LenientDate | None = declared("The day on which the person was born.", SEED)
    gender: str | None = declared('"male" or "female".', SEED)
    email: str | None = declared("The person's e-mail address.", SEED)
    home_phone: str | None = declared("Telephone at home: ten digits.", SEED)
    mobile_phone: str | None = declared("Mobile telephone: ten digits.", SEED)
    last_name: str | None = declared("The name in use.", inferred("4.2"))
    first_name: str | None = declared("The first names.", SEED)
    birth_name: str | None = declared(
        'The name at birth when it differs, else "".', inferred("4.2")
    )
    caption: str | None = declared("A sentence of sex and age, in French.", inferred("4.3"))
    place_of_birth: str | None = declared("The town in which the person was born.", SEED)
    department_of_birth: Department | None = declared(
        "The number of the French department of birth.", SEED
    )
    zip_code: str | None = declared("The postal code: five digits, as a text.", SEED)
    ins_c: str | None = declared("The computed national health identifier.", SEED)
    sharing_status: str | None = declared("Who else may read the record.", SEED)
    vaccinations: list[Vaccination] | None = declared("The vaccinations.", SEED)
    health_profile: HealthProfile | None = declared("What is known beside the vaccinations.", SEED)
