"""The work that every gateway of the bench does: invented people with six vaccinations each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

NAMESPACE = UUID("7c9e6679-7425-40de-944b-e07fc1f90ae7")
LISTED = 100
ACTS = 6
TOKEN = "bench-token"  # noqa: S105 - invented
NINES = "999999999"
RECORDS = "/api/v1/records.json"

FIRST_NAMES = ("Maëlle", "Basile", "Ondine Aliénor", "Côme-Yves", "Zoé")
FAMILY_NAMES = ("Farfadet", "Mirliton", "Le Quintrec", "Sourdeval", "Œillade", "Kermorvan", "Ngô")
DISEASES = ("Diphtérie", "Tétanos", "Coqueluche", "Poliomyélite", "Hépatite B", "Grippe")
ROUTES = ("intramuscular", "subcutaneous", "intradermal", "oral")
SITES = ("left_deltoid", "right_deltoid", "left_thigh", "right_thigh")
STATUSES = ("PENDING", "ACCEPTED", "REFUSED")


def identity(kind: str, *numbers: int) -> str:
    """The UUID of a thing, by its kind and numbers."""
    return str(uuid5(NAMESPACE, f"{kind} {numbers}"))


def vaccines() -> list[dict[str, Any]]:
    """The nomenclature that the operator supplies: twelve invented vaccines."""
    return [
        {
            "code": f"VAC{900 + number:04}",
            "uuid": identity("vaccine", number),
            "name": f"IMAGIVAX {number}",
            "cip_codes": [f"34009000{number:03}{place}" for place in range(1 + number % 3)],
            "ucd_code": f"90000{number:02}",
            "diseases": [
                {"id": 1 + (number + place) % 6, "name": DISEASES[(number + place) % 6]}
                for place in range(1 + number % 3)
            ],
            "valences": [{"id": 1 + number, "name": f"V{number}"}],
        }
        for number in range(12)
    ]


def modern_record(number: int) -> dict[str, Any]:
    """The record of one person, as the new API gives it."""
    born = date(1940, 1, 2) + timedelta(days=240 * (number % 120))
    own = identity("record", number)
    return {
        "id": own,
        "first_name": FIRST_NAMES[number % 5],
        "last_name": FAMILY_NAMES[number % 7],
        "customary_name": FAMILY_NAMES[(number + 3) % 7] if number % 2 else None,
        "gender": "mf"[number % 2],
        "birth_date": born.isoformat(),
        "external_id": f"dossier-{number:04}",
        "owner_id": identity("owner", number),
        "zip_code": f"{1000 + 937 * number % 94000:05}",
        "sharing_requests": [
            {
                "id": identity("request", number),
                "from_account_id": identity("account", number),
                "from_account_type": "CITIZEN",
                "status": STATUSES[number % 3],
                "processed_at": None,
                "health_record": own,
            }
        ],
        "profile": {},
        "validator_ids": [identity("professional", number % 5)],
        "vaccination_acts": [_act(number, place, own, born) for place in range(ACTS)],
        "created_at": f"2022-{1 + number % 12:02}-03T13:41:17.071Z",
        "updated_at": f"2024-{1 + (number + 5) % 12:02}-27T23:30:{number % 60:02}.004Z",
    }


def _act(number: int, place: int, own: str, born: date) -> dict[str, Any]:
    certified = place % 3 == 0
    performed = (born + timedelta(days=61 + 1009 * place)).isoformat()
    return {
        "id": identity("act", number, place),
        "performed_on": performed,
        "certified_on": performed if certified else None,
        "certification_method": "execution" if certified else None,
        "certificator_id": identity("professional", (number + place) % 5) if certified else None,
        "health_record_id": own,
        "vaccine_id": identity("vaccine", (number + place) % 12),
        "batch_number": f"LOT-{number:03}{place}" if place else None,
        "serial_number": f"SERIAL-{number:03}{place}",
        "injection_method": ROUTES[(number + place) % 4],
        "injection_location": SITES[(number + place) % 4],
        "country_code": "FR",
        "booster": bool((number + place) % 2),
        "expiration_date": "2031-12-31",
    }


def new_record(number: int = 0) -> dict[str, Any]:
    """
    The record that a legacy client makes, unlike any other one by its first name.

    It has no vaccinations: the new API takes each by a call of its own, and a creation here is one
    call. The answer has six, so that as much is carried back as in reading.
    """
    return {
        "birth_date": "1987-03-09",
        "gender": "female",
        "email": "ondine.sourdeval@example.org",
        "home_phone": "0298000001",
        "mobile_phone": "0600000001",
        "last_name": "Le Quintrec",
        "first_name": f"Ondine N{number:09}",
        "birth_name": "Sourdeval",
        "place_of_birth": "Quimper",
        "department_of_birth": 29,
        "zip_code": "01270",
        "health_profile": {"condition_ids": []},
    }


READ, MADE = 0, LISTED
"""Which person is read alone, and whose record answers a creation; the list has all but that."""


def upstream_answers() -> Mapping[str, bytes]:
    """What the new API answers, by "METHOD path"."""
    people = [modern_record(number) for number in range(LISTED)]
    return {
        f"GET /health_records/{people[READ]['id']}": dump(people[READ]),
        "GET /health_records": dump(people),
        "POST /health_records": dump(modern_record(MADE)),
    }


def dump(document: object) -> bytes:
    """A document as compact JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Work:
    """What is asked of a gateway, over and over."""

    name: str
    method: str
    path: str
    """On the legacy side."""
    upstream: str
    """The same on the modern side."""
    status: int
    body: bytes = b""
    """What is sent; what a creation holds instead of the nines tells it from the others."""


CREATE = Work("create", "POST", RECORDS, "/health_records", 201, dump(new_record(int(NINES))))
READ_ONE = Work(
    "read",
    "GET",
    f"/api/v1/records/{identity('record', READ)}.json",
    f"/health_records/{identity('record', READ)}",
    200,
)
LIST = Work("list100", "GET", RECORDS, "/health_records", 200)
KEPT = replace(CREATE, name="create-kept")
"""A creation that is remembered, so that the same one is not made twice: two commits."""

WORKS = {work.name: work for work in (CREATE, READ_ONE, LIST, KEPT)}


@dataclass(frozen=True, slots=True)
class Workload:
    """What is asked, and what the new API then answers."""

    name: str
    works: Mapping[str, Work]
    answers: Callable[[], Mapping[str, bytes]]


WHOLE = Workload("records", WORKS, upstream_answers)
