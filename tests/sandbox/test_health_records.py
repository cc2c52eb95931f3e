"""Records are listed, made, read, changed, replaced and deleted."""

import re
from typing import Any

import anyio
import httpx
from starlette.applications import Starlette

from sandbox import create_app
from sandbox.people import PEOPLE, WITH_ACTS, WITH_CUSTOMARY_NAME, WITH_PROFILE
from tests.sandbox.clients import NEW_PERSON, UNKNOWN_ID, client_of

FIELDS = [
    *("id", "first_name", "last_name", "customary_name", "gender", "birth_date", "external_id"),
    *("owner_id", "zip_code", "sharing_requests", "profile", "validator_ids", "vaccination_acts"),
    *("created_at", "updated_at"),
]


async def test_the_list_is_an_array_of_whole_records_in_the_order_of_the_guide(
    client: httpx.AsyncClient,
) -> None:
    response = await client.get("/health_records")

    assert response.status_code == 200
    assert response.json() == [*PEOPLE]
    assert all([*record] == FIELDS for record in response.json())


async def test_an_unseeded_sandbox_knows_nobody() -> None:
    client = client_of(create_app(seed=False))

    response = await client.get("/health_records")

    assert response.json() == []


async def test_two_sandboxes_share_nothing(client: httpx.AsyncClient) -> None:
    other = client_of(create_app())
    await other.delete(f"/health_records/{WITH_ACTS}")

    response = await client.get(f"/health_records/{WITH_ACTS}")

    assert response.status_code == 200


async def test_a_new_record_is_answered_whole(client: httpx.AsyncClient) -> None:
    response = await client.post("/health_records", json=NEW_PERSON)

    record = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == f"/health_records/{record['id']}"
    assert re.fullmatch(r'"[^"]+"', response.headers["etag"])
    assert record == NEW_PERSON | {
        "id": record["id"],
        "customary_name": None,
        "external_id": None,
        "owner_id": record["owner_id"],
        "zip_code": None,
        "sharing_requests": [],
        "profile": {},
        "validator_ids": [],
        "vaccination_acts": [],
        "created_at": "2024-05-02T09:00:00.045Z",
        "updated_at": "2024-05-02T09:00:00.045Z",
    }


async def test_a_new_record_holds_every_field_that_may_be_written(
    client: httpx.AsyncClient,
) -> None:
    written: dict[str, Any] = NEW_PERSON | {
        "customary_name": "Rocambole",
        "external_id": "DOSSIER-0009",
        "zip_code": "01000",
        "profile": {UNKNOWN_ID: None},
    }

    response = await client.post("/health_records", json=written)

    assert response.status_code == 201
    assert response.json().items() >= written.items()


async def test_a_new_record_is_found_where_its_location_says(client: httpx.AsyncClient) -> None:
    made = await client.post("/health_records", json=NEW_PERSON)

    response = await client.get(made.headers["location"])

    assert response.status_code == 200
    assert response.json() == made.json()
    assert response.headers["etag"] == made.headers["etag"]


async def test_the_head_of_a_record_has_no_body(client: httpx.AsyncClient) -> None:
    response = await client.head(f"/health_records/{WITH_ACTS}")

    assert response.status_code == 200
    assert response.headers["etag"]
    assert response.content == b""


async def test_an_update_changes_the_fields_that_are_given(client: httpx.AsyncClient) -> None:
    path = f"/health_records/{WITH_CUSTOMARY_NAME}"
    before = await client.get(path)

    response = await client.patch(path, json={"zip_code": "01000", "customary_name": None})

    assert response.status_code == 200
    assert response.headers["etag"] != before.headers["etag"]
    assert response.json() == before.json() | {
        "zip_code": "01000",
        "customary_name": None,
        "updated_at": "2024-05-02T09:00:00.045Z",
    }
    assert (await client.get(path)).json() == response.json()


async def test_an_update_replaces_the_profile_as_a_whole(client: httpx.AsyncClient) -> None:
    response = await client.patch(
        f"/health_records/{WITH_PROFILE}", json={"profile": {UNKNOWN_ID: "2020-01-01"}}
    )

    assert response.json()["profile"] == {UNKNOWN_ID: "2020-01-01"}


async def test_an_empty_update_is_a_new_version(client: httpx.AsyncClient) -> None:
    path = f"/health_records/{WITH_ACTS}"
    first = await client.patch(path, json={})

    second = await client.patch(path, json={})

    assert second.status_code == 200
    assert second.headers["etag"] != first.headers["etag"]
    assert second.json() == first.json() | {"updated_at": "2024-05-02T09:00:01.045Z"}


async def test_a_replacement_clears_what_it_does_not_give(client: httpx.AsyncClient) -> None:
    path = f"/health_records/{WITH_PROFILE}"
    before = await client.get(path)

    response = await client.put(path, json=NEW_PERSON)

    assert response.status_code == 200
    assert response.headers["etag"] != before.headers["etag"]
    assert response.json() == before.json() | NEW_PERSON | {
        "customary_name": None,
        "external_id": None,
        "zip_code": None,
        "profile": {},
        "updated_at": "2024-05-02T09:00:00.045Z",
    }


async def test_a_record_may_be_put_back_with_changes(client: httpx.AsyncClient) -> None:
    path = f"/health_records/{WITH_ACTS}"
    changed = (await client.get(path)).json() | {"zip_code": "20000"}

    response = await client.put(path, json=changed)

    assert response.status_code == 200
    assert response.json() == changed | {"updated_at": "2024-05-02T09:00:00.045Z"}


async def test_a_deleted_record_is_gone(client: httpx.AsyncClient) -> None:
    response = await client.delete(f"/health_records/{WITH_ACTS}")

    listed = (await client.get("/health_records")).json()
    assert response.status_code == 204
    assert response.content == b""
    assert (await client.get(f"/health_records/{WITH_ACTS}")).status_code == 404
    assert WITH_ACTS not in [record["id"] for record in listed]


async def test_of_many_writes_to_one_version_at_once_one_is_accepted(app: Starlette) -> None:
    client = client_of(app)
    path = f"/health_records/{WITH_ACTS}"
    etag = (await client.get(path)).headers["etag"]
    statuses: list[int] = []

    async def write() -> None:
        response = await client.patch(path, json={}, headers={"If-Match": etag})
        statuses.append(response.status_code)

    async with anyio.create_task_group() as writers:
        for _ in range(20):
            writers.start_soon(write)

    assert sorted(statuses) == [200] + [412] * 19
