"""Invented people, each made of nothing but an id: as the new API tells of them and the old one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

FIRST_NAMES = ("Ondine Aliénor", "Basile", "Maëlle", "Côme-Yves")
FAMILY_NAMES = ("Farfadet", "Mirliton", "Le Quintrec", "d'Abalone", "Œillade", "Sourdeval", "Ngô")
STATUSES = ("PENDING", "ACCEPTED", "REFUSED")
LISTS = UUID("7c9e6679-7425-40de-944b-e07fc1f90ae7")

NO_VACCINE: Mapping[str, object] = {
    "id": None,
    "name": None,
    "cip_codes": [],
    "ucd_code": "",
    "diseases": [],
    "valences": [],
}
"""What the old API's clients see of a vaccine that no table has."""


def listed(token: str, length: int) -> list[str]:
    """The ids of the records that the caller with this token is shown."""
    return [str(uuid5(LISTS, f"{token} {number}")) for number in range(length)]


def modern_record(identity: str) -> dict[str, Any]:
    """The record of this id, as the new API gives it."""
    seed = int(identity.replace("-", ""), 16)
    customary = FAMILY_NAMES[seed // 11 % 7] if seed // 3 % 2 else None
    return {
        "id": identity,
        "first_name": FIRST_NAMES[seed % 4],
        "last_name": FAMILY_NAMES[seed // 5 % 7],
        "customary_name": customary,
        "gender": "fm"[seed % 2],
        "birth_date": _birth_date(seed),
        "external_id": f"dossier-{seed % 9973}",
        "owner_id": identity,
        "zip_code": f"{seed % 95_000:05}",
        "sharing_requests": [
            {"id": identity, "status": STATUSES[seed % 3], "health_record": identity}
        ],
        "profile": {},
        "validator_ids": [],
        "vaccination_acts": [_modern_act(identity, seed)] if seed % 8 == 0 else [],
        "created_at": f"2019-01-{seed % 28 + 1:02}T{seed % 20:02}:30:{seed % 60:02}.125Z",
        "updated_at": f"2023-07-{seed % 31 + 1:02}T{seed % 20:02}:45:{seed % 60:02}.500Z",
    }


def legacy_record(identity: str) -> dict[str, Any]:
    """
    The same record as the old API's clients must see it, written down without the mapping.

    The id of a vaccination is the gateway's own to give: here it is 0, and `without_own_ids`
    makes the same of an answer.
    """
    seed = int(identity.replace("-", ""), 16)
    at_birth = FAMILY_NAMES[seed // 5 % 7]
    in_use = FAMILY_NAMES[seed // 11 % 7] if seed // 3 % 2 else at_birth
    created = f"2019-01-{seed % 28 + 1:02}T{seed % 20 + 1:02}:30:{seed % 60:02}+01:00"
    updated = f"2023-07-{seed % 31 + 1:02}T{seed % 20 + 2:02}:45:{seed % 60:02}+02:00"
    return {
        "created_at": created,
        "updated_at": updated,
        "uuid": identity,
        "birth_date": _birth_date(seed),
        "gender": "male" if seed % 2 else "female",
        "email": None,
        "home_phone": None,
        "mobile_phone": None,
        "last_name": in_use,
        "first_name": FIRST_NAMES[seed % 4],
        "birth_name": "" if in_use == at_birth else at_birth,
        "caption": caption("Homme" if seed % 2 else "Femme", _birth_date(seed)),
        "place_of_birth": None,
        "department_of_birth": None,
        "zip_code": f"{seed % 95_000:05}",
        "ins_c": None,
        "sharing_status": "shared_record" if seed % 3 == 1 else "private_record",
        "vaccinations": [_legacy_act(seed, created, updated)] if seed % 8 == 0 else [],
        "health_profile": {"condition_ids": []},
    }


def without_own_ids(document: Any) -> Any:
    """A legacy record with 0 for each vaccination's id that is one."""
    if isinstance(document, dict) and isinstance(document.get("vaccinations"), list):
        for act in document["vaccinations"]:
            if isinstance(act, dict) and type(act.get("id")) is int and act["id"] > 0:
                act["id"] = 0
    return document


def caption(word: str, birth_date: str) -> str:
    """The sentence of sex and age, of somebody who is two years old or older."""
    year, month, day = map(int, birth_date.split("-"))
    today = datetime.now(UTC).date()
    age = today.year - year - ((today.month, today.day) < (month, day))
    return f"{word} de {age} ans"


def _birth_date(seed: int) -> str:
    return f"{1930 + seed % 80}-{seed % 12 + 1:02}-{seed % 28 + 1:02}"


def _modern_act(identity: str, seed: int) -> dict[str, Any]:
    return {
        "id": str(uuid5(LISTS, identity)),
        "performed_on": "2019-10-21",
        "certified_on": None,
        "certification_method": None,
        "certificator_id": None,
        "health_record_id": identity,
        "vaccine_id": "c2a9d1f4-6b3e-4d57-9a08-71e5f0b3c6c1",
        "batch_number": f"LOT-{seed % 9973}",
        "serial_number": f"SERIE-{seed % 9967}",
        "injection_method": "subcutaneous",
        "injection_location": "right_thigh",
        "country_code": "FR",
        "booster": seed // 16 % 2 == 1,
        "expiration_date": "2020-06-30",
    }


def _legacy_act(seed: int, created: str, updated: str) -> dict[str, Any]:
    year, month, day = map(int, _birth_date(seed).split("-"))
    return {
        "id": 0,
        "created_at": created,
        "updated_at": updated,
        "vaccine": dict(NO_VACCINE),
        "date": "2019-10-21",
        "age": f"{2019 - year - ((month, day) > (10, 21))} ans",
        "batch": f"LOT-{seed % 9973}",
        "injection_route": "SQ",
        "injection_site": "RT",
        "creator": None,
        "validation": None,
        "booster": seed // 16 % 2 == 1,
        "comments": None,
    }
