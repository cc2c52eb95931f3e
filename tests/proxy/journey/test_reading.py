"""Reading one record."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from tests.proxy.conftest import Gateways, LogLines
from tests.proxy.documents import (
    CONDITION_ID,
    ID,
    LEGACY_FIELDS,
    MODERN_RECORD,
    OTHER_ID,
    RECORD,
    modern_act,
    modern_document,
)


async def test_reading_a_record_answers_in_the_legacy_shape(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Traps 3 and 8: nothing of the new API alone is shown, and no date moves to another day."""
    upstream.get(MODERN_RECORD).respond(json=modern_document(extra={"owner_id": "hidden"}))

    response = await legacy_client.get(RECORD)

    assert response.status_code == 200
    assert response.json() == {
        "created_at": "2021-02-01T00:30:15+01:00",
        "updated_at": "2022-07-14T10:05:59+02:00",
        "uuid": ID,
        "birth_date": "1990-05-17",
        "gender": "female",
        "email": None,
        "home_phone": None,
        "mobile_phone": None,
        "last_name": "Talhouarn",
        "first_name": "Maëlle Rozenn",
        "birth_name": "Kerbrizac",
        "caption": "Femme de 33 ans",
        "place_of_birth": None,
        "department_of_birth": None,
        "zip_code": "29217",
        "ins_c": None,
        "sharing_status": "private_record",
        "vaccinations": [],
        "health_profile": {"condition_ids": []},
    }


async def test_a_record_has_the_key_order_of_the_legacy_samples(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 27: brittle clients read by order, whatever order the new API answers in."""
    backwards = dict(reversed(modern_document().items()))
    upstream.get(MODERN_RECORD).respond(json=backwards)

    response = await legacy_client.get(RECORD)

    assert list(response.json()) == LEGACY_FIELDS


async def test_a_vaccination_is_shown_within_its_record(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document(vaccination_acts=[modern_act()]))

    response = await legacy_client.get(RECORD)

    (shown,) = response.json()["vaccinations"]
    assert shown.pop("id") > 10**6
    assert [shown] == [
        {
            "created_at": "2021-02-01T00:30:15+01:00",
            "updated_at": "2022-07-14T10:05:59+02:00",
            "vaccine": None,
            "date": "2021-05-16",
            "age": "30 ans",
            "batch": "",
            "injection_route": "IM",
            "injection_site": "LD",
            "creator": None,
            "validation": {"validator": None, "date": "2021-05-18", "method": "execution"},
            "booster": False,
            "comments": None,
        }
    ]


async def test_ages_change_at_midnight_in_the_legacy_zone(
    upstream: respx.Router, gateways: Gateways
) -> None:
    """Trap 7: what is derived depends on today, and today begins in Paris."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    before = gateways.client(clock=lambda: datetime(2024, 5, 16, 21, 59, tzinfo=UTC))
    after = gateways.client(clock=lambda: datetime(2024, 5, 16, 22, 1, tzinfo=UTC))

    captions = [(await client.get(RECORD)).json()["caption"] for client in (before, after)]

    assert captions == ["Femme de 33 ans", "Femme de 34 ans"]


async def test_a_code_that_no_table_has_is_shown_as_null_and_told_to_the_operator(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, log_lines: LogLines
) -> None:
    """Trap 5: one new word never takes a record down."""
    requests = [{"status": "novel"}]
    document = modern_document(gender="x", sharing_requests=requests)
    upstream.get(MODERN_RECORD).respond(json=document)

    response = await legacy_client.get(RECORD)

    assert response.status_code == 200
    assert response.json()["gender"] is None
    assert response.json()["caption"] == "Personne de 33 ans"
    assert log_lines()[-1]["unknown"] == ["gender", "sharing_requests[].status"]


async def test_conditions_are_shown_by_the_operators_table(
    upstream: respx.Router, gateways: Gateways, tmp_path: Path
) -> None:
    (tmp_path / "conditions.csv").write_text(f"id,uuid,type\n52,{CONDITION_ID},boolean\n")
    upstream.get(MODERN_RECORD).respond(json=modern_document(profile={CONDITION_ID: True}))

    response = await gateways.client(tables=tmp_path).get(RECORD)

    assert response.json()["health_profile"] == {"condition_ids": [52]}


async def test_characters_beyond_ascii_are_escaped_by_option(
    upstream: respx.Router, gateways: Gateways
) -> None:
    """Trap 21: the old samples escape them, some clients need it; pairs beyond the BMP too."""
    upstream.get(MODERN_RECORD).respond(json=modern_document(first_name="Maëlle 🌊"))

    response = await gateways.client(options="[legacy]\nascii_escapes = true").get(RECORD)

    assert b'"first_name":"Ma\\u00eblle \\ud83c\\udf0a"' in response.content
    assert response.json()["first_name"] == "Maëlle 🌊"


async def test_a_client_that_has_the_answer_already_is_told_so_without_a_body(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Traps 13 and 14: the gateway's own validator; 304 has no body, type or length."""
    upstream.get(MODERN_RECORD).respond(json=modern_document(), headers={"ETag": '"theirs"'})
    tag = (await legacy_client.get(RECORD)).headers["etag"]

    responses = [
        await legacy_client.get(RECORD, headers={"If-None-Match": condition})
        for condition in (tag, f"W/{tag}", f'"another", {tag}', "*")
    ]

    assert [response.status_code for response in responses] == [304] * 4
    assert [response.content for response in responses] == [b""] * 4
    assert all(response.headers["etag"] == tag != '"theirs"' for response in responses)
    assert not any("content-type" in response.headers for response in responses)
    assert not any("content-length" in response.headers for response in responses)


@pytest.mark.parametrize(
    ("later", "changes"),
    [
        pytest.param(datetime(2024, 6, 1, tzinfo=UTC), {}, id="the caption changed with the day"),
        pytest.param(datetime(2024, 3, 5, tzinfo=UTC), {"zip_code": None}, id="the record changed"),
    ],
)
async def test_a_client_whose_answer_is_out_of_date_gets_the_new_one(
    upstream: respx.Router, gateways: Gateways, later: datetime, changes: dict[str, Any]
) -> None:
    """Trap 13: the body depends on more than the modern record."""
    route = upstream.get(MODERN_RECORD)
    route.side_effect = [
        httpx.Response(200, json=modern_document()),
        httpx.Response(200, json=modern_document(**changes)),
    ]
    tag = (await gateways.client().get(RECORD)).headers["etag"]

    client = gateways.client(clock=lambda: later)
    response = await client.get(RECORD, headers={"If-None-Match": tag})

    assert response.status_code == 200
    assert response.headers["etag"] != tag


async def test_head_gives_the_headers_of_get_and_no_body(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    """Trap 14: asked of the new API as GET, so that the length is exact."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    get = await legacy_client.get(RECORD, headers={"X-Request-Id": "a" * 32})

    head = await legacy_client.head(RECORD, headers={"X-Request-Id": "a" * 32})

    assert head.content == b""
    assert head.headers == get.headers
    assert head.headers["content-length"] == str(len(get.content))


async def test_nothing_of_the_query_goes_on(
    upstream: respx.Router, legacy_client: httpx.AsyncClient
) -> None:
    route = upstream.get(MODERN_RECORD).respond(json=modern_document())

    response = await legacy_client.get(RECORD, params={"_method": "DELETE", "id": OTHER_ID})

    assert response.status_code == 200
    assert route.calls.last.request.url.query == b""


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(modern_document(id=OTHER_ID), id="another record"),
        pytest.param(modern_document(id=7), id="an id that is no text"),
        pytest.param([modern_document()], id="a list"),
        pytest.param({"id": ID}, id="a record without what it must have"),
        pytest.param(modern_document(birth_date="17/05/1990"), id="a date that is none"),
        pytest.param(modern_document(updated_at="yesterday"), id="a timestamp that is none"),
        pytest.param(modern_document(vaccination_acts={}), id="an object for a list"),
        pytest.param(modern_document(vaccination_acts=["x"]), id="a text for an object"),
        pytest.param(modern_document(profile=[]), id="a list for an object"),
    ],
)
async def test_an_answer_that_is_no_such_record_is_a_bad_answer(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, body: Any
) -> None:
    """Traps 9 and 26: never another person's record, never a guess at a broken one."""
    upstream.get(MODERN_RECORD).respond(json=body)

    response = await legacy_client.get(RECORD)

    assert response.status_code == 502
    assert response.json() == {"error": "Le service a donné une réponse inattendue."}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>Welcome</html>", id="a page"),
        pytest.param(b'{"id": "0b1c', id="cut off"),
        pytest.param(b'{"id": 1, "id": 2}', id="a key twice"),
        pytest.param(b'{"id": NaN}', id="not a number"),
        pytest.param(b'{"id": 1e9999999}', id="a number beyond all"),
        pytest.param(b'{"id": "\xff"}', id="not UTF-8"),
    ],
)
async def test_an_answer_that_is_no_strict_json_is_a_bad_answer(
    upstream: respx.Router, legacy_client: httpx.AsyncClient, body: bytes
) -> None:
    """Traps 21, 23 and 24, from the new API's side."""
    upstream.get(MODERN_RECORD).respond(content=body)

    response = await legacy_client.get(RECORD)

    assert response.status_code == 502
    assert response.json() == {"error": "Le service a donné une réponse inattendue."}
