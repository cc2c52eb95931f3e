"""Making a record."""

import json
from typing import Any

import httpx
import pytest
import respx

from tests.proxy.conftest import Gateways
from tests.proxy.documents import (
    ID,
    LEGACY_FIELDS,
    MODERN_RECORDS,
    OTHER_ID,
    RECORDS,
    legacy_document,
    modern_document,
)

SOMEBODY_ELSE = {"Authorization": "Bearer another"}
"""For whom the same creation is another one."""


async def test_a_record_is_made_of_the_fields_that_the_client_wrote(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    route = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())

    response = await legacy_client.post(RECORDS, json=legacy_document())

    assert json.loads(route.calls.last.request.content) == {
        "first_name": "Maëlle Rozenn",
        "last_name": "Kerbrizac",
        "customary_name": "Talhouarn",
        "birth_date": "1990-05-17",
        "gender": "f",
        "zip_code": "29217",
    }
    assert route.calls.last.request.headers["content-type"] == "application/json"
    assert response.status_code == 201
    assert list(response.json()) == LEGACY_FIELDS
    assert response.json()["caption"] == "Femme de 33 ans"
    assert "passerelle-lost" not in response.headers


async def test_a_record_may_stand_under_its_name_in_the_body(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    route = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    await legacy_client.post(RECORDS, json=legacy_document())

    response = await legacy_client.post(
        RECORDS,
        json={"utf8": "✓", "record": legacy_document(), "commit": "Create"},
        headers=SOMEBODY_ELSE,
    )

    assert response.status_code == 201
    assert response.headers["passerelle-lost"] == "utf8, commit"
    assert route.calls[1].request.content == route.calls[0].request.content


async def test_what_stands_beside_the_record_is_named_as_the_client_wrote_it(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    upstream.post(MODERN_RECORDS).respond(201, json=modern_document())

    response = await legacy_client.post(RECORDS, json={"record": legacy_document(), "a/b~0": 1})

    assert response.headers["passerelle-lost"] == "a%2Fb~0"


async def test_a_name_of_ones_own_for_the_record_is_an_option(
    upstream: respx.Router, gateways: Gateways
) -> None:
    upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    client = gateways.client(options='[legacy]\nwrapper = "patient"')

    response = await client.post(RECORDS, json={"patient": legacy_document()})

    assert response.status_code == 201


@pytest.mark.parametrize("path", ["/api/v1/records", "/api/v1/records.json", "/api/v1/records/"])
async def test_a_record_that_was_made_is_found_below_the_same_prefix(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, path: str
) -> None:
    """Trap 15: the new API's Location, host and path are not shown."""
    elsewhere = {"Location": f"https://new.example/health_records/{ID}"}
    upstream.post(MODERN_RECORDS).respond(201, json=modern_document(), headers=elsewhere)

    response = await legacy_client.post(path, json=legacy_document())

    assert response.headers["location"] == f"/api/v1/records/{ID}.json"


@pytest.mark.parametrize(
    ("public_url", "path", "location"),
    [
        (None, "/records", f"/records/{ID}.json"),
        ("https://gw.example", "/records", f"https://gw.example/records/{ID}.json"),
        (
            "https://gw.example/old/",
            "/api/v1/records",
            f"https://gw.example/old/api/v1/records/{ID}.json",
        ),
    ],
    ids=["relative", "with a host", "with a base path"],
)
async def test_where_a_record_is_found_follows_the_public_url(
    upstream: respx.Router, gateways: Gateways, public_url: str | None, path: str, location: str
) -> None:
    """Trap 15."""
    upstream.post(MODERN_RECORDS).respond(201, json=modern_document())

    response = await gateways.client(public_url=public_url).post(path, json=legacy_document())

    assert response.headers["location"] == location


async def test_legacy_only_values_are_lost_and_told(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 3: nothing is dropped in silence; a blank says nothing and loses nothing."""
    route = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    contact = {"email": "maelle@inbox.example", "home_phone": "0298000000", "mobile_phone": ""}

    response = await legacy_client.post(RECORDS, json=legacy_document(**contact))

    assert response.headers["passerelle-lost"] == "email, home_phone"
    assert b"inbox.example" not in route.calls.last.request.content
    assert response.json()["email"] is None


async def test_what_the_server_sets_is_ignored_and_told_when_it_differs(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Traps 4 and 9: a client chooses no id."""
    route = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    written = legacy_document(
        uuid=OTHER_ID,
        caption="Femme de 12 ans",
        created_at="2020-01-01T00:00:00+01:00",
        sharing_status="private_record",
        updated_at=None,
    )

    response = await legacy_client.post(RECORDS, json=written)

    assert response.status_code == 201
    assert response.headers["passerelle-lost"] == "uuid, created_at, caption"
    assert not {"id", "created_at"} & json.loads(route.calls.last.request.content).keys()


async def test_a_creation_demands_four_fields(legacy_client: httpx.AsyncClient) -> None:
    response = await legacy_client.post(RECORDS, json={"record": {"zip_code": "29217"}})

    assert response.status_code == 422
    assert response.json() == {
        "errors": {
            "first_name": ["doit être rempli(e)"],
            "last_name": ["doit être rempli(e)"],
            "birth_date": ["doit être rempli(e)"],
            "gender": ["doit être rempli(e)"],
        }
    }


async def test_which_fields_a_creation_demands_is_an_option(
    upstream: respx.Router, gateways: Gateways
) -> None:
    upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    client = gateways.client(options='[records]\nrequired = ["last_name"]')

    refused = await client.post(RECORDS, json=legacy_document(last_name=" "))
    made = await client.post(RECORDS, json=legacy_document(birth_name=""))

    assert refused.json() == {"errors": {"last_name": ["doit être rempli(e)"]}}
    assert made.status_code == 201


async def test_what_stands_beside_the_record_is_refused_by_option(gateways: Gateways) -> None:
    client = gateways.client(options='[records]\nundeclared = "refuse"')

    response = await client.post(RECORDS, json={"utf8": "✓", "record": legacy_document()})

    assert response.status_code == 422
    assert response.json() == {"errors": {"utf8": ["n'existe pas"]}}


async def test_all_problems_are_told_at_once(legacy_client: httpx.AsyncClient) -> None:
    written = legacy_document(
        birth_date="17/05/1990",
        gender="woman",
        zip_code=29217,
        department_of_birth="Finistère",
        ins_c="1234",
        health_profile={"condition_ids": [52, "x"]},
    )

    response = await legacy_client.post(RECORDS, json=written)

    assert response.status_code == 422
    assert response.json()["errors"] == {
        "birth_date": ["n'est pas une date (AAAA-MM-JJ)"],
        "zip_code": ["n'est pas un texte"],
        "department_of_birth": ["n'est pas un numéro de département"],
        "health_profile.condition_ids[1]": ["n'est pas un nombre"],
        "gender": ["n'est pas inclus(e) dans la liste"],
        "ins_c": ["n'est pas valide"],
    }


async def test_errors_are_english_and_bare_by_option(gateways: Gateways) -> None:
    client = gateways.client(options='[errors]\nlanguage = "en"\nstyle = "bare"')

    invalid = await client.post(RECORDS, json=legacy_document(birth_date="1990-02-30"))
    malformed = await client.post(RECORDS, content="{")

    assert invalid.json() == {"birth_date": ["is not a date (YYYY-MM-DD)"]}
    assert malformed.json() == {"error": "The request is malformed."}


async def test_undeclared_fields_are_dropped_and_told(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 3."""
    route = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())

    response = await legacy_client.post(RECORDS, json=legacy_document(**{"shoe size": 38}))

    assert response.headers["passerelle-lost"] == "shoe%20size"
    assert b"shoe" not in route.calls.last.request.content


async def test_undeclared_fields_are_refused_by_option(gateways: Gateways) -> None:
    """Trap 3."""
    client = gateways.client(options='[records]\nundeclared = "refuse"')

    response = await client.post(RECORDS, json=legacy_document(shoe_size=38))

    assert response.json() == {"errors": {"shoe_size": ["n'existe pas"]}}


@pytest.mark.parametrize("body", [[], [legacy_document()]], ids=["an empty list", "a list"])
async def test_a_body_that_is_no_object_is_a_problem_of_the_whole_document(
    legacy_client: httpx.AsyncClient, body: Any
) -> None:
    """Trap 26."""
    response = await legacy_client.post(RECORDS, json=body)

    assert response.status_code == 422
    assert response.json() == {"errors": {"base": ["n'est pas un objet"]}}


async def test_vaccinations_cannot_be_written_with_their_record_by_option(
    gateways: Gateways,
) -> None:
    """Trap 32: one legacy write is then never two of the new API."""
    client = gateways.client(options='[acts]\nin_record = "refuse"\nrequired = ["date"]')
    acts = [{"date": "2021-05-16", "injection_route": "IM"}]

    response = await client.post(RECORDS, json=legacy_document(vaccinations=acts))

    assert response.status_code == 422
    assert response.json() == {"errors": {"vaccinations": ["ne peut pas être modifié(e) ici"]}}


async def test_the_call_behind_a_creation_is_an_option(
    upstream: respx.Router, gateways: Gateways
) -> None:
    upstream.post("/v2/people").respond(202, json=modern_document())
    client = gateways.client(options='[upstream.create]\npath = "/v2/people"\nsuccess = [202]')

    response = await client.post(RECORDS, json=legacy_document())

    assert response.status_code == 201


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(httpx.Response(503), id="overloaded"),
        pytest.param(httpx.Response(401), id="refused"),
        pytest.param(httpx.ReadTimeout("late"), id="no answer"),
        pytest.param(httpx.ReadError("cut"), id="cut off"),
        pytest.param(httpx.ConnectError("down"), id="down"),
    ],
)
async def test_a_creation_is_never_sent_twice(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, failure: Any
) -> None:
    """Trap 17: what was perhaps done must not be done again."""
    route = upstream.post(MODERN_RECORDS).mock(side_effect=[failure])

    response = await legacy_client.post(RECORDS, json=legacy_document())

    assert response.status_code >= 400
    assert route.call_count == 1
