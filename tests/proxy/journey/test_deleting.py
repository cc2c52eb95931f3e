"""Deleting a record."""

import httpx
import pytest
import respx

from tests.proxy.conftest import Gateways
from tests.proxy.documents import MODERN_RECORD, RECORD, modern_document


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
