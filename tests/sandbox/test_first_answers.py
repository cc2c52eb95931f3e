"""A creation that comes again with its key happens once."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from sandbox import create_app
from sandbox.people import RPPS, WITH_ACTS
from tests.sandbox.clients import NEW_ACT, NEW_PERSON, client_of, problem

RECORD = f"/health_records/{WITH_ACTS}"
KEY = {"Idempotency-Key": "creation-1"}
CREATIONS = [
    ("/health_records", NEW_PERSON),
    (f"{RECORD}/vaccination_acts", NEW_ACT),
    (f"{RECORD}/sharing_requests", {"external_id": RPPS}),
]
every_creation = pytest.mark.parametrize(
    ("path", "body"), CREATIONS, ids=["record", "act", "sharing request"]
)


@every_creation
async def test_the_same_key_gives_the_first_answer_again(
    client: httpx.AsyncClient, path: str, body: dict[str, Any]
) -> None:
    first = await client.post(path, json=body, headers=KEY)
    stored = (await client.get("/health_records")).json()

    again = await client.post(path, json=body, headers=KEY)

    assert first.status_code == again.status_code == 201
    assert again.content == first.content
    assert dict(again.headers) == dict(first.headers) | {"idempotency-replayed": "true"}
    assert "idempotency-replayed" not in first.headers
    assert (await client.get("/health_records")).json() == stored


async def test_the_first_answer_stays_as_it_was_whatever_became_of_the_record(
    client: httpx.AsyncClient,
) -> None:
    first = await client.post("/health_records", json=NEW_PERSON, headers=KEY)
    await client.patch(first.headers["location"], json={"zip_code": "20000"})

    again = await client.post("/health_records", json=NEW_PERSON, headers=KEY)

    assert again.json() == first.json()


@every_creation
async def test_the_same_key_with_another_body_is_refused(
    client: httpx.AsyncClient, path: str, body: dict[str, Any]
) -> None:
    await client.post(path, json=body, headers=KEY)

    response = await client.post(path, json={**body, "more": 1}, headers=KEY)

    assert response.status_code == 422
    assert response.json() == problem(422, "Unprocessable Content")


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "creation-2"}], ids=["none", "another"])
async def test_without_the_same_key_it_is_another_creation(
    client: httpx.AsyncClient, key: dict[str, str]
) -> None:
    first = await client.post("/health_records", json=NEW_PERSON, headers=KEY)

    response = await client.post("/health_records", json=NEW_PERSON, headers=key)

    assert response.status_code == 201
    assert response.json()["id"] != first.json()["id"]


async def test_a_key_is_its_account_s_own(app: Starlette) -> None:
    answers = [
        await client_of(app, token).post("/health_records", json=NEW_PERSON, headers=KEY)
        for token in ("one", "two", None)
    ]

    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.json()["id"] for answer in answers}) == 3


async def test_a_key_is_its_path_s_own(client: httpx.AsyncClient) -> None:
    answers = [await client.post(path, json=body, headers=KEY) for path, body in CREATIONS]

    assert [answer.status_code for answer in answers] == [201] * 3
    assert not any("idempotency-replayed" in answer.headers for answer in answers)


async def test_a_refused_creation_may_be_sent_again_with_its_key(
    client: httpx.AsyncClient,
) -> None:
    refused = await client.post("/health_records", json={}, headers=KEY)

    response = await client.post("/health_records", json=NEW_PERSON, headers=KEY)

    assert (refused.status_code, response.status_code) == (422, 201)


async def test_a_key_opens_nothing_to_who_shows_no_token() -> None:
    app = create_app(strict=True)
    known, unknown = client_of(app, "sandbox-token-1"), client_of(app)
    await known.post("/health_records", json=NEW_PERSON, headers=KEY)

    response = await unknown.post("/health_records", json=NEW_PERSON, headers=KEY)

    assert response.status_code == 401


async def test_a_sandbox_may_ignore_keys() -> None:
    client = client_of(create_app(idempotency=False))
    first = await client.post("/health_records", json=NEW_PERSON, headers=KEY)

    again = await client.post("/health_records", json=NEW_PERSON, headers=KEY)

    assert again.status_code == 201
    assert again.json()["id"] != first.json()["id"]
    assert "idempotency-replayed" not in again.headers
