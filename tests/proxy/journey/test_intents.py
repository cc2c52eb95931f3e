"""The same creation, tried again, is the same record."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from tests.proxy.conftest import (
    KEYS,
    NOW,
    Gateways,
    WatchedStore,
    asked_of,
    body_of,
    legacy_client_of,
)
from tests.proxy.documents import (
    LEGACY_ONLY,
    MODERN_ACTS,
    MODERN_RECORD,
    MODERN_RECORDS,
    MODERN_SHARING,
    OTHER_ID,
    OTHER_RPPS,
    RECORD,
    RECORDS,
    RPPS,
    SHARING,
    SHARING_ID,
    VACCINATIONS,
    legacy_document,
    legacy_vaccination,
    modern_act,
    modern_document,
    modern_sharing,
)

PERHAPS_MADE = {"error": "Cette création est peut-être déjà faite : relisez avant de recommencer."}
IDEMPOTENT = "[upstream]\nidempotent = true"
MADE = httpx.Response(201, json=modern_document())


def keys_of(route: respx.Route) -> list[str]:
    """The Idempotency-Key of every call of a route."""
    return [call.request.headers["idempotency-key"] for call in route.calls]


async def test_the_same_creation_is_made_once_and_answered_alike(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 17."""
    post = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    upstream.get(MODERN_RECORD).respond(json=modern_document())

    first = await legacy_client.post(RECORDS, json=legacy_document())
    again = await legacy_client.post(RECORDS, json=legacy_document())

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert post.call_count == 1


async def test_what_a_client_wrote_in_another_form_or_order_is_the_same_creation(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    post = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    written = legacy_document()

    await legacy_client.post(RECORDS, json=written)
    await legacy_client.post(RECORDS, json={"record": dict(reversed(written.items()))})
    await legacy_client.post("/records", data=written)

    assert post.call_count == 1


@pytest.mark.parametrize(
    ("caller", "changes"),
    [
        ("Bearer another", {}),
        ("Bearer a", {"zip_code": "29000"}),
        ("Bearer a", {"email": "maelle@inbox.example"}),
    ],
    ids=["another caller", "another value", "another value set aside"],
)
async def test_another_caller_or_content_is_another_creation(
    upstream: respx.Router, gateways: Gateways, caller: str, changes: dict[str, Any]
) -> None:
    post = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    client = gateways.client(keys=KEYS)
    a = {"Authorization": "Bearer a"}

    await client.post(RECORDS, json=legacy_document(), headers=a)
    await client.post(RECORDS, json=legacy_document(**changes), headers={"Authorization": caller})

    assert post.call_count == 2
    assert len(set(keys_of(post))) == 2


async def test_the_same_content_in_another_record_is_another_creation(
    upstream: respx.Router, gateways: Gateways, tables: Path
) -> None:
    client = gateways.client(tables=tables)
    posts = []
    for identity in (modern_document()["id"], OTHER_ID):
        path = f"/health_records/{identity}"
        upstream.get(path).respond(json=modern_document(id=identity))
        act = modern_act(health_record_id=identity)
        posts.append(upstream.post(f"{path}/vaccination_acts").respond(201, json=act))

    await client.post(VACCINATIONS, json=legacy_vaccination())
    await client.post(f"/records/{OTHER_ID}/vaccinations", json=legacy_vaccination())

    assert [post.call_count for post in posts] == [1, 1]


@pytest.mark.parametrize("name", ["rpps", "external_id"])
async def test_another_professional_is_another_creation_by_whichever_name(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, name: str
) -> None:
    """One professional's request is never given as another's."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    post = upstream.post(MODERN_SHARING)
    post.side_effect = [
        httpx.Response(201, json=modern_sharing(id=id_, to_pro_external_account_id=rpps))
        for id_, rpps in ((SHARING_ID, RPPS), (OTHER_ID, OTHER_RPPS))
    ]

    answers = [
        (await legacy_client.post(SHARING, json={name: rpps})).json() for rpps in (RPPS, OTHER_RPPS)
    ]

    assert [answer["rpps"] for answer in answers] == [RPPS, OTHER_RPPS]


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(httpx.ReadTimeout("late"), id="late"),
        pytest.param(httpx.ReadError("cut"), id="cut off"),
        pytest.param(httpx.RemoteProtocolError("x"), id="no HTTP"),
        pytest.param(httpx.Response(500), id="broken"),
        pytest.param(httpx.Response(502), id="a bad gateway"),
        pytest.param(httpx.Response(503), id="busy, perhaps behind a proxy that sent it"),
        pytest.param(httpx.Response(504), id="a late gateway"),
        pytest.param(httpx.Response(408), id="given up"),
        pytest.param(httpx.Response(202), id="taken for later"),
        pytest.param(httpx.Response(201, text="<html>"), id="no JSON"),
        pytest.param(httpx.Response(201, json={}), id="no record"),
        pytest.param(
            httpx.Response(201, content=b"x", headers={"Content-Encoding": "gzip"}), id="encoded"
        ),
    ],
)
async def test_a_retry_of_what_was_perhaps_made_is_a_conflict_that_says_so(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, failure: Any
) -> None:
    """Trap 17: never a second record."""
    post = upstream.post(MODERN_RECORDS).mock(side_effect=[failure])

    first = await legacy_client.post(RECORDS, json=legacy_document())
    again = await legacy_client.post(RECORDS, json=legacy_document())

    assert first.status_code >= 500
    assert (again.status_code, again.json()) == (409, PERHAPS_MADE)
    assert post.call_count == 1


async def test_a_retry_is_sent_with_the_same_key_where_the_new_api_honours_it(
    upstream: respx.Router, gateways: Gateways
) -> None:
    post = upstream.post(MODERN_RECORDS).mock(side_effect=[httpx.ReadTimeout("late"), MADE])
    client = gateways.client(options=IDEMPOTENT)

    first = await client.post(RECORDS, json=legacy_document())
    again = await client.post(RECORDS, json=legacy_document())

    assert (first.status_code, again.status_code) == (504, 201)
    assert len(set(keys_of(post))) == 1
    assert body_of(post, 0) == body_of(post, 1)


@pytest.mark.parametrize("options", ["", IDEMPOTENT], ids=["by default", "idempotent"])
@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(httpx.Response(400), id="malformed"),
        pytest.param(httpx.Response(401), id="not signed in"),
        pytest.param(httpx.Response(403), id="forbidden"),
        pytest.param(httpx.Response(422), id="refused"),
        pytest.param(httpx.Response(429), id="too many"),
        pytest.param(httpx.Response(501), id="not there"),
        pytest.param(httpx.ConnectError("down"), id="down"),
        pytest.param(httpx.ConnectTimeout("late"), id="no connection in time"),
    ],
)
async def test_what_surely_was_not_made_is_a_fresh_creation_when_it_is_tried_again(
    upstream: respx.Router, gateways: Gateways, options: str, failure: Any
) -> None:
    post = upstream.post(MODERN_RECORDS).mock(side_effect=[failure, MADE])
    client = gateways.client(options=options)

    first = await client.post(RECORDS, json=legacy_document())
    again = await client.post(RECORDS, json=legacy_document())

    assert first.is_error
    assert again.status_code == 201
    assert len(set(keys_of(post))) == 2


@pytest.mark.parametrize(("options", "status"), [("", 201), (IDEMPOTENT, 409)])
async def test_a_409_leaves_the_outcome_open_only_where_a_key_can_be_in_use(
    upstream: respx.Router, gateways: Gateways, options: str, status: int
) -> None:
    post = upstream.post(MODERN_RECORDS)
    post.side_effect = [httpx.Response(409), httpx.Response(status, json=modern_document())]
    client = gateways.client(options=options)

    first = await client.post(RECORDS, json=legacy_document())
    again = await client.post(RECORDS, json=legacy_document())

    assert (first.status_code, again.status_code) == (409, status)
    assert len(set(keys_of(post))) == (1 if options else 2)


@pytest.mark.parametrize("options", ["", IDEMPOTENT], ids=["by default", "idempotent"])
async def test_what_the_client_deleted_in_between_is_made_anew(
    upstream: respx.Router, gateways: Gateways, options: str
) -> None:
    post = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    upstream.delete(MODERN_RECORD).respond(204)
    client = gateways.client(options=options)

    await client.post(RECORDS, json=legacy_document())
    await client.delete(RECORD)
    again = await client.post(RECORDS, json=legacy_document())

    assert again.status_code == 201
    assert len(set(keys_of(post))) == 2


@pytest.mark.parametrize("options", ["", IDEMPOTENT], ids=["by default", "idempotent"])
@pytest.mark.parametrize("status", [404, 410])
async def test_what_another_hand_deleted_in_between_is_made_anew(
    upstream: respx.Router, gateways: Gateways, options: str, status: int
) -> None:
    post = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    upstream.get(MODERN_RECORD).respond(status)
    client = gateways.client(options=options)

    await client.post(RECORDS, json=legacy_document())
    again = await client.post(RECORDS, json=legacy_document())

    assert again.status_code == 201
    assert len(set(keys_of(post))) == 2


async def test_a_vaccination_that_another_hand_took_out_is_made_anew(
    upstream: respx.Router, gateways: Gateways, tables: Path
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    post = upstream.post(MODERN_ACTS).respond(201, json=modern_act())
    client = gateways.client(tables=tables)

    await client.post(VACCINATIONS, json=legacy_vaccination())
    again = await client.post(VACCINATIONS, json=legacy_vaccination())

    assert again.status_code == 201
    assert len(set(keys_of(post))) == 2


@pytest.mark.parametrize(("modern", "legacy"), [(403, 403), (500, 502), (503, 503)])
async def test_a_record_that_was_made_and_cannot_be_read_now_is_not_made_again(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, modern: int, legacy: int
) -> None:
    post = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    upstream.get(MODERN_RECORD).respond(modern)

    await legacy_client.post(RECORDS, json=legacy_document())
    again = await legacy_client.post(RECORDS, json=legacy_document())

    assert again.status_code == legacy
    assert post.call_count == 1


async def test_a_store_that_fails_before_the_creation_is_a_503_and_nothing_is_sent(
    upstream: respx.Router, gateways: Gateways
) -> None:
    app = gateways.app(store=WatchedStore)
    app.state.gateway.memory.store.failing.add("begin")

    response = await legacy_client_of(app).post(RECORDS, json=legacy_document())

    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert asked_of(upstream) == []


async def test_a_creation_that_the_store_could_not_close_is_completed_by_its_retry(
    upstream: respx.Router, gateways: Gateways
) -> None:
    """The new API answers a key that it knows with the record that it made."""
    post = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    app = gateways.app(options=IDEMPOTENT, keys=KEYS, store=WatchedStore)
    client, store = legacy_client_of(app), app.state.gateway.memory.store
    store.failing.add("keep")
    written = legacy_document(**LEGACY_ONLY)

    failed = await client.post(RECORDS, json=written)
    store.failing.clear()
    healed = await client.post(RECORDS, json=written)
    read = await client.get(RECORD)

    assert (failed.status_code, healed.status_code) == (503, 201)
    assert len(set(keys_of(post))) == 1
    assert {**healed.json(), **LEGACY_ONLY} == healed.json() == read.json()


async def test_a_creation_that_the_store_could_not_close_is_a_conflict_elsewhere(
    upstream: respx.Router, gateways: Gateways
) -> None:
    post = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    app = gateways.app(store=WatchedStore)
    client, store = legacy_client_of(app), app.state.gateway.memory.store
    store.failing.add("keep")

    failed = await client.post(RECORDS, json=legacy_document())
    store.failing.clear()
    again = await client.post(RECORDS, json=legacy_document())

    assert failed.status_code == 503
    assert (again.status_code, again.json()) == (409, PERHAPS_MADE)
    assert post.call_count == 1


async def test_a_restart_in_between_changes_nothing(
    upstream: respx.Router, gateways: Gateways
) -> None:
    post = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    upstream.get(MODERN_RECORD).respond(json=modern_document())

    for _ in range(2):
        await gateways.client().post(RECORDS, json=legacy_document())

    assert post.call_count == 1


class Clock:
    """Stands still until time is let pass."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.mark.parametrize(("minutes", "made"), [(9, 1), (11, 2)])
async def test_after_ten_minutes_the_same_creation_is_another_one(
    upstream: respx.Router, gateways: Gateways, minutes: int, made: int
) -> None:
    post = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    upstream.get(MODERN_RECORD).mock(return_value=httpx.Response(200, json=modern_document()))
    clock = Clock()
    client = gateways.client(clock=clock)

    await client.post(RECORDS, json=legacy_document())
    clock.now += timedelta(minutes=minutes)
    await client.post(RECORDS, json=legacy_document())
    await client.get(RECORD)

    assert post.call_count == made


async def test_every_creation_is_another_one_by_setting(
    upstream: respx.Router, gateways: Gateways
) -> None:
    post = upstream.post(MODERN_RECORDS).mock(side_effect=[httpx.ReadTimeout("late"), MADE, MADE])
    client = gateways.client(intent_minutes=0)

    statuses = [(await client.post(RECORDS, json=legacy_document())).status_code for _ in range(3)]

    assert statuses == [504, 201, 201]
    assert len(set(keys_of(post))) == 3


async def test_a_creation_that_is_refused_by_the_gateway_leaves_no_intent(
    upstream: respx.Router, gateways: Gateways
) -> None:
    app = gateways.app(store=WatchedStore)

    response = await legacy_client_of(app).post(RECORDS, json={"zip_code": "29217"})

    assert response.status_code == 422
    assert app.state.gateway.memory.store.asked == []
    assert asked_of(upstream) == []


async def test_a_record_is_the_same_creation_whatever_is_corrected_within_it(
    upstream: respx.Router, gateways: Gateways, tables: Path
) -> None:
    """Trap 32: a refused vaccination, corrected and sent again, makes no second record."""
    post = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.post(MODERN_ACTS).side_effect = [
        httpx.Response(422, json={"errors": {"batch_number": ["too long"]}}),
        httpx.Response(201, json=modern_act()),
    ]
    client = gateways.client(tables=tables)
    wrong, right = ([legacy_vaccination(batch=batch)] for batch in ("LOT-0000000", "LOT-1"))

    refused = await client.post(RECORDS, json=legacy_document(vaccinations=wrong))
    made = await client.post(RECORDS, json=legacy_document(vaccinations=right))

    assert (refused.status_code, made.status_code, post.call_count) == (422, 201, 1)
    assert refused.headers["location"] == made.headers["location"] == RECORD


async def test_a_record_that_was_changed_is_no_longer_what_its_creation_made(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    post = upstream.post(MODERN_RECORDS)
    post.side_effect = [
        httpx.Response(201, json=modern_document()),
        httpx.Response(201, json=modern_document(id=OTHER_ID)),
    ]
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.patch(MODERN_RECORD).respond(json=modern_document(zip_code="29000"))

    await legacy_client.post(RECORDS, json=legacy_document())
    await legacy_client.put(RECORD, json={"zip_code": "29000"})
    again = await legacy_client.post(RECORDS, json=legacy_document())

    assert again.json()["uuid"] == OTHER_ID


async def test_a_creation_that_is_given_up_beside_one_that_succeeds_stays_done(
    upstream: respx.Router, gateways: Gateways
) -> None:
    """Trap 17: two alike at the same time, of which one never reached the new API."""
    post = upstream.post(MODERN_RECORDS)
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    client = gateways.client(options=IDEMPOTENT)

    async def in_between(request: httpx.Request) -> httpx.Response:
        post.side_effect = httpx.ConnectError("down")
        beside = await client.post(RECORDS, json=legacy_document())
        assert beside.status_code == 502
        return MADE

    post.side_effect = in_between
    made = await client.post(RECORDS, json=legacy_document())
    again = await client.post(RECORDS, json=legacy_document())

    assert (made.status_code, again.status_code) == (201, 201)
    assert post.call_count == 2


@pytest.mark.parametrize("answer", [{}, {"first_name": None}], ids=["its id", "its id and nulls"])
async def test_a_creation_that_is_answered_with_little_more_than_its_id_is_read(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, answer: dict[str, Any]
) -> None:
    """A write that succeeded must not look like one that failed."""
    identity = modern_document()["id"]
    upstream.post(MODERN_RECORDS).respond(201, json={"id": identity, **answer})
    upstream.get(MODERN_RECORD).respond(json=modern_document())

    response = await legacy_client.post(RECORDS, json=legacy_document())

    assert response.status_code == 201
    assert response.json()["uuid"] == identity
    assert response.json()["first_name"] == modern_document()["first_name"]


async def test_a_change_that_is_answered_with_something_else_is_read_again(
    upstream: respx.Router, gateways: Gateways
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.patch(MODERN_RECORD).respond(json={"status": "ok"})
    client = gateways.client(keys=KEYS)

    response = await client.put(RECORD, json={"email": "maelle@inbox.example"})

    assert response.status_code == 200
    assert response.json()["email"] == "maelle@inbox.example"
