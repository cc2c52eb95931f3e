"""Listing the records that the caller may see."""

from typing import Any

import httpx
import pytest
import respx

from tests.proxy.conftest import Gateways
from tests.proxy.documents import (
    ID,
    LEGACY_FIELDS,
    MODERN_RECORDS,
    OTHER_ID,
    RECORDS,
    modern_document,
)


async def test_a_list_is_a_bare_array_of_legacy_records_in_their_order(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    documents = [modern_document(id=OTHER_ID, gender="m"), modern_document()]
    upstream.get(MODERN_RECORDS).respond(json=documents)

    response = await legacy_client.get(RECORDS)

    assert response.status_code == 200
    assert [record["uuid"] for record in response.json()] == [OTHER_ID, ID]
    assert [record["gender"] for record in response.json()] == ["male", "female"]
    assert all(list(record) == LEGACY_FIELDS for record in response.json())


async def test_no_records_are_an_empty_array(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 26: an empty list never becomes null or an object."""
    upstream.get(MODERN_RECORDS).respond(json=[])

    response = await legacy_client.get(RECORDS)

    assert response.content == b"[]"


async def test_a_list_under_a_name_is_found_by_option(
    upstream: respx.Router, gateways: Gateways
) -> None:
    upstream.get(MODERN_RECORDS).respond(json={"data": [modern_document()], "total": 1})

    response = await gateways.client(options='[upstream.list]\nkey = "data"').get(RECORDS)

    assert [record["uuid"] for record in response.json()] == [ID]


@pytest.mark.parametrize(
    ("key", "body"),
    [
        pytest.param("", {"data": []}, id="an object where a list is"),
        pytest.param("data", {"items": []}, id="no such name"),
        pytest.param("data", {"data": {}}, id="an object under the name"),
        pytest.param("", "x", id="a text"),
        pytest.param("", ["x"], id="a list of texts"),
        pytest.param("", [{}], id="a list of empty objects"),
        pytest.param("", [modern_document(), None], id="a list with a hole"),
    ],
)
async def test_an_answer_that_is_no_list_of_records_is_a_bad_answer(
    upstream: respx.Router, gateways: Gateways, key: str, body: Any
) -> None:
    """Trap 26: `[]`, `{}` and `[{}]` are three answers."""
    upstream.get(MODERN_RECORDS).respond(json=body)
    client = gateways.client(options=f'[upstream.list]\nkey = "{key}"' if key else "")

    response = await client.get(RECORDS)

    assert response.status_code == 502


async def test_a_new_word_in_one_record_does_not_take_the_list_down(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 5."""
    documents = [modern_document(gender="x"), modern_document(id=OTHER_ID)]
    upstream.get(MODERN_RECORDS).respond(json=documents)

    response = await legacy_client.get(RECORDS)

    assert [record["gender"] for record in response.json()] == [None, "female"]


async def test_unknown_query_parameters_are_dropped(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 20: no paging is known on either side, so none is promised."""
    route = upstream.get(MODERN_RECORDS).respond(json=[])

    response = await legacy_client.get(RECORDS, params={"page": "2", "last_name": "Talhouarn"})

    assert response.status_code == 200
    assert route.calls.last.request.url.query == b""


async def test_a_list_answers_head_and_conditions_as_a_record_does(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Traps 13 and 14."""
    upstream.get(MODERN_RECORDS).respond(json=[modern_document()])
    get = await legacy_client.get(RECORDS)

    head = await legacy_client.head(RECORDS)
    unchanged = await legacy_client.get(RECORDS, headers={"If-None-Match": get.headers["etag"]})

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(get.content))
    assert (unchanged.status_code, unchanged.content) == (304, b"")


@pytest.mark.parametrize("wrapped", [False, True], ids=["bare", "wrapped"])
async def test_one_page_is_never_shown_as_the_whole_list(
    upstream: respx.Router, gateways: Gateways, wrapped: bool
) -> None:
    """Trap 20."""
    page = [modern_document()]
    upstream.get(MODERN_RECORDS).respond(
        json={"items": page} if wrapped else page,
        headers={"Link": '<https://new.example/health_records?page=2>; rel="next"'},
    )
    client = gateways.client(options='[upstream.list]\nkey = "items"' if wrapped else "")

    response = await client.get(RECORDS)

    assert response.status_code == 502
    assert "new.example" not in response.text
