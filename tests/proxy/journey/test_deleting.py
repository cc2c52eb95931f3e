"""Deleting a record."""

import httpx
import pytest
import respx

from tests.proxy.conftest import KEYS, Gateways, WatchedStore, legacy_client_of
from tests.proxy.documents import (
    MODERN_ACT,
    MODERN_RECORD,
    MODERN_RECORDS,
    RECORD,
    RECORDS,
    VACCINATIONS,
    legacy_document,
    modern_act,
    modern_document,
)


@pytest.mark.parametrize("status", [200, 204])
async def test_a_deletion_is_answered_with_nothing(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, status: int
) -> None:
    """Trap 14: whatever the new API says beside its success is not shown."""
    upstream.delete(MODERN_RECORD).respond(status, json={"deleted_health_record": True})

    response = await legacy_client.delete(RECORD)

    assert response.status_code == 204
    assert response.content == b""
    assert not {"content-type", "content-length", "etag"} & response.headers.keys()


async def test_a_deletion_is_answered_with_an_empty_object_by_option(
    upstream: respx.Router, gateways: Gateways
) -> None:
    upstream.delete(MODERN_RECORD).respond(204)

    response = await gateways.client(options="[legacy]\ndelete_status = 200").delete(RECORD)

    assert response.status_code == 200
    assert response.content == b"{}"


async def test_a_deletion_without_a_condition_is_one_call(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    route = upstream.delete(MODERN_RECORD).respond(204)

    await legacy_client.request("DELETE", RECORD, content=b"{not even JSON")

    assert route.call_count == 1
    assert route.calls.last.request.content == b""
    assert "if-match" not in route.calls.last.request.headers


async def test_the_success_of_a_deletion_is_an_option(
    upstream: respx.Router, gateways: Gateways
) -> None:
    upstream.delete("/people/0b1c2d3e-4f50-4a61-8b72-9c83ad94be05/record").respond(202)
    options = '[upstream.delete]\npath = "/people/{id}/record"\nsuccess = [202]'

    response = await gateways.client(options=options).delete(RECORD)

    assert response.status_code == 204


async def test_deleting_on_a_condition_a_record_that_is_gone_is_a_404(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    upstream.get(MODERN_RECORD).respond(404)

    response = await legacy_client.delete(RECORD, headers={"If-Match": "*"})

    assert response.status_code == 404


async def test_a_deletion_is_never_sent_twice(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 17."""
    route = upstream.delete(MODERN_RECORD).mock(side_effect=httpx.ReadError("cut"))

    response = await legacy_client.delete(RECORD)

    assert response.status_code == 502
    assert route.call_count == 1


async def test_head_is_no_way_to_delete(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())

    response = await legacy_client.head(RECORD, headers={"X-HTTP-Method-Override": "DELETE"})

    assert response.status_code == 200


async def test_a_deletion_that_was_not_completed_here_is_finished_by_its_retry(
    upstream: respx.Router, gateways: Gateways
) -> None:
    """Nothing of a person stays behind for a store that failed once."""
    app = gateways.app(keys=KEYS, store=WatchedStore)
    client, store = legacy_client_of(app), app.state.gateway.memory.store
    upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    upstream.delete(MODERN_RECORD).side_effect = [httpx.Response(204), httpx.Response(404)]
    await client.post(RECORDS, json=legacy_document(email="maelle@inbox.example"))

    store.failing.add("erase")
    failed = await client.delete(RECORD)
    store.failing.clear()
    finished = await client.delete(RECORD)

    assert (failed.status_code, finished.status_code) == (503, 204)
    assert await store.asides([("health_record", modern_document()["id"])]) == {}


async def test_a_deletion_whose_outcome_nobody_knew_is_finished_by_its_retry(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    upstream.delete(MODERN_RECORD).side_effect = [
        httpx.ReadTimeout("late"),
        httpx.Response(410),
        httpx.Response(404),
    ]

    statuses = [(await legacy_client.delete(RECORD)).status_code for _ in range(3)]

    assert statuses == [504, 204, 404]


async def test_a_vaccination_whose_deletion_nobody_knew_of_is_finished_by_its_retry(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    records = [modern_document(vaccination_acts=[modern_act()])] * 2 + [modern_document()]
    upstream.get(MODERN_RECORD).side_effect = [httpx.Response(200, json=it) for it in records]
    upstream.get(MODERN_ACT).respond(json=modern_act())
    upstream.delete(MODERN_ACT).mock(side_effect=httpx.ReadTimeout("late"))
    (shown,) = (await legacy_client.get(VACCINATIONS)).json()
    path = VACCINATIONS.replace(".json", f"/{shown['id']}.json")

    late, finished = (await legacy_client.delete(path), await legacy_client.delete(path))

    assert (late.status_code, finished.status_code) == (504, 204)


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(httpx.Response(403), id="forbidden"),
        pytest.param(httpx.Response(422), id="refused"),
        pytest.param(httpx.ConnectError("down"), id="never sent"),
    ],
)
async def test_a_deletion_that_surely_did_not_happen_leaves_nothing_to_finish(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, refusal: httpx.Response | Exception
) -> None:
    upstream.delete(MODERN_RECORD).side_effect = [refusal, httpx.Response(404)]

    first, again = (await legacy_client.delete(RECORD), await legacy_client.delete(RECORD))

    assert first.is_error
    assert again.status_code == 404
