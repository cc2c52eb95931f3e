"""Vaccinations: dates, batches, boosters, ages, validations, comments, and lists of them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mappings.core.context import Context, Ids
from mappings.core.errors import DocumentError
from mappings.core.results import Upgraded
from tests.documents import HEALTH_RECORD, VACCINATION, context, ids_of

ACT = "7c9e6679-7425-40de-944b-000000000071"
NURSE = "7c9e6679-7425-40de-944b-000000000081"
VACCINE = "5a3d0b6e-0000-4000-8000-0000000000c1"
NEW = {"date": "2024-03-05", "vaccine": {"id": 901}}
CERTIFIED = {
    "certified_on": "2024-03-06",
    "certification_method": "execution",
    "certificator_id": NURSE,
}
RECORD = {
    "id": "7c9e6679-7425-40de-944b-000000000001",
    "first_name": "Inès",
    "last_name": "Kermorvan",
    "birth_date": "2023-10-01",
    "gender": "f",
    "created_at": "2024-01-01T08:00:00.250Z",
    "updated_at": "2024-07-01T08:00:00.250Z",
}


def act(**changed: Any) -> dict[str, Any]:
    return {"id": ACT, "vaccine_id": VACCINE, "performed_on": "2024-03-05", **changed}


def known(base: dict[str, Any] | None = None, **changed: Any) -> Context:
    ids = Ids({("vaccination", ACT): 1201, ("professional", NURSE): 1301})
    return replace(context(base), ids=ids, parent=RECORD, **changed)


def shown(**changed: Any) -> dict[str, Any]:
    return dict(VACCINATION.downgrade(act(**changed), known()).document)


def write(written: dict[str, Any], **stored: Any) -> Upgraded:
    return VACCINATION.upgrade(written, known(act(**stored)))


def lost(upgraded: Upgraded) -> list[str]:
    return [loss.pointer for loss in upgraded.lost]


def refused(written: dict[str, Any], **stored: Any) -> str:
    with pytest.raises(DocumentError) as raised:
        write(written, **stored)
    return str(raised.value)


@pytest.mark.parametrize(
    "date", ["2024-03-05", "2024-03-05T00:00:00.000+01:00", "2024-03-05T23:30:00.123-05:00"]
)
def test_a_timestamp_with_milliseconds_is_a_date_as_it_is_written(date: str) -> None:
    """Trap 8."""
    validation = {"date": date, "method": "proof"}

    upgraded = VACCINATION.upgrade({**NEW, "date": date, "validation": validation}, known())

    assert upgraded.document["performed_on"] == "2024-03-05"
    assert upgraded.document["certified_on"] == "2024-03-05"


@pytest.mark.parametrize("missing", ["date", "vaccine"])
def test_a_vaccination_has_a_date_and_a_vaccine(missing: str) -> None:
    written = {name: value for name, value in NEW.items() if name != missing}

    with pytest.raises(DocumentError, match=f"^/{missing}: blank$"):
        VACCINATION.upgrade(written, known())


def test_a_batch_that_is_not_known_is_empty_on_one_side_and_null_on_the_other() -> None:
    """Trap 2."""
    assert shown(batch_number=None)["batch"] == shown()["batch"] == ""
    assert shown(batch_number="LOT")["batch"] == "LOT"
    assert write({"batch": ""}, batch_number=None).changes == {}
    assert write({"batch": None}, batch_number=None).changes == {}
    assert write({"batch": ""}, batch_number="LOT").changes == {"batch_number": None}
    assert "batch_number" not in VACCINATION.upgrade({**NEW, "batch": ""}, known()).document


def test_a_booster_that_nobody_told_is_none() -> None:
    assert shown()["booster"] is shown(booster=None)["booster"] is False
    assert write({"booster": False}).changes == {}
    assert write({"booster": None}, booster=False).changes == {}
    assert write({"booster": True}).changes == {"booster": True}
    assert write({"booster": "0"}, booster=True).changes == {"booster": False}


def test_a_booster_that_is_denied_is_sent_with_a_new_vaccination() -> None:
    assert VACCINATION.upgrade({**NEW, "booster": False}, known()).document["booster"] is False
    assert "booster" not in VACCINATION.upgrade(NEW, known()).document


@pytest.mark.parametrize(
    ("day", "age"),
    [
        ("2024-02-29", "4 mois"),
        ("2024-03-01", "5 mois"),
        ("2025-09-30", "23 mois"),
        ("2025-10-01", "2 ans"),
        ("2023-09-30", None),
        (None, None),
    ],
)
def test_the_age_is_that_of_the_day_of_the_injection(day: str | None, age: str | None) -> None:
    assert shown(performed_on=day)["age"] == age


def test_an_act_has_the_timestamps_of_its_record() -> None:
    document = shown()

    assert document["created_at"] == "2024-01-01T09:00:00+01:00"
    assert document["updated_at"] == "2024-07-01T10:00:00+02:00"


def test_what_is_made_for_the_client_is_ignored_and_told_where_it_differs() -> None:
    """Trap 4."""
    document = shown()

    assert lost(write(document)) == []
    assert lost(write({**document, "age": "9 ans", "creator": {"id": 1}})) == ["/age", "/creator"]


def test_a_word_that_no_table_has_is_null_noted_and_kept() -> None:
    """Trap 5."""
    stored = {"injection_method": "by_drone", "injection_location": "buttock"}
    downgraded = VACCINATION.downgrade(act(**stored), known())

    echoed = write({**downgraded.document, "batch": "LOT"}, **stored)

    assert downgraded.document["injection_route"] is downgraded.document["injection_site"] is None
    assert downgraded.unknown == ("/injection_method", "/injection_location")
    assert echoed.changes == {"batch_number": "LOT"}


@pytest.mark.parametrize(("name", "code"), [("injection_route", "XX"), ("injection_site", "ld")])
def test_a_code_that_no_table_has_is_refused(name: str, code: str) -> None:
    assert refused({name: code}) == f"/{name}: inclusion"


def test_comments_are_set_aside_as_they_are() -> None:
    comments = [{"text": "Bien supporté.", "by": {"id": 7}, "tags": [1, None]}]

    upgraded = VACCINATION.upgrade({**NEW, "comments": comments}, known())
    back = VACCINATION.downgrade(
        act(), known(asides={("vaccination", ACT): upgraded.aside})
    ).document

    assert upgraded.aside == {"comments": comments}
    assert "comments" not in upgraded.document
    assert upgraded.lost == ()
    assert back["comments"] == comments


def test_what_only_the_new_api_knows_stays() -> None:
    """Trap 1."""
    new_only = {"serial_number": "S-1", "country_code": "DE", "expiration_date": "2025-01-01"}
    document = shown(**new_only)

    upgraded = write({**document, "batch": "LOT"}, **new_only)

    assert upgraded.changes == {"batch_number": "LOT"}
    assert upgraded.document == {**act(**new_only), "batch_number": "LOT"}


def test_a_validation_is_shown_with_whom_when_and_how() -> None:
    validation = shown(**CERTIFIED)["validation"]

    assert validation == {
        "validator": {"id": 1301, "name": None, "first_name": None, "last_name": None},
        "date": "2024-03-06",
        "method": "execution",
    }
    assert list(validation) == ["validator", "date", "method"]


def test_what_nobody_validated_has_no_validation() -> None:
    assert shown(**{**CERTIFIED, "certified_on": None})["validation"] is None


def test_an_unknown_method_is_null_noted_and_kept() -> None:
    """Trap 5."""
    stored = {**CERTIFIED, "certification_method": "oath"}
    downgraded = VACCINATION.downgrade(act(**stored), known())
    validation = downgraded.document["validation"]

    assert validation["method"] is None
    assert len(downgraded.unknown) == 1
    assert write({"validation": validation}, **stored).changes == {}
    assert write({"validation": {**validation, "date": "2024-03-07"}}, **stored).changes == {
        "certified_on": "2024-03-07"
    }


@pytest.mark.parametrize(
    ("written", "changes"),
    [
        ({"date": "2024-03-06", "method": "execution"}, {}),
        ({"date": "2024-03-06"}, {}),
        ({"method": "proof"}, {"certification_method": "proof"}),
        ({"date": "2024-03-07"}, {"certified_on": "2024-03-07"}),
        ({"method": None}, {"certification_method": None}),
        ({}, {}),
        (None, {"certified_on": None, "certification_method": None}),
    ],
)
def test_a_validation_that_is_written_in_part_changes_that_part(
    written: Any, changes: dict[str, Any]
) -> None:
    upgraded = write({"validation": written}, **CERTIFIED)

    assert upgraded.changes == changes
    assert upgraded.lost == ()


@pytest.mark.parametrize(
    ("written", "changes"),
    [
        (None, {}),
        ({}, {}),
        ({"validator": None, "date": None, "method": None}, {}),
        ({"date": "2024-03-06"}, {"certified_on": "2024-03-06"}),
        (
            {"date": "2024-03-06", "method": "proof"},
            {"certified_on": "2024-03-06", "certification_method": "proof"},
        ),
    ],
)
def test_a_validation_may_be_made(written: Any, changes: dict[str, Any]) -> None:
    assert write({"validation": written}).changes == changes
    made = VACCINATION.upgrade({**NEW, "validation": written}, known()).document
    assert made == {"performed_on": "2024-03-05", "vaccine_id": VACCINE, **changes}


def test_a_validation_that_is_made_does_not_take_up_a_method_that_nobody_saw() -> None:
    stored = {"certified_on": None, "certification_method": "execution"}

    assert write({"validation": {"date": "2024-03-06"}}, **stored).document == act(
        certified_on="2024-03-06", certification_method=None
    )


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ({"date": "2024-03-06", "method": "oath"}, "/validation/method: inclusion"),
        ({"method": "proof"}, "/validation/date: blank"),
        ({"date": "6 mars"}, "/validation/date: date"),
        ({"date": "2024-03-06", "method": 7}, "/validation/method: not_a_text"),
        (True, "/validation: not_an_object"),
    ],
)
def test_a_validation_that_cannot_be_read_is_a_problem_where_it_stands(
    written: Any, problem: str
) -> None:
    assert refused({"validation": written}) == problem


def test_a_validation_needs_its_date() -> None:
    assert refused({"validation": {"date": None}}, **CERTIFIED) == "/validation/date: blank"


@pytest.mark.parametrize(
    ("validator", "told"),
    [
        ({"id": 1301}, False),
        ({"id": "1301", "name": ""}, False),
        ({"id": 1302}, True),
        ({"id": 1301, "last_name": "Kermorvan"}, True),
        ({"id": None}, True),
        (None, True),
    ],
)
def test_a_validator_that_differs_is_told_as_lost(validator: Any, told: bool) -> None:
    upgraded = write({"validation": {"validator": validator}}, **CERTIFIED)

    assert upgraded.changes == {}
    assert lost(upgraded) == (["/validation/validator"] if told else [])


def test_a_validator_of_a_new_validation_is_told_as_lost() -> None:
    validation = {"date": "2024-03-06", "validator": {"id": 7}}

    assert lost(write({"validation": validation})) == ["/validation/validator"]
    blank = {"date": "2024-03-06", "validator": {"id": None, "name": ""}}
    assert lost(write({"validation": blank})) == []


def test_undeclared_members_of_a_validation_are_told() -> None:
    validation = {"date": "2024-03-06", "stamp": 1, "validator": {"id": 1301, "town": "Brest"}}

    upgraded = write({"validation": validation}, **CERTIFIED)

    assert sorted(lost(upgraded)) == ["/validation/stamp", "/validation/validator/town"]


def test_the_professionals_who_validated_are_asked_of_the_crosswalk() -> None:
    assert VACCINATION.modern_ids(act(**{**CERTIFIED, "certificator_id": NURSE.upper()})) == {
        ("vaccination", ACT),
        ("professional", NURSE),
    }
    assert VACCINATION.modern_ids(act(certificator_id=NURSE)) == {("vaccination", ACT)}
    assert VACCINATION.modern_ids(act(certified_on="2024-03-06")) == {("vaccination", ACT)}


def test_vaccinations_within_a_record_go_out_one_by_one() -> None:
    """Trap 28."""
    base = {**RECORD, "vaccination_acts": [act(serial_number="S-1")]}
    with_ids = replace(context(base), ids=ids_of(base, HEALTH_RECORD))
    (first,) = HEALTH_RECORD.downgrade(base, with_ids).document["vaccinations"]
    changed = {**first, "batch": "LOT", "comments": [{"text": "x"}]}

    upgraded = HEALTH_RECORD.upgrade({"vaccinations": [NEW, changed]}, with_ids)

    new, old = upgraded.items
    assert (new.pointer, new.base, new.changes, new.aside) == (
        "/vaccinations/0",
        None,
        {"performed_on": "2024-03-05", "vaccine_id": VACCINE},
        {},
    )
    assert (old.pointer, old.base, old.changes, old.aside) == (
        "/vaccinations/1",
        base["vaccination_acts"][0],
        {"batch_number": "LOT"},
        {"comments": [{"text": "x"}]},
    )
    assert upgraded.lost == ()


def test_a_new_record_takes_its_vaccinations_along() -> None:
    written = {**RECORD, "gender": "female", "vaccinations": [{**NEW, "id": 7, "age": "5 mois"}]}

    upgraded = HEALTH_RECORD.upgrade(written, context())

    (item,) = upgraded.items
    assert item.base is None
    assert upgraded.document["vaccination_acts"] == [item.changes]
    assert {"/vaccinations/0/id", "/vaccinations/0/age"} <= set(lost(upgraded))
