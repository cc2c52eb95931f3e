"""What the sandbox was asked, and what it answered, can be read afterwards."""

import httpx
from starlette.applications import Starlette

from sandbox.people import RPPS, WITH_ACTS
from sandbox.requests_log import KEPT
from sandbox.token_endpoint import PATH_END
from sandbox.tokens import CLIENTS, USERS
from tests.sandbox.clients import client_of, problem

LOG = "/_sandbox/requests"
PATH = f"/health_records/{WITH_ACTS}"
BASIC = ("hospital-software", CLIENTS["hospital-software"])


async def test_an_exchange_is_kept_whole_except_for_its_credentials(app: Starlette) -> None:
    client = client_of(app, "one")
    answer = await client.patch(
        PATH, params={"a": "é", "b": 1}, json={"zip_code": "01000"}, headers={"X-Request-Id": "7"}
    )

    response = await client.get(LOG)

    (exchange,) = response.json()
    headers = exchange.pop("headers")
    assert exchange == {
        "method": "PATCH",
        "path": PATH,
        "query": "a=%C3%A9&b=1",
        "body": {"zip_code": "01000"},
        "status": 200,
        "answer": answer.json(),
    }
    assert headers["authorization"] == "[hidden]"
    assert headers["x-request-id"] == "7"
    assert headers["content-type"] == "application/json"


async def test_exchanges_come_oldest_first_and_refusals_are_among_them(
    client: httpx.AsyncClient,
) -> None:
    await client.get(PATH)
    await client.post("/nowhere", content=b"not JSON")
    await client.put("/health_records", json=[1])
    await client.delete(PATH)

    exchanges = (await client.get(LOG)).json()

    assert [
        (exchange["method"], exchange["body"], exchange["status"]) for exchange in exchanges
    ] == [("GET", None, 200), ("POST", None, 404), ("PUT", [1], 405), ("DELETE", None, 204)]
    assert exchanges[1]["answer"] == problem(404, "Not Found")
    assert exchanges[3]["answer"] is None
    assert "authorization" not in exchanges[0]["headers"]


async def test_acts_and_sharing_requests_are_among_them(client: httpx.AsyncClient) -> None:
    act = {"performed_on": "2024-04-30", "vaccine_id": WITH_ACTS}
    await client.post(f"{PATH}/vaccination_acts", json=act)
    await client.post(f"{PATH}/sharing_requests", json={"external_id": RPPS})

    exchanges = (await client.get(LOG)).json()

    assert [(exchange["path"], exchange["body"]) for exchange in exchanges] == [
        (f"{PATH}/vaccination_acts", act),
        (f"{PATH}/sharing_requests", {"external_id": RPPS}),
    ]


async def test_of_a_call_for_tokens_only_its_grant_type_is_kept(client: httpx.AsyncClient) -> None:
    path = f"/realms/any{PATH_END}"
    form = {"grant_type": "password", "username": "anatole", "password": USERS["anatole"]}
    granted = await client.post(path, data=form, auth=BASIC)
    refused = await client.post(path, data={**form, "client_id": "SECRET", "password": "SECRET"})

    response = await client.get(LOG)

    first, second = response.json()
    assert first["body"] == second["body"] == {"grant_type": "password"}
    assert first["headers"]["authorization"] == "[hidden]"
    tokens = {"access_token": "[hidden]", "refresh_token": "[hidden]"}
    assert first["answer"] == granted.json() | tokens
    assert second["answer"] == refused.json()
    for secret in (*BASIC, *form.values(), *map(granted.json().get, tokens), "SECRET"):
        assert secret == "password" or secret not in response.text


async def test_a_call_for_tokens_that_is_no_form_keeps_nothing(client: httpx.AsyncClient) -> None:
    await client.post(f"/realms/any{PATH_END}", json={"grant_type": "password", "password": "x"})

    (exchange,) = (await client.get(LOG)).json()

    assert (exchange["status"], exchange["body"]) == (415, {})


async def test_a_header_that_came_twice_is_joined(client: httpx.AsyncClient) -> None:
    await client.get(PATH, headers=[("X-Twice", "a"), ("x-twice", "b")])

    (exchange,) = (await client.get(LOG)).json()

    assert exchange["headers"]["x-twice"] == "a, b"


async def test_what_happens_backstage_is_not_an_exchange(client: httpx.AsyncClient) -> None:
    await client.get(f"/_sandbox/records/{WITH_ACTS}")
    await client.get(LOG)

    assert (await client.get(LOG)).json() == []


async def test_the_exchanges_can_be_forgotten(client: httpx.AsyncClient) -> None:
    await client.get(PATH)

    response = await client.delete(LOG)

    assert response.status_code == 204
    assert (await client.get(LOG)).json() == []


async def test_only_the_newest_exchanges_are_kept(client: httpx.AsyncClient) -> None:
    for number in range(KEPT + 1):
        await client.get("/nowhere", params={"number": number})

    exchanges = (await client.get(LOG)).json()

    assert len(exchanges) == KEPT == 1000
    assert exchanges[0]["query"] == "number=1"
    assert exchanges[-1]["query"] == "number=1000"
