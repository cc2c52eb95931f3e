"""The list may come in pages, and then tells the next one in one of three ways."""

from typing import Any, get_args

import httpx
import pytest

from sandbox import create_app
from sandbox.paging import Style
from sandbox.people import PEOPLE
from tests.sandbox.clients import client_of, problem

IDS = [person["id"] for person in PEOPLE]
LIST = "/health_records"


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [record["id"] for record in records]


async def followed(client: httpx.AsyncClient, style: Style) -> list[list[str]]:
    """The ids on every page, from the first to the one that tells no other."""
    pages = []
    url: str | httpx.URL | None = LIST
    while url is not None:
        response = await client.get(url)
        assert response.status_code == 200
        document = response.json()
        pages.append(ids(document if style == "link" else document["items"]))
        if style == "link":
            url = response.links.get("next", {}).get("url")
        elif style == "page":
            number, last = document["page"], document["total_pages"]
            url = httpx.URL(LIST, params={"page": number + 1}) if number < last else None
        else:
            cursor = document["next_cursor"]
            url = None if cursor is None else httpx.URL(LIST, params={"cursor": cursor})
    return pages


@pytest.mark.parametrize("style", get_args(Style))
@pytest.mark.parametrize("size", [1, 2, 5, 100])
async def test_the_pages_together_are_the_list(style: Style, size: int) -> None:
    client = client_of(create_app(page_size=size, pages=style))

    pages = await followed(client, style)

    assert pages == [IDS[first : first + size] for first in range(0, len(IDS), size)]


async def test_the_link_to_the_next_page_is_absolute_and_of_the_request_s_own_host() -> None:
    client = client_of(create_app(page_size=2, pages="link"))

    first = await client.get(LIST, headers={"Host": "elsewhere.test:81"})
    last = await client.get(LIST, params={"page": 3})

    assert first.headers["link"] == '<http://elsewhere.test:81/health_records?page=2>; rel="next"'
    assert "link" not in last.headers


async def test_a_page_says_which_it_is_and_how_many_there_are() -> None:
    client = client_of(create_app(page_size=2, pages="page"))

    response = await client.get(LIST, params={"page": "3"})

    assert response.json() == {"items": [PEOPLE[4]], "page": 3, "total_pages": 3}


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("link", []),
        ("page", {"items": [], "page": 1, "total_pages": 1}),
        ("cursor", {"items": [], "next_cursor": None}),
    ],
)
async def test_an_empty_list_is_one_empty_page(style: Style, expected: object) -> None:
    client = client_of(create_app(seed=False, page_size=2, pages=style))

    response = await client.get(LIST)

    assert response.json() == expected
    assert "link" not in response.headers


@pytest.mark.parametrize("style", get_args(Style))
@pytest.mark.parametrize("named", ["0", "-1", "4", "1.0", "01", "", "x", "٢", "9" * 5000])
async def test_a_page_that_there_is_not_is_refused(style: Style, named: str) -> None:
    client = client_of(create_app(page_size=2, pages=style))
    parameter = "cursor" if style == "cursor" else "page"

    response = await client.get(LIST, params={parameter: named})

    assert response.status_code == 400
    assert response.json() == problem(400, "Bad Request")


@pytest.mark.parametrize("style", get_args(Style))
async def test_without_a_page_size_the_list_is_whole(style: Style) -> None:
    client = client_of(create_app(pages=style))

    response = await client.get(LIST, params={"page": "x", "cursor": "x"})

    assert ids(response.json()) == IDS
    assert "link" not in response.headers
