"""The file of vaccines that an operator supplies, and what is answered from it alone."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from mappings.core.errors import OptionsError
from mappings.mesvaccins.vaccines import all_vaccines, found_vaccines, vaccines
from tests.documents import VACCINES
from tests.golden import nomenclature

UUID = "7c9e6679-7425-40de-944b-000000000091"
OTHER = "7c9e6679-7425-40de-944b-000000000092"
ROW = {"code": "VAC0911", "uuid": UUID, "name": "ALPHAVAX"}
TABLES = {"vaccines": nomenclature()}

ALL = {"include_foreigns": "1"}


def names(found: Any) -> list[str]:
    return [vaccine["name"] for vaccine in found]


def test_a_csv_file_has_several_values_in_a_cell() -> None:
    table = nomenclature()

    assert table.by_uuid[UUID] == {
        "id": 911,
        "name": "ALPHAVAX",
        "marketing_start": "1975-01-01",
        "marketing_end": "2001-12-31",
        "french": True,
        "alternative_names": ["Alpha", "Alphavax N"],
        "ucd_code": "9100001",
        "cip_codes": ["3400911000011", "3400911000028"],
        "diseases": [{"id": 1, "name": "Diphtérie"}, {"id": 2, "name": "Tétanos"}],
        "valences": [{"id": 21, "name": "D"}, {"id": 22, "name": "T"}],
    }


def test_an_empty_cell_says_nothing() -> None:
    (header, cells) = (",".join([*ROW, "cip_codes", "diseases", "french", "ucd_code"]), ",,,")
    text = f"{header}\n{','.join(ROW.values())},{cells}\n"

    vaccine = vaccines(list(csv.DictReader(io.StringIO(text)))).by_uuid[UUID]

    assert vaccine["cip_codes"] == vaccine["diseases"] == []
    assert vaccine["ucd_code"] == ""
    assert vaccine["marketing_start"] is None
    assert vaccine["french"] is True


def test_a_json_file_has_arrays_and_objects() -> None:
    row: dict[str, Any] = {
        **ROW,
        "code": 911,
        "cip_codes": [3400911000011, " 3400911000028 "],
        "ucd_code": 9100001,
        "diseases": [{"id": "1", "name": "Diphtérie", "code": "x"}, "2:Tétanos", 3],
        "valences": None,
        "french": False,
    }

    vaccine = vaccines([row]).by_uuid[UUID]

    assert vaccine["id"] == 911
    assert vaccine["cip_codes"] == ["3400911000011", "3400911000028"]
    assert vaccine["ucd_code"] == "9100001"
    assert vaccine["diseases"] == [
        {"id": 1, "name": "Diphtérie"},
        {"id": 2, "name": "Tétanos"},
        {"id": 3, "name": None},
    ]
    assert vaccine["valences"] == []
    assert vaccine["french"] is False


@pytest.mark.parametrize(
    ("code", "legacy_id", "identity"),
    [
        ("VAC0911", None, 911),
        ("vac0911", "", 911),
        (" VAC0911 ", " ", 911),
        ("911", None, 911),
        (911, None, 911),
        ("VAC0911", "12", 12),
        ("VAC0911", 12, 12),
        ("", 12, 12),
        (None, "12", 12),
    ],
)
def test_the_legacy_id_is_the_number_of_the_code_unless_another_is_given(
    code: Any, legacy_id: Any, identity: int
) -> None:
    table = vaccines([{**ROW, "code": code, "legacy_id": legacy_id}])

    assert table.by_uuid[UUID]["id"] == identity
    assert table.named("id", str(identity)) == {UUID}
    assert table.named("id", "911") == ({UUID} if identity == 911 else set())


@pytest.mark.parametrize(
    ("said", "french"),
    [
        *((said, True) for said in ("1", "oui", "TRUE", True, "", None)),
        *((said, False) for said in ("0", "non", " False ", False, 0)),
    ],
)
def test_a_vaccine_is_french_unless_the_file_says_that_it_is_not(said: Any, french: bool) -> None:
    assert vaccines([{**ROW, "french": said}]).by_uuid[UUID]["french"] is french


@pytest.mark.parametrize(
    "changed",
    [
        {"uuid": None},
        {"uuid": "x"},
        {"uuid": 7},
        {"name": " "},
        {"name": None},
        {"code": ""},
        {"code": "VAC"},
        {"code": "VAC0000"},
        {"code": "1_0"},
        {"code": "+5"},
        {"code": "١٢"},
        {"code": str(2**31)},
        {"code": -5},
        {"code": True},
        {"code": 4.0},
        {"legacy_id": 0},
        {"legacy_id": "x"},
        {"diseases": "Diphtérie"},
        {"diseases": [{"name": "Diphtérie"}]},
        {"diseases": 7},
        {"valences": ["x"]},
        {"cip_codes": 3400911000011},
        {"french": "peut-être"},
    ],
)
def test_a_row_that_cannot_be_read_is_named_by_its_number(changed: dict[str, Any]) -> None:
    good = {**ROW, "code": 1, "uuid": OTHER}

    with pytest.raises(OptionsError, match=r"^vaccines, row 2: expected code, uuid and name; "):
        vaccines([good, {**ROW, **changed}])


@pytest.mark.parametrize("row", [{}, [], "x", None, {"code": 1, "name": "x"}, {"uuid": UUID}])
def test_what_is_no_row_cannot_be_read(row: Any) -> None:
    with pytest.raises(OptionsError, match=r"^vaccines, row 1: expected code, uuid and name; "):
        vaccines([row])


@pytest.mark.parametrize(
    "second",
    [
        {**ROW, "code": 1},
        {**ROW, "code": 1, "uuid": UUID.upper()},
        {**ROW, "uuid": OTHER},
        {**ROW, "uuid": OTHER, "code": 911},
        {**ROW, "uuid": OTHER, "code": 1, "legacy_id": "911"},
    ],
)
def test_an_id_or_a_uuid_that_stands_twice_is_refused(second: dict[str, Any]) -> None:
    """Trap 6: no legacy id may mean two vaccines."""
    with pytest.raises(OptionsError, match=r"^vaccines, row 2: the id or the uuid stands twice$"):
        vaccines([ROW, second])


def test_a_code_may_be_shared_and_then_names_both() -> None:
    rows: list[dict[str, Any]] = [
        {**ROW, "cip_codes": "5|5"},
        {**ROW, "code": 1, "uuid": OTHER, "cip_codes": "5|6"},
    ]

    table = vaccines(rows)

    assert table.named("cip_codes", "5") == {UUID, OTHER}
    assert table.named("cip_codes", "6") == {OTHER}
    assert table.named("ucd_code", "5") == set()


def test_the_list_has_the_french_vaccines_in_the_order_of_the_file() -> None:
    assert names(all_vaccines({}, TABLES)) == ["ALPHAVAX", "BETAVAX", "GAMMAVAX", "EPSILONVAX"]


@pytest.mark.parametrize(
    ("asked", "count"), [("1", 5), ("true", 5), ("0", 4), ("false", 4), ("", 4)]
)
def test_foreign_vaccines_are_in_the_list_when_they_are_asked_for(asked: str, count: int) -> None:
    assert len(all_vaccines({"include_foreigns": asked}, TABLES)) == count


def test_the_list_has_the_keys_in_the_order_in_which_a_real_client_reads_them() -> None:
    first = all_vaccines(ALL, TABLES)[0]

    assert list(first) == [
        "id",
        "name",
        "marketing_start",
        "marketing_end",
        "french",
        "alternative_names",
        "ucd_code",
        "cip_codes",
        "diseases",
        "valences",
    ]
    assert type(first["id"]) is int
    assert [list(disease) for disease in first["diseases"]] == [["id", "name"], ["id", "name"]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("alphavax", ["ALPHAVAX"]),
        (" Alphavax n", ["ALPHAVAX"]),
        ("TETANOS", ["ALPHAVAX"]),
        ("tétanos", ["ALPHAVAX"]),
        ("poliomyelite", ["GAMMAVAX"]),
        ("9100002", ["BETAVAX"]),
        ("3400915000024", ["EPSILONVAX"]),
        ("grippe", ["DELTAVAX"]),
        ("tavax", ["BETAVAX", "DELTAVAX"]),
        ("", ["ALPHAVAX", "BETAVAX", "GAMMAVAX", "DELTAVAX", "EPSILONVAX"]),
        ("nothing of the kind", []),
    ],
)
def test_a_search_looks_at_names_diseases_and_codes_without_case_and_accents(
    text: str, found: list[str]
) -> None:
    assert names(found_vaccines({**ALL, "query": text}, TABLES)) == found


def test_a_search_finds_french_vaccines_unless_others_are_asked_for() -> None:
    assert found_vaccines({"query": "grippe"}, TABLES) == []
    assert len(found_vaccines({}, TABLES)) == 4


def test_a_disease_without_a_name_is_no_match() -> None:
    bare = {"vaccines": vaccines([{**ROW, "diseases": [5]}])}

    assert found_vaccines({"query": "none"}, bare) == []


def test_without_a_table_there_is_no_answer() -> None:
    assert all_vaccines({}, {}) is None
    assert found_vaccines({"query": "x"}, {}) is None


def test_the_sample_has_french_and_foreign_vaccines() -> None:
    tables = {"vaccines": VACCINES}

    assert names(all_vaccines({}, tables)) == ["IMAGIVAX DTP", "FICTIRIX"]
    assert names(found_vaccines({"query": "DTP", **ALL}, tables)) == ["IMAGIVAX DTP"]
    assert len(all_vaccines(ALL, tables)) == 3
