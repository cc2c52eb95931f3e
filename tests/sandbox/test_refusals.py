"""What is asked in the wrong place or the wrong way is refused with a problem document."""

import httpx
import pytest

from sandbox.people import WITH_ACTS
from tests.sandbox.clients import UNKNOWN_ID, problem

PATH = f"/health_records/{WITH_ACTS}"


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("identity", [UNKNOWN_ID, "1", "not-a-uuid", "%20"])
async def test_an_unknown_record_is_not_found(
    client: httpx.AsyncClient, method: str, identity: str
) -> None:
    response = await client.request(method, f"/health_records/{identity}")

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == problem(404, "Not Found")


@pytest.mark.parametrize(
    "path", ["/", "/records", "/health_records/", f"{PATH}/", f"{PATH}/profile", "/_sandbox/"]
)
async def test_an_unknown_path_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == problem(404, "Not Found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/health_records", {"GET", "HEAD", "POST"}),
        ("OPTIONS", "/health_records", {"GET", "HEAD", "POST"}),
        ("POST", PATH, {"GET", "HEAD", "PATCH", "PUT", "DELETE"}),
        ("GET", "/_sandbox/records", {"DELETE"}),
    ],
)
async def test_a_method_that_a_path_does_not_have_is_answered_with_those_that_it_has(
    client: httpx.AsyncClient, method: str, path: str, allowed: set[str]
) -> None:
    response = await client.request(method, path)

    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == allowed
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == problem(405, "Method Not Allowed")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/health_records"), ("PATCH", PATH), ("PUT", PATH)]
)
@pytest.mark.parametrize(
    "media_type", [None, "text/plain", "application/merge-patch+json", "application/jsonx"], ids=str
)
async def test_a_write_in_another_media_type_is_refused(
    client: httpx.AsyncClient, method: str, path: str, media_type: str | None
) -> None:
    headers = {} if media_type is None else {"Content-Type": media_type}

    response = await client.request(method, path, content=b"{}", headers=headers)

    assert response.status_code == 415
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == problem(415, "Unsupported Media Type")


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON"])
async def test_a_media_type_may_have_parameters_and_any_case(
    client: httpx.AsyncClient, media_type: str
) -> None:
    response = await client.patch(PATH, content=b"{}", headers={"Content-Type": media_type})

    assert response.status_code == 200
