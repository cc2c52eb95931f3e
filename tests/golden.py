"""Golden pairs: one record as each side has it, for a person to read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mappings.core.context import Ids, equal
from mappings.core.errors import DocumentError
from mappings.core.record_mapping import RecordMapping, Upgraded
from mappings.core.rules import SetAside
from tests.documents import context

FOLDER = Path(__file__).parent / "data" / "health_record"


@dataclass(frozen=True)
class Pair:
    name: str
    legacy: dict[str, Any]
    modern: dict[str, Any]


def pairs() -> Iterator[Pair]:
    """Every golden pair of the health record."""
    for path in sorted(FOLDER.glob("*.legacy.json")):
        other = path.with_name(path.name.replace(".legacy.", ".modern."))
        yield Pair(
            path.name.removesuffix(".legacy.json"),
            json.loads(path.read_text(encoding="utf-8")),
            json.loads(other.read_text(encoding="utf-8")),
        )


PAIRS = list(pairs())

WRITABLE = ("first_name", "last_name", "customary_name", "gender", "birth_date", "zip_code")
"""The modern fields that a creation by a legacy client fills."""

CROSSWALK = Ids(
    to_legacy={
        ("vaccination", f"7c9e6679-7425-40de-944b-{70 + number:012d}"): 1200 + number
        for number in range(1, 6)
    }
)

READ_ONLY = ("vaccinations", "health_profile")


def shown(mapping: RecordMapping, pair: Pair) -> dict[str, Any]:
    """The legacy side of the modern one, with what was set aside."""
    aside = {rule.legacy[0]: pair.legacy[rule.legacy[0]] for rule in mapping.of_kind(SetAside)}
    known = replace(context(aside=aside), ids=CROSSWALK)
    return dict(mapping.downgrade(pair.modern, known).document)


def written_back(mapping: RecordMapping, pair: Pair) -> Upgraded:
    """The legacy side written over the modern one."""
    return mapping.upgrade(pair.legacy, replace(context(base=pair.modern), ids=CROSSWALK))


def made(mapping: RecordMapping, pair: Pair) -> dict[str, Any]:
    """The modern side of the legacy one, made anew."""
    written = {name: value for name, value in pair.legacy.items() if name not in READ_ONLY}
    return dict(mapping.upgrade(written, context()).document)


def hold(mapping: RecordMapping) -> bool:
    """Whether a mapping carries every golden pair as it stands, both ways."""
    try:
        return all(
            equal(shown(mapping, pair), pair.legacy)
            and equal(
                made(mapping, pair), {n: pair.modern[n] for n in WRITABLE if n in pair.modern}
            )
            and not written_back(mapping, pair).lost
            for pair in PAIRS
        )
    except (DocumentError, KeyError, TypeError, ValueError, AttributeError):
        return False
