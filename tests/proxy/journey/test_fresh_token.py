"""A token that the new API refuses is discarded; the call is made once more with a fresh one."""

import asyncio
import base64
from typing import Any

import httpx
import pytest
import respx

from proxy.credentials.hashes import SecretHash
from tests.proxy.conftest import UPSTREAM, Gateways
from tests.proxy.documents import (
    MODERN_RECORD,
    MODERN_RECORDS,
    RECORD,
    RECORDS,
    legacy_document,
    modern_document,
)

APPLICATION = f"""
[applications.hospital]
secret = "{SecretHash.of("legacy-secret", (16, 8, 1))}"
client_id = "hospital-client"
client_secret = "modern-secret"
"""
KEY = {"Authorization": "Basic " + base64.b64encode(b"hospital:legacy-secret").decode()}


@pytest.fixture
def client(gateways: Gateways) -> httpx.AsyncClient:
    """A legacy application whose key stands for a client of the new API."""
    path = gateways.folder / "applications.toml"
    path.write_text(APPLICATION, encoding="utf-8")
    return gateways.client(credentials="exchange", applications=path, token_url=f"{UPSTREAM}/token")


@pytest.fixture
def tokens(upstream: respx.Router) -> respx.Route:
    """The new API's token endpoint: gives out numbered tokens."""
    given = (
        httpx.Response(200, json={"access_token": f"t{number}", "token_type": "Bearer"})
        for number in range(1, 9)
    )
    return upstream.post("/token").mock(side_effect=given)


FORM = "application/x-www-form-urlencoded"


def shown_to(route: respx.Route) -> list[str]:
    """The credential of every call of a route."""
    return [call.request.headers["authorization"] for call in route.calls]


@pytest.mark.usefixtures("tokens")
async def test_a_call_whose_token_is_refused_is_made_once_more_with_a_fresh_one(
    upstream: respx.Router, client: httpx.AsyncClient
) -> None:
    """Trap 18."""
    get = upstream.get(MODERN_RECORD)
    get.side_effect = [httpx.Response(401), httpx.Response(200, json=modern_document())]

    response = await client.get(RECORD, headers=KEY)

    assert response.status_code == 200
    assert shown_to(get) == ["Bearer t1", "Bearer t2"]


@pytest.mark.usefixtures("tokens")
async def test_the_calls_that_follow_have_the_fresh_token(
    upstream: respx.Router, client: httpx.AsyncClient
) -> None:
    upstream.get(MODERN_RECORD).side_effect = [
        httpx.Response(401),
        httpx.Response(200, json=modern_document()),
    ]
    patch = upstream.patch(MODERN_RECORD).respond(json=modern_document())

    response = await client.put(RECORD, json={}, headers=KEY)

    assert response.status_code == 200
    assert shown_to(patch) == ["Bearer t2"]


@pytest.mark.usefixtures("tokens")
async def test_a_call_that_is_refused_twice_is_a_401(
    upstream: respx.Router, client: httpx.AsyncClient
) -> None:
    """Trap 17: once more, and no more."""
    post = upstream.post(MODERN_RECORDS).respond(401)

    response = await client.post(RECORDS, json=legacy_document(), headers=KEY)

    assert response.status_code == 401
    assert post.call_count == 2


@pytest.mark.usefixtures("tokens")
async def test_a_creation_is_the_same_one_whatever_token_stands_for_the_key(
    upstream: respx.Router, client: httpx.AsyncClient
) -> None:
    """Trap 17: the intent belongs to the legacy credential."""
    post = upstream.post(MODERN_RECORDS)
    post.side_effect = [httpx.Response(401), httpx.Response(201, json=modern_document())]
    upstream.get(MODERN_RECORD).respond(json=modern_document())

    first = await client.post(RECORDS, json=legacy_document(), headers=KEY)
    again = await client.post(RECORDS, json=legacy_document(), headers=KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert post.call_count == 2
    assert len({call.request.headers["idempotency-key"] for call in post.calls}) == 1


@pytest.mark.parametrize("path", ["/oauth/token", "/api/v1/oauth/token"])
async def test_nobody_signs_in_where_no_token_endpoint_is_configured(
    legacy_client: httpx.AsyncClient, path: str
) -> None:
    written: dict[str, Any] = {"grant_type": "password", "username": "ana", "password": "x"}

    response = await legacy_client.post(path, json=written)

    assert response.status_code == 404


async def test_a_key_that_is_wrong_never_reaches_the_new_api(client: httpx.AsyncClient) -> None:
    """Trap 19."""
    wrong = {"Authorization": "Basic " + base64.b64encode(b"hospital:x").decode()}

    read = await client.get(RECORD, headers=wrong)
    listed = await client.get("/api/v1/vaccines.json", headers=wrong)

    assert (read.status_code, listed.status_code) == (401, 401)


async def test_a_creation_that_is_refused_for_its_token_may_be_tried_again(
    upstream: respx.Router, client: httpx.AsyncClient
) -> None:
    """Trap 17: what was refused was not made, whatever becomes of the fresh token."""
    upstream.post("/token").side_effect = [
        httpx.Response(200, json={"access_token": "t1", "token_type": "Bearer"}),
        httpx.Response(503),
        httpx.Response(200, json={"access_token": "t2", "token_type": "Bearer"}),
    ]
    upstream.post(MODERN_RECORDS).side_effect = [
        httpx.Response(401),
        httpx.Response(201, json=modern_document()),
    ]

    failed = await client.post(RECORDS, json=legacy_document(), headers=KEY)
    made = await client.post(RECORDS, json=legacy_document(), headers=KEY)

    assert (failed.status_code, made.status_code) == (503, 201)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_token_in_a_form_is_shown_to_the_new_api_whatever_is_done(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, method: str
) -> None:
    if method == "PUT":
        upstream.get(MODERN_RECORD).respond(json=modern_document())
    route = upstream.request("PATCH" if method == "PUT" else "DELETE", MODERN_RECORD)
    route.respond(200, json=modern_document())
    response = await legacy_client.request(
        method, RECORD, content="access_token=abc", headers={"Content-Type": FORM}
    )

    assert response.status_code in (200, 204)
    assert shown_to(route) == ["Bearer abc"]


async def test_a_sign_in_with_two_keys_is_malformed(client: httpx.AsyncClient) -> None:
    """Trap 19: two readers of the request could take different ones."""
    twice = [("Authorization", KEY["Authorization"])] * 2

    response = await client.post("/oauth/token", json={}, headers=twice)

    assert response.status_code == 400


async def test_a_fresh_token_that_does_not_come_is_waited_for_until_the_deadline(
    gateways: Gateways,
) -> None:
    """And then nothing more is sent: nobody would wait for what comes of it."""
    asked: list[str] = []

    class Refusing(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            asked.append(request.url.path)
            if request.url.path != "/token":
                return httpx.Response(401)
            if asked.count("/token") > 1:
                await asyncio.sleep(0.5)
            return httpx.Response(200, json={"access_token": "t", "token_type": "Bearer"})

    path = gateways.folder / "applications.toml"
    path.write_text(APPLICATION, encoding="utf-8")
    client = gateways.client(
        credentials="exchange",
        applications=path,
        token_url=f"{UPSTREAM}/token",
        upstream=Refusing(),
        deadline_seconds=0.2,
    )

    response = await client.post(RECORDS, json=legacy_document(), headers=KEY)

    assert response.status_code == 504
    assert asked == ["/token", "/health_records", "/token"]
