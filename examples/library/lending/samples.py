"""Documents about an invented borrower, to show the pack at work."""

from __future__ import annotations

from mappings.core.pack import Sample

SAMPLE = Sample(
    created={
        "forename": "Oriel",
        "surname": "Tamsin",
        "card": "LB-000417",
        "category": "A",
        "email": "oriel.tamsin@example.org",
        "born": "09/03/1987",
        "address": {"street": "4 Ferry Lane", "town": "Eastmere", "postcode": "EM4 1AA"},
        "fax": "0555 0417",
        "remarks": "Collects on Saturdays.",
    },
    by_another_hand={"valid_until": "2020-12-31", "consents": ["newsletter"]},
    refused={"born": "1987-03-09", "category": "adult"},
)
