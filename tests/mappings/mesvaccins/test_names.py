"""Family names: crossed by default, straight or swapped by option."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.core.errors import DocumentError
from mappings.core.record_mapping import RecordMapping
from mappings.mesvaccins import Options, build
from tests.documents import context

PERSON = {"first_name": "Inès", "birth_date": "1990-01-01", "gender": "female"}


def mapping(**names: Any) -> RecordMapping:
    return build(Options.model_validate({"names": names})).mappings["health_record"]


def modern(written: dict[str, Any], **names: Any) -> tuple[Any, ...]:
    document = mapping(**names).upgrade({**PERSON, **written}, context()).document
    return tuple(document.get(name) for name in ("first_name", "last_name", "customary_name"))


def legacy(first: str, last: str, customary: str | None, **names: Any) -> tuple[Any, ...]:
    record = {
        "id": "7c9e6679-7425-40de-944b-000000000001",
        "first_name": first,
        "last_name": last,
        "customary_name": customary,
        "birth_date": "1990-01-01",
        "gender": "f",
    }
    document = mapping(**names).downgrade(record, context()).document
    return tuple(document[name] for name in ("first_name", "last_name", "birth_name"))


@pytest.mark.parametrize(
    "birth_name", ["", None, " ", "Abgrall"], ids=["empty", "null", "blank", "same"]
)
def test_one_name_is_the_last_name_on_both_sides(birth_name: str | None) -> None:
    found = modern({"last_name": "Abgrall", "birth_name": birth_name})

    assert found == ("Inès", "Abgrall", None)


def test_a_name_at_birth_that_differs_is_the_modern_last_name() -> None:
    found = modern({"last_name": "Abgrall", "birth_name": "Kermorvan"})

    assert found == ("Inès", "Kermorvan", "Abgrall")


def test_the_crossed_names_come_back() -> None:
    assert legacy("Inès", "Kermorvan", "Abgrall") == ("Inès", "Abgrall", "Kermorvan")
    assert legacy("Inès", "Kermorvan", None) == ("Inès", "Kermorvan", "")
    assert legacy("Inès", "Kermorvan", "Kermorvan") == ("Inès", "Kermorvan", "")


def test_straight_names_keep_their_places() -> None:
    found = modern({"last_name": "Abgrall", "birth_name": "Kermorvan"}, policy="straight")

    assert found == ("Inès", "Abgrall", "Kermorvan")
    assert legacy("Inès", "Abgrall", "Kermorvan", policy="straight") == (
        "Inès",
        "Abgrall",
        "Kermorvan",
    )
    assert legacy("Inès", "Abgrall", None, policy="straight") == ("Inès", "Abgrall", "")


def test_swapped_names_stand_as_in_the_guides_sample() -> None:
    found = modern({"last_name": "Abgrall", "birth_name": "Kermorvan"}, swap=True)

    assert found == ("Kermorvan", "Inès", "Abgrall")
    assert legacy("Kermorvan", "Inès", "Abgrall", swap=True) == ("Inès", "Abgrall", "Kermorvan")


def test_swapped_names_that_nobody_changed_stay() -> None:
    swapped = mapping(swap=True, policy="straight")
    base = {
        "id": "7c9e6679-7425-40de-944b-000000000001",
        "first_name": "Abgrall",
        "last_name": "Inès",
        "birth_date": "1990-01-01",
        "gender": "f",
    }

    upgraded = swapped.upgrade({"first_name": "Zoé"}, context(base=base))

    assert upgraded.changes == {"last_name": "Zoé"}


def test_null_for_a_name_is_told_under_the_name_that_is_null() -> None:
    swapped = build(
        Options.model_validate({"names": {"swap": True}, "records": {"required": []}})
    ).mappings["health_record"]
    base = {
        "id": "7c9e6679-7425-40de-944b-000000000001",
        "first_name": "Abgrall",
        "last_name": "Inès",
        "birth_date": "1990-01-01",
        "gender": "f",
    }

    with pytest.raises(DocumentError, match=r"^/last_name: blank$"):
        swapped.upgrade({"last_name": None}, context(base=base))


def test_half_a_name_needs_the_stored_one() -> None:
    base = {
        "id": "7c9e6679-7425-40de-944b-000000000001",
        "first_name": "Inès",
        "last_name": "Kermorvan",
        "customary_name": "Abgrall",
        "birth_date": "1990-01-01",
        "gender": "f",
    }

    in_use = mapping().upgrade({"last_name": "Tanguy"}, context(base=base))
    at_birth = mapping().upgrade({"birth_name": "Tanguy"}, context(base=base))
    dropped = mapping().upgrade({"birth_name": ""}, context(base=base))

    assert in_use.changes == {"customary_name": "Tanguy"}
    assert at_birth.changes == {"last_name": "Tanguy"}
    assert dropped.changes == {"last_name": "Abgrall", "customary_name": None}


def test_a_name_in_use_that_said_nothing_does_not_come_back_as_the_name_at_birth() -> None:
    """The laws found it: both names were the same, and one of them changed."""
    base = {
        "id": "7c9e6679-7425-40de-944b-000000000001",
        "first_name": "Inès",
        "last_name": "Abgrall",
        "customary_name": "Abgrall",
        "birth_date": "1990-01-01",
        "gender": "f",
    }

    upgraded = mapping().upgrade({"last_name": "Tanguy"}, context(base=base))

    assert upgraded.changes == {"last_name": "Tanguy", "customary_name": None}
