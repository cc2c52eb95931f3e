"""Which vaccine was given: named by legacy codes, kept by UUID, never mistaken for another."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mappings.core.context import Context
from mappings.core.errors import DocumentError
from mappings.core.record_mapping import RecordMapping
from mappings.core.results import Upgraded
from mappings.mesvaccins import Options, build
from mappings.mesvaccins.vaccines import vaccines
from tests.documents import VACCINATION, context
from tests.golden import TABLES as GOLDEN

ACT = "7c9e6679-7425-40de-944b-000000000071"
ALPHA, BETA, GAMMA, DELTA, EPSILON = (
    f"7c9e6679-7425-40de-944b-{number:012d}" for number in range(91, 96)
)
NOBODY_KNOWS = "7c9e6679-7425-40de-944b-000000000099"

ALPHAVAX = {
    "id": 911,
    "name": "ALPHAVAX",
    "cip_codes": ["3400911000011", "3400911000028"],
    "ucd_code": "9100001",
    "diseases": [{"id": 1, "name": "Diphtérie"}, {"id": 2, "name": "Tétanos"}],
    "valences": [{"id": 21, "name": "D"}, {"id": 22, "name": "T"}],
}

SHARED = vaccines(
    [
        {"code": 1, "uuid": ALPHA, "name": "A", "ucd_code": "77", "cip_codes": ["5", "6"]},
        {"code": 2, "uuid": BETA, "name": "B", "ucd_code": "77", "cip_codes": ["5"]},
        {"code": 3, "uuid": GAMMA, "name": "C", "ucd_code": "88", "cip_codes": ["6"]},
    ]
)
"""Vaccines that share codes: "77" and "5" are of two, "6" of two others."""


def known(base: dict[str, Any] | None = None, **tables: Any) -> Context:
    return replace(context(base), tables=tables or GOLDEN)


def stored(vaccine: str | None) -> dict[str, Any]:
    return {"id": ACT, "vaccine_id": vaccine, "performed_on": "2024-03-05"}


def made(vaccine: Any, **tables: Any) -> Upgraded:
    """A vaccination that is made with this vaccine."""
    return VACCINATION.upgrade({"date": "2024-03-05", "vaccine": vaccine}, known(**tables))


def over(vaccine: str | None, written: Any, **tables: Any) -> Upgraded:
    """A vaccine that is written over a stored one."""
    return VACCINATION.upgrade({"vaccine": written}, known(stored(vaccine), **tables))


def refused(vaccine: str | None, written: Any, **tables: Any) -> str:
    with pytest.raises(DocumentError) as raised:
        over(vaccine, written, **tables)
    return str(raised.value)


def lost(upgraded: Upgraded) -> list[str]:
    return [loss.pointer for loss in upgraded.lost]


def shown(vaccine: str | None, mapping: RecordMapping = VACCINATION, **tables: Any) -> Any:
    return mapping.downgrade(stored(vaccine), known(**tables)).document["vaccine"]


@pytest.mark.parametrize(
    ("named", "uuid"),
    [
        ({"id": 912}, BETA),
        ({"id": "912"}, BETA),
        ({"id": "0912"}, BETA),
        ({"id": 913}, GAMMA),
        ({"ucd_code": "9100003"}, GAMMA),
        ({"ucd_code": 9100003}, GAMMA),
        ({"cip_code": "3400911000028"}, ALPHA),
        ({"cip_code": 3400914000018}, DELTA),
        ({"icp_code": "3400915000017"}, EPSILON),
        ({"cip_codes": ["3400915000017"]}, EPSILON),
        ({"cid_codes": [3400915000024, "3400915000017"]}, EPSILON),
        ({"id": 911, "ucd_code": "9100001", "cip_code": "3400911000011"}, ALPHA),
        (ALPHAVAX, ALPHA),
        ({"id": 911, "ucd_code": "", "cip_codes": [], "name": None}, ALPHA),
    ],
)
def test_a_vaccine_is_named_by_any_of_its_codes(named: dict[str, Any], uuid: str) -> None:
    """Trap 19."""
    upgraded = made(named)

    assert upgraded.document["vaccine_id"] == uuid
    assert upgraded.lost == ()


@pytest.mark.parametrize(
    ("named", "place"),
    [
        ({"id": 999}, "id"),
        ({"id": 13}, "id"),
        ({"ucd_code": "3400911000011"}, "ucd_code"),
        ({"cip_code": "9100001"}, "cip_code"),
        ({"icp_code": "x"}, "icp_code"),
        ({"id": 911, "ucd_code": "1"}, "ucd_code"),
        ({"cip_codes": ["x", "y"]}, "cip_codes/0"),
        ({"cip_codes": [None]}, "cip_codes/0"),
    ],
)
def test_a_vaccine_that_no_table_has_is_a_problem_where_it_is_named(
    named: dict[str, Any], place: str
) -> None:
    with pytest.raises(DocumentError) as raised:
        made(named)

    assert str(raised.value) == f"/vaccine/{place}: inclusion"


@pytest.mark.parametrize(
    ("named", "place"),
    [
        ({"id": 911, "ucd_code": "9100002"}, "ucd_code"),
        ({"ucd_code": "9100001", "cip_code": "3400912000010"}, "cip_code"),
        ({"cip_code": "3400911000011", "icp_code": "3400912000010"}, "icp_code"),
        ({**ALPHAVAX, "id": 912}, "ucd_code"),
        ({"id": 911, "cip_codes": ["3400911000011", "3400912000010"]}, "cip_codes/1"),
        ({"cip_codes": ["3400911000011"], "cid_codes": ["3400912000010"]}, "cid_codes/0"),
    ],
)
def test_codes_of_different_vaccines_are_a_problem(named: dict[str, Any], place: str) -> None:
    with pytest.raises(DocumentError) as raised:
        made(named)

    assert str(raised.value) == f"/vaccine/{place}: contradiction"


@pytest.mark.parametrize(
    "named", [{"id": None}, {"id": ""}, {"name": "ALPHAVAX"}, {"ucd_code": ""}]
)
def test_a_vaccine_that_is_not_named_is_a_problem(named: dict[str, Any]) -> None:
    with pytest.raises(DocumentError, match=r"/vaccine/id: (blank|not_a_number)$"):
        made(named)


@pytest.mark.parametrize("named", [None, {}])
def test_a_vaccination_needs_its_vaccine(named: Any) -> None:
    with pytest.raises(DocumentError, match=r"^/vaccine: blank$"):
        made(named)


def test_what_is_no_vaccine_is_a_problem() -> None:
    with pytest.raises(DocumentError, match=r"^/vaccine: not_an_object$"):
        made("ALPHAVAX")
    with pytest.raises(DocumentError, match=r"^/vaccine/id: not_a_number$"):
        made({"id": True})


@pytest.mark.parametrize(
    ("written", "uuid"),
    [
        (ALPHAVAX, ALPHA),
        ({"id": 911}, ALPHA),
        ({"id": 911, "cip_code": "3400911000011"}, ALPHA),
        ({"cip_codes": ["3400911000028", "3400911000011"]}, ALPHA),
        ({**ALPHAVAX, "cip_codes": ["3400911000011"]}, ALPHA),
        ({**ALPHAVAX, "id": 912}, BETA),
        ({**ALPHAVAX, "id": "912"}, BETA),
        ({**ALPHAVAX, "ucd_code": "9100003"}, GAMMA),
        ({**ALPHAVAX, "cip_codes": ["3400914000018"]}, DELTA),
        ({**ALPHAVAX, "cip_code": "3400915000017"}, EPSILON),
        ({**ALPHAVAX, "id": 912, "ucd_code": "9100002", "cip_codes": []}, BETA),
        ({"id": 912, "name": "BETAVAX"}, BETA),
    ],
)
def test_what_a_client_left_as_it_was_shown_names_nothing(
    written: dict[str, Any], uuid: str
) -> None:
    """One changed code is enough, and the echoed ones do not contradict it."""
    upgraded = over(ALPHA, written)

    assert upgraded.document["vaccine_id"] == uuid
    assert upgraded.changes == ({} if uuid == ALPHA else {"vaccine_id": uuid})
    assert upgraded.lost == ()


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ({**ALPHAVAX, "id": 912, "ucd_code": "9100003"}, "/vaccine/ucd_code: contradiction"),
        ({"id": 912, "cip_code": "3400911000011"}, "/vaccine/cip_code: contradiction"),
        (
            {**ALPHAVAX, "cip_codes": ["3400911000011", "3400912000010"]},
            "/vaccine/cip_codes/1: contradiction",
        ),
        ({**ALPHAVAX, "id": 999}, "/vaccine/id: inclusion"),
        ({**ALPHAVAX, "ucd_code": "999"}, "/vaccine/ucd_code: inclusion"),
        ({"cip_codes": ["999"]}, "/vaccine/cip_codes/0: inclusion"),
        (None, "/vaccine: blank"),
        ({}, "/vaccine: blank"),
    ],
)
def test_a_change_that_does_not_name_one_vaccine_is_a_problem(written: Any, problem: str) -> None:
    assert refused(ALPHA, written) == problem


@pytest.mark.parametrize(
    ("written", "members"),
    [
        ({**ALPHAVAX, "name": "BETAVAX"}, ["name"]),
        ({**ALPHAVAX, "diseases": [], "valences": [{"id": 21}]}, ["diseases", "valences"]),
        ({**ALPHAVAX, "cip_codes": ["3400911000011", "999"]}, ["cip_codes"]),
        ({**ALPHAVAX, "ucd_code": "", "name": None}, ["name", "ucd_code"]),
        ({"name": "x"}, ["name"]),
        ({"id": None}, ["id"]),
        ({**ALPHAVAX, "id": 912, "name": "x"}, ["name"]),
        ({**ALPHAVAX, "dose": 2}, ["dose"]),
    ],
)
def test_whatever_will_not_be_shown_as_it_was_written_is_told(
    written: dict[str, Any], members: list[str]
) -> None:
    upgraded = over(ALPHA, written)

    assert sorted(lost(upgraded)) == [f"/vaccine/{member}" for member in members]


def test_a_member_that_no_vaccine_has_is_refused_by_option() -> None:
    strict = build(Options.model_validate({"records": {"undeclared": "refuse"}}))

    with pytest.raises(DocumentError, match=r"^/vaccine/dose: undeclared$"):
        strict.mappings["vaccination"].upgrade({"vaccine": {"dose": 2}}, known(stored(ALPHA)))


def test_a_code_that_several_vaccines_have_names_none_of_them_alone() -> None:
    for named in ({"ucd_code": "77"}, {"cip_code": "5"}, {"ucd_code": "77", "cip_code": "5"}):
        member = next(iter(named))
        assert refused(None, named, vaccines=SHARED) == f"/vaccine/{member}: inclusion"


def test_codes_that_several_vaccines_have_name_the_one_that_has_them_all() -> None:
    def named(vaccine: dict[str, Any]) -> Any:
        return over(None, vaccine, vaccines=SHARED).document["vaccine_id"]

    assert named({"id": 2, "ucd_code": "77", "cip_codes": ["5"]}) == BETA
    assert named({"ucd_code": "77", "cip_code": "6"}) == ALPHA
    assert named({"ucd_code": "88", "cip_codes": ["6"]}) == GAMMA
    assert refused(None, {"ucd_code": "88", "cip_code": "5"}, vaccines=SHARED) == (
        "/vaccine/cip_code: contradiction"
    )


def test_a_code_that_the_stored_vaccine_shares_keeps_it() -> None:
    for vaccine in (ALPHA, BETA):
        assert over(vaccine, {"cip_code": "5"}, vaccines=SHARED).changes == {}
        assert over(vaccine, {"ucd_code": "77"}, vaccines=SHARED).changes == {}
    assert refused(GAMMA, {"cip_code": "5"}, vaccines=SHARED) == "/vaccine/cip_code: inclusion"


def test_a_vaccine_is_shown_with_all_that_the_table_has_of_it() -> None:
    assert shown(ALPHA) == ALPHAVAX
    assert shown(ALPHA.upper()) == ALPHAVAX
    assert list(shown(DELTA)) == ["id", "name", "cip_codes", "ucd_code", "diseases", "valences"]
    assert shown(None) is None


def test_cip_codes_are_shown_as_an_old_sample_spells_them_by_option() -> None:
    mapping = build(Options.model_validate({"acts": {"cid_codes": True}})).mappings["vaccination"]
    as_shown = {**ALPHAVAX, "cid_codes": ALPHAVAX["cip_codes"]}

    upgraded = mapping.upgrade({"vaccine": as_shown}, known(stored(ALPHA)))

    assert shown(ALPHA, mapping) == as_shown
    assert upgraded.changes == {}
    assert upgraded.lost == ()
    assert shown(NOBODY_KNOWS, mapping)["cid_codes"] == []


def test_a_vaccine_that_no_table_has_is_shown_empty_and_noted() -> None:
    """Trap 5: one new vaccine never takes a whole list down."""
    downgraded = VACCINATION.downgrade(stored(NOBODY_KNOWS), known())

    assert downgraded.document["vaccine"] == {
        "id": None,
        "name": None,
        "cip_codes": [],
        "ucd_code": "",
        "diseases": [],
        "valences": [],
    }
    assert downgraded.unknown == ("/vaccine_id",)


def test_a_vaccine_that_no_table_has_is_null_by_option() -> None:
    options = Options.model_validate({"acts": {"unknown_vaccine": "null"}})
    mapping = build(options).mappings["vaccination"]

    downgraded = mapping.downgrade(stored(NOBODY_KNOWS), known())
    echoed = mapping.upgrade(downgraded.document, known(stored(NOBODY_KNOWS)))
    written = mapping.upgrade({"vaccine": {"id": 912}}, known(stored(NOBODY_KNOWS)))

    assert downgraded.document["vaccine"] is None
    assert downgraded.unknown == ("/vaccine_id",)
    assert echoed.changes == {}
    assert written.changes == {"vaccine_id": BETA}


@pytest.mark.parametrize("tables", [GOLDEN, {"conditions": None}], ids=["table", "no table"])
def test_a_vaccine_that_no_table_has_survives_a_write(tables: dict[str, Any]) -> None:
    """Trap 1."""
    base = stored(NOBODY_KNOWS)
    document = VACCINATION.downgrade(base, known(**tables)).document

    echoed = VACCINATION.upgrade({**document, "batch": "LOT-Z"}, known(base, **tables))
    nameless = over(NOBODY_KNOWS, {"name": "x"}, **tables)

    assert echoed.changes == {"batch_number": "LOT-Z"}
    assert echoed.lost == ()
    assert nameless.changes == {}
    assert lost(nameless) == ["/vaccine/name"]


def test_without_a_table_every_vaccine_is_unknown() -> None:
    bare: dict[str, Any] = {"conditions": None}

    assert shown(ALPHA, **bare)["id"] is None
    assert refused(ALPHA, {"id": 911}, **bare) == "/vaccine/id: inclusion"
    with pytest.raises(DocumentError, match=r"^/vaccine/id: inclusion$"):
        made({"id": 911}, **bare)
