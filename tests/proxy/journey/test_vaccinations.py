"""Vaccinations at paths of their own."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from tests.proxy.conftest import KEYS, Gateways, LogLines, asked_of, body_of
from tests.proxy.documents import (
    ACT_ID,
    ID,
    MODERN_ACT,
    MODERN_ACTS,
    MODERN_NAMES,
    MODERN_RECORD,
    MODERN_RECORDS,
    OTHER_ACT_ID,
    OTHER_ID,
    OTHER_VACCINE_ID,
    RECORD,
    RECORDS,
    VACCINATION_FIELDS,
    VACCINATIONS,
    VACCINE_ID,
    legacy_vaccination,
    modern_act,
    modern_document,
)

NO_SUCH = {"error": "Cette ressource n'existe pas."}
UNEXPECTED = {"error": "Le service a donné une réponse inattendue."}
COMMENTS = [{"text": "Bien supporté."}]


def path_of(number: int | str, record: str = ID) -> str:
    """The legacy path of a vaccination."""
    return f"/api/v1/records/{record}/vaccinations/{number}.json"


def with_acts(*acts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A health record that holds these acts."""
    return modern_document(vaccination_acts=list(acts), **changes)


async def known(client: httpx.AsyncClient) -> int:
    """The id of the only vaccination of the record, which is listed to learn it."""
    (shown,) = (await client.get(VACCINATIONS)).json()
    return int(shown["id"])


async def test_the_vaccinations_of_a_record_are_a_bare_array_in_the_legacy_form(
    upstream: respx.Router, gateways: Gateways, tables: Path
) -> None:
    acts = [modern_act(vaccine_id=VACCINE_ID), modern_act(id=OTHER_ACT_ID, performed_on=None)]
    upstream.get(MODERN_RECORD).respond(json=with_acts(*acts))

    response = await gateways.client(tables=tables).get(VACCINATIONS)

    first, second = response.json()
    assert response.status_code == 200
    assert list(first) == list(second) == VACCINATION_FIELDS
    assert second["id"] != first["id"]
    assert first["vaccine"] == {
        "id": 901,
        "name": "IMAGIVAX DTP",
        "cip_codes": ["3400900000019"],
        "ucd_code": "9000001",
        "diseases": [
            {"id": 1, "name": "Diphtérie"},
            {"id": 2, "name": "Tétanos"},
            {"id": 4, "name": "Poliomyélite"},
        ],
        "valences": [{"id": 1, "name": "D"}, {"id": 2, "name": "T"}],
    }
    assert (first["date"], first["age"]) == ("2021-05-16", "30 ans")
    assert (second["date"], second["age"]) == (None, None)
    assert not any(name in response.text for name in MODERN_NAMES)


async def test_a_record_without_vaccinations_has_an_empty_array(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 26."""
    upstream.get(MODERN_RECORD).respond(json=modern_document(vaccination_acts=None))

    response = await legacy_client.get(VACCINATIONS)

    assert response.content == b"[]"


async def test_one_vaccination_reads_as_it_stands_in_its_record_and_in_the_list(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    upstream.get(MODERN_RECORD).respond(json=with_acts(modern_act()))
    (listed,) = (await legacy_client.get(VACCINATIONS)).json()

    response = await legacy_client.get(path_of(listed["id"]))

    assert response.status_code == 200
    assert response.json() == listed
    assert (await legacy_client.get(RECORD)).json()["vaccinations"] == [listed]


async def test_a_vaccination_answers_head_and_conditions_as_a_record_does(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Traps 13 and 14."""
    upstream.get(MODERN_RECORD).respond(json=with_acts(modern_act()))
    path = path_of(await known(legacy_client))
    get = await legacy_client.get(path)

    head = await legacy_client.head(path)
    unchanged = await legacy_client.get(path, headers={"If-None-Match": get.headers["etag"]})

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(get.content))
    assert head.headers["etag"] == get.headers["etag"]
    assert (unchanged.status_code, unchanged.content) == (304, b"")


async def test_a_vaccination_is_made_and_found_at_its_legacy_path(
    upstream: respx.Router, gateways: Gateways, tables: Path
) -> None:
    """Traps 10 and 15."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    made = modern_act(vaccine_id=VACCINE_ID, batch_number="LOT-A17", booster=True)
    post = upstream.post(MODERN_ACTS).respond(
        201, json=made, headers={"Location": f"https://new.example{MODERN_ACT}"}
    )

    response = await gateways.client(tables=tables).post(VACCINATIONS, json=legacy_vaccination())

    assert response.status_code == 201
    assert body_of(post) == {
        "vaccine_id": VACCINE_ID,
        "performed_on": "2021-05-16",
        "batch_number": "LOT-A17",
        "injection_method": "intramuscular",
        "injection_location": "left_deltoid",
        "booster": True,
    }
    assert asked_of(upstream) == [f"GET {MODERN_RECORD}", f"POST {MODERN_ACTS}"]
    assert list(response.json()) == VACCINATION_FIELDS
    assert isinstance(response.json()["id"], int)
    assert response.headers["location"] == path_of(response.json()["id"])
    assert "passerelle-lost" not in response.headers


@pytest.mark.parametrize(
    "vaccine",
    [
        pytest.param({"id": "902"}, id="an id as a text"),
        pytest.param({"ucd_code": "9000002"}, id="an UCD code"),
        pytest.param({"cip_code": "3400900000033"}, id="a CIP code"),
        pytest.param({"icp_code": 3400900000033}, id="as the documentation spells it"),
        pytest.param({"id": 902, "ucd_code": "9000002"}, id="two that agree"),
    ],
)
async def test_a_vaccine_is_named_by_any_of_its_codes(
    upstream: respx.Router, gateways: Gateways, tables: Path, vaccine: dict[str, Any]
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    post = upstream.post(MODERN_ACTS).respond(201, json=modern_act(vaccine_id=OTHER_VACCINE_ID))

    response = await gateways.client(tables=tables).post(
        VACCINATIONS, json=legacy_vaccination(vaccine=vaccine)
    )

    assert response.status_code == 201
    assert body_of(post)["vaccine_id"] == OTHER_VACCINE_ID
    assert response.json()["vaccine"]["id"] == 902


@pytest.mark.parametrize(
    ("changes", "place", "sentence"),
    [
        ({"vaccine": {"id": 999}}, "vaccine.id", "n'est pas inclus(e) dans la liste"),
        ({"vaccine": None}, "vaccine", "doit être rempli(e)"),
        ({"date": "16/05/2021"}, "date", "n'est pas une date (AAAA-MM-JJ)"),
        ({"injection_route": "XX"}, "injection_route", "n'est pas inclus(e) dans la liste"),
    ],
    ids=["an unknown vaccine", "no vaccine", "no date", "an unknown route"],
)
async def test_a_vaccination_that_cannot_be_carried_over_is_refused_before_any_write(
    upstream: respx.Router,
    gateways: Gateways,
    changes: dict[str, Any],
    place: str,
    sentence: str,
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    folder = gateways.folder / "tables"
    folder.mkdir()
    row = {"code": "VAC0901", "uuid": VACCINE_ID, "name": "IMAGIVAX DTP"}
    (folder / "vaccines.json").write_text(json.dumps([row]), "utf-8")

    response = await gateways.client(tables=folder).post(
        VACCINATIONS, json=legacy_vaccination(**changes)
    )

    assert response.status_code == 422
    assert response.json() == {"errors": {place: [sentence]}}


async def test_a_vaccination_is_never_made_in_a_record_that_the_caller_may_not_see(
    upstream: respx.Router, gateways: Gateways, tables: Path
) -> None:
    """Trap 9."""
    upstream.get(MODERN_RECORD).respond(403)

    response = await gateways.client(tables=tables).post(VACCINATIONS, json=legacy_vaccination())

    assert response.status_code == 403


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_only_what_the_client_changed_of_a_vaccination_is_sent(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, method: str
) -> None:
    """Trap 1."""
    upstream.get(MODERN_RECORD).respond(json=with_acts(modern_act()))
    upstream.get(MODERN_ACT).respond(json=modern_act(), headers={"ETag": '"a1"'})
    patch = upstream.patch(MODERN_ACT).respond(json=modern_act(performed_on="2021-05-15"))
    path = path_of(await known(legacy_client))
    read = (await legacy_client.get(path)).json()

    response = await legacy_client.request(method, path, json={**read, "date": "2021-05-15"})

    assert response.status_code == 200
    assert body_of(patch) == {"performed_on": "2021-05-15"}
    assert patch.calls.last.request.headers["if-match"] == '"a1"'
    assert response.json() == {**read, "date": "2021-05-15"}
    assert "passerelle-lost" not in response.headers


async def test_a_vaccination_is_put_whole_by_option_with_all_that_the_legacy_side_cannot_see(
    upstream: respx.Router, gateways: Gateways
) -> None:
    """Trap 1: within its record it may be shown in part, so what is put is read by itself."""
    whole = modern_act(novel={"a": [1]}, batch_number="B1")
    upstream.get(MODERN_RECORD).respond(json=with_acts(modern_act(batch_number="B1")))
    upstream.get(MODERN_ACT).respond(json=whole)
    put = upstream.put(MODERN_ACT).respond(204)
    client = gateways.client(options='[upstream.update_act]\nmethod = "PUT"')
    path = path_of(await known(client))

    response = await client.patch(path, json={"batch": ""})

    assert response.status_code == 200
    assert body_of(put) == {**whole, "batch_number": None}


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
async def test_a_vaccination_of_another_record_is_a_404_before_any_write(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, method: str
) -> None:
    """Trap 9: the record in the path does not hold it."""
    upstream.get(MODERN_RECORD).respond(json=with_acts(modern_act()))
    other = modern_document(id=OTHER_ID)
    route = upstream.get(f"/health_records/{OTHER_ID}").respond(json=other)
    number = await known(legacy_client)

    body = None if method in ("GET", "DELETE") else {"date": "2021-05-17"}
    response = await legacy_client.request(method, path_of(number, OTHER_ID), json=body)

    assert route.called
    assert response.status_code == 404
    assert response.json() == NO_SUCH


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_vaccination_that_names_another_record_is_a_404_before_any_write(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, method: str
) -> None:
    """Trap 9: whatever the record around it says."""
    upstream.get(MODERN_RECORD).respond(json=with_acts(modern_act()))
    number = await known(legacy_client)
    upstream.get(MODERN_RECORD).respond(json=with_acts(modern_act(health_record_id=OTHER_ID)))

    body = {"date": "2021-05-17"} if method == "PUT" else None
    response = await legacy_client.request(method, path_of(number), json=body)

    assert response.status_code == 404


@pytest.mark.parametrize("path", [RECORD, VACCINATIONS], ids=["its record", "its list"])
async def test_a_vaccination_of_another_record_is_shown_nowhere(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, log_lines: LogLines, path: str
) -> None:
    """Trap 9: what the new API mixes up is a bad answer, and the operator is told where."""
    mixed = with_acts(modern_act(), modern_act(id=OTHER_ID, health_record_id=OTHER_ID))
    upstream.get(MODERN_RECORD).respond(json=mixed)

    response = await legacy_client.get(path)

    assert response.status_code == 502
    assert "health_record_id: mismatch" in log_lines.text
    assert OTHER_ID not in log_lines.text + response.text


async def test_a_list_in_which_one_record_holds_anothers_vaccination_is_not_shown(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 9."""
    mixed = with_acts(modern_act(health_record_id=OTHER_ID))
    upstream.get(MODERN_RECORDS).respond(json=[modern_document(id=OTHER_ID), mixed])

    assert (await legacy_client.get(RECORDS)).status_code == 502


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_vaccination_that_alone_names_another_record_is_a_404_before_any_write(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, method: str
) -> None:
    """Trap 9: it must be the record's by what the new API says of both."""
    upstream.get(MODERN_RECORD).respond(json=with_acts(modern_act(health_record_id=None)))
    upstream.get(MODERN_ACT).respond(json=modern_act(health_record_id=OTHER_ID))
    path = path_of(await known(legacy_client))

    response = await legacy_client.request(method, path, content=b"{}" if method == "PUT" else None)

    assert response.status_code == 404


@pytest.mark.parametrize("acts", [[], [modern_act(id=OTHER_ACT_ID)]], ids=["none", "another one"])
async def test_a_vaccination_that_its_record_no_longer_holds_is_a_404(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, acts: list[dict[str, Any]]
) -> None:
    get = upstream.get(MODERN_RECORD).respond(json=with_acts(modern_act()))
    path = path_of(await known(legacy_client))
    get.respond(json=with_acts(*acts))

    response = await legacy_client.put(path, json={"date": "2021-05-17"})

    assert response.status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_an_answer_about_another_vaccination_is_a_bad_answer_and_nothing_is_written(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, method: str
) -> None:
    upstream.get(MODERN_RECORD).respond(json=with_acts(modern_act()))
    upstream.get(MODERN_ACT).respond(json=modern_act(id=OTHER_ACT_ID))
    path = path_of(await known(legacy_client))

    response = await legacy_client.request(method, path, content=b"{}" if method == "PUT" else None)

    assert response.status_code == 502
    assert response.json() == UNEXPECTED


async def test_an_answer_to_a_change_about_another_vaccination_is_never_shown(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    upstream.get(MODERN_RECORD).respond(json=with_acts(modern_act()))
    upstream.get(MODERN_ACT).respond(json=modern_act())
    upstream.patch(MODERN_ACT).respond(json=modern_act(id=OTHER_ACT_ID, batch_number="FOREIGN"))
    path = path_of(await known(legacy_client))

    response = await legacy_client.put(path, json={"date": "2021-05-17"})

    assert response.status_code == 502
    assert "FOREIGN" not in response.text


async def test_a_creation_that_is_answered_for_another_record_is_never_shown(
    upstream: respx.Router, gateways: Gateways, tables: Path
) -> None:
    """Trap 9."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.post(MODERN_ACTS).respond(
        201, json=modern_act(health_record_id=OTHER_ID, batch_number="FOREIGN")
    )

    response = await gateways.client(tables=tables).post(VACCINATIONS, json=legacy_vaccination())

    assert response.status_code == 502
    assert "FOREIGN" not in response.text


async def test_a_vaccination_is_deleted_where_it_is_the_records(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    upstream.get(MODERN_RECORD).respond(json=with_acts(modern_act()))
    upstream.get(MODERN_ACT).respond(json=modern_act(), headers={"ETag": '"a1"'})
    delete = upstream.delete(MODERN_ACT).respond(204)
    path = path_of(await known(legacy_client))
    tag = (await legacy_client.get(path)).headers["etag"]

    refused = await legacy_client.delete(path, headers={"If-Match": '"other"'})
    deleted = await legacy_client.delete(path, headers={"If-Match": tag})

    assert (refused.status_code, deleted.status_code) == (412, 204)
    assert delete.call_count == 1
    assert delete.calls.last.request.headers["if-match"] == '"a1"'


async def test_a_clients_own_condition_on_a_vaccination_is_about_the_legacy_document(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 13."""
    upstream.get(MODERN_RECORD).respond(json=with_acts(modern_act()))
    upstream.get(MODERN_ACT).respond(json=modern_act())
    patch = upstream.patch(MODERN_ACT).respond(json=modern_act())
    path = path_of(await known(legacy_client))
    tag = (await legacy_client.get(path)).headers["etag"]

    refused = await legacy_client.put(path, json={}, headers={"If-Match": '"other"'})
    accepted = await legacy_client.put(path, json={}, headers={"If-Match": tag})

    assert (refused.status_code, accepted.status_code) == (412, 200)
    assert patch.call_count == 1


async def test_comments_are_kept_with_a_key_and_read_back_everywhere(
    upstream: respx.Router, gateways: Gateways, tables: Path
) -> None:
    upstream.get(MODERN_RECORD).respond(json=with_acts(modern_act()))
    post = upstream.post(MODERN_ACTS).respond(201, json=modern_act())
    client = gateways.client(tables=tables, keys=KEYS)

    made = await client.post(VACCINATIONS, json=legacy_vaccination(comments=COMMENTS))

    assert made.json()["comments"] == COMMENTS
    assert "passerelle-lost" not in made.headers
    assert "comments" not in body_of(post)
    (listed,) = (await client.get(VACCINATIONS)).json()
    assert listed == made.json()
    assert (await client.get(RECORD)).json()["vaccinations"] == [listed]


async def test_comments_are_kept_only_once_the_new_api_accepted_a_write_of_the_vaccination(
    upstream: respx.Router, gateways: Gateways
) -> None:
    """Who may only read a vaccination must not write its comments either."""
    upstream.get(MODERN_RECORD).respond(json=with_acts(modern_act()))
    upstream.get(MODERN_ACT).respond(json=modern_act(), headers={"ETag": '"a1"'})
    patch = upstream.patch(MODERN_ACT)
    patch.side_effect = [httpx.Response(403), httpx.Response(200, json=modern_act())]
    client = gateways.client(keys=KEYS)
    path = path_of(await known(client))

    refused = await client.put(path, json={"comments": COMMENTS})
    before = (await client.get(path)).json()["comments"]
    accepted = await client.put(path, json={"comments": COMMENTS})

    assert (refused.status_code, before) == (403, None)
    assert accepted.json()["comments"] == COMMENTS
    assert body_of(patch) == {}
    assert patch.calls.last.request.headers["if-match"] == '"a1"'


async def test_comments_go_with_their_vaccination(
    upstream: respx.Router, gateways: Gateways
) -> None:
    upstream.get(MODERN_RECORD).respond(json=with_acts(modern_act()))
    upstream.get(MODERN_ACT).respond(json=modern_act())
    upstream.patch(MODERN_ACT).respond(json=modern_act())
    upstream.delete(MODERN_ACT).respond(204)
    client = gateways.client(keys=KEYS)
    path = path_of(await known(client))
    await client.put(path, json={"comments": COMMENTS})

    await client.delete(path)

    assert (await client.get(path)).json()["comments"] is None


async def test_a_problem_that_the_new_api_finds_is_told_in_legacy_names(
    upstream: respx.Router, gateways: Gateways, tables: Path
) -> None:
    """Trap 16."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    problems = [
        {"pointer": "#/performed_on", "detail": "is in the future"},
        {"pointer": "#/batch_number", "detail": "is not known"},
        {"pointer": "#/serial_number", "detail": "is missing"},
    ]
    upstream.post(MODERN_ACTS).respond(422, json={"errors": problems})

    response = await gateways.client(tables=tables).post(VACCINATIONS, json=legacy_vaccination())

    refused = ["n'a pas été accepté(e)"]
    assert response.status_code == 422
    assert response.json() == {"errors": {"date": refused, "batch": refused, "base": refused}}


async def test_a_vaccination_may_stand_under_its_name_in_the_body(
    upstream: respx.Router, gateways: Gateways, tables: Path
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    post = upstream.post(MODERN_ACTS).respond(201, json=modern_act())

    response = await gateways.client(tables=tables).post(
        VACCINATIONS, json={"vaccination": legacy_vaccination()}
    )

    assert response.status_code == 201
    assert body_of(post)["performed_on"] == "2021-05-16"


@pytest.mark.parametrize("status", [401, 404])
async def test_a_record_that_the_new_api_does_not_show_has_no_vaccinations(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, status: int
) -> None:
    upstream.get(MODERN_RECORD).respond(status)

    response = await legacy_client.get(VACCINATIONS)

    assert response.status_code == status


async def test_the_validator_of_a_vaccination_is_a_legacy_user_with_an_integer_id(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    upstream.get(MODERN_RECORD).respond(json=with_acts(modern_act(certificator_id=OTHER_ID)))

    response = await legacy_client.get(VACCINATIONS)

    validation = response.json()[0]["validation"]
    assert validation.pop("validator").keys() == {"id", "name", "first_name", "last_name"}
    assert validation == {"date": "2021-05-18", "method": "execution"}
    assert OTHER_ID not in response.text
    assert ACT_ID not in response.text
