"""Writes over a record that was changed in the meantime, and what an update answers with."""

from typing import Any

import httpx
import pytest
import respx

from tests.proxy.conftest import Gateways
from tests.proxy.documents import MODERN_RECORD, RECORD, modern_document

BEFORE = "2022-07-14T10:05:58+02:00"
NOW_SHOWN = "2022-07-14T10:05:59+02:00"
CONFLICT = "La ressource a été modifiée entre-temps : relisez-la avant d'écrire."
UNMET = "La ressource n'est plus dans l'état que vous demandez."


async def test_the_write_is_conditional_on_the_state_that_it_was_made_from(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Traps 1 and 13: nobody's change between the reading and the writing is lost."""
    upstream.get(MODERN_RECORD).respond(json=modern_document(), headers={"ETag": '"v7"'})
    patch = upstream.patch(MODERN_RECORD).respond(json=modern_document())

    await legacy_client.put(RECORD, json={"zip_code": "29000"})

    assert patch.calls.last.request.headers["if-match"] == '"v7"'


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({"ETag": 'W/"v7"'}, id="weak"),
        pytest.param({"ETag": "v7"}, id="without quotes"),
        pytest.param([("ETag", '"v7"'), ("ETag", '"v8"')], id="two"),
    ],
)
async def test_without_a_strong_validator_the_write_has_no_condition(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, headers: Any
) -> None:
    """Trap 13: a weak one never matches in If-Match, so every write would fail."""
    upstream.get(MODERN_RECORD).respond(json=modern_document(), headers=headers)
    patch = upstream.patch(MODERN_RECORD).respond(json=modern_document())

    response = await legacy_client.put(RECORD, json={"zip_code": "29000"})

    assert response.status_code == 200
    assert "if-match" not in patch.calls.last.request.headers


async def test_a_change_by_somebody_else_during_the_write_is_a_conflict(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 1."""
    upstream.get(MODERN_RECORD).respond(json=modern_document(), headers={"ETag": '"v7"'})
    upstream.patch(MODERN_RECORD).respond(412)

    response = await legacy_client.put(RECORD, json={"zip_code": "29000"})

    assert response.status_code == 409
    assert response.json() == {"error": CONFLICT}


async def test_an_echoed_updated_at_older_than_the_stored_one_is_a_conflict(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 4."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())

    response = await legacy_client.put(RECORD, json={"zip_code": "29000", "updated_at": BEFORE})

    assert response.status_code == 409
    assert response.json() == {"error": CONFLICT}


async def test_a_stale_write_is_let_through_by_option(
    upstream: respx.Router, gateways: Gateways
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.patch(MODERN_RECORD).respond(json=modern_document())
    client = gateways.client(options='[records]\nstale_writes = "allow"')

    response = await client.put(RECORD, json={"zip_code": "29000", "updated_at": BEFORE})

    assert response.status_code == 200
    assert response.headers["passerelle-lost"] == "updated_at"


@pytest.mark.parametrize(
    "echoed",
    [
        pytest.param(NOW_SHOWN, id="the same"),
        pytest.param("2022-07-14T08:05:59Z", id="the same in UTC"),
        pytest.param("2023-01-01T00:00:00+01:00", id="later"),
        pytest.param("2022-07-14T10:05:58", id="without a zone"),
        pytest.param("yesterday", id="no timestamp"),
        pytest.param("0001-01-01T00:00:00+23:59x", id="nonsense"),
        pytest.param(5, id="a number"),
        pytest.param([], id="a list"),
        pytest.param(None, id="null"),
    ],
)
async def test_an_updated_at_that_is_not_known_to_be_older_is_no_conflict(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, echoed: Any
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.patch(MODERN_RECORD).respond(json=modern_document())

    response = await legacy_client.put(RECORD, json={"updated_at": echoed})

    assert response.status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_clients_own_condition_is_about_the_legacy_document(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, method: str
) -> None:
    """Trap 13: what was read under one validator can be written under it."""
    upstream.get(MODERN_RECORD).respond(json=modern_document(), headers={"ETag": '"v7"'})
    write = upstream.route(method__in=["PATCH", "DELETE"], path=MODERN_RECORD)
    write.respond(json=modern_document())
    tag = (await legacy_client.get(RECORD)).headers["etag"]

    for condition in (tag, f'"other", {tag}', "*"):
        content = b"{}" if method == "PUT" else None
        response = await legacy_client.request(
            method, RECORD, content=content, headers={"If-Match": condition}
        )

        assert response.is_success
        assert write.calls.last.request.headers["if-match"] == '"v7"'


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("condition", ['"other"', '"v7"', "W/"], ids=["other", "theirs", "weak"])
async def test_a_clients_condition_that_is_not_met_is_told_and_nothing_is_written(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, method: str, condition: str
) -> None:
    """Trap 13: a weak validator never meets If-Match, the new API's own is unknown here."""
    upstream.get(MODERN_RECORD).respond(json=modern_document(), headers={"ETag": '"v7"'})
    tag = (await legacy_client.get(RECORD)).headers["etag"]
    given = condition + tag if condition == "W/" else condition

    response = await legacy_client.request(
        method, RECORD, content=b"{}", headers={"If-Match": given}
    )

    assert response.status_code == 412
    assert response.json() == {"error": UNMET}


async def test_an_update_that_is_answered_with_nothing_is_read_again(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 14: the old API answered with the record."""
    get = upstream.get(MODERN_RECORD)
    get.side_effect = [
        httpx.Response(200, json=modern_document()),
        httpx.Response(200, json=modern_document(zip_code="29000")),
    ]
    upstream.patch(MODERN_RECORD).respond(204)

    response = await legacy_client.put(RECORD, json={"zip_code": "29000"})

    assert response.status_code == 200
    assert response.json()["zip_code"] == "29000"


async def test_an_update_answers_with_nothing_by_option(
    upstream: respx.Router, gateways: Gateways
) -> None:
    """Trap 14: 204 has no body, type or length."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.patch(MODERN_RECORD).respond(json=modern_document())

    response = await gateways.client(options="[legacy]\nupdate_status = 204").put(RECORD, json={})

    assert response.status_code == 204
    assert response.content == b""
    assert not {"content-type", "content-length"} & response.headers.keys()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"birth_date": "17/05/1990"}, id="a date that is none"),
        pytest.param({"updated_at": "yesterday"}, id="a timestamp that is none"),
        pytest.param({"gender": ["f"]}, id="a list for a text"),
        pytest.param({"sharing_requests": "none"}, id="a text for a list"),
        pytest.param({"vaccination_acts": 0}, id="a number for a list"),
        pytest.param({"profile": "empty"}, id="a text for an object"),
    ],
)
@pytest.mark.parametrize(
    ("method", "headers"),
    [("PUT", {}), ("PUT", {"If-Match": "*"}), ("DELETE", {"If-Match": "*"})],
    ids=["updating", "updating on a condition", "deleting on a condition"],
)
async def test_a_base_that_is_no_record_is_a_bad_answer_and_is_not_written_over(
    upstream: respx.Router,
    legacy_client: httpx.AsyncClient,
    method: str,
    headers: dict[str, str],
    changes: dict[str, Any],
) -> None:
    """Trap 1: what cannot be read cannot be merged into, and is no fault of the client's."""
    upstream.get(MODERN_RECORD).respond(json=modern_document(**changes))

    written = b'{"zip_code": "29000", "caption": "Homme de 3 ans"}'
    response = await legacy_client.request(method, RECORD, content=written, headers=headers)

    assert response.status_code == 502
    assert response.json() == {"error": "Le service a donné une réponse inattendue."}


async def test_if_none_match_has_no_meaning_for_a_write(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 13: 304 is for reading only."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.patch(MODERN_RECORD).respond(json=modern_document())

    response = await legacy_client.put(RECORD, json={}, headers={"If-None-Match": "*"})

    assert response.status_code == 200
