"""The habits of the one legacy client whose source is public."""

import json
from pathlib import Path

import httpx
import pytest
import respx

from tests.proxy.conftest import Gateways, body_of
from tests.proxy.documents import (
    MODERN_ACTS,
    MODERN_RECORD,
    MODERN_RECORDS,
    RECORDS,
    VACCINATIONS,
    legacy_document,
    legacy_vaccination,
    modern_act,
    modern_document,
)

LATIN = '[legacy]\ncharset = "iso-8859-1"'


def without_content_type(client: httpx.AsyncClient, path: str, body: bytes) -> httpx.Request:
    """A POST as Java's HttpURLConnection sends it when nobody says what the body is."""
    request = client.build_request("POST", path, content=body)
    request.headers["Content-Type"] = "application/x-www-form-urlencoded"
    request.headers["Accept"] = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
    return request


async def test_pretty_printed_latin_1_without_a_type_is_read(
    upstream: respx.Router, gateways: Gateways
) -> None:
    """Trap 21."""
    post = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    client = gateways.client(options=LATIN)
    body = json.dumps(legacy_document(), ensure_ascii=False, indent=4).encode("latin-1")

    response = await client.send(without_content_type(client, RECORDS, body))

    assert response.status_code == 201
    assert body_of(post)["first_name"] == "Maëlle Rozenn"


async def test_no_content_type_at_all_is_read(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    request = legacy_client.build_request(
        "POST", RECORDS, content=json.dumps(legacy_document()).encode()
    )
    assert "content-type" not in request.headers

    response = await legacy_client.send(request)

    assert response.status_code == 201


@pytest.mark.parametrize(
    "written",
    [
        "2021-05-16T00:00:00.000+02:00",
        "2021-05-16T23:30:00.000-05:00",
        "2021-05-16T00:30:00Z",
        "2021-05-16",
    ],
)
async def test_a_timestamp_for_a_date_is_the_date_as_it_is_written(
    upstream: respx.Router, gateways: Gateways, tables: Path, written: str
) -> None:
    """Trap 8: a day never passes through an instant."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    post = upstream.post(MODERN_ACTS).respond(201, json=modern_act())

    response = await gateways.client(tables=tables).post(
        VACCINATIONS, json=legacy_vaccination(date=written, vaccine={"id": "901"})
    )

    assert response.status_code == 201
    assert body_of(post)["performed_on"] == "2021-05-16"


async def test_ids_are_numbers_and_stand_before_names(gateways: Gateways, tables: Path) -> None:
    """Trap 27: the client reads by order."""
    response = await gateways.client(tables=tables).get("/api/v1/vaccines.json?include_foreigns=1")

    text = response.text
    assert text.startswith('[{"id":901,"name":"')
    assert '"diseases":[{"id":1,"name":"' in text
