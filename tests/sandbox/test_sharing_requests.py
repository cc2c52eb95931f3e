"""Who sees a record may ask a professional to see it too, who accepts or refuses."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette

from sandbox import create_app
from sandbox.people import ASKED_FOR, PENDING, RPPS
from sandbox.problems import Problem
from sandbox.validation import HEALTH_RECORD, problems
from tests.sandbox.clients import NEW_PERSON, UNKNOWN_ID, client_of, problem, unprocessable

OTHER_RPPS = "90000000027"
ASK = {"external_id": RPPS}


@pytest.fixture
def citizen(app: Starlette) -> httpx.AsyncClient:
    return client_of(app, "citizen")


@pytest.fixture
def professional(app: Starlette) -> httpx.AsyncClient:
    return client_of(app, f"rpps-{RPPS}")


@pytest.fixture
async def record(citizen: httpx.AsyncClient) -> str:
    """The path of a record that the citizen alone sees."""
    return str((await citizen.post("/health_records", json=NEW_PERSON)).headers["location"])


async def ask(asker: httpx.AsyncClient, record: str, rpps: str = RPPS) -> str:
    """Ask, and give the path of the request."""
    asked = await asker.post(f"{record}/sharing_requests", json={"external_id": rpps})
    assert asked.status_code == 201
    return str(asked.headers["location"])


async def test_a_new_request_is_pending(citizen: httpx.AsyncClient, record: str) -> None:
    before = await citizen.get(record)

    response = await citizen.post(f"{record}/sharing_requests", json=ASK)

    request = response.json()
    after = await citizen.get(record)
    assert response.status_code == 201
    assert response.headers["location"] == f"/sharing_requests/{request['id']}"
    assert request == {
        "id": str(UUID(request["id"])),
        "from_account_id": before.json()["owner_id"],
        "from_account_type": "CITIZEN",
        "processed_by_account_id": None,
        "to_pro_external_account_id": RPPS,
        "to_pro_identity": None,
        "processed_at": None,
        "status": "PENDING",
        "health_record": before.json()["id"],
        "created_at": "2024-05-02T09:00:01.045Z",
    }
    assert list(request) == list(HEALTH_RECORD["$defs"]["sharing_request"]["properties"])
    assert after.json()["sharing_requests"] == [request]
    assert after.json()["updated_at"] > before.json()["updated_at"]
    assert after.headers["etag"] != before.headers["etag"]
    assert problems(after.json(), HEALTH_RECORD) == []


async def test_a_professional_asks_as_one(
    professional: httpx.AsyncClient, citizen: httpx.AsyncClient
) -> None:
    record = (await professional.post("/health_records", json=NEW_PERSON)).headers["location"]

    request = (await professional.get(await ask(professional, record, OTHER_RPPS))).json()

    assert request["from_account_type"] == "PROFESSIONAL"


@pytest.mark.parametrize("token", [f"rpps-{RPPS}1", "rpps-9", f"RPPS-{RPPS}", RPPS])
async def test_an_account_that_reads_otherwise_is_no_professional(
    app: Starlette, token: str
) -> None:
    client = client_of(app, token)
    record = (await client.post("/health_records", json=NEW_PERSON)).headers["location"]

    request = (await client.get(await ask(client, record))).json()

    assert request["from_account_type"] == "CITIZEN"


@pytest.mark.parametrize(("answer", "status"), [("accept", "ACCEPTED"), ("refuse", "REFUSED")])
async def test_the_professional_who_was_asked_answers(
    citizen: httpx.AsyncClient,
    professional: httpx.AsyncClient,
    record: str,
    answer: str,
    status: str,
) -> None:
    request = await ask(citizen, record)
    before = await citizen.get(record)
    own = (await professional.post("/health_records", json=NEW_PERSON)).json()["owner_id"]

    response = await professional.post(f"{request}/{answer}")

    after = await citizen.get(record)
    assert response.status_code == 200
    assert response.json() == before.json()["sharing_requests"][0] | {
        "processed_by_account_id": own,
        "processed_at": "2024-05-02T09:00:04.045Z",
        "status": status,
    }
    assert after.json()["sharing_requests"] == [response.json()]
    assert after.headers["etag"] != before.headers["etag"]
    assert (await professional.get(request)).json() == response.json()


async def test_a_professional_who_refused_no_longer_sees_the_record(
    citizen: httpx.AsyncClient, professional: httpx.AsyncClient, record: str
) -> None:
    request = await ask(citizen, record)
    before = await professional.get(record)

    await professional.post(f"{request}/refuse")

    assert before.status_code == 200
    assert (await professional.get(record)).status_code == 404


async def test_a_professional_sees_a_record_from_the_question_on_and_nobody_else_does(
    app: Starlette, citizen: httpx.AsyncClient, professional: httpx.AsyncClient, record: str
) -> None:
    other = client_of(app, f"rpps-{OTHER_RPPS}")
    before = await professional.get(record)

    request = await ask(citizen, record)

    listed = [each["id"] for each in (await professional.get("/health_records")).json()]
    assert before.status_code == 404
    assert (await professional.get(record)).json()["id"] in listed
    assert (await professional.get(request)).status_code == 200
    assert (await other.get(record)).status_code == 404
    assert (await other.get(request)).status_code == 404


async def test_a_professional_who_accepted_may_write_and_ask_another(
    app: Starlette, citizen: httpx.AsyncClient, professional: httpx.AsyncClient, record: str
) -> None:
    await professional.post(f"{await ask(citizen, record)}/accept")

    await professional.patch(record, json={"zip_code": "20000"})
    await ask(professional, record, OTHER_RPPS)

    seen = (await client_of(app, f"rpps-{OTHER_RPPS}").get(record)).json()
    assert seen["zip_code"] == "20000"
    assert [request["from_account_type"] for request in seen["sharing_requests"]] == [
        "CITIZEN",
        "PROFESSIONAL",
    ]


@pytest.mark.parametrize("answer", ["accept", "refuse"])
@pytest.mark.parametrize("token", ["citizen", f"rpps-{OTHER_RPPS}", None], ids=str)
async def test_nobody_else_may_answer(
    app: Starlette, citizen: httpx.AsyncClient, record: str, answer: str, token: str | None
) -> None:
    request = await ask(citizen, record)

    response = await client_of(app, token).post(f"{request}/{answer}")

    assert response.status_code == 403
    assert response.json() == problem(403, "Forbidden")
    assert (await citizen.get(request)).json()["status"] == "PENDING"


@pytest.mark.parametrize("first", ["accept", "refuse"])
@pytest.mark.parametrize("second", ["accept", "refuse"])
async def test_a_request_is_answered_once(
    citizen: httpx.AsyncClient,
    professional: httpx.AsyncClient,
    record: str,
    first: str,
    second: str,
) -> None:
    request = await ask(citizen, record)
    answered = await professional.post(f"{request}/{first}")

    response = await professional.post(f"{request}/{second}")

    assert response.status_code == 409
    assert response.json() == problem(409, "Conflict")
    assert (await citizen.get(request)).json() == answered.json()


async def test_a_professional_is_not_asked_twice_before_the_answer(
    citizen: httpx.AsyncClient, professional: httpx.AsyncClient, record: str
) -> None:
    request = await ask(citizen, record)

    again = await citizen.post(f"{record}/sharing_requests", json=ASK)

    assert again.status_code == 409
    await ask(citizen, record, OTHER_RPPS)
    await professional.post(f"{request}/refuse")
    await ask(citizen, record)


async def test_who_does_not_see_a_record_may_not_ask(app: Starlette, record: str) -> None:
    response = await client_of(app, "other").post(f"{record}/sharing_requests", json=ASK)

    assert response.status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"/health_records/{UNKNOWN_ID}/sharing_requests"),
        ("GET", f"/sharing_requests/{UNKNOWN_ID}"),
        ("POST", f"/sharing_requests/{UNKNOWN_ID}/accept"),
        ("POST", f"/sharing_requests/{UNKNOWN_ID}/refuse"),
    ],
)
async def test_what_is_unknown_is_not_found(
    professional: httpx.AsyncClient, method: str, path: str
) -> None:
    response = await professional.request(method, path)

    assert response.status_code == 404


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, ("/external_id", "is required")),
        ({"external_id": 90000000019}, ("/external_id", "expected string")),
        ({"external_id": RPPS[1:]}, ("/external_id", "expected a rpps-number")),
        ({"external_id": f"{RPPS}\n"}, ("/external_id", "expected a rpps-number")),
        (ASK | {"status": "ACCEPTED"}, ("/status", "is not a known field")),
    ],
    ids=["nothing", "number", "short", "long", "more"],
)
async def test_a_request_names_a_professional_by_11_digits_and_nothing_more(
    citizen: httpx.AsyncClient, record: str, body: dict[str, Any], expected: tuple[str, str]
) -> None:
    response = await citizen.post(f"{record}/sharing_requests", json=body)

    assert response.status_code == 422
    assert response.json() == unprocessable(expected)


async def test_a_request_in_another_media_type_is_refused(
    citizen: httpx.AsyncClient, record: str
) -> None:
    response = await citizen.post(f"{record}/sharing_requests", data=ASK)

    assert response.status_code == 415


async def test_the_seeded_request_can_be_accepted(professional: httpx.AsyncClient) -> None:
    response = await professional.post(f"/sharing_requests/{PENDING}/accept")

    record = (await professional.get(f"/health_records/{ASKED_FOR}")).json()
    assert response.status_code == 200
    assert [request["status"] for request in record["sharing_requests"]] == ["ACCEPTED"]


async def test_a_planted_request_of_another_form_is_shown_and_nobody_s_to_answer(
    citizen: httpx.AsyncClient, professional: httpx.AsyncClient
) -> None:
    request = {"id": PENDING, "of_tomorrow": True, "status": "PENDING"}
    document = {"id": UNKNOWN_ID, "sharing_requests": [5, request]}
    await citizen.put(f"/_sandbox/records/{UNKNOWN_ID}", json=document)

    shown = await citizen.get(f"/sharing_requests/{PENDING}")
    answered = await professional.post(f"/sharing_requests/{PENDING}/accept")

    assert shown.json() == request
    assert answered.status_code == 403
    await ask(citizen, f"/health_records/{UNKNOWN_ID}")


async def test_a_strict_sandbox_asks_for_a_token_here_too() -> None:
    client = client_of(create_app(strict=True))

    answers = [
        await client.post(f"/health_records/{ASKED_FOR}/sharing_requests", json=ASK),
        await client.get(f"/sharing_requests/{PENDING}"),
        await client.post(f"/sharing_requests/{PENDING}/accept"),
        await client.post(f"/sharing_requests/{PENDING}/refuse"),
    ]

    assert [answer.status_code for answer in answers] == [401] * 4


def test_the_schema_tells_a_request_that_is_half_a_request() -> None:
    schema = HEALTH_RECORD["$defs"]["sharing_request"]

    found = problems({"to_pro_identity": {"first_name": "Barnabé"}, "created_at": "soon"}, schema)

    assert Problem("/to_pro_identity/last_name", "is required") in found
    assert Problem("/created_at", "expected a date-time") in found
    assert Problem("/status", "is required") in found
