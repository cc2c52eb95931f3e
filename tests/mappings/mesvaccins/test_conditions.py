"""Health profiles: through the operator's table, and untouched without it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mappings.core.errors import DocumentError, OptionsError
from mappings.core.results import Upgraded
from mappings.mesvaccins import Options, build
from mappings.mesvaccins.conditions import conditions
from tests.documents import CONDITIONS, HEALTH_RECORD, context

CHICKENPOX, PREGNANCY, WEIGHT = 145, 52, 990
BASE = {
    "id": "7c9e6679-7425-40de-944b-000000000001",
    "first_name": "Inès",
    "last_name": "Kermorvan",
    "birth_date": "1990-01-01",
    "gender": "f",
}


def uuid(number: int) -> str:
    return CONDITIONS.by_id[number]


def write(ids: Any, profile: dict[str, Any], **options: Any) -> Upgraded:
    mapping = build(Options.model_validate({"conditions": options})).mappings["health_record"]
    base = {**BASE, "profile": profile}
    return mapping.upgrade({"health_profile": ids}, context(base=base))


def shown(profile: Any) -> Any:
    return HEALTH_RECORD.downgrade({**BASE, "profile": profile}, context()).document[
        "health_profile"
    ]


def test_conditions_that_hold_are_listed_by_their_legacy_ids() -> None:
    profile = {
        uuid(CHICKENPOX): True,
        uuid(7): False,
        uuid(WEIGHT): 61.5,
        uuid(PREGNANCY): None,
        "11111111-1111-4111-8111-111111111111": True,
    }

    assert shown(profile) == {"condition_ids": [CHICKENPOX, WEIGHT]}
    assert shown(None) == {"condition_ids": []}


def test_what_is_added_and_taken_away_changes_and_the_rest_stays() -> None:
    profile = {uuid(CHICKENPOX): True, "11111111-1111-4111-8111-111111111111": "kept"}

    upgraded = write({"condition_ids": [7]}, profile)

    assert upgraded.changes == {
        "profile": {
            uuid(CHICKENPOX): False,
            "11111111-1111-4111-8111-111111111111": "kept",
            uuid(7): True,
        }
    }


def test_a_condition_that_is_listed_already_stays_beside_a_new_one() -> None:
    upgraded = write({"condition_ids": [CHICKENPOX, 7]}, {uuid(CHICKENPOX): True})

    assert upgraded.changes == {"profile": {uuid(CHICKENPOX): True, uuid(7): True}}


def test_a_condition_that_now_has_a_value_is_left_out_and_told() -> None:
    upgraded = write({"condition_ids": [PREGNANCY]}, {})

    assert upgraded.changes == {}
    assert [loss.pointer for loss in upgraded.lost] == ["/health_profile/condition_ids"]


def test_a_condition_that_now_has_a_value_is_refused_by_option() -> None:
    with pytest.raises(DocumentError) as raised:
        write({"condition_ids": [PREGNANCY, 7, WEIGHT]}, {}, not_boolean="refuse")

    assert [str(problem) for problem in raised.value.problems] == [
        "/health_profile/condition_ids/0: inclusion",
        "/health_profile/condition_ids/2: inclusion",
    ]


def test_a_value_that_is_stored_stays_while_its_condition_is_listed() -> None:
    profile = {uuid(PREGNANCY): "2026-01-01"}

    kept = write({"condition_ids": [PREGNANCY]}, profile)
    gone = write({"condition_ids": []}, profile)

    assert kept.changes == {}
    assert gone.changes == {"profile": {uuid(PREGNANCY): None}}


def test_a_condition_that_the_table_does_not_have_is_a_problem() -> None:
    with pytest.raises(DocumentError, match="/health_profile/condition_ids/1: inclusion"):
        write({"condition_ids": [7, 999]}, {})


def test_what_is_no_list_of_numbers_is_a_problem() -> None:
    with pytest.raises(DocumentError, match="/health_profile/condition_ids/0: not_a_number"):
        write({"condition_ids": ["sept"]}, {})
    with pytest.raises(DocumentError, match="/health_profile/condition_ids: not_a_list"):
        write({"condition_ids": None}, {})


def test_ids_that_are_written_as_texts_are_read() -> None:
    assert write({"condition_ids": ["7"]}, {}).changes == {"profile": {uuid(7): True}}


def test_null_and_a_profile_that_says_nothing_change_nothing() -> None:
    profile = {uuid(CHICKENPOX): True}

    null, silent = write(None, profile), write({}, profile)

    assert null.changes == silent.changes == {}
    assert [loss.pointer for loss in null.lost] == ["/health_profile"]
    assert silent.lost == ()


def test_undeclared_members_of_a_profile_are_told() -> None:
    upgraded = write({"condition_ids": [], "weight": 61}, {})

    assert [(loss.pointer, loss.declared) for loss in upgraded.lost] == [
        ("/health_profile/weight", False)
    ]


def test_undeclared_members_of_a_profile_are_refused_by_option() -> None:
    strict = build(Options.model_validate({"records": {"undeclared": "refuse"}}))
    written = {"health_profile": {"condition_ids": [], "weight": 61}}

    with pytest.raises(DocumentError, match="/health_profile/weight: undeclared"):
        strict.mappings["health_record"].upgrade(written, context(base=BASE))


def test_without_a_table_the_profile_is_shown_empty_and_left_untouched() -> None:
    base = {**BASE, "profile": {uuid(CHICKENPOX): True}}
    bare = replace(context(base=base), tables={})

    read = HEALTH_RECORD.downgrade(base, bare).document["health_profile"]
    echoed = HEALTH_RECORD.upgrade({"health_profile": read}, bare)
    written = HEALTH_RECORD.upgrade({"health_profile": {"condition_ids": [7]}}, bare)

    assert read == {"condition_ids": []}
    assert echoed.changes == written.changes == {}
    assert echoed.lost == ()
    assert [loss.pointer for loss in written.lost] == ["/health_profile"]


def test_the_published_nomenclature_is_read_as_it_is() -> None:
    table = conditions(
        [
            {
                "id": 7,
                "type": "boolean",
                "label": "x",
                "codes": [
                    {"nomenclature": "OTHER", "code": "1"},
                    {"nomenclature": "SYADEM", "code": uuid(7)},
                ],
            }
        ]
    )

    assert table.by_id == {7: uuid(7)}
    assert table.boolean == {7}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"id": "x", "uuid": uuid(7), "type": "date"}], "row 1: expected id, type and uuid"),
        ([{"id": 7, "uuid": "x", "type": "date"}], "row 1: expected id, type and uuid"),
        ([{"id": 7, "codes": [], "type": "date"}], "row 1: expected id, type and uuid"),
        ([{"id": 7, "type": "date"}], "row 1: expected id, type and uuid"),
        ([{"id": 7, "uuid": uuid(7), "type": "colour"}], "row 1: the type is none of"),
        (
            [{"id": 7, "uuid": uuid(n), "type": "date"} for n in (7, 52)],
            "row 2: the id or the uuid stands twice",
        ),
        (
            [{"id": n, "uuid": uuid(7), "type": "date"} for n in (7, 52)],
            "row 2: the id or the uuid stands twice",
        ),
    ],
    ids=["id", "uuid", "codes", "nothing", "type", "id-twice", "uuid-twice"],
)
def test_a_table_that_cannot_be_used_says_in_which_row(rows: Any, message: str) -> None:
    with pytest.raises(OptionsError, match=message):
        conditions(rows)
