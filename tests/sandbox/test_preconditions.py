"""Writes and reads may depend on the version that the client has."""

import httpx
import pytest

from sandbox.people import WITH_ACTS
from tests.sandbox.clients import NEW_PERSON, problem

PATH = f"/health_records/{WITH_ACTS}"


@pytest.mark.parametrize(
    ("method", "json", "status"),
    [("PATCH", {}, 200), ("PUT", NEW_PERSON, 200), ("DELETE", None, 204)],
    ids=["update", "replacement", "deletion"],
)
@pytest.mark.parametrize("form", ["{etag}", "*", ' "other", {etag}'], ids=["tag", "any", "list"])
async def test_a_write_happens_when_the_version_matches(
    client: httpx.AsyncClient, method: str, json: object, status: int, form: str
) -> None:
    etag = (await client.get(PATH)).headers["etag"]

    response = await client.request(
        method, PATH, json=json, headers={"If-Match": form.format(etag=etag)}
    )

    assert response.status_code == status


@pytest.mark.parametrize(
    ("method", "json"),
    [("PATCH", {"gender": "unknown"}), ("PUT", NEW_PERSON), ("DELETE", None)],
    ids=["update", "replacement", "deletion"],
)
@pytest.mark.parametrize(
    "form", ['"other"', "W/{etag}", "", "no tag"], ids=["other", "weak", "empty", "garbage"]
)
async def test_a_write_is_refused_when_the_version_does_not_match(
    client: httpx.AsyncClient, method: str, json: object, form: str
) -> None:
    before = await client.get(PATH)
    condition = form.format(etag=before.headers["etag"])

    response = await client.request(method, PATH, json=json, headers={"If-Match": condition})

    assert response.status_code == 412
    assert response.json() == problem(412, "Precondition Failed")
    assert (await client.get(PATH)).json() == before.json()


@pytest.mark.parametrize(
    "form", ["{etag}", "W/{etag}", "*", '"other",{etag}'], ids=["tag", "weak", "any", "list"]
)
async def test_a_version_that_the_client_has_is_not_sent_again(
    client: httpx.AsyncClient, form: str
) -> None:
    etag = (await client.get(PATH)).headers["etag"]

    response = await client.get(PATH, headers={"If-None-Match": form.format(etag=etag)})

    assert response.status_code == 304
    assert response.headers["etag"] == etag
    assert response.content == b""


async def test_a_version_that_the_client_does_not_have_is_sent(client: httpx.AsyncClient) -> None:
    etag = (await client.get(PATH)).headers["etag"]
    await client.patch(PATH, json={})

    response = await client.get(PATH, headers={"If-None-Match": etag})

    assert response.status_code == 200
    assert response.headers["etag"] != etag
