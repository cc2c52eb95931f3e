"""Old lending software before the gateway: two kinds of records, in the old desk's form."""

from __future__ import annotations

import copy
import importlib
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from proxy.cli import commands
from tests.cli.servers import served
from tests.examples.conftest import CREDENTIAL, LIBRARY, Library

BORROWER = {
    "forename": "Oriel",
    "surname": "Tamsin",
    "card": "LB-000417",
    "category": "P",
    "email": "oriel.tamsin@example.org",
    "born": "09/03/1987",
    "address": {"street": "4 Ferry Lane", "town": "Eastmere", "postcode": "EM4 1AA"},
    "fax": "0555 0417",
    "remarks": "Collects on Saturdays.",
}
TITLE = {
    "name": "The Salt Road",
    "author": "Una Marsh; Bo Lind",
    "year": 2019,
    "medium": "DVD",
    "isbn": None,
    "copies": [{"shelf": "East 2", "state": "OUT"}],
    "note": "The case is cracked.",
}


async def test_a_list_holds_the_records_of_every_page_in_the_old_form(library: Library) -> None:
    response = await library.desk.get("/borrowers")
    again = await library.desk.get("/borrowers")

    assert response.status_code == 200
    numbers = [it["number"] for it in response.json()]
    assert len(set(numbers)) == 3
    assert all(type(number) is int for number in numbers)
    assert again.json() == response.json()
    assert response.json()[0] == {
        "number": numbers[0],
        "forename": "Aldous",
        "surname": "Wren",
        "card": "LB-000101",
        "category": "A",
        "email": "aldous.wren@example.org",
        "born": "02/11/1961",
        "address": {"street": "9 Mill Row", "town": "Eastmere", "postcode": "EM1 9ZZ"},
        "joined": "17/05/2003",
        "expired": False,
        "fax": None,
        "remarks": None,
    }


async def test_a_code_that_the_old_desk_never_had_takes_no_list_down(library: Library) -> None:
    borrowers = (await library.desk.get("/borrowers")).json()
    titles = (await library.desk.get("/titles")).json()

    assert [it["category"] for it in borrowers] == ["A", None, "C"]
    assert [it["state"] for it in titles[0]["copies"]] == ["IN", "OUT"]


async def test_a_new_borrower_reads_back_with_what_the_new_api_has_no_place_for(
    library: Library,
) -> None:
    made = await library.desk.post("/borrowers", json=BORROWER)
    read = await library.desk.get(made.headers["location"].removeprefix("/desk"))

    assert made.status_code == 201
    number = made.json()["number"]
    assert made.headers["location"] == f"/desk/borrowers/{number}"
    assert read.json() == made.json()
    by_server = {"number": number, "joined": None, "expired": False}
    assert read.json() == {**BORROWER, **by_server, "category": "S"}
    assert library.patrons["1"] == {
        "full_name": "Oriel Tamsin",
        "family_name": "Tamsin",
        "card_number": "LB-000417",
        "tier": "senior",
        "email": "oriel.tamsin@example.org",
        "born_on": "1987-03-09",
        "home": {"line_1": "4 Ferry Lane", "city": "Eastmere", "post_code": "EM4 1AA"},
        "id": 1,
    }


async def test_writing_back_what_was_read_changes_nothing_in_the_new_api(library: Library) -> None:
    before = copy.deepcopy((library.patrons, library.works))

    for path, number in (("/borrowers", "number"), ("/titles", "id")):
        for record in (await library.desk.get(path)).json():
            written = await library.desk.put(f"{path}/{record[number]}", json=record)
            assert written.status_code == 200
            assert written.json() == record

    assert (library.patrons, library.works) == before


async def test_a_change_keeps_what_only_the_new_api_knows(library: Library) -> None:
    (borrower, *_) = (await library.desk.get("/borrowers")).json()
    address = {"street": "1 Quay", "town": "Eastmere", "postcode": "EM1 9ZZ"}

    written = await library.desk.put(
        f"/borrowers/{borrower['number']}", json={**borrower, "address": address}
    )

    assert written.json() == {**borrower, "address": address}
    stored = library.patrons["90417"]
    assert stored["home"] == {
        "line_1": "1 Quay",
        "city": "Eastmere",
        "post_code": "EM1 9ZZ",
        "country": "XX",
    }
    assert stored["consents"] == ["reminders"]
    assert stored["valid_until"] == "2031-05-16"


async def test_a_copy_is_changed_and_another_added_within_their_title(library: Library) -> None:
    (title, *_) = (await library.desk.get("/titles")).json()
    first, second = title["copies"]
    copies = [{**first, "state": "LOST"}, second, {"shelf": "West 1", "state": "IN"}]

    written = await library.desk.put(f"/titles/{title['id']}", json={**title, "copies": copies})

    assert written.status_code == 200
    added = written.json()["copies"][2]
    assert written.json()["copies"] == [*copies[:2], {**copies[2], "number": added["number"]}]
    assert added["number"] not in {None, first["number"], second["number"]}
    assert library.works["wrk-lighthouse"]["holdings"] == [
        {"id": "hld-1", "location": "North 4", "availability": "missing", "rfid": "E0-01"},
        {"id": "hld-2", "location": "North 4", "availability": "in_repair", "rfid": "E0-02"},
        {"location": "West 1", "availability": "available", "id": "hld-n1"},
    ]


async def test_a_title_is_made_read_and_deleted(library: Library) -> None:
    made = await library.desk.post("/titles", json=TITLE)
    where = made.headers["location"].removeprefix("/desk")
    read = await library.desk.get(where)
    deleted = await library.desk.delete(where)
    gone = await library.desk.get(where)

    assert made.status_code == 201
    number = made.json()["copies"][0]["number"]
    assert read.json() == {
        **TITLE,
        "id": made.json()["id"],
        "copies": [{"number": number, "shelf": "East 2", "state": "OUT"}],
        "label": "The Salt Road (2019)",
    }
    assert (deleted.status_code, deleted.json()) == (200, {})
    assert gone.status_code == 404
    assert "wrk-n1" not in library.works


async def test_a_borrower_is_deleted(library: Library) -> None:
    _, second, _ = (await library.desk.get("/borrowers")).json()

    deleted = await library.desk.delete(f"/borrowers/{second['number']}")

    assert deleted.status_code == 200
    assert list(library.patrons) == ["90417", "90419"]


async def test_all_that_is_wrong_with_a_document_is_told_in_the_old_form(library: Library) -> None:
    document = {"card": "", "born": "1987-03-09", "category": "adult", "address": {"town": 4}}

    refused = await library.desk.post("/borrowers", json=document)

    assert refused.status_code == 422
    assert refused.json()["code"] == 422
    assert {it["field"]: it["problem"] for it in refused.json()["fields"]} == {
        "surname": "must be given",
        "card": "must be given",
        "born": "must be a date, DD/MM/YYYY",
        "category": "must be one of the codes in the handbook",
        "address.town": "must be a text",
    }


async def test_what_the_new_api_refuses_is_told_in_the_old_names(library: Library) -> None:
    twice = {**BORROWER, "card": "LB-000101"}

    refused = await library.desk.post("/borrowers", json=twice)

    assert refused.status_code == 422
    assert refused.json()["fields"] == [{"field": "card", "problem": "was refused"}]


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/borrowers/77", 404, "Not Found"),
        ("GET", "/members", 404, "Not Found"),
        ("PATCH", "/borrowers", 405, "Method Not Allowed"),
        ("GET", "/reservations", 410, "Gone"),
    ],
)
async def test_what_cannot_be_is_told_in_the_old_form(
    library: Library, method: str, path: str, status: int, said: str
) -> None:
    response = await library.desk.request(method, path)

    assert response.status_code == status
    assert response.json() == {"code": status, "message": said}


async def test_without_a_credential_nothing_is_shown(library: Library) -> None:
    del library.desk.headers["authorization"]

    response = await library.desk.get("/borrowers")

    assert response.status_code == 401
    assert response.json() == {"code": 401, "message": "Unauthorized"}
    assert response.headers["www-authenticate"] == 'Basic realm="desk"'


def test_the_old_numbers_are_imported_as_the_readme_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_UPSTREAM_URL", "https://new.example")
    monkeypatch.setenv("PASSERELLE_DATA_DIR", str(tmp_path))
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("kind,legacy_id,modern_id\npatron,101,90417\n", encoding="utf-8")

    result = CliRunner().invoke(commands("crosswalk"), ["crosswalk", "import", str(pairs)])

    assert result.exit_code == 0
    assert result.stdout == "1 pairs, 1 of them new\n"


def test_the_gateway_serves_as_the_readme_starts_it(tmp_path: Path) -> None:
    passerelle = Path(sys.executable).with_name("passerelle")
    with served(importlib.import_module("lending_sandbox").create_app()) as new_api:
        environment = {
            "PYTHONPATH": str(LIBRARY),
            "PASSERELLE_PACK": "lending",
            "PASSERELLE_UPSTREAM_URL": f"{new_api}/v2",
            "PASSERELLE_DATA_DIR": str(tmp_path),
        }
        with subprocess.Popen(
            [passerelle, "serve", "--port", "0"], env=environment, stderr=subprocess.PIPE, text=True
        ) as gateway:
            try:
                said = "" if gateway.stderr is None else gateway.stderr.readline()
                where = said.split()[-1]
                answer = httpx.get(f"{where}/desk/titles", headers=CREDENTIAL, trust_env=False)
            finally:
                gateway.terminate()

    assert answer.status_code == 200
    assert [it["medium"] for it in answer.json()] == ["BK", "CD", "MAP"]
