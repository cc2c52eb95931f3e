"""
The small work of the first sketches: eight fields renamed, one code, one sentence, some dropped.

Their figures were taken on another machine, so what is compared is how the gateways stand to each
other. A gateway that costs more beside the rest than it did there is not tuned as it should be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from bench.speed.golden import Answer, Golden
from bench.speed.rounds import CONNECTIONS, Measured
from bench.speed.table import number
from bench.speed.workload import (
    CREATE,
    FAMILY_NAMES,
    FIRST_NAMES,
    LIST,
    LISTED,
    MADE,
    NINES,
    READ,
    READ_ONE,
    Workload,
    dump,
    identity,
)

RENAMED = {
    "uuid": "id",
    "first_name": "given_name",
    "last_name": "family_name",
    "birth_date": "born_on",
    "zip_code": "postal_code",
    "reference": "external_id",
    "phone": "phone_number",
    "created_at": "created_on",
}
"""Modern names by legacy ones."""
REMARK = "Vaccine given by a nurse at the town hall; no reaction was seen after a while. " * 3
GENDERS = {"m": "male", "f": "female"}
WORDS = {"m": "Homme", "f": "Femme"}

SKETCHED: Mapping[str, Mapping[str, float]] = {
    "create": {
        "nginx": 18, "nginx-lua": 80, "go": 133, "node": 136, "express": 324, "fastapi": 2720,
        "mitmproxy": 1330,
    },
    "list100": {
        "nginx": 94, "nginx-lua": 2370, "go": 3850, "node": 3030, "express": 3610,
        "fastapi": 10430, "mitmproxy": 6030,
    },
}  # fmt: skip
"""CPU us a request of the sketches, by work and gateway."""
PEERS = tuple(SKETCHED["create"])
APART = 0.15
"""So far a gateway may be from its figure, once the machine is allowed for."""
HEADINGS = (
    "gateway",
    "work",
    "least CPU us",
    "sketch",
    "over nginx",
    "over go",
    "for this machine",
    "",
)


def modern_document(number: int) -> dict[str, Any]:
    """A document of the new API, some 2.5 KB."""
    return {
        "id": identity("small", number),
        "given_name": FIRST_NAMES[number % 5],
        "family_name": FAMILY_NAMES[number % 7],
        "sex": "mf"[number % 2],
        "born_on": f"{1940 + number % 70}-{1 + number % 12:02}-09",
        "postal_code": f"{1000 + 937 * number % 94000:05}",
        "external_id": f"dossier-{number:04}",
        "phone_number": f"06{number:08}",
        "created_on": f"2022-{1 + number % 12:02}-03T13:41:17Z",
        "owner_id": identity("owner", number),
        "revision": number,
        "validator_ids": [identity("professional", number % 5)],
        "vaccinations": [
            {
                "id": 1000 * number + place,
                "date": f"{2001 + place}-0{1 + place % 9}-14",
                "vaccine": {"id": 900 + place, "name": f"IMAGIVAX {place}"},
                "batch": f"LOT-{number:03}{place}",
                "booster": bool(place % 2),
                "comments": REMARK,
            }
            for place in range(6)
        ],
    }


def legacy_document(modern: Mapping[str, Any]) -> dict[str, Any]:
    """The same as a legacy client sees it."""
    sex = modern["sex"]
    return {
        **{legacy: modern[name] for legacy, name in RENAMED.items()},
        "gender": GENDERS[sex],
        "caption": f"{WORDS[sex]}, {modern['born_on']}",
        "vaccinations": modern["vaccinations"],
    }


def made_document() -> dict[str, Any]:
    """What a legacy client makes; its reference, nines, becomes another one in each request."""
    return {**legacy_document(modern_document(MADE)), "reference": NINES}


def sent_document() -> dict[str, Any]:
    """What then reaches the new API."""
    made = made_document()
    codes = {legacy: modern for modern, legacy in GENDERS.items()}
    renamed = {name: made[legacy] for legacy, name in RENAMED.items()}
    return {**renamed, "sex": codes[made["gender"]], "vaccinations": made["vaccinations"]}


def upstream_answers() -> Mapping[str, bytes]:
    """What the new API answers, by "METHOD path"."""
    people = [modern_document(number) for number in range(LISTED)]
    return {
        f"GET {READ_ONE.upstream}": dump(people[READ]),
        "GET /health_records": dump(people),
        "POST /health_records": dump(modern_document(MADE)),
    }


SMALL = Workload(
    "small",
    {it.name: it for it in (replace(CREATE, body=dump(made_document())), READ_ONE, LIST)},
    upstream_answers,
)


def right(folder: Path) -> Golden:
    """What is right, by definition and not by passerelle, which has no such mapping."""
    shown = [legacy_document(modern_document(number)) for number in range(LISTED)]
    made = legacy_document(modern_document(MADE))
    answers = {
        "create": Answer(201, made),
        "read": Answer(200, shown[READ]),
        "list100": Answer(200, shown),
    }
    folder.mkdir(parents=True)
    return Golden(answers, sent_document(), folder, SMALL)


def compared(measured: Measured) -> Iterator[tuple[str, ...]]:
    """A line for each gateway and work of which there is a sketch."""
    for work, sketched in SKETCHED.items():
        found = {
            row["peer"]: row["cpu_us"]["min"]
            for row in measured.rows
            if row["work"] == work and row["connections"] == CONNECTIONS
        }
        times = {peer: found[peer] / cost for peer, cost in sketched.items() if peer in found}
        for peer, factor in times.items():
            here = factor / median(times.values())
            yield (
                peer,
                work,
                number(found[peer]),
                number(sketched[peer]),
                *(
                    f"{factor / times[other]:.2f} of the sketch's" if other in times else ""
                    for other in ("nginx", "go")
                ),
                f"{here:.2f}",
                "within" if abs(here - 1) <= APART else "slower" if here > 1 else "faster",
            )
