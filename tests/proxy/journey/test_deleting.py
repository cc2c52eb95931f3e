"""Deleting a record."""

from typing import Any

import httpx
import pytest
import respx

from tests.proxy.conftest import KEYS, Gateways, WatchedStore, legacy_client_of
from tests.proxy.documents import (
    MODERN_RECORD,
    MODERN_RECORDS,
    RECORD,
    RECORDS,
    legacy_document,
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


async def test_a_body_that_cannot_be_read_is_no_reason_not_to_delete(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    route = upstream.delete(MODERN_RECORD).respond(204)

    response = await legacy_client.request(
        "DELETE", RECORD, content=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}
    )

    assert response.status_code == 204
    assert route.call_count == 1


async def test_nothing_is_deleted_for_who_leaves_before_all_of_it_has_come(
    gateways: Gateways,
) -> None:
    app, sent = gateways.app(), list[Any]()
    coming = iter(
        [
            {"type": "http.request", "body": b"{", "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> Any:
        return next(coming)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "DELETE",
        "path": RECORD,
        "raw_path": RECORD.encode(),
        "query_string": b"",
        "headers": [(b"host", b"legacy.example")],
    }
    await app(scope, receive, send)

    # The mocked new API would fail at any call.
    assert sent[0]["status"] == 400


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


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(httpx.ReadTimeout("late"), id="late"),
        pytest.param(httpx.Response(502), id="a bad gateway"),
        pytest.param(httpx.Response(404), id="not seen"),
        pytest.param(httpx.Response(403), id="forbidden"),
    ],
)
async def test_who_does_not_see_a_record_erases_nothing_of_it_however_often_it_is_tried(
    upstream: respx.Router, gateways: Gateways, first: httpx.Response | Exception
) -> None:
    """Trap 9: a 404 is no deletion, also after an attempt whose outcome nobody knew."""
    app = gateways.app(keys=KEYS)
    client, store = legacy_client_of(app), app.state.gateway.memory.store
    upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    upstream.delete(MODERN_RECORD).side_effect = [first, httpx.Response(404), httpx.Response(410)]
    owner, stranger = ({"Authorization": f"Bearer {name}"} for name in ("owner", "stranger"))
    await client.post(RECORDS, json=legacy_document(email="m@inbox.example"), headers=owner)

    tries = [(await client.delete(RECORD, headers=stranger)).status_code for _ in range(3)]

    key = ("health_record", modern_document()["id"])
    assert tries[1:] == [404, 404]
    assert await store.asides([key]) == {key: {"email": "m@inbox.example"}}


async def test_a_deletion_after_which_the_store_fails_is_a_503(
    upstream: respx.Router, gateways: Gateways
) -> None:
    """The values stay sealed behind it: `passerelle store forget` erases them."""
    app = gateways.app(keys=KEYS, store=WatchedStore)
    app.state.gateway.memory.store.failing.add("erase")
    upstream.delete(MODERN_RECORD).respond(204)

    response = await legacy_client_of(app).delete(RECORD)

    assert response.status_code == 503
