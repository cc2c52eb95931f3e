"""A test may plant raw documents, see them as they are kept, and empty the store."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from sandbox import create_app
from sandbox.people import WITH_ACTS
from tests.sandbox.clients import NEW_PERSON, UNKNOWN_ID, client_of, problem, unprocessable

RAW = f"/_sandbox/records/{UNKNOWN_ID}"
SHOWN = f"/health_records/{UNKNOWN_ID}"


async def test_a_planted_document_is_kept_as_it_is(client: httpx.AsyncClient) -> None:
    planted = {"id": UNKNOWN_ID, "gender": "unheard of", "weight": 1.50, "count": 2**70, "new": []}

    response = await client.put(RAW, json=planted)

    kept = await client.get(RAW)
    assert response.status_code == 204
    assert kept.status_code == 200
    assert kept.json() == planted


async def test_a_planted_document_is_shown_with_its_empty_fields_to_every_account(
    app: Starlette,
) -> None:
    planted: dict[str, Any] = {"id": UNKNOWN_ID, "new": True, "zip_code": 5}

    await client_of(app, "one").put(RAW, json=planted)

    shown = await client_of(app, "two").get(SHOWN)
    assert shown.json() == {
        "id": UNKNOWN_ID,
        "new": True,
        "zip_code": 5,
        "customary_name": None,
        "external_id": None,
        "sharing_requests": [],
        "profile": {},
        "validator_ids": [],
        "vaccination_acts": [],
    }


async def test_a_planted_document_is_a_new_version(client: httpx.AsyncClient) -> None:
    await client.put(RAW, json={"id": UNKNOWN_ID})
    first = await client.get(SHOWN)

    await client.put(RAW, json={"id": UNKNOWN_ID})

    assert (await client.get(SHOWN)).headers["etag"] != first.headers["etag"]


async def test_a_write_over_a_planted_document_keeps_the_rest_of_it(
    client: httpx.AsyncClient,
) -> None:
    await client.put(RAW, json={"id": UNKNOWN_ID, "new": 1.0})

    await client.patch(SHOWN, json={"zip_code": "01000", "new": 1.0, "profile": {}})

    assert (await client.get(RAW)).json() == {
        "id": UNKNOWN_ID,
        "new": 1.0,
        "zip_code": "01000",
        "profile": {},
        "updated_at": "2024-05-02T09:00:00.045Z",
    }


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (b"{", 400, problem(400, "Bad Request")),
        (b"[]", 422, unprocessable(("", "expected object"))),
        (b"{}", 422, unprocessable(("/id", "is required"))),
        (b'{"id": 1}', 422, unprocessable(("/id", "is set already and may not differ"))),
    ],
)
async def test_what_is_planted_is_an_object_with_the_id_of_its_path(
    client: httpx.AsyncClient, body: bytes, status: int, expected: object
) -> None:
    response = await client.put(RAW, content=body)

    assert response.status_code == status
    assert response.json() == expected
    assert (await client.get(RAW)).status_code == 404


async def test_the_raw_document_of_any_account_can_be_read(app: Starlette) -> None:
    made = (await client_of(app, "one").post("/health_records", json=NEW_PERSON)).json()

    response = await client_of(app).get(f"/_sandbox/records/{made['id']}")

    assert response.json() == made


async def test_the_store_can_be_emptied(client: httpx.AsyncClient) -> None:
    response = await client.delete("/_sandbox/records")

    assert response.status_code == 204
    assert (await client.get("/health_records")).json() == []
    assert (await client.get(f"/_sandbox/records/{WITH_ACTS}")).status_code == 404


async def test_a_strict_sandbox_asks_no_token_backstage() -> None:
    client = client_of(create_app(strict=True))

    response = await client.get(f"/_sandbox/records/{WITH_ACTS}")

    assert response.status_code == 200
