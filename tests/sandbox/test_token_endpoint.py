"""Clients and users are given tokens as by Keycloak, and a strict sandbox takes them."""

import httpx
import pytest
from starlette.applications import Starlette

from sandbox import create_app
from sandbox.people import ASKED_FOR, PENDING, RPPS
from sandbox.token_endpoint import PATH_END
from sandbox.tokens import CLIENTS, USERS
from tests.sandbox.clients import NEW_PERSON, StoppedClock, client_of, problem

PATH = f"/realms/professional{PATH_END}"
HOSPITAL = ("hospital-software", CLIENTS["hospital-software"])
PHARMACY = ("pharmacy-software", CLIENTS["pharmacy-software"])
OF_CLIENT = {"grant_type": "client_credentials"}
OF_USER = {"grant_type": "password", "username": "anatole", "password": USERS["anatole"]}
WRONG_CLIENT = "Invalid client or Invalid client credentials"


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def app(clock: StoppedClock) -> Starlette:
    return create_app(strict=True, now=clock)


async def refresh(client: httpx.AsyncClient, token: str) -> httpx.Response:
    """Ask for a new pair."""
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return await client.post(PATH, data=form, auth=HOSPITAL)


async def test_a_client_is_given_a_token_without_a_refresh_token(client: httpx.AsyncClient) -> None:
    response = await client.post(PATH, data=OF_CLIENT, auth=HOSPITAL)

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert response.json() == {
        "access_token": response.json()["access_token"],
        "expires_in": 300,
        "refresh_expires_in": 0,
        "token_type": "Bearer",
        "scope": "profile email",
    }


async def test_a_user_is_given_a_pair(client: httpx.AsyncClient) -> None:
    response = await client.post(PATH, data=OF_USER, auth=HOSPITAL)

    pair = response.json()
    assert response.status_code == 200
    assert pair["access_token"] != pair["refresh_token"]
    assert pair == {
        "access_token": pair["access_token"],
        "expires_in": 300,
        "refresh_expires_in": 1800,
        "refresh_token": pair["refresh_token"],
        "token_type": "Bearer",
        "scope": "profile email",
    }


async def test_a_client_may_show_itself_in_the_form_which_wins_over_the_header(
    client: httpx.AsyncClient,
) -> None:
    form = {**OF_CLIENT, "client_id": HOSPITAL[0], "client_secret": HOSPITAL[1]}

    alone = await client.post(PATH, data=form)
    beside = await client.post(PATH, data=form, auth=("hospital-software", "wrong"))

    assert (alone.status_code, beside.status_code) == (200, 200)


async def test_a_client_may_be_form_encoded_in_the_header(client: httpx.AsyncClient) -> None:
    response = await client.post(PATH, data=OF_CLIENT, auth=("hospital%2Dsoftware", HOSPITAL[1]))

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"auth": ("unknown", HOSPITAL[1])}, "invalid_client"),
        ({}, "invalid_client"),
        ({"headers": {"Authorization": "Basic !"}}, "invalid_client"),
        ({"headers": {"Authorization": "Basic /w=="}}, "invalid_client"),
        ({"headers": {"Authorization": "Bearer aG9zcGl0YWw="}}, "invalid_client"),
        ({"auth": (HOSPITAL[0], "wrong")}, "unauthorized_client"),
        ({"auth": (HOSPITAL[0], PHARMACY[1])}, "unauthorized_client"),
        ({"data": {**OF_CLIENT, "client_id": HOSPITAL[0]}}, "unauthorized_client"),
    ],
    ids=["unknown", "none", "no base64", "no text", "bearer", "wrong", "another's", "no secret"],
)
async def test_a_client_that_is_unknown_or_has_another_secret_is_refused(
    client: httpx.AsyncClient, sent: dict[str, dict[str, str]], error: str
) -> None:
    response = await client.request("POST", PATH, **{"data": OF_CLIENT, **sent})  # type: ignore[arg-type]  # what a case sends is its own affair

    assert response.status_code == 401
    assert response.json() == {"error": error, "error_description": WRONG_CLIENT}


@pytest.mark.parametrize(
    "wrong", [{"password": "wrong"}, {"password": ""}, {"username": "nobody"}], ids=str
)
async def test_a_user_that_is_unknown_or_has_another_password_is_refused(
    client: httpx.AsyncClient, wrong: dict[str, str]
) -> None:
    response = await client.post(PATH, data={**OF_USER, **wrong}, auth=HOSPITAL)

    assert response.status_code == 401
    assert response.json() == {
        "error": "invalid_grant",
        "error_description": "Invalid user credentials",
    }


@pytest.mark.parametrize(
    ("form", "error", "description"),
    [
        ({"grant_type": "implicit"}, "unsupported_grant_type", "Unsupported grant_type"),
        ({"username": "anatole"}, "invalid_request", "Missing form parameter: grant_type"),
    ],
)
async def test_a_grant_that_is_unknown_or_not_named_is_refused(
    client: httpx.AsyncClient, form: dict[str, str], error: str, description: str
) -> None:
    response = await client.post(PATH, data=form, auth=HOSPITAL)

    assert response.status_code == 400
    assert response.json() == {"error": error, "error_description": description}


async def test_what_is_no_form_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post(PATH, json=OF_CLIENT, auth=HOSPITAL)

    assert response.status_code == 415
    assert response.json() == problem(415, "Unsupported Media Type")


async def test_a_refresh_token_gives_a_new_pair_once(client: httpx.AsyncClient) -> None:
    first = (await client.post(PATH, data=OF_USER, auth=HOSPITAL)).json()

    second = await refresh(client, first["refresh_token"])
    again = await refresh(client, first["refresh_token"])
    third = await refresh(client, second.json()["refresh_token"])

    assert second.status_code == third.status_code == 200
    assert len({first["access_token"], second.json()["access_token"]}) == 2
    assert again.status_code == 400
    assert again.json() == {
        "error": "invalid_grant",
        "error_description": "Invalid refresh token",
    }


async def test_a_refresh_token_is_of_no_use_to_another_client(client: httpx.AsyncClient) -> None:
    token = (await client.post(PATH, data=OF_USER, auth=PHARMACY)).json()["refresh_token"]

    stolen = await refresh(client, token)

    form = {"grant_type": "refresh_token", "refresh_token": token}
    assert stolen.status_code == 400
    assert (await client.post(PATH, data=form, auth=PHARMACY)).status_code == 200


@pytest.mark.parametrize(("seconds", "status"), [(1799, 200), (1800, 400)])
async def test_a_refresh_token_ends_after_half_an_hour(
    client: httpx.AsyncClient, clock: StoppedClock, seconds: int, status: int
) -> None:
    token = (await client.post(PATH, data=OF_USER, auth=HOSPITAL)).json()["refresh_token"]
    clock.move(seconds=seconds)

    response = await refresh(client, token)

    assert response.status_code == status


@pytest.mark.parametrize(("seconds", "status"), [(299, 200), (300, 401)])
async def test_an_access_token_ends_after_five_minutes(
    app: Starlette, client: httpx.AsyncClient, clock: StoppedClock, seconds: int, status: int
) -> None:
    token = (await client.post(PATH, data=OF_CLIENT, auth=HOSPITAL)).json()["access_token"]
    clock.move(seconds=seconds)

    response = await client_of(app, token).get("/health_records")

    assert response.status_code == status


async def test_giving_a_token_forgets_none_that_is_good(
    app: Starlette, client: httpx.AsyncClient, clock: StoppedClock
) -> None:
    token = (await client.post(PATH, data=OF_CLIENT, auth=HOSPITAL)).json()["access_token"]
    clock.move(seconds=299)
    await client.post(PATH, data=OF_CLIENT, auth=PHARMACY)

    kept = await client_of(app, token).get("/health_records")
    clock.move(seconds=1)
    await client.post(PATH, data=OF_CLIENT, auth=PHARMACY)
    ended = await client_of(app, token).get("/health_records")

    assert (kept.status_code, ended.status_code) == (200, 401)


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "lenient"])
async def test_a_token_stands_for_the_client_or_the_user_who_got_it(
    clock: StoppedClock, strict: bool
) -> None:
    app = create_app(strict=strict, now=clock)
    door = client_of(app)

    async def token(form: dict[str, str], auth: tuple[str, str]) -> str:
        return str((await door.post(PATH, data=form, auth=auth)).json()["access_token"])

    asked = [(OF_USER, HOSPITAL), (OF_USER, PHARMACY), (OF_CLIENT, HOSPITAL), (OF_CLIENT, PHARMACY)]
    owners = [
        (await client_of(app, await token(form, auth)).post("/health_records", json=NEW_PERSON))
        .json()
        .get("owner_id")
        for form, auth in asked
    ]

    assert owners[0] == owners[1]
    assert len(set(owners)) == 3


async def test_a_professional_who_signs_in_answers_what_was_asked(
    app: Starlette, client: httpx.AsyncClient
) -> None:
    name = f"rpps-{RPPS}"
    form = {"grant_type": "password", "username": name, "password": USERS[name]}
    token = (await client.post(PATH, data=form, auth=HOSPITAL)).json()["access_token"]

    response = await client_of(app, token).post(f"/sharing_requests/{PENDING}/accept")

    assert response.status_code == 200
    assert response.json()["health_record"] == ASKED_FOR


async def test_a_refresh_token_is_no_access_token(
    app: Starlette, client: httpx.AsyncClient
) -> None:
    token = (await client.post(PATH, data=OF_USER, auth=HOSPITAL)).json()["refresh_token"]

    response = await client_of(app, token).get("/health_records")

    assert response.status_code == 401


async def test_all_tokens_can_be_made_worthless(app: Starlette, client: httpx.AsyncClient) -> None:
    pair = (await client.post(PATH, data=OF_USER, auth=HOSPITAL)).json()

    response = await client.delete("/_sandbox/tokens")

    assert response.status_code == 204
    assert (await client_of(app, pair["access_token"]).get("/health_records")).status_code == 401
    assert (await refresh(client, pair["refresh_token"])).status_code == 400
    assert (await client_of(app, "sandbox-token-1").get("/health_records")).status_code == 200
