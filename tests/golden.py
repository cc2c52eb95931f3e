"""Golden pairs: one record as each side has it, for a person to read."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mappings.core.context import Context, Ids, equal, is_blank
from mappings.core.errors import DocumentError
from mappings.core.record_mapping import RecordMapping
from mappings.core.results import Upgraded
from mappings.core.rules import SetAside
from mappings.mesvaccins.vaccines import Vaccines, vaccines
from tests.documents import CONDITIONS, HEALTH_RECORD, SHARING_REQUEST, TODAY, VACCINATION

DATA = Path(__file__).parent / "data"

BY_KIND = {it.kind: it for it in (HEALTH_RECORD, VACCINATION, SHARING_REQUEST)}


@dataclass(frozen=True)
class Pair:
    kind: str
    name: str
    legacy: dict[str, Any]
    modern: dict[str, Any]
    parent: dict[str, Any] | None = None
    """The modern record around a record within a record."""


def nomenclature() -> Vaccines:
    """The vaccines of the golden pairs, from a file as an operator writes it."""
    with (DATA / "vaccines.csv").open(encoding="utf-8", newline="") as lines:
        return vaccines(list(csv.DictReader(lines)))


def _read(kind: str) -> Iterator[Pair]:
    for path in sorted((DATA / kind).glob("*.legacy.json")):
        other = path.with_name(path.name.replace(".legacy.", ".modern."))
        yield Pair(
            kind,
            path.name.removesuffix(".legacy.json"),
            json.loads(path.read_text(encoding="utf-8")),
            json.loads(other.read_text(encoding="utf-8")),
        )


def _vaccinations(pair: Pair) -> Iterator[Pair]:
    """The vaccinations of a record, each as a pair of its own."""
    both = zip(pair.legacy["vaccinations"], pair.modern["vaccination_acts"], strict=True)
    for number, (vaccination, act) in enumerate(both, start=1):
        yield Pair("vaccination", f"{pair.name}-{number}", vaccination, act, pair.modern)


RECORDS = list(_read("health_record"))
PAIRS = [
    *RECORDS,
    *(vaccination for pair in RECORDS for vaccination in _vaccinations(pair)),
    *_read("sharing_request"),
]

TABLES = {"conditions": CONDITIONS, "vaccines": nomenclature()}


def _uuid(number: int) -> str:
    return f"7c9e6679-7425-40de-944b-{number:012d}"


CROSSWALK = Ids(
    {
        **{("vaccination", _uuid(number)): 1130 + number for number in range(71, 76)},
        **{("professional", _uuid(number)): 1300 + number for number in range(81, 86)},
        **{("sharing_request", _uuid(number)): 1400 + number for number in range(501, 508)},
    }
)

BY_SERVER = {
    "health_record": {"id", "created_at", "updated_at", "sharing_requests", "owner_id"}
    | {"validator_ids", "external_id"},
    "vaccination": {"id", "certificator_id", "health_record_id", "serial_number"}
    | {"country_code", "expiration_date"},
}
"""The modern fields that a creation by a legacy client does not fill."""


def known(pair: Pair, base: dict[str, Any] | None = None) -> Context:
    """All that the gateway knows of a pair's record."""
    asides = {
        (kind, it["id"]): {rule.legacy[0]: said[rule.legacy[0]] for rule in of.of_kind(SetAside)}
        for kind, it, said, of in [
            (pair.kind, pair.modern, pair.legacy, BY_KIND[pair.kind]),
            *(
                ("vaccination", act.modern, act.legacy, VACCINATION)
                for act in (_vaccinations(pair) if pair.kind == "health_record" else ())
            ),
        ]
    }
    return Context(
        today=TODAY, base=base, ids=CROSSWALK, tables=TABLES, asides=asides, parent=pair.parent
    )


def shown(mapping: RecordMapping, pair: Pair) -> dict[str, Any]:
    """The legacy side of the modern one, with what was set aside."""
    return dict(mapping.downgrade(pair.modern, known(pair)).document)


def written_back(mapping: RecordMapping, pair: Pair) -> Upgraded:
    """The legacy side written over the modern one."""
    return mapping.upgrade(pair.legacy, known(pair, base=pair.modern))


def made(mapping: RecordMapping, pair: Pair) -> dict[str, Any]:
    """The modern side of the legacy one, made anew."""
    nobody = Context(today=TODAY, ids=CROSSWALK, tables=TABLES)
    return dict(mapping.upgrade(pair.legacy, nobody).document)


def fills(pair: Pair) -> dict[str, Any]:
    """What of the modern side a creation by a legacy client fills."""
    if pair.kind == "sharing_request":
        # Told as one thing, asked for as another.
        named = ("external_id", "to_pro_external_account_id")
        return {"external_id": next(pair.modern[name] for name in named if name in pair.modern)}
    filled = {
        name: value
        for name, value in pair.modern.items()
        if name not in BY_SERVER[pair.kind] and not is_blank(value)
    }
    if "vaccination_acts" in filled:
        filled["vaccination_acts"] = [fills(act) for act in _vaccinations(pair)]
    if "profile" in filled:
        # A condition that has a value, or that does not hold, cannot be said by a list of ids.
        filled["profile"] = {uuid: it for uuid, it in filled["profile"].items() if it is True}
    return filled


def can_be_made(pair: Pair) -> bool:
    """Whether the legacy side has all that a creation must have."""
    required = BY_KIND[pair.kind].required
    return not any(is_blank(pair.legacy[name]) for name in required)


def hold(mapping: RecordMapping) -> bool:
    """Whether a mapping carries every golden pair of its kind as it stands, both ways."""
    try:
        return all(_holds(mapping, pair) for pair in PAIRS if pair.kind == mapping.kind)
    except (DocumentError, KeyError, TypeError, ValueError, AttributeError):
        return False


def _holds(mapping: RecordMapping, pair: Pair) -> bool:
    back = written_back(mapping, pair)
    return (
        equal(shown(mapping, pair), pair.legacy)
        and (not can_be_made(pair) or equal(made(mapping, pair), fills(pair)))
        and not (back.changes or back.lost or back.aside or back.items)
    )
