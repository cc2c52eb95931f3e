"""Invented people, as either API tells of them; none of them lives anywhere."""

from typing import Any

ID = "0b1c2d3e-4f50-4a61-8b72-9c83ad94be05"
OTHER_ID = "7d6c5b4a-3928-4716-a0f5-e4d3c2b1a099"
ACT_ID = "1f2e3d4c-5b6a-4798-8a9b-0c1d2e3f4a5b"
OWNER_ID = "c0ffee00-1234-4abc-9def-0123456789ab"
CONDITION_ID = "aa11bb22-cc33-4d44-8e55-ff6677889900"
VACCINE_ID = "5a3d0b6e-0000-4000-8000-0000000000c1"
OTHER_VACCINE_ID = "5a3d0b6e-0000-4000-8000-0000000000c2"
OTHER_ACT_ID = "2a3b4c5d-6e7f-4809-9a1b-2c3d4e5f6a7b"
SHARING_ID = "3b4c5d6e-7f80-4912-8b3c-4d5e6f7a8b9c"
RPPS = "10000000009"
OTHER_RPPS = "10000000017"

RECORD = f"/api/v1/records/{ID}.json"
RECORDS = "/api/v1/records.json"
VACCINATIONS = f"/api/v1/records/{ID}/vaccinations.json"
SHARING = f"/api/v1/records/{ID}/sharing_requests.json"
MODERN_RECORD = f"/health_records/{ID}"
MODERN_ACTS = f"/health_records/{ID}/vaccination_acts"
MODERN_ACT = f"/vaccination_acts/{ACT_ID}"
MODERN_SHARING = f"/health_records/{ID}/sharing_requests"
MODERN_RECORDS = "/health_records"

LEGACY_FIELDS = [
    "created_at",
    "updated_at",
    "uuid",
    "birth_date",
    "gender",
    "email",
    "home_phone",
    "mobile_phone",
    "last_name",
    "first_name",
    "birth_name",
    "caption",
    "place_of_birth",
    "department_of_birth",
    "zip_code",
    "ins_c",
    "sharing_status",
    "vaccinations",
    "health_profile",
]
"""In the order of the old API's samples."""

VACCINATION_FIELDS = [
    "id",
    "created_at",
    "updated_at",
    "vaccine",
    "date",
    "age",
    "batch",
    "injection_route",
    "injection_site",
    "creator",
    "validation",
    "booster",
    "comments",
]
"""In the order of the old API's samples."""

LEGACY_ONLY = {
    "email": "maelle@inbox.example",
    "home_phone": "0298000000",
    "mobile_phone": "0600000000",
    "place_of_birth": "Brest",
    "department_of_birth": 29,
    "ins_c": "20410087654321098765 79",
}
"""What the new API has no place for."""

MODERN_NAMES = (
    "customary_name",
    "external_id",
    "health_record",
    "owner_id",
    "profile_id",
    "sharing_requests",
    "validator_ids",
    "vaccination_acts",
    "new.example",
)
"""What must never be seen by a legacy client."""


def modern_document(**changes: Any) -> dict[str, Any]:
    """A health record of the new API."""
    return {
        "id": ID,
        "first_name": "Maëlle Rozenn",
        "last_name": "Kerbrizac",
        "customary_name": "Talhouarn",
        "gender": "f",
        "birth_date": "1990-05-17",
        "external_id": None,
        "owner_id": OWNER_ID,
        "zip_code": "29217",
        "sharing_requests": [],
        "profile": {},
        "validator_ids": [],
        "vaccination_acts": [],
        "created_at": "2021-01-31T23:30:15.123Z",
        "updated_at": "2022-07-14T08:05:59.999Z",
        **changes,
    }


def modern_act(**changes: Any) -> dict[str, Any]:
    """A vaccination of the new API."""
    return {
        "id": ACT_ID,
        "performed_on": "2021-05-16",
        "certified_on": "2021-05-18",
        "certification_method": "execution",
        "certificator_id": None,
        "health_record_id": ID,
        "vaccine_id": None,
        "batch_number": None,
        "serial_number": "SN-0042",
        "injection_method": "intramuscular",
        "injection_location": "left_deltoid",
        "country_code": "FR",
        "booster": None,
        "expiration_date": None,
        **changes,
    }


def legacy_document(**changes: Any) -> dict[str, Any]:
    """What a legacy application sends to make a record."""
    return {
        "first_name": "Maëlle Rozenn",
        "last_name": "Talhouarn",
        "birth_name": "Kerbrizac",
        "birth_date": "1990-05-17",
        "gender": "female",
        "zip_code": "29217",
        **changes,
    }


def modern_sharing(**changes: Any) -> dict[str, Any]:
    """A wish to share the record, of the new API."""
    return {
        "id": SHARING_ID,
        "from_account_id": OWNER_ID,
        "from_account_type": "CITIZEN",
        "processed_by_account_id": None,
        "to_pro_external_account_id": RPPS,
        "to_pro_identity": {"last_name": "Kermarrec"},
        "processed_at": None,
        "status": "PENDING",
        "health_record": ID,
        "created_at": "2024-03-05T11:00:00.000Z",
        **changes,
    }


def legacy_vaccination(**changes: Any) -> dict[str, Any]:
    """What a legacy application sends to write down a vaccination."""
    return {
        "vaccine": {"id": 901},
        "date": "2021-05-16",
        "batch": "LOT-A17",
        "injection_route": "IM",
        "injection_site": "LD",
        "booster": True,
        **changes,
    }
