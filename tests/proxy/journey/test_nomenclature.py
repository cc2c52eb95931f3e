"""What is answered from the operator's tables alone, and what has no counterpart."""

from pathlib import Path

import httpx
import pytest
import respx

from tests.proxy.conftest import Gateways, LogLines, asked_of
from tests.proxy.documents import ID

VACCINES = "/api/v1/vaccines.json"
SEARCH = "/api/v1/vaccines/search.json"
ISSUES = f"/api/v1/records/{ID}/vaccine_issues.json"
GONE = {"error": "Cette fonction n'existe plus dans le nouveau service."}
FIELDS = [
    "id",
    "name",
    "marketing_start",
    "marketing_end",
    "french",
    "alternative_names",
    "ucd_code",
    "cip_codes",
    "diseases",
    "valences",
]


@pytest.fixture
def client(gateways: Gateways, tables: Path) -> httpx.AsyncClient:
    """A legacy application whose gateway knows the vaccines."""
    return gateways.client(tables=tables)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", [901, 902]),
        ("?include_foreigns=1", [901, 902, 903]),
        ("?include_foreigns=true&x=1", [901, 902, 903]),
        ("?include_foreigns=0", [901, 902]),
        ("?include_foreigns=", [901, 902]),
    ],
)
async def test_the_nomenclature_is_a_bare_array_of_vaccines_id_first(
    upstream: respx.Router, client: httpx.AsyncClient, query: str, ids: list[int]
) -> None:
    """The real client reads `id` before `name`, of a vaccine and of each disease."""
    response = await client.get(VACCINES + query)

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert [vaccine["id"] for vaccine in response.json()] == ids
    assert all(list(vaccine) == FIELDS for vaccine in response.json())
    diseases = [disease for vaccine in response.json() for disease in vaccine["diseases"]]
    assert all(list(disease) == ["id", "name"] for disease in diseases)
    assert asked_of(upstream) == []


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("?query=imagi", [901]),
        ("?query=HEPATITE", [902]),
        ("?query=3400900000033", [902]),
        ("?query=grippe", []),
        ("?query=grippe&include_foreigns=1", [903]),
        ("?query=H%C3%A9patite", [902]),
        ("?query=%FF", []),
        ("", [901, 902]),
    ],
)
async def test_vaccines_are_found_by_name_disease_and_code(
    client: httpx.AsyncClient, query: str, ids: list[int]
) -> None:
    response = await client.get(SEARCH + query)

    assert response.status_code == 200
    assert [vaccine["id"] for vaccine in response.json()] == ids


async def test_the_nomenclature_answers_head_and_conditions(client: httpx.AsyncClient) -> None:
    """Traps 13 and 14."""
    get = await client.get(VACCINES)

    head = await client.head(VACCINES)
    unchanged = await client.get(VACCINES, headers={"If-None-Match": get.headers["etag"]})

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(get.content))
    assert unchanged.status_code == 304


@pytest.mark.parametrize("path", [VACCINES, SEARCH])
async def test_without_a_table_the_nomenclature_is_not_there(
    legacy_client: httpx.AsyncClient, path: str
) -> None:
    response = await legacy_client.get(path)

    assert response.status_code == 501
    assert response.json() == GONE


async def test_a_query_with_too_many_parameters_is_malformed(client: httpx.AsyncClient) -> None:
    response = await client.get(VACCINES + "?" + "&".join(["a=1"] * 101))

    assert response.status_code == 400


async def test_what_is_asked_of_the_nomenclature_is_logged_without_its_query(
    client: httpx.AsyncClient, log_lines: LogLines
) -> None:
    """Trap 35."""
    await client.get(SEARCH, params={"query": "Kerbrizac"})

    (line,) = log_lines()
    assert (line["route"], line["dropped_parameters"]) == ("/vaccines/search", 0)
    assert "upstream_status" not in line
    assert "Kerbrizac" not in log_lines.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", ISSUES, 501),
        ("GET", ISSUES.replace(".json", "/12.json"), 404),
        ("POST", "/api/v1/decision_support/health_profile_form.json", 501),
        ("POST", "/api/v1/decision_support/immunisation_assessment.json", 501),
    ],
)
async def test_what_has_no_counterpart_says_so_and_the_new_api_is_not_asked(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    response = await legacy_client.request(method, path, content=b"{")

    assert response.status_code == status
    assert response.json() == (GONE if status == 501 else response.json())
    assert asked_of(upstream) == []


async def test_nothing_was_ever_dispensed(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    response = await legacy_client.get(ISSUES)

    assert (response.status_code, response.content) == (200, b"[]")
    assert asked_of(upstream) == []


@pytest.mark.parametrize("path", [ISSUES, ISSUES.replace(".json", "/12.json")])
async def test_dispensings_are_refused_by_option(gateways: Gateways, path: str) -> None:
    client = gateways.client(options='[vaccine_issues]\nmode = "refuse"')

    response = await client.get(path)

    assert (response.status_code, response.json()) == (501, GONE)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", VACCINES, "GET, HEAD"),
        ("DELETE", SEARCH, "GET, HEAD"),
        ("GET", "/api/v1/decision_support/health_profile_form.json", "POST"),
        ("PUT", ISSUES, "GET, HEAD, POST"),
        ("GET", "/oauth/token", "POST"),
        ("GET", "/api/v1/oauth/token", "POST"),
    ],
)
async def test_other_methods_are_not_allowed(
    legacy_client: httpx.AsyncClient, method: str, path: str, allow: str
) -> None:
    response = await legacy_client.request(method, path)

    assert response.status_code == 405
    assert response.headers["allow"] == allow
