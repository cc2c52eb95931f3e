"""A list of the new API that comes in pages: the whole of it, or an error that says so."""

from typing import Any

import httpx
import pytest
import respx

from tests.proxy.conftest import UPSTREAM, Gateways, asked_of
from tests.proxy.documents import MODERN_RECORDS, OTHER_ID, RECORDS, modern_document

UNEXPECTED = {"error": "Le service a donné une réponse inattendue."}
TOO_LONG = {"error": "La liste est trop longue pour être donnée en entier."}
BY_PAGE = '[upstream.list]\npages = "page"\nkey = "items"'
BY_CURSOR = (
    '[upstream.list]\npages = "cursor"\nkey = "items"\nparameter = "after"\ntold_in = "next"'
)


def ids(*numbers: int) -> list[str]:
    """Ids of invented records."""
    return [f"{number:08d}{OTHER_ID[8:]}" for number in numbers]


def records(*numbers: int) -> list[dict[str, Any]]:
    """The records with these ids."""
    return [modern_document(id=identity) for identity in ids(*numbers)]


def shown(response: httpx.Response) -> list[str]:
    """The ids of the records in an answer."""
    return [record["uuid"] for record in response.json()]


def linked(url: str, *numbers: int, rel: str = "next") -> httpx.Response:
    """A page that links to the next one."""
    return httpx.Response(200, json=records(*numbers), headers={"Link": f'<{url}>; rel="{rel}"'})


@pytest.mark.parametrize(
    "url",
    [
        f"{UPSTREAM}/health_records?page=2&x=%20",
        "/health_records?page=2&x=%20",
        "?page=2&x=%20",
        "https://behind.example:8080/base/health_records?page=2&x=%20#here",
    ],
    ids=["whole", "a path", "a query", "by its own name for itself"],
)
async def test_links_are_followed_to_the_last_page_with_the_same_credential(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, url: str
) -> None:
    """Trap 20: the union of the pages is the list; the link names a page and never a host."""
    route = upstream.get(MODERN_RECORDS)
    route.side_effect = [linked(url, 1, 2), httpx.Response(200, json=records(3))]

    response = await legacy_client.get(RECORDS, headers={"Authorization": "Bearer a"})

    assert response.status_code == 200
    assert shown(response) == ids(1, 2, 3)
    second = route.calls.last.request
    assert str(second.url) == f"{UPSTREAM}/health_records?page=2&x=%20"
    assert second.headers["authorization"] == "Bearer a"
    assert "link" not in response.headers


async def test_page_numbers_are_followed_by_option(
    upstream: respx.Router, gateways: Gateways
) -> None:
    route = upstream.get(MODERN_RECORDS)
    route.side_effect = [
        httpx.Response(200, json={"items": records(number), "total_pages": 3})
        for number in (1, 2, 3)
    ]

    response = await gateways.client(options=BY_PAGE).get(RECORDS)

    assert shown(response) == ids(1, 2, 3)
    assert [call.request.url.query for call in route.calls] == [b"", b"page=2", b"page=3"]


@pytest.mark.parametrize("end", [{"next": None}, {"next": ""}, {}], ids=["null", "empty", "none"])
async def test_cursors_are_followed_by_option(
    upstream: respx.Router, gateways: Gateways, end: dict[str, Any]
) -> None:
    route = upstream.get(MODERN_RECORDS)
    route.side_effect = [
        httpx.Response(200, json={"items": records(1), "next": "a&b=/é"}),
        httpx.Response(200, json={"items": records(2), **end}),
    ]

    response = await gateways.client(options=BY_CURSOR).get(RECORDS)

    assert shown(response) == ids(1, 2)
    assert route.calls.last.request.url.query == b"after=a%26b%3D%2F%C3%A9"


async def test_a_record_that_moved_on_to_the_next_page_is_shown_once(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 20."""
    upstream.get(MODERN_RECORDS).side_effect = [
        linked("?page=2", 1, 2),
        linked("?page=3", 2, 3),
        linked("?page=1", 3, rel="first"),
    ]

    response = await legacy_client.get(RECORDS)

    assert shown(response) == ids(1, 2, 3)


async def test_a_list_of_as_many_pages_as_are_followed_is_given(
    upstream: respx.Router, gateways: Gateways
) -> None:
    upstream.get(MODERN_RECORDS).side_effect = [
        linked("?page=2", 1),
        httpx.Response(200, json=records(2)),
    ]

    response = await gateways.client(max_pages=2).get(RECORDS)

    assert shown(response) == ids(1, 2)


async def test_a_list_of_more_pages_than_are_followed_is_an_error_of_its_own(
    upstream: respx.Router, gateways: Gateways
) -> None:
    """Trap 20: never a silent half."""
    upstream.get(MODERN_RECORDS).side_effect = [linked("?page=2", 1), linked("?page=3", 2)]

    response = await gateways.client(max_pages=2).get(RECORDS)

    assert (response.status_code, response.json()) == (502, TOO_LONG)
    assert asked_of(upstream) == [f"GET {MODERN_RECORDS}"] * 2


@pytest.mark.parametrize(
    "url",
    [
        "?page=2",
        "https://elsewhere.example/people?page=9",
        f"{UPSTREAM}/health_records",
        f"{UPSTREAM}/health_records?",
        "https://[::/health_records?page=9",
        f"?page={'9' * 70_000}",
        "?page=\x7f",
    ],
    ids=["a loop", "another path", "no query", "an empty query", "no URL", "endless", "a control"],
)
async def test_a_link_that_leads_elsewhere_or_round_is_a_bad_answer(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, url: str
) -> None:
    """Trap 15."""
    upstream.get(MODERN_RECORDS).side_effect = [linked("?page=2", 1), linked(url, 2)]

    response = await legacy_client.get(RECORDS)

    assert (response.status_code, response.json()) == (502, UNEXPECTED)


async def test_a_link_where_no_pages_are_expected_is_a_bad_answer(
    upstream: respx.Router, gateways: Gateways
) -> None:
    upstream.get(MODERN_RECORDS).mock(return_value=linked("?page=2", 1))

    response = await gateways.client(options='[upstream.list]\npages = "none"').get(RECORDS)

    assert (response.status_code, response.json()) == (502, UNEXPECTED)


@pytest.mark.parametrize("told", [None, "3", True, 3.5, [3]], ids=str)
async def test_a_number_of_pages_that_is_none_is_a_bad_answer(
    upstream: respx.Router, gateways: Gateways, told: Any
) -> None:
    upstream.get(MODERN_RECORDS).respond(json={"items": records(1), "total_pages": told})

    response = await gateways.client(options=BY_PAGE).get(RECORDS)

    assert (response.status_code, response.json()) == (502, UNEXPECTED)


async def test_an_array_where_pages_are_numbered_is_a_bad_answer(
    upstream: respx.Router, gateways: Gateways
) -> None:
    upstream.get(MODERN_RECORDS).respond(json=records(1))

    response = await gateways.client(options=BY_PAGE).get(RECORDS)

    assert response.status_code == 502


@pytest.mark.parametrize("told", [3, True, {}], ids=str)
async def test_a_cursor_that_is_no_text_is_a_bad_answer(
    upstream: respx.Router, gateways: Gateways, told: Any
) -> None:
    upstream.get(MODERN_RECORDS).respond(json={"items": records(1), "next": told})

    response = await gateways.client(options=BY_CURSOR).get(RECORDS)

    assert (response.status_code, response.json()) == (502, UNEXPECTED)


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (httpx.Response(403), 403),
        (httpx.Response(500), 502),
        (httpx.ReadTimeout("late"), 504),
        (httpx.Response(200, json={}), 502),
        (httpx.Response(200, text="[" + "1"), 502),
    ],
    ids=["forbidden", "broken", "late", "no list", "half a page"],
)
async def test_a_page_that_fails_fails_the_list(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, failure: Any, status: int
) -> None:
    """Trap 20: never a silent half."""
    upstream.get(MODERN_RECORDS).side_effect = [linked("?page=2", 1), failure]

    response = await legacy_client.get(RECORDS)

    assert response.status_code == status
