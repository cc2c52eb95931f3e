"""Documents about an invented person, in the exact shape of the guide's samples."""

from __future__ import annotations

from mappings.core.pack import Sample

SAMPLE = Sample(
    created={
        "birth_date": "1987-03-09",
        "gender": "female",
        "email": "maelle.quintrec@example.org",
        "home_phone": "0298000001",
        "mobile_phone": "0600000001",
        "last_name": "Le Quintrec",
        "first_name": "Maëlle",
        "birth_name": "Sourdeval",
        "place_of_birth": "Quimper",
        "department_of_birth": 29,
        "zip_code": "01270",
        "ins_c": "20410087654321098765 79",
        "vaccinations": [],
        "health_profile": {"condition_ids": []},
    },
    by_another_hand={"external_id": "dossier-0042", "customary_name": "Le Quintrec-Abgrall"},
    refused={"birth_date": "09/03/1987", "gender": "woman"},
)
