"""Changing a record: PUT and PATCH alike change what the client changed, and nothing else."""

import json
from typing import Any

import httpx
import pytest
import respx

from tests.proxy.conftest import Gateways
from tests.proxy.documents import (
    ID,
    MODERN_RECORD,
    OTHER_ID,
    OWNER_ID,
    RECORD,
    modern_act,
    modern_document,
)

PUT_UPSTREAM = '[upstream.update]\nmethod = "PUT"'


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("wrapped", [False, True], ids=["bare", "wrapped"])
async def test_only_what_the_client_changed_is_sent(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, method: str, wrapped: bool
) -> None:
    """Trap 1: what a client does not write is not wiped."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    patch = upstream.patch(MODERN_RECORD).respond(json=modern_document(zip_code="29000"))
    written = {"zip_code": "29000"}

    response = await legacy_client.request(
        method, RECORD, json={"record": written} if wrapped else written
    )

    assert json.loads(patch.calls.last.request.content) == {"zip_code": "29000"}
    assert response.status_code == 200
    assert response.json()["zip_code"] == "29000"
    assert "passerelle-lost" not in response.headers


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(modern_document(), id="plain"),
        pytest.param(modern_document(customary_name=None, zip_code=None), id="with blanks"),
        pytest.param(modern_document(gender="x"), id="with a code that no table has"),
        pytest.param(modern_document(id=ID.upper()), id="with its id in capitals"),
        pytest.param(
            modern_document(vaccination_acts=[modern_act(), modern_act(id=OTHER_ID)]),
            id="with vaccinations",
        ),
        pytest.param(
            modern_document(sharing_requests=[{"status": "ACCEPTED"}], profile={OWNER_ID: 7}),
            id="with what is shown in part",
        ),
    ],
)
async def test_writing_back_what_was_read_changes_nothing_and_is_still_sent(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, document: dict[str, Any]
) -> None:
    """Traps 1, 2, 4, 6 and 28: who may write is the new API's decision, so it is asked."""
    upstream.get(MODERN_RECORD).respond(json=document)
    patch = upstream.patch(MODERN_RECORD).respond(json=document)
    read = await legacy_client.get(RECORD)

    response = await legacy_client.put(RECORD, json=read.json())

    assert response.status_code == 200
    assert response.content == read.content
    assert json.loads(patch.calls.last.request.content) == {}
    assert "passerelle-lost" not in response.headers


async def test_the_whole_record_is_put_by_option_with_all_that_the_legacy_side_cannot_see(
    upstream: respx.Router, gateways: Gateways
) -> None:
    """Traps 1 and 22: undeclared fields and the exact text of numbers survive."""
    stored = modern_document(profile={OWNER_ID: 0}, blood={"ph": 0, "count": 2**64})
    raw = json.dumps(stored).replace('"ph": 0', '"ph": 7.3500000000000000055')
    upstream.get(MODERN_RECORD).respond(text=raw)
    put = upstream.put(MODERN_RECORD).respond(json=modern_document())

    response = await gateways.client(options=PUT_UPSTREAM).patch(RECORD, json={"zip_code": "29000"})

    sent = put.calls.last.request.content
    assert response.status_code == 200
    assert json.loads(sent) == {**json.loads(raw), "zip_code": "29000"}
    assert b'"ph":7.3500000000000000055' in sent
    assert b'"count":18446744073709551616' in sent


async def test_an_unchanged_record_is_put_back_as_it_is(
    upstream: respx.Router, gateways: Gateways
) -> None:
    """Trap 1."""
    stored = modern_document(vaccination_acts=[modern_act(undeclared=[{}])], novel={"a": []})
    upstream.get(MODERN_RECORD).respond(json=stored)
    put = upstream.put(MODERN_RECORD).respond(json=stored)
    client = gateways.client(options=PUT_UPSTREAM)
    read = await client.get(RECORD)

    await client.put(RECORD, json=read.json())

    assert json.loads(put.calls.last.request.content) == stored


async def test_null_where_the_read_gave_null_changes_nothing(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 2: null, absent and "" are three states."""
    stored = modern_document(zip_code=None, customary_name=None)
    upstream.get(MODERN_RECORD).respond(json=stored)
    patch = upstream.patch(MODERN_RECORD).respond(json=stored)
    written = {"zip_code": None, "email": None, "birth_name": "", "ins_c": None}

    response = await legacy_client.put(RECORD, json=written)

    assert response.status_code == 200
    assert json.loads(patch.calls.last.request.content) == {}


async def test_null_where_the_read_gave_a_value_clears_it(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 2."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    patch = upstream.patch(MODERN_RECORD).respond(json=modern_document(zip_code=None))

    await legacy_client.put(RECORD, json={"zip_code": None})

    assert json.loads(patch.calls.last.request.content) == {"zip_code": None}


async def test_what_must_be_there_cannot_be_cleared(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())

    response = await legacy_client.put(RECORD, json={"first_name": "", "gender": None})

    assert response.status_code == 422
    assert response.json()["errors"] == {
        "first_name": ["doit être rempli(e)"],
        "gender": ["doit être rempli(e)"],
    }


async def test_what_the_server_makes_is_ignored_and_told_when_it_differs(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 4: read-only fields come back with every echo."""
    stored = modern_document(vaccination_acts=[modern_act()])
    upstream.get(MODERN_RECORD).respond(json=stored)
    patch = upstream.patch(MODERN_RECORD).respond(json=stored)
    echoed = (await legacy_client.get(RECORD)).json()
    echoed["vaccinations"][0]["age"] = "29 ans"
    echoed |= {
        "created_at": "2020-01-01T00:00:00+01:00",
        "updated_at": "2023-01-01T00:00:00+01:00",
        "caption": "Femme de 32 ans",
        "sharing_status": "shared_record",
    }

    response = await legacy_client.put(RECORD, json=echoed)

    assert response.status_code == 200
    assert set(response.headers["passerelle-lost"].split(", ")) == {
        "created_at",
        "updated_at",
        "caption",
        "sharing_status",
        "vaccinations[].age",
    }
    assert json.loads(patch.calls.last.request.content) == {}


async def test_a_caption_follows_the_fields_that_it_is_made_of(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 4: a client that corrects the sex and the sentence together loses nothing."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.patch(MODERN_RECORD).respond(json=modern_document(gender="m"))
    written = {"gender": "male", "caption": "Homme de 33 ans"}

    response = await legacy_client.put(RECORD, json=written)

    assert response.json()["caption"] == "Homme de 33 ans"
    assert "passerelle-lost" not in response.headers


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_another_records_uuid_in_the_body_is_refused(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, method: str
) -> None:
    """Trap 9."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())

    response = await legacy_client.request(method, RECORD, json={"uuid": OTHER_ID})

    assert response.status_code == 422
    assert response.json() == {"errors": {"uuid": ["ne correspond pas à l'adresse de la requête"]}}


async def test_the_records_own_uuid_is_accepted_in_any_case(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 10: tolerant in reading, exact in writing."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.patch(MODERN_RECORD).respond(json=modern_document())

    response = await legacy_client.put(RECORD, json={"uuid": ID.upper()})

    assert response.status_code == 200


@pytest.mark.parametrize(
    "acts",
    [
        pytest.param([], id="taken away"),
        pytest.param(None, id="nothing"),
        pytest.param([{"date": "2021-05-16"}, {"date": "2022-01-01"}], id="one more"),
        pytest.param([{"date": "2021-05-15"}], id="another day"),
    ],
)
async def test_a_change_of_vaccinations_is_refused_by_option(
    upstream: respx.Router, gateways: Gateways, acts: Any
) -> None:
    """Traps 28 and 32: no list is aligned by guessing."""
    upstream.get(MODERN_RECORD).respond(json=modern_document(vaccination_acts=[modern_act()]))
    client = gateways.client(options='[acts]\nin_record = "refuse"\nrequired = ["date"]')

    response = await client.put(RECORD, json={"vaccinations": acts})

    assert response.status_code == 422
    assert response.json() == {"errors": {"vaccinations": ["ne peut pas être modifié(e) ici"]}}


@pytest.mark.parametrize(
    ("acts", "place", "sentence"),
    [
        pytest.param(5, "vaccinations", "n'est pas une liste", id="a number"),
        pytest.param("x", "vaccinations", "n'est pas une liste", id="a text"),
        pytest.param({"0": {}}, "vaccinations", "n'est pas une liste", id="an object"),
        pytest.param([1], "vaccinations[0]", "n'est pas un objet", id="a list of numbers"),
        pytest.param([None], "vaccinations[0]", "n'est pas un objet", id="a list with a hole"),
        pytest.param(
            [{"booster": "perhaps"}],
            "vaccinations[0].booster",
            "n'est ni vrai ni faux",
            id="a broken item",
        ),
    ],
)
async def test_vaccinations_of_another_shape_are_a_problem_at_their_place(
    upstream: respx.Router,
    gateways: Gateways,
    acts: Any,
    place: str,
    sentence: str,
) -> None:
    """Trap 26: a body of any shape is answered, never a 500."""
    upstream.get(MODERN_RECORD).respond(json=modern_document(vaccination_acts=[modern_act()]))

    client = gateways.client(options="[acts]\nrequired = []")
    response = await client.put(RECORD, json={"vaccinations": acts})

    assert response.status_code == 422
    assert response.json()["errors"] == {place: [sentence]}


@pytest.mark.parametrize(
    "again",
    [httpx.Response(503), httpx.Response(422), httpx.ReadTimeout("late")],
    ids=["busy", "refused", "late"],
)
async def test_a_write_that_succeeded_does_not_look_like_one_that_failed(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, again: httpx.Response | Exception
) -> None:
    """Trap 17: a client that is told of a failure writes again."""
    upstream.get(MODERN_RECORD).mock(
        side_effect=[httpx.Response(200, json=modern_document()), again]
    )
    upstream.patch(MODERN_RECORD).respond(204)

    response = await legacy_client.put(RECORD, json={"zip_code": "29000"})

    assert response.status_code == 200
    assert response.json()["zip_code"] == "29000"
