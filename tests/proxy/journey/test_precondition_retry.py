"""A record that somebody else changed between the reading and the writing."""

from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from tests.proxy.conftest import Gateways, asked_of, body_of
from tests.proxy.documents import (
    MODERN_ACT,
    MODERN_RECORD,
    RECORD,
    VACCINATIONS,
    modern_act,
    modern_document,
)

CONFLICT = {"error": "La ressource a été modifiée entre-temps : relisez-la avant d'écrire."}
UNMET = {"error": "La ressource n'est plus dans l'état que vous demandez."}
PUT_UPSTREAM = '[upstream.update]\nmethod = "PUT"'


def versions(*documents: dict[str, Any]) -> list[httpx.Response]:
    """The same record at one version after the other."""
    return [
        httpx.Response(200, json=document, headers={"ETag": f'"v{number}"'})
        for number, document in enumerate(documents, start=1)
    ]


def conditions(route: respx.Route) -> list[str]:
    """The If-Match of every call of a route."""
    return [call.request.headers["if-match"] for call in route.calls]


async def test_a_change_of_other_fields_is_no_conflict_and_the_write_is_made_over_it(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 1."""
    theirs = modern_document(first_name="Rozenn", external_id="x", novel=1)
    upstream.get(MODERN_RECORD).side_effect = versions(modern_document(), theirs)
    patch = upstream.patch(MODERN_RECORD)
    patch.side_effect = [
        httpx.Response(412),
        httpx.Response(200, json={**theirs, "zip_code": "29000"}),
    ]

    response = await legacy_client.put(RECORD, json={"zip_code": "29000"})

    assert response.status_code == 200
    assert conditions(patch) == ['"v1"', '"v2"']
    assert body_of(patch) == {"zip_code": "29000"}
    assert (response.json()["first_name"], response.json()["zip_code"]) == ("Rozenn", "29000")


async def test_what_is_put_whole_is_what_they_wrote_with_the_clients_change(
    upstream: respx.Router, gateways: Gateways
) -> None:
    """Trap 1: the second writing is made from the second reading."""
    theirs = modern_document(first_name="Rozenn", novel={"a": 1})
    upstream.get(MODERN_RECORD).side_effect = versions(modern_document(), theirs)
    put = upstream.put(MODERN_RECORD)
    put.side_effect = [httpx.Response(412), httpx.Response(200, json=theirs)]

    response = await gateways.client(options=PUT_UPSTREAM).put(RECORD, json={"zip_code": "29000"})

    assert response.status_code == 200
    assert body_of(put, 0) == modern_document(zip_code="29000")
    assert body_of(put, 1) == {**theirs, "zip_code": "29000"}


@pytest.mark.parametrize(
    ("theirs", "written"),
    [
        ({"zip_code": "29001"}, {"zip_code": "29000"}),
        ({"zip_code": None}, {"zip_code": "29000"}),
        ({"customary_name": "Le Goff"}, {"birth_name": "Autret"}),
    ],
    ids=["the same field", "one that is cleared", "a name that is decided with it"],
)
async def test_a_change_of_the_same_fields_is_a_conflict(
    upstream: respx.Router,
    legacy_client: httpx.AsyncClient,
    theirs: dict[str, Any],
    written: dict[str, Any],
) -> None:
    """Trap 1."""
    upstream.get(MODERN_RECORD).side_effect = versions(modern_document(), modern_document(**theirs))
    patch = upstream.patch(MODERN_RECORD).respond(412)

    response = await legacy_client.put(RECORD, json=written)

    assert (response.status_code, response.json()) == (409, CONFLICT)
    assert patch.call_count == 1


async def test_a_change_of_the_vaccinations_that_the_client_writes_is_a_conflict(
    upstream: respx.Router, gateways: Gateways, tables: Path
) -> None:
    """Trap 28: they go out after the record, and without a condition of their own."""
    before = modern_document(vaccination_acts=[modern_act()])
    after = modern_document(vaccination_acts=[modern_act(batch_number="THEIRS")])
    upstream.get(MODERN_RECORD).side_effect = versions(before, before, after)
    upstream.patch(MODERN_RECORD).respond(412)
    client = gateways.client(tables=tables)
    (act,) = (await client.get(RECORD)).json()["vaccinations"]

    response = await client.put(RECORD, json={"vaccinations": [{**act, "batch": "OURS"}]})

    assert (response.status_code, response.json()) == (409, CONFLICT)
    assert f"PATCH {MODERN_ACT}" not in asked_of(upstream)


async def test_a_third_write_in_between_is_a_conflict(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 17: once more, and no more."""
    upstream.get(MODERN_RECORD).side_effect = versions(modern_document(), modern_document())
    patch = upstream.patch(MODERN_RECORD).respond(412)

    response = await legacy_client.put(RECORD, json={"zip_code": "29000"})

    assert (response.status_code, response.json()) == (409, CONFLICT)
    assert patch.call_count == 2


async def test_a_clients_own_condition_that_no_longer_holds_is_told(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 13: it asked for a state that is gone, even if its fields are as they were."""
    theirs = modern_document(first_name="Rozenn")
    upstream.get(MODERN_RECORD).side_effect = versions(modern_document(), modern_document(), theirs)
    patch = upstream.patch(MODERN_RECORD).respond(412)
    tag = (await legacy_client.get(RECORD)).headers["etag"]

    response = await legacy_client.put(
        RECORD, json={"zip_code": "29000"}, headers={"If-Match": tag}
    )

    assert (response.status_code, response.json()) == (412, UNMET)
    assert patch.call_count == 1


@pytest.mark.parametrize("condition", ["its own", "*"])
async def test_a_clients_own_condition_that_still_holds_is_no_obstacle(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, condition: str
) -> None:
    """What the legacy side cannot see is no change of its document."""
    theirs = modern_document(novel=1)
    upstream.get(MODERN_RECORD).side_effect = versions(modern_document(), modern_document(), theirs)
    patch = upstream.patch(MODERN_RECORD)
    patch.side_effect = [httpx.Response(412), httpx.Response(200, json=theirs)]
    tag = (await legacy_client.get(RECORD)).headers["etag"]

    response = await legacy_client.put(
        RECORD,
        json={"zip_code": "29000"},
        headers={"If-Match": tag if condition == "its own" else condition},
    )

    assert response.status_code == 200
    assert conditions(patch) == ['"v2"', '"v3"']


@pytest.mark.parametrize("status", [403, 404, 503])
async def test_a_record_that_cannot_be_read_again_tells_why(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, status: int
) -> None:
    upstream.get(MODERN_RECORD).side_effect = [
        *versions(modern_document()),
        httpx.Response(status),
    ]
    upstream.patch(MODERN_RECORD).respond(412)

    response = await legacy_client.put(RECORD, json={"zip_code": "29000"})

    assert response.status_code == status


async def test_a_vaccination_is_written_over_another_change_of_it_in_the_same_way(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 1."""
    upstream.get(MODERN_RECORD).respond(json=modern_document(vaccination_acts=[modern_act()]))
    theirs = modern_act(serial_number="SN-0043")
    upstream.get(MODERN_ACT).side_effect = versions(modern_act(), theirs)
    patch = upstream.patch(MODERN_ACT)
    patch.side_effect = [httpx.Response(412), httpx.Response(200, json=theirs)]
    (act,) = (await legacy_client.get(VACCINATIONS)).json()
    path = VACCINATIONS.replace(".json", f"/{act['id']}.json")

    response = await legacy_client.put(path, json={"booster": True})

    assert response.status_code == 200
    assert conditions(patch) == ['"v1"', '"v2"']


async def test_a_vaccination_within_its_record_is_written_over_another_change_of_it_too(
    upstream: respx.Router, gateways: Gateways, tables: Path
) -> None:
    """Trap 1: where it is put whole, it is read whole, and once more after a 412."""
    client = gateways.client(tables=tables, options='[upstream.update_act]\nmethod = "PUT"')
    upstream.get(MODERN_RECORD).respond(json=modern_document(vaccination_acts=[modern_act()]))
    upstream.patch(MODERN_RECORD).respond(204)
    upstream.get(MODERN_ACT).side_effect = versions(modern_act(), modern_act(serial_number="SN-2"))
    put = upstream.put(MODERN_ACT)
    put.side_effect = [httpx.Response(412), httpx.Response(204)]
    (act,) = (await client.get(RECORD)).json()["vaccinations"]

    response = await client.put(RECORD, json={"vaccinations": [{**act, "batch": "B1"}]})

    assert response.status_code == 200
    assert conditions(put) == ['"v1"', '"v2"']
    assert body_of(put) == modern_act(serial_number="SN-2", batch_number="B1")
