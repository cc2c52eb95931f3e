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
        "vaccinations": [
            {
                "vaccine": {"id": 901},
                "date": "2019-10-21",
                "batch": "LOT-A17",
                "injection_route": "IM",
                "injection_site": "LD",
                "booster": True,
                "validation": {"date": "2019-10-21", "method": "execution"},
            }
        ],
        "health_profile": {"condition_ids": []},
    },
    by_another_hand={"external_id": "dossier-0042", "customary_name": "Le Quintrec-Abgrall"},
    within={
        "vaccinations": {
            "vaccine": {"id": "902"},
            "date": "2024-03-05T00:00:00.000+01:00",
            "batch": "LOT-B42",
            "injection_route": "SQ",
            "injection_site": "RD",
            "comments": [{"text": "Bien supporté."}],
        },
        "sharing_requests": {"rpps": "10000000009"},
    },
    tables={
        "vaccines": (
            {
                "code": "VAC0901",
                "uuid": "5a3d0b6e-0000-4000-8000-0000000000c1",
                "name": "IMAGIVAX DTP",
                "cip_codes": ["3400900000019"],
                "ucd_code": "9000001",
                "diseases": [
                    {"id": 1, "name": "Diphtérie"},
                    {"id": 2, "name": "Tétanos"},
                    {"id": 4, "name": "Poliomyélite"},
                ],
                "valences": [{"id": 1, "name": "D"}, {"id": 2, "name": "T"}],
            },
            {
                "code": "VAC0902",
                "uuid": "5a3d0b6e-0000-4000-8000-0000000000c2",
                "name": "FICTIRIX",
                "cip_codes": ["3400900000026", "3400900000033"],
                "ucd_code": "9000002",
                "diseases": [{"id": 6, "name": "Hépatite B"}],
                "valences": [{"id": 7, "name": "HepB"}],
            },
            {
                "code": "VAC0903",
                "uuid": "5a3d0b6e-0000-4000-8000-0000000000c3",
                "name": "ELSEWHEREVAX",
                "french": False,
                "diseases": [{"id": 15, "name": "Grippe"}],
            },
        ),
        "conditions": (
            {"id": 145, "uuid": "5a3d0b6e-0000-4000-8000-0000000000e1", "type": "boolean"},
            {"id": 990, "uuid": "5a3d0b6e-0000-4000-8000-0000000000e2", "type": "float"},
        ),
    },
    refused={"birth_date": "09/03/1987", "gender": "woman"},
)
