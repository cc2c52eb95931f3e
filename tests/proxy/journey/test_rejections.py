"""What the new API found wrong, told in the names of the client's own document."""

from typing import Any

import httpx
import pytest
import respx

from tests.proxy.documents import (
    MODERN_NAMES,
    MODERN_RECORD,
    MODERN_RECORDS,
    RECORD,
    RECORDS,
    legacy_document,
    modern_document,
)

SAID = "must match the customary_name of owner_id"
REFUSED = ["n'a pas été accepté(e)"]


def pointed(*pointers: Any) -> dict[str, Any]:
    """An RFC 9457 problem with these pointers."""
    return {"title": SAID, "errors": [{"detail": SAID, "pointer": at} for at in pointers]}


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(
    ("body", "fields"),
    [
        pytest.param(pointed("#/birth_date"), ["birth_date"], id="a URI fragment"),
        pytest.param(pointed("/birth_date"), ["birth_date"], id="a pointer"),
        pytest.param(
            pointed("/zip_code", "/birth_date", "/zip_code"),
            ["zip_code", "birth_date"],
            id="several, one of them twice",
        ),
        pytest.param({"errors": {"zip_code": [SAID]}}, ["zip_code"], id="by field"),
        pytest.param(
            {"errors": {"customary_name": [SAID], "gender": [SAID]}},
            ["last_name", "birth_name", "gender"],
            id="a group of names",
        ),
        pytest.param({"errors": {"profile": [SAID]}}, ["health_profile"], id="another name"),
        pytest.param(pointed("/profile/52"), ["health_profile"], id="within a field"),
        pytest.param(pointed("/vaccination_acts/0/performed_on"), ["vaccinations"], id="a list"),
        pytest.param(pointed("/owner_id"), ["base"], id="what the legacy side never had"),
        pytest.param({"errors": {"novel": [SAID]}}, ["base"], id="what nobody knows"),
        pytest.param(pointed(""), ["base"], id="the whole document"),
        pytest.param(pointed(7, None), ["base"], id="no pointers"),
        pytest.param({"errors": [SAID]}, ["base"], id="sentences"),
        pytest.param({"errors": SAID}, ["base"], id="a sentence"),
        pytest.param({"errors": {}}, ["base"], id="nothing"),
        pytest.param({"error": SAID}, ["base"], id="another form"),
        pytest.param([SAID], ["base"], id="a list of sentences"),
        pytest.param(None, ["base"], id="null"),
    ],
)
async def test_problems_are_walked_back_to_legacy_names(
    upstream: respx.Router,
    legacy_client: httpx.AsyncClient,
    status: int,
    body: Any,
    fields: list[str],
) -> None:
    """Trap 16: legacy names, our own sentence, nothing else."""
    upstream.post(MODERN_RECORDS).respond(status, json=body)

    response = await legacy_client.post(RECORDS, json=legacy_document())

    assert response.status_code == 422
    assert response.json() == {"errors": dict.fromkeys(fields, REFUSED)}
    assert not any(name in response.text for name in MODERN_NAMES)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>Bad Request</html>", id="a page"),
        pytest.param(b'{"errors": {"a": 1, "a": 2}}', id="no strict JSON"),
        pytest.param(b'{"errors": {"a": 1e9999999}}', id="a number beyond all"),
        pytest.param(b"[" * 1000, id="a bomb"),
    ],
)
async def test_a_rejection_that_cannot_be_read_is_about_the_whole_document(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, body: bytes
) -> None:
    upstream.post(MODERN_RECORDS).respond(422, content=body)

    response = await legacy_client.post(RECORDS, json=legacy_document())

    assert response.status_code == 422
    assert response.json() == {"errors": {"base": REFUSED}}


async def test_an_update_that_is_refused_names_the_fields_too(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.patch(MODERN_RECORD).respond(422, json=pointed("#/last_name"))

    response = await legacy_client.put(RECORD, json={"record": {"birth_name": "Kerbrizak"}})

    assert response.json() == {"errors": {"birth_name": REFUSED}}


async def test_a_group_of_which_nothing_was_written_is_told_under_its_first_name(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.patch(MODERN_RECORD).respond(422, json=pointed("/customary_name"))

    response = await legacy_client.put(RECORD, json={"zip_code": "29000"})

    assert response.json() == {"errors": {"last_name": REFUSED}}
