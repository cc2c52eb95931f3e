"""Sharing a record with a professional, in the style of the old API."""

from typing import Any

import httpx
import pytest
import respx

from tests.proxy.conftest import Gateways, LogLines, asked_of, body_of
from tests.proxy.documents import (
    ID,
    MODERN_NAMES,
    MODERN_RECORD,
    MODERN_SHARING,
    OTHER_ID,
    RECORD,
    RPPS,
    SHARING,
    SHARING_ID,
    modern_document,
    modern_sharing,
)

FIELDS = ["id", "rpps", "status", "created_at"]
MODERN_REQUEST = f"/sharing_requests/{SHARING_ID}"
ACCEPT = f"/sharing_requests/{SHARING_ID}/accept"
REFUSE = f"/sharing_requests/{SHARING_ID}/refuse"


def path_of(number: int, done: str = "", record: str = ID) -> str:
    """The legacy path of a request, or of what is done with it."""
    below = f"/{done}" if done else ""
    return f"/api/v1/records/{record}/sharing_requests/{number}{below}.json"


def shared(**changes: Any) -> dict[str, Any]:
    """A health record with one request to share it."""
    return modern_document(sharing_requests=[modern_sharing(**changes)])


async def known(client: httpx.AsyncClient) -> int:
    """The id of the only request, which is listed to learn it."""
    (shown,) = (await client.get(SHARING)).json()
    return int(shown["id"])


@pytest.mark.parametrize("name", ["rpps", "external_id"])
async def test_a_professional_is_asked_by_rpps_number(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, name: str
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    post = upstream.post(MODERN_SHARING).respond(201, json=modern_sharing())

    response = await legacy_client.post(SHARING, json={name: RPPS})

    assert response.status_code == 201
    assert body_of(post) == {"external_id": RPPS}
    assert list(response.json()) == FIELDS
    assert response.json() == {
        "id": response.json()["id"],
        "rpps": RPPS,
        "status": "pending",
        "created_at": "2024-03-05T12:00:00+01:00",
    }
    assert response.headers["location"] == path_of(response.json()["id"])
    assert not any(value in response.text for value in (*MODERN_NAMES, "Kermarrec", SHARING_ID))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"rpps": "10000000008"}, {"rpps": ["n'est pas un numéro RPPS"]}),
        ({"rpps": [RPPS]}, {"rpps": ["n'est pas un texte"]}),
        ({"external_id": "1"}, {"external_id": ["n'est pas un numéro RPPS"]}),
        ({}, {"rpps": ["doit être rempli(e)"]}),
        (
            {"rpps": RPPS, "external_id": "10000000017"},
            {"external_id": ["contredit un autre champ"]},
        ),
    ],
    ids=["a wrong key", "a list", "too short", "nobody", "two people"],
)
async def test_what_is_no_professional_is_a_problem_and_nobody_is_asked(
    upstream: respx.Router,
    legacy_client: httpx.AsyncClient,
    body: dict[str, Any],
    said: dict[str, Any],
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())

    response = await legacy_client.post(SHARING, json=body)

    assert response.status_code == 422
    assert response.json() == {"errors": said}
    assert asked_of(upstream) == [f"GET {MODERN_RECORD}"]


async def test_requests_are_listed_and_read_as_they_were_made(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    upstream.get(MODERN_RECORD).respond(json=shared())
    upstream.post(MODERN_SHARING).respond(201, json=modern_sharing())
    made = await legacy_client.post(SHARING, json={"rpps": RPPS})

    listed = await legacy_client.get(SHARING)
    read = await legacy_client.get(path_of(made.json()["id"]))
    head = await legacy_client.head(path_of(made.json()["id"]))

    assert listed.json() == [made.json()]
    assert read.json() == made.json()
    assert (head.content, head.headers["etag"]) == (b"", read.headers["etag"])


@pytest.mark.parametrize(
    ("modern", "legacy"),
    [
        ("PENDING", "pending"),
        ("ACCEPTED", "accepted"),
        ("REFUSED", "refused"),
        ("REJECTED", "refused"),
        ("CANCELLED", "cancelled"),
        ("EXPIRED", "expired"),
        ("SNOOZED", None),
        (None, None),
    ],
)
async def test_a_status_is_a_legacy_word_and_one_of_no_table_is_null_and_counted(
    upstream: respx.Router,
    legacy_client: httpx.AsyncClient,
    log_lines: LogLines,
    modern: str | None,
    legacy: str | None,
) -> None:
    """Trap 5."""
    upstream.get(MODERN_RECORD).respond(json=shared(status=modern))

    response = await legacy_client.get(SHARING)

    assert [request["status"] for request in response.json()] == [legacy]
    assert log_lines()[-1]["unknown"] == (["status"] if modern == "SNOOZED" else [])


@pytest.mark.parametrize(
    ("done", "modern", "legacy"),
    [("accept", "ACCEPTED", "accepted"), ("refuse", "REFUSED", "refused")],
)
async def test_a_professional_accepts_or_refuses(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, done: str, modern: str, legacy: str
) -> None:
    upstream.get(MODERN_RECORD).respond(json=shared())
    upstream.get(MODERN_REQUEST).respond(json=modern_sharing())
    path = {"accept": ACCEPT, "refuse": REFUSE}[done]
    post = upstream.post(path).respond(json=modern_sharing(status=modern))
    number = await known(legacy_client)

    response = await legacy_client.post(
        path_of(number, done), headers={"Authorization": "Bearer pro"}
    )

    assert response.status_code == 200
    assert response.json()["status"] == legacy
    assert response.json()["id"] == number
    assert post.calls.last.request.content == b""
    assert post.calls.last.request.headers["authorization"] == "Bearer pro"
    assert "location" not in response.headers


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(httpx.Response(204), id="nothing"),
        pytest.param(httpx.Response(200, json={}), id="an empty object"),
        pytest.param(httpx.Response(200, json=modern_sharing(id=OTHER_ID)), id="another request"),
        pytest.param(httpx.Response(200, json=modern_sharing(status=[])), id="what does not fit"),
    ],
)
async def test_an_acceptance_that_is_not_answered_with_the_request_is_read_again(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, answer: httpx.Response
) -> None:
    upstream.get(MODERN_RECORD).respond(json=shared())
    upstream.get(MODERN_REQUEST).side_effect = [
        httpx.Response(200, json=modern_sharing(status=status))
        for status in ("PENDING", "ACCEPTED")
    ]
    upstream.post(ACCEPT).mock(return_value=answer)

    response = await legacy_client.post(path_of(await known(legacy_client), "accept"))

    assert response.status_code == 200
    assert response.json()["status"] == "accepted"


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (403, "Vous n'avez pas accès à cette ressource."),
        (409, "La ressource a été modifiée entre-temps : relisez-la avant d'écrire."),
        (404, "Cette ressource n'existe pas."),
    ],
)
@pytest.mark.parametrize("done", ["accept", "refuse", "create"])
async def test_what_the_new_api_refuses_is_refused_in_the_legacy_form(
    upstream: respx.Router,
    legacy_client: httpx.AsyncClient,
    done: str,
    status: int,
    sentence: str,
) -> None:
    """Someone else's request is a 403, one that is there already a 409."""
    upstream.get(MODERN_RECORD).respond(json=shared())
    number = await known(legacy_client)
    making = done == "create"
    if not making:
        upstream.get(MODERN_REQUEST).respond(json=modern_sharing())
    path = MODERN_SHARING if making else f"/sharing_requests/{SHARING_ID}/{done}"
    upstream.post(path).respond(status, json={"detail": "pro_external_account"})

    response = await legacy_client.post(
        SHARING if making else path_of(number, done), json={"rpps": RPPS}
    )

    assert response.status_code == status
    assert response.json() == {"error": sentence}


@pytest.mark.parametrize("done", ["", "accept", "refuse"])
async def test_a_request_of_another_record_is_a_404_before_anything_is_done(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, done: str
) -> None:
    """Trap 9."""
    upstream.get(MODERN_RECORD).respond(json=shared())
    if done:
        upstream.get(MODERN_REQUEST).respond(json=modern_sharing())
    else:
        upstream.get(f"/health_records/{OTHER_ID}").respond(json=modern_document(id=OTHER_ID))
    path = path_of(await known(legacy_client), done, OTHER_ID)

    response = await legacy_client.request("POST" if done else "GET", path)

    assert response.status_code == 404
    assert not any(call.startswith("POST") for call in asked_of(upstream))


@pytest.mark.parametrize(
    ("statuses", "word"),
    [
        ([], "private_record"),
        (["PENDING"], "private_record"),
        (["REFUSED", "ACCEPTED"], "shared_record"),
        (["REFUSED"], "private_record"),
    ],
)
async def test_the_sharing_status_of_the_record_follows(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, statuses: list[str], word: str
) -> None:
    requests = [modern_sharing(status=status) for status in statuses]
    upstream.get(MODERN_RECORD).respond(json=modern_document(sharing_requests=requests))

    response = await legacy_client.get(RECORD)

    assert response.json()["sharing_status"] == word


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", SHARING),
        ("POST", SHARING),
        ("GET", path_of(1000001)),
        ("POST", path_of(1000001, "accept")),
        ("POST", path_of(1000001, "refuse")),
    ],
)
async def test_sharing_is_hidden_by_option(
    upstream: respx.Router, gateways: Gateways, method: str, path: str
) -> None:
    client = gateways.client(options="[sharing]\nendpoints = false")

    response = await client.request(method, path)

    assert response.status_code == 404
    assert asked_of(upstream) == []


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", SHARING, "GET, HEAD, POST"),
        ("PUT", path_of(1000001), "GET, HEAD"),
        ("GET", path_of(1000001, "accept"), "POST"),
        ("HEAD", path_of(1000001, "refuse"), "POST"),
    ],
)
async def test_other_methods_are_not_allowed(
    legacy_client: httpx.AsyncClient, method: str, path: str, allow: str
) -> None:
    response = await legacy_client.request(method, path)

    assert response.status_code == 405
    assert response.headers["allow"] == allow


@pytest.mark.parametrize("record", [{"id": ID}, {"id": ID.upper(), "gender": "f"}])
async def test_a_request_that_holds_its_record_is_that_records(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, record: dict[str, Any]
) -> None:
    upstream.get(MODERN_RECORD).respond(json=shared(health_record=record))

    response = await legacy_client.get(path_of(await known(legacy_client)))

    assert response.status_code == 200


async def test_a_request_that_holds_another_record_is_not_there(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 9."""
    upstream.get(MODERN_RECORD).respond(json=shared(health_record={"id": ID}))
    number = await known(legacy_client)
    upstream.get(MODERN_RECORD).respond(json=shared(health_record={"id": OTHER_ID}))

    response = await legacy_client.get(path_of(number))

    assert response.status_code == 404


async def test_a_request_that_names_no_record_is_not_accepted_in_any(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 9."""
    upstream.get(MODERN_RECORD).respond(json=shared())
    upstream.get(MODERN_REQUEST).respond(json=modern_sharing(health_record=None))

    response = await legacy_client.post(path_of(await known(legacy_client), "accept"))

    assert response.status_code == 404


async def test_a_professional_need_not_see_the_record_to_accept(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    upstream.get(MODERN_RECORD).respond(json=shared())
    number = await known(legacy_client)
    upstream.get(MODERN_RECORD).respond(404)
    upstream.get(MODERN_REQUEST).respond(json=modern_sharing())
    upstream.post(ACCEPT).respond(json=modern_sharing(status="ACCEPTED"))

    response = await legacy_client.post(path_of(number, "accept"))

    assert (response.status_code, response.json()["status"]) == (200, "accepted")


async def test_a_refusal_that_cannot_be_read_again_is_no_failure(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    upstream.get(MODERN_RECORD).respond(json=shared())
    upstream.get(MODERN_REQUEST).side_effect = [
        httpx.Response(200, json=modern_sharing()),
        httpx.Response(403),
    ]
    upstream.post(REFUSE).respond(204)

    response = await legacy_client.post(path_of(await known(legacy_client), "refuse"))

    assert response.status_code == 200


async def test_asking_twice_is_for_the_new_api_to_judge(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """What was refused meanwhile may be asked again; what is pending is a conflict."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    post = upstream.post(MODERN_SHARING)
    post.side_effect = [
        httpx.Response(201, json=modern_sharing()),
        httpx.Response(409),
        httpx.Response(201, json=modern_sharing(id=OTHER_ID)),
    ]

    answers = [await legacy_client.post(SHARING, json={"rpps": RPPS}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [201, 409, 201]
    keys = {call.request.headers["idempotency-key"] for call in post.calls}
    assert len(keys) == 3


async def test_ids_that_are_no_uuids_are_told_apart_by_case_and_stay_in_their_path(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 9."""
    requests = [modern_sharing(id=identity) for identity in ("aB1", "Ab1", "../x?y#z")]
    upstream.get(MODERN_RECORD).respond(json=modern_document(sharing_requests=requests))
    numbers = [shown["id"] for shown in (await legacy_client.get(SHARING)).json()]
    read = upstream.get("/sharing_requests/..%2Fx%3Fy%23z").respond(json=requests[2])
    upstream.post("/sharing_requests/..%2Fx%3Fy%23z/accept").respond(json=requests[2])

    response = await legacy_client.post(path_of(numbers[2], "accept"))

    assert len(set(numbers)) == 3
    assert response.status_code == 200
    assert read.calls.last.request.url.raw_path == b"/sharing_requests/..%2Fx%3Fy%23z"
