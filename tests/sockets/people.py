"""Invented people, as either API tells of them; none of them lives anywhere."""

from typing import Any

RECORDS = "/api/v1/records.json"

AS_THE_GUIDE_SHOWS = """{
  "created_at": "2013-02-21T09:08:07+01:00",
  "updated_at": "2013-08-22T19:18:17+02:00",
  "uuid": "c2a9d1f4-6b3e-4d57-9a08-71e5f0b3c6d2",
  "birth_date": "1971-10-28",
  "gender": "female",
  "email": "ondine.farfadet@example.org",
  "home_phone": "0297000042",
  "mobile_phone": "0697000042",
  "last_name": "Farfadet",
  "first_name": "Ondine Aliénor",
  "birth_name": "Mirliton",
  "caption": "Femme de 42 ans",
  "place_of_birth": "Vannes",
  "department_of_birth": 56,
  "zip_code": "01320",
  "ins_c": "27710056340981276543 21",
  "sharing_status": "private_record",
  "vaccinations": [],
  "health_profile": {"condition_ids": []}
}""".encode()
"""Every field of the guide's example, in its order, about somebody invented."""

ANSWER = (
    '{{"created_at":"{created_at}","updated_at":"{updated_at}","uuid":"{uuid}",'
    '"birth_date":"1971-10-28","gender":"female","email":null,"home_phone":null,'
    '"mobile_phone":null,"last_name":"Farfadet","first_name":"Ondine Aliénor",'
    '"birth_name":"Mirliton","caption":"{caption}","place_of_birth":null,'
    '"department_of_birth":null,"zip_code":"01320","ins_c":null,'
    '"sharing_status":"private_record","vaccinations":[],'
    '"health_profile":{{"condition_ids":[]}}}}'
)
"""What is answered, but for what the server makes."""

LOST = {"uuid", "email", "home_phone", "mobile_phone", "place_of_birth", "department_of_birth"}

MODERN_NAMES = (
    b"customary_name",
    b"external_id",
    b"health_record",
    b"owner_id",
    b"sharing_requests",
    b"validator_ids",
    b"vaccination_acts",
    b"sandbox",
    b"uvicorn",
    b"about:blank",
)
"""What must never be seen by a legacy client."""


def legacy_document(**changes: Any) -> dict[str, Any]:
    """What a legacy application sends to make a record."""
    return {
        "first_name": "Ondine",
        "last_name": "Farfadet",
        "birth_date": "1971-10-28",
        "gender": "female",
        **changes,
    }


def modern_document(identity: str, **changes: Any) -> dict[str, Any]:
    """A health record of the new API, with what only the new API knows."""
    return {
        "id": identity,
        "first_name": "Ondine Aliénor",
        "last_name": "Mirliton",
        "customary_name": "Farfadet",
        "gender": "f",
        "birth_date": "1971-10-28",
        "external_id": "dossier-3307",
        "owner_id": "c2a9d1f4-6b3e-4d57-9a08-71e5f0b3c6a1",
        "zip_code": "01320",
        "sharing_requests": [],
        "profile": {"c2a9d1f4-6b3e-4d57-9a08-71e5f0b3c6e1": 12.50},
        "validator_ids": ["c2a9d1f4-6b3e-4d57-9a08-71e5f0b3c6a2"],
        "vaccination_acts": [
            {
                "id": "c2a9d1f4-6b3e-4d57-9a08-71e5f0b3c6b1",
                "performed_on": "2019-10-21",
                "certified_on": "2019-10-22",
                "certification_method": "execution",
                "certificator_id": "c2a9d1f4-6b3e-4d57-9a08-71e5f0b3c6a2",
                "health_record_id": identity,
                "vaccine_id": "c2a9d1f4-6b3e-4d57-9a08-71e5f0b3c6c1",
                "batch_number": "LOT-7713",
                "serial_number": "SERIE-7713",
                "injection_method": "intramuscular",
                "injection_location": "left_deltoid",
                "country_code": "FR",
                "booster": False,
                "expiration_date": "2020-06-30",
            }
        ],
        "created_at": "2019-01-16T08:30:00.125Z",
        "updated_at": "2023-07-03T16:45:10.500Z",
        **changes,
    }
