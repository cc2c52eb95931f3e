"""Invented people, as either API tells of them; none of them lives anywhere."""

import json
from collections.abc import Iterator
from typing import Any

LEGACY: dict[str, Any] = {
    "birth_date": "1979-08-23",
    "gender": "female",
    "email": "isaure.trouvaille@example.org",
    "home_phone": "0498000017",
    "last_name": "Trouvaille",
    "first_name": "Isaure",
    "birth_name": "Bricolin",
    "zip_code": "05109",
}

UPGRADED: dict[str, Any] = {
    "first_name": "Isaure",
    "last_name": "Bricolin",
    "customary_name": "Trouvaille",
    "birth_date": "1979-08-23",
    "zip_code": "05109",
    "gender": "f",
}

OTHER_LEGACY: dict[str, Any] = {
    "first_name": "Côme",
    "last_name": "Tarabiscot",
    "gender": "male",
    "birth_date": "2003-11-05",
}

OTHER_UPGRADED: dict[str, Any] = {
    "first_name": "Côme",
    "last_name": "Tarabiscot",
    "birth_date": "2003-11-05",
    "gender": "m",
}

MODERN: dict[str, Any] = {
    "id": "6f2b8f0a-5b0c-4b3e-9a51-3d3f6f7c1e20",
    "first_name": "Isaure",
    "last_name": "Bricolin",
    "customary_name": "Trouvaille",
    "gender": "f",
    "birth_date": "1979-08-23",
    "external_id": "dossier-7781",
    "zip_code": "05109",
    "sharing_requests": [],
    "profile": {},
    "vaccination_acts": [
        {
            "id": "6f2b8f0a-5b0c-4b3e-9a51-3d3f6f7c1e21",
            "performed_on": "2018-04-26",
            "batch_number": "LOT-5519",
            "injection_method": "intramuscular",
        }
    ],
    "created_at": "2019-02-03T10:11:12.345Z",
    "updated_at": "2020-06-07T08:09:10.111Z",
}

WRONG: dict[str, Any] = {**LEGACY, "birth_date": "23/08/1979", "gender": "woman"}
WRONG_PROBLEMS = "/birth_date: date; /gender: inclusion"


def lines(*documents: Any) -> str:
    """The documents as NDJSON."""
    return "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)


def read_lines(text: str) -> list[Any]:
    """The documents in NDJSON."""
    return [json.loads(line) for line in text.splitlines()]


def values(document: Any) -> Iterator[str]:
    """Every text in a document that is long enough to be found again."""
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for item in document:
            yield from values(item)
    elif isinstance(document, str) and len(document) > 2:
        yield document
