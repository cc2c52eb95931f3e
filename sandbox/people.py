"""The people whom a new sandbox knows: all invented, everybody's to read and to change."""

from typing import Any, Final

WITH_ACTS: Final = "5a3d0b6e-0000-4000-8000-000000000001"
WITH_CUSTOMARY_NAME: Final = "5a3d0b6e-0000-4000-8000-000000000002"
SHARED: Final = "5a3d0b6e-0000-4000-8000-000000000003"
WITH_PROFILE: Final = "5a3d0b6e-0000-4000-8000-000000000004"
ASKED_FOR: Final = "5a3d0b6e-0000-4000-8000-000000000005"
PENDING: Final = "5a3d0b6e-0000-4000-8000-0000000000d2"

RPPS: Final = "90000000019"
"""The number of the professional who is asked by PENDING; real ones do not begin with a 9."""

_OWNER = "5a3d0b6e-0000-4000-8000-0000000000a1"
_DOCTOR = "5a3d0b6e-0000-4000-8000-0000000000a2"

_PLAIN: Final[dict[str, Any]] = {
    "customary_name": None,
    "external_id": None,
    "owner_id": _OWNER,
    "sharing_requests": [],
    "profile": {},
    "validator_ids": [],
    "vaccination_acts": [],
    "created_at": "2023-01-16T08:30:00.125Z",
    "updated_at": "2023-07-03T16:45:10.500Z",
}

PEOPLE: Final[tuple[dict[str, Any], ...]] = (
    {
        **_PLAIN,
        "id": WITH_ACTS,
        "first_name": "Apolline",
        "last_name": "Delafiction",
        "gender": "f",
        "birth_date": "1984-02-29",
        "zip_code": "01000",
        "validator_ids": [_DOCTOR],
        "vaccination_acts": [
            {
                "id": "5a3d0b6e-0000-4000-8000-0000000000b1",
                "performed_on": "2019-10-21",
                "certified_on": "2019-10-21",
                "certification_method": "execution",
                "certificator_id": _DOCTOR,
                "health_record_id": WITH_ACTS,
                "vaccine_id": "5a3d0b6e-0000-4000-8000-0000000000c1",
                "batch_number": "LOT-0001",
                "serial_number": "SERIE-0001",
                "injection_method": "intramuscular",
                "injection_location": "left_deltoid",
                "country_code": "FR",
                "booster": False,
                "expiration_date": "2020-06-30",
            },
            {
                "id": "5a3d0b6e-0000-4000-8000-0000000000b2",
                "performed_on": "2022-11-03",
                "certified_on": "2022-11-04",
                "certification_method": "execution",
                "certificator_id": _DOCTOR,
                "health_record_id": WITH_ACTS,
                "vaccine_id": "5a3d0b6e-0000-4000-8000-0000000000c2",
                "batch_number": "LOT-0002",
                "serial_number": "SERIE-0002",
                "injection_method": "intramuscular",
                "injection_location": "left_deltoid",
                "country_code": "FR",
                "booster": True,
                "expiration_date": "2023-12-31",
            },
            {
                "id": "5a3d0b6e-0000-4000-8000-0000000000b3",
                "performed_on": "2023-05-15",
                "certified_on": "2023-07-03",
                "certification_method": "proof",
                "certificator_id": _DOCTOR,
                "health_record_id": WITH_ACTS,
                "vaccine_id": "5a3d0b6e-0000-4000-8000-0000000000c1",
                "batch_number": "LOT-0003",
                "serial_number": "SERIE-0003",
                "injection_method": "subcutaneous",
                "injection_location": "right_deltoid",
                "country_code": "BE",
                "booster": False,
                "expiration_date": "2024-03-31",
            },
        ],
    },
    {
        **_PLAIN,
        "id": WITH_CUSTOMARY_NAME,
        "first_name": "Zénobie",
        "last_name": "Vraisemblable",
        "customary_name": "Rocambole",
        "gender": "f",
        "birth_date": "1951-12-31",
        "zip_code": "20000",
    },
    {
        **_PLAIN,
        "id": SHARED,
        "first_name": "Octave-Firmin",
        "last_name": "d'Imaginaire",
        "gender": "m",
        "birth_date": "1999-07-14",
        "zip_code": "97100",
        "sharing_requests": [
            {
                "id": "5a3d0b6e-0000-4000-8000-0000000000d1",
                "from_account_id": _OWNER,
                "from_account_type": "CITIZEN",
                "processed_by_account_id": _DOCTOR,
                "to_pro_external_account_id": "5a3d0b6e-0000-4000-8000-0000000000a3",
                "to_pro_identity": {"first_name": "Barnabé", "last_name": "Pilulier"},
                "processed_at": "2023-02-01T09:00:00.000Z",
                "status": "ACCEPTED",
                "health_record": SHARED,
            }
        ],
    },
    {
        **_PLAIN,
        "id": WITH_PROFILE,
        "first_name": "Gaspard",
        "last_name": "Bellefeinte",
        "gender": "m",
        "birth_date": "2021-03-01",
        "external_id": "DOSSIER-0004",
        "zip_code": None,
        "profile": {
            "5a3d0b6e-0000-4000-8000-0000000000e1": True,
            "5a3d0b6e-0000-4000-8000-0000000000e2": 12.5,
        },
    },
    {
        **_PLAIN,
        "id": ASKED_FOR,
        "first_name": "Philippine",
        "last_name": "Songecreux",
        "gender": "f",
        "birth_date": "1976-08-08",
        "zip_code": "20200",
        "sharing_requests": [
            {
                "id": PENDING,
                "from_account_id": _OWNER,
                "from_account_type": "CITIZEN",
                "processed_by_account_id": None,
                "to_pro_external_account_id": RPPS,
                "to_pro_identity": {"first_name": "Barnabé", "last_name": "Pilulier"},
                "processed_at": None,
                "status": "PENDING",
                "health_record": ASKED_FOR,
                "created_at": "2023-07-03T16:45:10.500Z",
            }
        ],
    },
)
