"""Which requests are for which endpoint."""

import dataclasses

import httpx
import pytest
import respx

from mappings.core.endpoint import Local
from mappings.core.evidence import inferred
from mappings.mesvaccins import PACK
from proxy.journey.routing import Router
from tests.proxy.conftest import Gateways
from tests.proxy.documents import (
    ID,
    MODERN_RECORD,
    MODERN_RECORDS,
    RECORD,
    RECORDS,
    modern_document,
)

NO_SUCH = {"error": "Cette ressource n'existe pas."}
NOT_HERE = {"error": "Cette méthode n'est pas permise ici."}


@pytest.mark.parametrize("prefix", ["/api/v1", ""], ids=["prefixed", "bare"])
@pytest.mark.parametrize("ending", [".json", "", "/", ".json/"])
@pytest.mark.parametrize("identity", [ID, ID.upper()], ids=["lower", "upper"])
async def test_a_record_is_found_under_every_legacy_spelling_of_its_path(
    upstream: respx.Router,
    legacy_client: httpx.AsyncClient,
    prefix: str,
    ending: str,
    identity: str,
) -> None:
    """Traps 10 and 30: read in any case, asked for in one."""
    route = upstream.get(MODERN_RECORD).respond(json=modern_document())

    response = await legacy_client.get(f"{prefix}/records/{identity}{ending}")

    assert response.status_code == 200
    assert route.calls.last.request.url.raw_path == MODERN_RECORD.encode()


@pytest.mark.parametrize("prefix", ["/api/v1", ""], ids=["prefixed", "bare"])
@pytest.mark.parametrize("ending", [".json", "", "/", ".json/"])
async def test_the_list_is_found_under_every_legacy_spelling_of_its_path(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, prefix: str, ending: str
) -> None:
    upstream.get(MODERN_RECORDS).respond(json=[])

    response = await legacy_client.get(f"{prefix}/records{ending}")

    assert response.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/", id="the root"),
        pytest.param("/api/v1", id="a prefix alone"),
        pytest.param("/api/v2/records.json", id="another version"),
        pytest.param("/API/v1/records.json", id="a prefix in capitals"),
        pytest.param("/api/v1/people.json", id="another collection"),
        pytest.param("/api/v1/records.xml", id="another ending"),
        pytest.param("/api/v1/recordsXjson", id="an ending that only looks like one"),
        pytest.param("/api/v1/records//", id="two slashes at the end"),
        pytest.param("//api/v1/records", id="two slashes at the start"),
        pytest.param("/api/v1/records/495.json", id="a number for an id"),
        pytest.param(f"/api/v1/records/{ID}0", id="an id that is too long"),
        pytest.param(f"/api/v1/records/{ID[:-1]}", id="an id that is too short"),
        pytest.param(f"/api/v1/records/{ID.replace('-', '')}", id="an id without hyphens"),
        pytest.param(f"/api/v1/records/%7B{ID}%7D", id="an id in braces"),
        pytest.param(f"/api/v1/records/{ID}/diagnostics", id="something below a record"),
        pytest.param(f"/api/v1/records/..%2F{ID}", id="dots and a slash, escaped"),
        pytest.param(f"/api/v1/records/{ID}%2e%2e", id="dots, escaped"),
        pytest.param(f"/api/v1/records/%30{ID[1:]}", id="a digit, escaped"),
        pytest.param("/api/v1/%72ecords", id="a letter, escaped"),
        pytest.param(f"/api/v1/records/{ID}%00", id="a zero byte"),
        pytest.param(f"/api/v1/records/{ID}%0A", id="a line end"),
        pytest.param(f"/api/v1/rec%0Aords/{ID}", id="a line end in the middle"),
        pytest.param(f"/api/v1/records/{ID}%3Fadmin=1", id="a query, escaped"),
        pytest.param(f"/api/v1/records/{ID};x=1", id="a parameter"),
        pytest.param("/api/v1/records/%ff", id="no UTF-8"),
        pytest.param(
            "/api/v1/records/٠b1c2d3e-4f50-4a61-8b72-9c83ad94be05", id="digits of another script"
        ),
        pytest.param("/health_records", id="a path of the new API"),
    ],
)
async def test_any_other_path_is_a_404_in_the_legacy_form(
    legacy_client: httpx.AsyncClient, path: str
) -> None:
    """Traps 10 and 30: nothing is decoded, so no other spelling reaches an endpoint."""
    response = await legacy_client.get(path)

    assert response.status_code == 404
    assert response.json() == NO_SUCH
    assert "x-request-id" in response.headers


@pytest.mark.parametrize(
    ("path", "method", "allow"),
    [
        pytest.param(RECORDS, "DELETE", "GET, HEAD, POST", id="deleting the list"),
        pytest.param(RECORDS, "PUT", "GET, HEAD, POST", id="writing over the list"),
        pytest.param(RECORD, "POST", "DELETE, GET, HEAD, PATCH, PUT", id="making a record in one"),
        pytest.param(RECORD, "OPTIONS", "DELETE, GET, HEAD, PATCH, PUT", id="asking what goes"),
        pytest.param(RECORD, "TRACE", "DELETE, GET, HEAD, PATCH, PUT", id="asking for an echo"),
        pytest.param(RECORD, "get", "DELETE, GET, HEAD, PATCH, PUT", id="a small method"),
        pytest.param(RECORD, "BREW", "DELETE, GET, HEAD, PATCH, PUT", id="no method"),
    ],
)
async def test_a_method_that_a_path_does_not_have_is_a_405_that_says_which_it_has(
    legacy_client: httpx.AsyncClient, path: str, method: str, allow: str
) -> None:
    # httpx would write a method in capitals.
    request = legacy_client.build_request("GET", path)
    request.method = method

    response = await legacy_client.send(request)

    assert response.status_code == 405
    assert response.headers["allow"] == allow
    assert response.json() == NOT_HERE


async def test_the_path_that_was_sent_decides_and_not_the_host(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 30: a Host header that holds a path moves no route."""
    upstream.get(MODERN_RECORDS).respond(json=[])

    response = await legacy_client.get(RECORDS, headers={"Host": f"legacy.example{RECORD}?"})

    assert response.json() == []


async def test_prefixes_and_the_ending_are_options(
    upstream: respx.Router, gateways: Gateways
) -> None:
    upstream.get(MODERN_RECORDS).respond(json=[])
    client = gateways.client(options='[legacy]\nprefixes = ["/old.api"]\nsuffix = ""')

    statuses = [
        (await client.get(path)).status_code
        for path in ("/old.api/records", "/oldXapi/records", "/records", "/old.api/records.json")
    ]

    assert statuses == [200, 404, 404, 404]


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ("wrk-Tides", "wrk-Tides"),
        ("0B1C2D3E-4F50-4A61-8B72-9C83AD94BE05", "0b1c2d3e-4f50-4a61-8b72-9c83ad94be05"),
    ],
)
def test_an_id_that_is_no_uuid_keeps_its_capitals(sent: str, named: str) -> None:
    row = Local(
        methods=("GET",),
        path="/works/{id}",
        source=inferred("1"),
        patterns={"id": r"[\w-]+"},
        answer=lambda query, tables: None,
    )
    router = Router(dataclasses.replace(PACK, endpoints=(row,), prefixes=("",), suffix=""))

    assert router.resolve("GET", f"/works/{sent}".encode()).ids == {"id": named}
