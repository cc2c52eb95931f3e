"""Values that the new API has no place for: kept sealed, dropped or refused, and never leaked."""

from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from proxy.errors import ConfigurationError
from tests.proxy.conftest import KEYS, Gateways, LogLines, WatchedStore, legacy_client_of
from tests.proxy.documents import (
    ACT_ID,
    LEGACY_FIELDS,
    LEGACY_ONLY,
    MODERN_ACT,
    MODERN_ACTS,
    MODERN_RECORD,
    MODERN_RECORDS,
    OTHER_ID,
    RECORD,
    RECORDS,
    VACCINATIONS,
    legacy_document,
    legacy_vaccination,
    modern_act,
    modern_document,
)

NOTHING = dict.fromkeys(LEGACY_ONLY)
UNAVAILABLE = {"error": "Le service est momentanément indisponible : réessayez plus tard."}


@pytest.fixture
def client(gateways: Gateways) -> httpx.AsyncClient:
    """A legacy application whose gateway has a key."""
    return gateways.client(keys=KEYS)


@pytest.fixture
def stored(upstream: respx.Router) -> respx.Route:
    """The record as the new API has it."""
    return upstream.get(MODERN_RECORD).respond(json=modern_document())


def only(document: dict[str, Any]) -> dict[str, Any]:
    """What a legacy document says of the fields that the new API does not have."""
    return {name: document[name] for name in LEGACY_ONLY}


async def kept(client: httpx.AsyncClient) -> dict[str, Any]:
    """What is read back of the fields that the new API does not have."""
    return only((await client.get(RECORD)).json())


async def test_a_record_that_is_written_with_all_19_fields_reads_back_with_all_19(
    upstream: respx.Router, stored: respx.Route, client: httpx.AsyncClient
) -> None:
    post = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())

    made = await client.post(RECORDS, json=legacy_document(**LEGACY_ONLY))
    read = await client.get(RECORD)

    assert made.status_code == 201
    assert "passerelle-lost" not in made.headers
    assert not any(str(value).encode() in post.calls.last.request.content for value in ONLY_HERE)
    assert read.json() == made.json()
    assert list(read.json()) == LEGACY_FIELDS
    assert only(read.json()) == LEGACY_ONLY
    assert {**read.json(), **legacy_document(**LEGACY_ONLY)} == read.json()


ONLY_HERE = [value for value in LEGACY_ONLY.values() if value != 29]


async def test_a_change_of_one_field_leaves_the_others(
    upstream: respx.Router, stored: respx.Route, client: httpx.AsyncClient
) -> None:
    upstream.patch(MODERN_RECORD).respond(json=modern_document())
    await client.put(RECORD, json=LEGACY_ONLY)

    response = await client.patch(RECORD, json={"mobile_phone": "0611111111"})

    assert only(response.json()) == {**LEGACY_ONLY, "mobile_phone": "0611111111"}
    assert await kept(client) == only(response.json())


@pytest.mark.parametrize("name", LEGACY_ONLY)
async def test_null_erases_a_value_and_an_empty_text_is_kept_as_one(
    upstream: respx.Router, stored: respx.Route, client: httpx.AsyncClient, name: str
) -> None:
    """Trap 2."""
    upstream.patch(MODERN_RECORD).respond(json=modern_document())
    await client.put(RECORD, json=LEGACY_ONLY)

    await client.patch(RECORD, json={name: None, "email": "" if name != "email" else None})

    expected = {**LEGACY_ONLY, "email": "" if name != "email" else None, name: None}
    assert await kept(client) == expected


async def test_a_list_reads_what_is_set_aside_in_one_query(
    upstream: respx.Router, stored: respx.Route, gateways: Gateways
) -> None:
    upstream.patch(MODERN_RECORD).respond(json=modern_document())
    app = gateways.app(keys=KEYS, store=WatchedStore)
    client = legacy_client_of(app)
    await client.put(RECORD, json=LEGACY_ONLY)
    others = [modern_document(id=f"{number:08d}{OTHER_ID[8:]}") for number in range(20)]
    upstream.get(MODERN_RECORDS).respond(json=[*others, modern_document()])
    store = app.state.gateway.memory.store
    store.asked.clear()

    response = await client.get(RECORDS)

    assert store.asked == ["asides"]
    assert [only(record) for record in response.json()] == [NOTHING] * 20 + [LEGACY_ONLY]


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_what_is_set_aside_shows_to_nobody_to_whom_the_new_api_does_not_show_the_record(
    upstream: respx.Router, stored: respx.Route, client: httpx.AsyncClient, status: int
) -> None:
    """Trap 9: access is the new API's decision, on the caller's own credential."""
    upstream.patch(MODERN_RECORD).respond(json=modern_document())
    await client.put(RECORD, json=LEGACY_ONLY)
    stored.respond(status)

    response = await client.get(RECORD, headers={"Authorization": "Bearer stranger"})

    assert response.status_code == status
    assert not any(str(value) in response.text for value in ONLY_HERE)


async def test_nothing_modern_in_a_write_is_still_asked_with_the_callers_credential(
    upstream: respx.Router, stored: respx.Route, client: httpx.AsyncClient
) -> None:
    stored.respond(json=modern_document(), headers={"ETag": '"v7"'})
    patch = upstream.patch(MODERN_RECORD).respond(403)

    response = await client.put(RECORD, json=LEGACY_ONLY, headers={"Authorization": "Bearer r"})

    request = patch.calls.last.request
    assert response.status_code == 403
    assert request.content == b"{}"
    assert (request.headers["authorization"], request.headers["if-match"]) == ("Bearer r", '"v7"')
    assert await kept(client) == NOTHING


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(httpx.Response(401), id="not signed in"),
        pytest.param(httpx.Response(403), id="forbidden"),
        pytest.param(httpx.Response(404), id="gone"),
        pytest.param(httpx.Response(422), id="refused"),
        pytest.param(httpx.Response(500), id="broken"),
        pytest.param(httpx.Response(503), id="busy"),
        pytest.param(httpx.ReadTimeout("late"), id="late"),
        pytest.param(httpx.ConnectError("down"), id="down"),
        pytest.param(httpx.Response(200, json=modern_document(id=OTHER_ID)), id="another record"),
        pytest.param(httpx.Response(200, text="<html>"), id="no JSON"),
    ],
)
async def test_a_value_is_written_or_erased_only_after_the_new_api_accepted(
    upstream: respx.Router, stored: respx.Route, client: httpx.AsyncClient, failure: Any
) -> None:
    patch = upstream.patch(MODERN_RECORD).respond(json=modern_document())
    await client.put(RECORD, json=LEGACY_ONLY)
    patch.mock(side_effect=[failure])

    response = await client.put(RECORD, json={"email": None, "home_phone": "0299999999"})

    assert response.is_error
    assert await kept(client) == LEGACY_ONLY


@pytest.mark.parametrize("conditional", [True, False], ids=["a condition", "a race"])
async def test_a_value_is_not_written_where_the_precondition_failed(
    upstream: respx.Router, stored: respx.Route, client: httpx.AsyncClient, conditional: bool
) -> None:
    patch = upstream.patch(MODERN_RECORD).respond(json=modern_document())
    await client.put(RECORD, json=LEGACY_ONLY)
    patch.respond(412)
    headers = {"If-Match": '"other"'} if conditional else {}

    response = await client.put(RECORD, json={"email": None}, headers=headers)

    assert response.status_code == (412 if conditional else 409)
    assert await kept(client) == LEGACY_ONLY


@pytest.mark.parametrize("status", [403, 422, 500])
async def test_a_creation_that_is_refused_leaves_nothing(
    upstream: respx.Router, gateways: Gateways, status: int
) -> None:
    upstream.post(MODERN_RECORDS).respond(status)
    app = gateways.app(keys=KEYS, store=WatchedStore)

    response = await legacy_client_of(app).post(RECORDS, json=legacy_document(**LEGACY_ONLY))

    assert response.is_error
    assert "keep" not in app.state.gateway.memory.store.asked


async def test_values_go_with_their_record_and_with_the_vaccinations_in_it(
    upstream: respx.Router, stored: respx.Route, client: httpx.AsyncClient
) -> None:
    document = modern_document(vaccination_acts=[modern_act(vaccine_id=None)])
    stored.respond(json=document)
    upstream.patch(MODERN_RECORD).respond(json=document)
    upstream.patch(MODERN_ACT).respond(204)
    upstream.delete(MODERN_RECORD).respond(204)
    act = (await client.get(RECORD)).json()["vaccinations"][0]
    written = {**LEGACY_ONLY, "vaccinations": [{**act, "comments": [{"text": "Bien."}]}]}
    before = (await client.put(RECORD, json=written)).json()

    await client.delete(RECORD)

    after = (await client.get(RECORD)).json()
    assert (only(before), before["vaccinations"][0]["comments"]) == (
        LEGACY_ONLY,
        [{"text": "Bien."}],
    )
    assert (only(after), after["vaccinations"][0]["comments"]) == (NOTHING, None)


@pytest.mark.parametrize("status", [403, 404, 412, 503])
async def test_values_stay_where_the_deletion_is_refused(
    upstream: respx.Router, stored: respx.Route, client: httpx.AsyncClient, status: int
) -> None:
    upstream.patch(MODERN_RECORD).respond(json=modern_document())
    upstream.delete(MODERN_RECORD).respond(status)
    await client.put(RECORD, json=LEGACY_ONLY)

    response = await client.delete(RECORD)

    assert response.is_error
    assert await kept(client) == LEGACY_ONLY


async def test_a_store_that_fails_after_the_write_is_a_503_and_the_retry_heals(
    upstream: respx.Router, stored: respx.Route, gateways: Gateways, log_lines: LogLines
) -> None:
    upstream.patch(MODERN_RECORD).respond(json=modern_document())
    app = gateways.app(keys=KEYS, store=WatchedStore)
    client, store = legacy_client_of(app), app.state.gateway.memory.store
    store.failing.add("keep")

    failed = await client.put(RECORD, json=LEGACY_ONLY)
    store.failing.clear()
    healed = await client.put(RECORD, json=LEGACY_ONLY)

    assert (failed.status_code, failed.json()) == (503, UNAVAILABLE)
    assert failed.headers["retry-after"] == "5"
    assert only(healed.json()) == LEGACY_ONLY
    assert [(line["event"], line.get("error")) for line in log_lines()] == [
        ("the store cannot be used", "StoreError"),
        ("request", None),
        ("request", None),
    ]


async def test_without_a_key_values_are_dropped_told_and_counted(
    upstream: respx.Router, stored: respx.Route, gateways: Gateways, log_lines: LogLines
) -> None:
    """Trap 3: the default without a key."""
    upstream.patch(MODERN_RECORD).respond(json=modern_document())
    app = gateways.app()
    client = legacy_client_of(app)

    async with app.router.lifespan_context(app):
        response = await client.put(RECORD, json=LEGACY_ONLY)

    told = set(response.headers["passerelle-lost"].split(", "))
    assert told == set(LEGACY_ONLY)
    assert only(response.json()) == NOTHING
    assert log_lines()[-1]["lost"] == dict.fromkeys(LEGACY_ONLY, 1)


async def test_values_are_dropped_by_setting_though_there_is_a_key(
    upstream: respx.Router, stored: respx.Route, gateways: Gateways
) -> None:
    upstream.patch(MODERN_RECORD).respond(json=modern_document())
    client = gateways.client(keys=KEYS, set_aside="drop", set_aside_fields={"email": "keep"})

    response = await client.put(RECORD, json=LEGACY_ONLY)

    assert only(response.json()) == {**NOTHING, "email": LEGACY_ONLY["email"]}
    assert set(response.headers["passerelle-lost"].split(", ")) == set(LEGACY_ONLY) - {"email"}


async def test_what_was_kept_is_not_shown_once_its_field_is_dropped(
    upstream: respx.Router, stored: respx.Route, gateways: Gateways, client: httpx.AsyncClient
) -> None:
    upstream.patch(MODERN_RECORD).respond(json=modern_document())
    await client.put(RECORD, json=LEGACY_ONLY)

    later = gateways.client(keys=KEYS, set_aside_fields={"email": "drop"})

    assert await kept(later) == {**LEGACY_ONLY, "email": None}


async def test_values_are_refused_by_setting_all_at_once_and_blanks_are_not(
    upstream: respx.Router, stored: respx.Route, gateways: Gateways
) -> None:
    stored.respond(json=modern_document(vaccination_acts=[modern_act()]))
    upstream.patch(MODERN_RECORD).respond(204)
    client = gateways.client(set_aside="reject")
    act = (await client.get(RECORD)).json()["vaccinations"][0]
    written = {
        "email": "maelle@inbox.example",
        "home_phone": "",
        "vaccinations": [{**act, "comments": [{"text": "Bien."}]}],
    }

    refused = await client.put(RECORD, json=written)
    accepted = await client.put(RECORD, json=NOTHING)

    not_kept = ["ne peut plus être conservé(e)"]
    assert refused.status_code == 422
    assert refused.json() == {"errors": {"email": not_kept, "vaccinations[0].comments": not_kept}}
    assert accepted.status_code == 200
    assert ACT_ID not in refused.text


async def test_one_field_is_refused_by_setting_and_the_others_are_kept(
    upstream: respx.Router, stored: respx.Route, gateways: Gateways
) -> None:
    upstream.patch(MODERN_RECORD).respond(json=modern_document())
    client = gateways.client(keys=KEYS, set_aside_fields={"ins_c": "reject"})

    refused = await client.put(RECORD, json=LEGACY_ONLY)
    accepted = await client.put(RECORD, json={**LEGACY_ONLY, "ins_c": None})

    assert refused.json() == {"errors": {"ins_c": ["ne peut plus être conservé(e)"]}}
    assert only(accepted.json()) == {**LEGACY_ONLY, "ins_c": None}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"set_aside_fields": {"zip_code": "drop", "emial": "keep"}},
            "PASSERELLE_SET_ASIDE_FIELDS: emial, zip_code: never set aside, only comments, "
            "department_of_birth, email, home_phone, ins_c, mobile_phone, place_of_birth",
        ),
        (
            {"set_aside": "keep"},
            "PASSERELLE_KEYS_FILE: no key to seal what is kept; `passerelle store new-key` "
            "makes one",
        ),
        (
            {"set_aside_fields": {"email": "keep"}},
            "PASSERELLE_KEYS_FILE: no key to seal what is kept; `passerelle store new-key` "
            "makes one",
        ),
    ],
    ids=["no such field", "no key", "no key for a field"],
)
async def test_a_policy_that_cannot_be_kept_is_refused_at_start(
    gateways: Gateways, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        gateways.app(**settings)

    assert str(caught.value) == said


async def test_what_is_dropped_leaves_no_older_value_behind(
    upstream: respx.Router, gateways: Gateways
) -> None:
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.patch(MODERN_RECORD).respond(json=modern_document())
    keeping, dropping = gateways.client(keys=KEYS), gateways.client(keys=KEYS, set_aside="drop")
    await keeping.put(RECORD, json={"email": "older@inbox.example"})

    await dropping.put(RECORD, json={"email": "newer@inbox.example"})

    assert (await keeping.get(RECORD)).json()["email"] is None


@pytest.mark.parametrize("comments", ["un peu de fièvre", ["un", "deux"], [{"text": "ok"}], {}])
async def test_comments_are_kept_in_whatever_shape_they_come(
    upstream: respx.Router, gateways: Gateways, tables: Path, comments: Any
) -> None:
    """Nobody knows what they looked like."""
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    upstream.post(MODERN_ACTS).respond(201, json=modern_act())
    client = gateways.client(keys=KEYS, tables=tables)

    response = await client.post(VACCINATIONS, json=legacy_vaccination(comments=comments))

    assert (response.status_code, response.json()["comments"]) == (201, comments)
