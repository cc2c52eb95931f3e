"""Vaccinations within a record: each that a client makes or changes goes out by itself."""

from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from tests.proxy.conftest import KEYS, Gateways, asked_of, body_of
from tests.proxy.documents import (
    MODERN_ACT,
    MODERN_ACTS,
    MODERN_RECORD,
    MODERN_RECORDS,
    OTHER_ACT_ID,
    OTHER_ID,
    OTHER_VACCINE_ID,
    RECORD,
    RECORDS,
    VACCINE_ID,
    legacy_document,
    legacy_vaccination,
    modern_act,
    modern_document,
)

OTHER_ACT = f"/vaccination_acts/{OTHER_ACT_ID}"
THIRD_ACT_ID = "4c5d6e7f-8091-4a23-9c4d-5e6f7a8b9c0d"
COMMENTS = [{"text": "Bien supporté."}]
REFUSED = ["n'a pas été accepté(e)"]

FIRST = modern_act(vaccine_id=VACCINE_ID)
SECOND = modern_act(id=OTHER_ACT_ID, vaccine_id=OTHER_VACCINE_ID, performed_on="2022-01-01")
THIRD = modern_act(id=THIRD_ACT_ID, vaccine_id=VACCINE_ID, batch_number="LOT-A17", booster=True)


def with_acts(*acts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A health record that holds these acts."""
    return modern_document(vaccination_acts=list(acts), **changes)


@pytest.fixture
def client(gateways: Gateways, tables: Path) -> httpx.AsyncClient:
    """A legacy application whose gateway knows the vaccines and keeps comments."""
    return gateways.client(tables=tables, keys=KEYS)


@pytest.fixture
def stored(upstream: respx.Router) -> respx.Route:
    """The record as the new API has it, with two acts; every empty write of it is accepted."""
    upstream.patch(MODERN_RECORD).respond(204)
    return upstream.get(MODERN_RECORD).respond(json=with_acts(FIRST, SECOND))


async def shown(client: httpx.AsyncClient) -> dict[str, Any]:
    """The record as a legacy application reads it."""
    return dict((await client.get(RECORD)).json())


async def test_vaccinations_that_are_as_they_were_read_are_no_change(
    upstream: respx.Router, stored: respx.Route, client: httpx.AsyncClient
) -> None:
    """Trap 4."""
    read = await shown(client)

    response = await client.put(RECORD, json=read)

    assert response.status_code == 200
    assert response.json() == read
    assert {call.split()[0] for call in asked_of(upstream)} == {"GET", "PATCH"}
    assert f"PATCH {MODERN_ACT}" not in asked_of(upstream)
    assert "passerelle-lost" not in response.headers


@pytest.mark.parametrize("kept", [[], [1]], ids=["both", "one"])
async def test_a_vaccination_that_is_left_out_stays_and_is_told(
    upstream: respx.Router, stored: respx.Route, client: httpx.AsyncClient, kept: list[int]
) -> None:
    """Trap 28: an old client that never read it must not delete it."""
    acts = (await shown(client))["vaccinations"]

    response = await client.put(RECORD, json={"vaccinations": [acts[at] for at in kept]})

    assert response.status_code == 200
    assert response.headers["passerelle-lost"] == "vaccinations"
    assert response.json()["vaccinations"] == acts
    assert not any(call.startswith(("DELETE", "PATCH /vacc")) for call in asked_of(upstream))


async def test_what_was_changed_and_made_goes_out_call_by_call_in_the_clients_order(
    upstream: respx.Router, stored: respx.Route, client: httpx.AsyncClient
) -> None:
    """Trap 28: paired by id, whatever the order."""
    first, second = (await shown(client))["vaccinations"]
    patch = upstream.patch(OTHER_ACT).respond(json=SECOND)
    post = upstream.post(MODERN_ACTS).respond(201, json=THIRD)
    changed = upstream.patch(MODERN_ACT).respond(204)
    written = [
        {**second, "batch": "B2"},
        legacy_vaccination(),
        {**first, "injection_site": "RD", "booster": True},
    ]
    begun = len(upstream.calls)

    response = await client.put(RECORD, json={"vaccinations": written, "zip_code": "29000"})

    assert response.status_code == 200
    assert asked_of(upstream)[begun:] == [
        f"GET {MODERN_RECORD}",
        f"PATCH {MODERN_RECORD}",
        f"PATCH {OTHER_ACT}",
        f"POST {MODERN_ACTS}",
        f"PATCH {MODERN_ACT}",
        f"GET {MODERN_RECORD}",
    ]
    assert body_of(upstream.patch(MODERN_RECORD)) == {"zip_code": "29000"}
    assert body_of(patch) == {"batch_number": "B2"}
    assert body_of(changed) == {"injection_location": "right_deltoid", "booster": True}
    assert body_of(post)["vaccine_id"] == VACCINE_ID
    assert "health_record_id" not in body_of(post)


async def test_the_answer_shows_the_record_as_it_is_after_all_calls(
    upstream: respx.Router, stored: respx.Route, client: httpx.AsyncClient
) -> None:
    first, second = (await shown(client))["vaccinations"]
    upstream.post(MODERN_ACTS).respond(201, json=THIRD)
    before, after = with_acts(FIRST, SECOND), with_acts(FIRST, SECOND, THIRD)
    stored.side_effect = [httpx.Response(200, json=it) for it in (before, after)]

    response = await client.put(
        RECORD, json={"vaccinations": [first, second, legacy_vaccination()]}
    )

    assert [act["date"] for act in response.json()["vaccinations"]] == [
        "2021-05-16",
        "2022-01-01",
        "2021-05-16",
    ]
    assert len({act["id"] for act in response.json()["vaccinations"]}) == 3


async def test_a_success_is_shown_as_it_was_sent_where_the_record_cannot_be_read_again(
    upstream: respx.Router, stored: respx.Route, client: httpx.AsyncClient
) -> None:
    """Trap 17: a client that is told of a failure writes again."""
    upstream.post(MODERN_ACTS).respond(201, json=THIRD)
    stored.side_effect = [httpx.Response(200, json=with_acts(FIRST)), httpx.Response(503)]

    response = await client.put(RECORD, json={"vaccinations": [legacy_vaccination()]})

    assert response.status_code == 200
    assert [act["batch"] for act in response.json()["vaccinations"]] == ["", "LOT-A17"]


async def test_comments_alone_are_kept_once_an_empty_write_of_their_vaccination_is_accepted(
    upstream: respx.Router, stored: respx.Route, client: httpx.AsyncClient
) -> None:
    """Who may not write a vaccination must not write its comments."""
    first, second = (await shown(client))["vaccinations"]
    patch = upstream.patch(OTHER_ACT)
    patch.side_effect = [httpx.Response(403), httpx.Response(204)]
    written = {"vaccinations": [first, {**second, "comments": COMMENTS}]}

    refused = await client.put(RECORD, json=written)
    before = (await shown(client))["vaccinations"][1]["comments"]
    accepted = await client.put(RECORD, json=written)

    assert refused.status_code == 403
    assert refused.json() == {
        "errors": {"vaccinations[1]": ["Vous n'avez pas accès à cette ressource."]}
    }
    assert before is None
    assert body_of(patch) == {}
    assert accepted.json()["vaccinations"][1]["comments"] == COMMENTS


async def test_a_problem_of_the_new_api_is_told_at_its_place_and_what_was_done_before_stays(
    upstream: respx.Router, stored: respx.Route, client: httpx.AsyncClient
) -> None:
    """Trap 32: the first failure ends it."""
    first, second = (await shown(client))["vaccinations"]
    done = upstream.patch(MODERN_ACT).respond(204)
    upstream.patch(OTHER_ACT).respond(
        422, json={"errors": [{"pointer": "#/performed_on"}, {"pointer": "#/country_code"}]}
    )
    written = [{**first, "batch": "B1"}, {**second, "date": "2099-01-01"}, legacy_vaccination()]

    response = await client.put(RECORD, json={"record": {"vaccinations": written}})

    assert response.status_code == 422
    assert response.json() == {
        "errors": {"vaccinations[1].date": REFUSED, "vaccinations[1]": REFUSED}
    }
    assert body_of(done) == {"batch_number": "B1"}
    assert f"POST {MODERN_ACTS}" not in asked_of(upstream)


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    ("failure", "status", "sentence"),
    [
        (httpx.Response(401), 401, "Vous devez vous authentifier."),
        (httpx.Response(403), 403, "Vous n'avez pas accès à cette ressource."),
        (httpx.Response(404), 404, "Cette ressource n'existe pas."),
        (
            httpx.Response(503, headers={"Retry-After": "120"}),
            503,
            "Le service est momentanément indisponible : réessayez plus tard.",
        ),
        (httpx.Response(500), 502, "Le service a donné une réponse inattendue."),
        (httpx.ReadTimeout("late"), 504, "Le service n'a pas répondu à temps."),
        (httpx.ReadError("cut"), 502, "Le service a donné une réponse inattendue."),
        (httpx.Response(200, text="<html>"), 502, "Le service a donné une réponse inattendue."),
    ],
    ids=[
        "not signed in",
        "forbidden",
        "gone",
        "busy",
        "broken",
        "late",
        "cut off",
        "no JSON",
    ],
)
async def test_any_other_failure_has_its_status_and_its_place_in_the_form_of_a_422(
    upstream: respx.Router,
    client: httpx.AsyncClient,
    failure: Any,
    status: int,
    sentence: str,
) -> None:
    """Traps 16 and 32."""
    first, second = (await shown(client))["vaccinations"]
    upstream.patch(OTHER_ACT).mock(side_effect=[failure])

    response = await client.put(RECORD, json={"vaccinations": [first, {**second, "batch": "B2"}]})

    assert response.status_code == status
    assert response.json() == {"errors": {"vaccinations[1]": [sentence]}}
    assert ("www-authenticate" in response.headers) == (status == 401)
    assert response.headers.get("retry-after") == ("120" if status == 503 else None)


async def test_places_stand_alone_by_option(
    upstream: respx.Router, stored: respx.Route, gateways: Gateways, tables: Path
) -> None:
    client = gateways.client(tables=tables, options='[errors]\nstyle = "bare"\nlanguage = "en"')
    first, _ = (await shown(client))["vaccinations"]
    upstream.patch(MODERN_ACT).respond(403)

    response = await client.put(RECORD, json={"vaccinations": [{**first, "batch": "B1"}]})

    assert response.json() == {"vaccinations[0]": ["You have no access to this resource."]}


async def test_the_same_request_after_a_failure_makes_nothing_twice(
    upstream: respx.Router, stored: respx.Route, client: httpx.AsyncClient
) -> None:
    """Trap 17: every creation within has its own intent."""
    posts = upstream.post(MODERN_ACTS)
    made = [legacy_vaccination(), legacy_vaccination(date="2022-02-02")]
    later = {**SECOND, "performed_on": "2022-02-02"}
    posts.side_effect = [
        httpx.Response(201, json=THIRD),
        httpx.Response(429),
        httpx.Response(201, json=later),
    ]
    empty, one = with_acts(), with_acts(THIRD)
    stored.side_effect = [
        httpx.Response(200, json=it) for it in (empty, one, one, with_acts(THIRD, later))
    ]

    failed = await client.put(RECORD, json={"vaccinations": made})
    healed = await client.put(RECORD, json={"vaccinations": made})

    assert failed.status_code == 503
    assert list(failed.json()["errors"]) == ["vaccinations[1]"]
    assert healed.status_code == 200
    assert posts.call_count == 3
    assert [body_of(posts, at)["performed_on"] for at in range(3)] == [
        "2021-05-16",
        "2022-02-02",
        "2022-02-02",
    ]
    assert len(healed.json()["vaccinations"]) == 2


async def test_a_record_is_made_with_its_vaccinations(
    upstream: respx.Router, client: httpx.AsyncClient
) -> None:
    """Trap 32: the record first, then each vaccination."""
    create = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    upstream.post(MODERN_ACTS).respond(201, json=THIRD)
    upstream.get(MODERN_RECORD).respond(json=with_acts(THIRD))
    acts = [legacy_vaccination(comments=COMMENTS)]

    response = await client.post(RECORDS, json=legacy_document(vaccinations=acts))

    assert response.status_code == 201
    assert "vaccination_acts" not in body_of(create)
    assert asked_of(upstream) == [
        f"POST {MODERN_RECORDS}",
        f"POST {MODERN_ACTS}",
        f"GET {MODERN_RECORD}",
    ]
    (shown,) = response.json()["vaccinations"]
    assert (shown["batch"], shown["comments"]) == ("LOT-A17", COMMENTS)
    assert response.headers["location"] == RECORD


async def test_a_creation_within_whose_outcome_nobody_knows_says_so_on_its_retry(
    upstream: respx.Router, stored: respx.Route, client: httpx.AsyncClient
) -> None:
    """Trap 17."""
    stored.respond(json=with_acts())
    posts = upstream.post(MODERN_ACTS).mock(side_effect=httpx.ReadTimeout("late"))
    written = {"vaccinations": [legacy_vaccination()]}

    late = await client.put(RECORD, json=written)
    again = await client.put(RECORD, json=written)

    assert (late.status_code, again.status_code, posts.call_count) == (504, 409, 1)
    assert again.json()["errors"] == {
        "vaccinations[0]": [
            "Cette création est peut-être déjà faite : relisez avant de recommencer."
        ]
    }


async def test_a_creation_that_failed_within_is_completed_by_its_retry(
    upstream: respx.Router, client: httpx.AsyncClient
) -> None:
    """Traps 17 and 32: one record, one act of each."""
    create = upstream.post(MODERN_RECORDS).respond(201, json=modern_document())
    posts = upstream.post(MODERN_ACTS)
    posts.side_effect = [
        httpx.Response(201, json=THIRD),
        httpx.Response(429),
        httpx.Response(201, json=SECOND),
    ]
    upstream.get(MODERN_RECORD).respond(json=with_acts(THIRD))
    acts = [legacy_vaccination(), legacy_vaccination(date="2022-01-01")]

    failed = await client.post(RECORDS, json=legacy_document(vaccinations=acts))
    healed = await client.post(RECORDS, json=legacy_document(vaccinations=acts))

    assert (failed.status_code, healed.status_code) == (503, 201)
    assert list(failed.json()["errors"]) == ["vaccinations[1]"]
    assert (create.call_count, posts.call_count) == (1, 3)
    assert healed.headers["location"] == RECORD
    assert failed.headers["location"] == RECORD


async def test_all_vaccinations_are_checked_before_the_first_call(
    upstream: respx.Router, client: httpx.AsyncClient
) -> None:
    acts = [legacy_vaccination(), legacy_vaccination(vaccine={"id": 1}, date="yesterday")]

    response = await client.post(RECORDS, json=legacy_document(vaccinations=acts))

    assert response.status_code == 422
    assert response.json()["errors"].keys() == {
        "vaccinations[1].vaccine.id",
        "vaccinations[1].date",
    }
    assert asked_of(upstream) == []


async def test_a_vaccination_of_another_record_is_a_problem_and_nothing_is_written(
    upstream: respx.Router, client: httpx.AsyncClient
) -> None:
    """Trap 9: an id of somebody else's in a body."""
    its_own = {**FIRST, "health_record_id": OTHER_ID}
    other = modern_document(id=OTHER_ID, vaccination_acts=[its_own])
    upstream.get(f"/health_records/{OTHER_ID}").respond(json=other)
    upstream.get(MODERN_RECORD).respond(json=modern_document())
    read = (await client.get(f"/api/v1/records/{OTHER_ID}.json")).json()

    response = await client.put(RECORD, json={"vaccinations": read["vaccinations"]})

    assert response.status_code == 422
    assert response.json() == {"errors": {"vaccinations[0].id": ["n'existe pas"]}}
    assert not any(call.startswith(("POST", "PATCH")) for call in asked_of(upstream))


async def test_a_vaccination_without_an_id_has_no_path_and_is_not_written_over(
    upstream: respx.Router, client: httpx.AsyncClient
) -> None:
    """Trap 28."""
    upstream.get(MODERN_RECORD).respond(json=with_acts({**FIRST, "id": None}))
    (act,) = (await shown(client))["vaccinations"]

    response = await client.put(RECORD, json={"vaccinations": [{**act, "batch": "B1"}]})

    assert response.status_code == 422
    assert list(response.json()["errors"]) == ["vaccinations[0]"]


async def test_a_vaccination_that_names_another_record_is_not_written_over(
    upstream: respx.Router, client: httpx.AsyncClient
) -> None:
    """Trap 9: not even where the new API shows it within this one."""
    upstream.get(MODERN_RECORD).respond(json=with_acts(FIRST))
    upstream.patch(MODERN_RECORD).respond(204)
    (act,) = (await shown(client))["vaccinations"]
    upstream.get(MODERN_RECORD).respond(json=with_acts({**FIRST, "health_record_id": OTHER_ID}))

    response = await client.put(RECORD, json={"vaccinations": [{**act, "batch": "B1"}]})

    assert response.status_code == 404
    assert response.json() == {"errors": {"vaccinations[0]": ["Cette ressource n'existe pas."]}}
    assert not any("vaccination_acts" in call for call in asked_of(upstream))


async def test_a_vaccination_that_is_put_whole_is_read_whole_before(
    upstream: respx.Router, stored: respx.Route, gateways: Gateways, tables: Path
) -> None:
    """Trap 1: within its record it may be shown in part."""
    client = gateways.client(tables=tables, options='[upstream.update_act]\nmethod = "PUT"')
    first, second = (await shown(client))["vaccinations"]
    whole = {**FIRST, "novel": {"a": [1]}}
    upstream.get(MODERN_ACT).respond(json=whole, headers={"ETag": '"a1"'})
    put = upstream.put(MODERN_ACT).respond(json=whole)

    response = await client.put(RECORD, json={"vaccinations": [{**first, "batch": "B1"}, second]})

    assert response.status_code == 200
    assert body_of(put) == {**whole, "batch_number": "B1"}
    assert put.calls.last.request.headers["if-match"] == '"a1"'


async def test_a_record_that_is_put_whole_keeps_its_acts_and_each_goes_out_by_itself(
    upstream: respx.Router, gateways: Gateways, tables: Path
) -> None:
    client = gateways.client(tables=tables, options='[upstream.update]\nmethod = "PUT"')
    upstream.get(MODERN_RECORD).respond(json=with_acts(FIRST))
    put = upstream.put(MODERN_RECORD).respond(json=with_acts(FIRST))
    patch = upstream.patch(MODERN_ACT).respond(204)
    (act,) = (await shown(client))["vaccinations"]

    await client.put(RECORD, json={"vaccinations": [{**act, "batch": "B1"}]})

    assert body_of(put) == with_acts(FIRST)
    assert body_of(patch) == {"batch_number": "B1"}


async def test_more_vaccinations_than_anybody_has_are_refused_at_once(
    upstream: respx.Router, client: httpx.AsyncClient
) -> None:
    """Trap 25: each is checked, and may be a call of its own."""
    response = await client.post(RECORDS, json=legacy_document(vaccinations=[{}] * 1001))

    assert response.status_code == 422
    assert response.json() == {"errors": {"vaccinations": ["n'est pas valide"]}}
