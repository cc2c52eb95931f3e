"""Every bearer token is an account, and sees its own records and everybody's."""

from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette

from sandbox import create_app
from sandbox.people import WITH_ACTS
from tests.sandbox.clients import NEW_PERSON, client_of, problem


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize(
    ("mine", "theirs"), [("one", "two"), (None, "two"), ("one", None)], ids=str
)
async def test_a_record_does_not_exist_for_other_accounts(
    app: Starlette, method: str, mine: str | None, theirs: str | None
) -> None:
    made = await client_of(app, mine).post("/health_records", json=NEW_PERSON)
    other = client_of(app, theirs)

    response = await other.request(method, made.headers["location"], json=NEW_PERSON)

    listed = (await other.get("/health_records")).json()
    assert response.status_code == 404
    assert response.json() == problem(404, "Not Found")
    assert made.json()["id"] not in [record["id"] for record in listed]


@pytest.mark.parametrize("token", ["one", None], ids=str)
async def test_an_account_sees_its_own_record_beside_those_of_everybody(
    app: Starlette, token: str | None
) -> None:
    client = client_of(app, token)
    shared = (await client.get("/health_records")).json()
    made = (await client.post("/health_records", json=NEW_PERSON)).json()

    response = await client.get("/health_records")

    assert response.json() == [*shared, made]


async def test_a_record_stays_its_account_s_when_it_is_written(app: Starlette) -> None:
    client = client_of(app, "one")
    location = (await client.post("/health_records", json=NEW_PERSON)).headers["location"]

    await client.patch(location, json={"zip_code": "01000"})

    assert (await client.get(location)).json()["zip_code"] == "01000"
    assert (await client_of(app, "two").get(location)).status_code == 404


async def test_a_seeded_record_may_be_changed_by_one_account_and_read_by_another(
    app: Starlette,
) -> None:
    path = f"/health_records/{WITH_ACTS}"

    await client_of(app, "one").patch(path, json={"zip_code": "20000"})

    assert (await client_of(app, "two").get(path)).json()["zip_code"] == "20000"


async def test_an_account_has_one_owner_id_of_its_own(app: Starlette) -> None:
    owners = [
        (await client_of(app, token).post("/health_records", json=NEW_PERSON)).json()["owner_id"]
        for token in ("one", "one", "two", None)
    ]

    assert owners[0] == owners[1]
    assert len(set(owners)) == 3
    assert all(str(UUID(owner)) == owner for owner in owners)


@pytest.mark.parametrize(
    "sent", ["Basic b25lOnR3bw==", "one", "Bearer", "Bearer "], ids=lambda sent: sent[:6].strip()
)
async def test_anything_but_a_bearer_token_is_refused(client: httpx.AsyncClient, sent: str) -> None:
    response = await client.get("/health_records", headers={"Authorization": sent})

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="sandbox"'
    assert response.json() == problem(401, "Unauthorized")


async def test_the_scheme_may_be_written_in_any_case(client: httpx.AsyncClient) -> None:
    response = await client.get("/health_records", headers={"Authorization": "bearer one"})

    assert response.status_code == 200


@pytest.mark.parametrize("token", ["sandbox-token-1", "sandbox-token-2"])
async def test_a_strict_sandbox_accepts_its_tokens(token: str) -> None:
    response = await client_of(create_app(strict=True), token).get("/health_records")

    assert response.status_code == 200


@pytest.mark.parametrize("token", ["sandbox-token-3", None], ids=str)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_strict_sandbox_refuses_all_others(token: str | None, method: str) -> None:
    client = client_of(create_app(strict=True), token)

    response = await client.request(method, "/health_records")

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="sandbox"'
