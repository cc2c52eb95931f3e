"""The schema says what the seeded people are, and they show each part of it."""

import re
from typing import Any

import pytest

from sandbox.people import (
    ASKED_FOR,
    PENDING,
    PEOPLE,
    RPPS,
    SHARED,
    WITH_ACTS,
    WITH_CUSTOMARY_NAME,
    WITH_PROFILE,
)
from sandbox.problems import Problem
from sandbox.validation import HEALTH_RECORD, problems


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person["id"])
def test_a_seeded_person_fits_the_schema(person: dict[str, Any]) -> None:
    assert problems(person, HEALTH_RECORD) == []


def test_the_people_show_acts_a_customary_name_a_share_and_a_profile() -> None:
    people = {person["id"]: person for person in PEOPLE}

    act_fields = HEALTH_RECORD["$defs"]["vaccination_act"]["properties"].keys()
    acts = people[WITH_ACTS]["vaccination_acts"]
    assert [act.keys() for act in acts] == [act_fields] * 3
    assert None not in [value for act in acts for value in act.values()]
    assert {act["vaccine_id"][-2:] for act in acts} == {"c1", "c2"}
    assert {(act["injection_method"], act["injection_location"]) for act in acts} == {
        ("intramuscular", "left_deltoid"),
        ("subcutaneous", "right_deltoid"),
    }
    assert people[WITH_CUSTOMARY_NAME]["customary_name"]
    assert [share["status"] for share in people[SHARED]["sharing_requests"]] == ["ACCEPTED"]
    (asked,) = people[ASKED_FOR]["sharing_requests"]
    assert (asked["id"], asked["from_account_type"], asked["status"]) == (
        PENDING,
        "CITIZEN",
        "PENDING",
    )
    assert asked["to_pro_external_account_id"] == RPPS
    assert people[WITH_PROFILE]["external_id"]
    assert len(people[WITH_PROFILE]["profile"]) == 2


def test_the_number_of_the_professional_has_its_luhn_key() -> None:
    doubled = [sum(divmod(int(digit) * 2, 10)) for digit in RPPS[-2::-2]]

    assert re.fullmatch("[0-9]{11}", RPPS)
    assert (sum(doubled) + sum(map(int, RPPS[::-2]))) % 10 == 0


@pytest.mark.parametrize(
    "moment",
    ["2024-02-30T10:00:00Z", "2024-01-31T24:00:00Z", "2024-01-31T10:00:00", "2024-01-31"],
)
def test_a_moment_is_a_day_that_exists_a_time_and_an_offset(moment: str) -> None:
    found = problems(PEOPLE[0] | {"created_at": moment}, HEALTH_RECORD)

    assert found == [Problem("/created_at", "expected a date-time")]


def test_every_problem_inside_an_act_is_found_where_it_is() -> None:
    act = PEOPLE[0]["vaccination_acts"][0] | {"booster": "no", "dose": 1, "certified_on": None}
    del act["vaccine_id"]

    found = problems(PEOPLE[0] | {"vaccination_acts": [act]}, HEALTH_RECORD)

    assert found == [
        Problem("/vaccination_acts/0/booster", "expected boolean"),
        Problem("/vaccination_acts/0/dose", "is not a known field"),
        Problem("/vaccination_acts/0/vaccine_id", "is required"),
    ]


def test_every_field_says_what_it_means_in_one_sentence() -> None:
    described = [
        (name, field.get("description", ""))
        for schema in (HEALTH_RECORD, *HEALTH_RECORD["$defs"].values())
        for name, field in schema["properties"].items()
        if "$ref" not in field
    ]

    assert [name for name, text in described if not re.fullmatch(r"[A-Z][^.]+\.", text)] == []
