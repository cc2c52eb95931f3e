"""A body is refused with every problem at once, where each is, and never a value."""

import httpx
import pytest

from sandbox.people import PEOPLE, WITH_ACTS
from tests.sandbox.clients import NEW_PERSON, UNKNOWN_ID, problem, unprocessable

PATH = f"/health_records/{WITH_ACTS}"
SET_ALREADY = "is set already and may not differ"


async def test_a_new_record_needs_four_fields(client: httpx.AsyncClient) -> None:
    response = await client.post("/health_records", json={})

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == unprocessable(
        ("/birth_date", "is required"),
        ("/first_name", "is required"),
        ("/gender", "is required"),
        ("/last_name", "is required"),
    )


async def test_a_replacement_needs_four_fields(client: httpx.AsyncClient) -> None:
    response = await client.put(PATH, json={"first_name": "Clélie", "gender": "f"})

    assert response.json() == unprocessable(
        ("/birth_date", "is required"), ("/last_name", "is required")
    )


async def test_all_problems_are_told_at_once_without_the_values(client: httpx.AsyncClient) -> None:
    written = {
        "first_name": "",
        "last_name": ["SECRET"],
        "customary_name": 5551,
        "gender": "SECRET",
        "birth_date": "2024-02-30",
        "profile": {"12": True, UNKNOWN_ID: {"SECRET": "SECRET"}},
        "a/b~c": "SECRET",
    }

    response = await client.post("/health_records", json=written)

    assert response.json() == unprocessable(
        ("/a~1b~0c", "is not a known field"),
        ("/birth_date", "expected a date"),
        ("/customary_name", "expected string or null"),
        ("/first_name", "expected some text"),
        ("/gender", "expected m or f"),
        ("/last_name", "expected string"),
        ("/profile/12", "expected a uuid"),
        (f"/profile/{UNKNOWN_ID}", "expected boolean or number or string or null"),
    )
    assert not any(value in response.text for value in ("SECRET", "5551", "2024-02-30"))


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_a_refused_write_changes_nothing(client: httpx.AsyncClient, method: str) -> None:
    before = await client.get(PATH)

    response = await client.request(method, PATH, json=NEW_PERSON | {"gender": "x"})

    after = await client.get(PATH)
    assert response.status_code == 422
    assert after.json() == before.json()
    assert after.headers["etag"] == before.headers["etag"]


@pytest.mark.parametrize(
    "day", ["2023-02-29", "20240131", "2024-W05-3", "2024-01-31T00:00:00Z", "٢٠٢٤-٠١-٣١", ""]
)
async def test_a_birth_date_is_a_day_that_exists_written_in_full(
    client: httpx.AsyncClient, day: str
) -> None:
    response = await client.patch(PATH, json={"birth_date": day})

    assert response.json() == unprocessable(("/birth_date", "expected a date"))


@pytest.mark.parametrize(
    "identity",
    [WITH_ACTS[:-1], WITH_ACTS.replace("-", ""), f"{{{WITH_ACTS}}}", "g" + WITH_ACTS[1:]],
)
async def test_a_condition_is_named_by_a_real_uuid(
    client: httpx.AsyncClient, identity: str
) -> None:
    response = await client.patch(PATH, json={"profile": {identity: True}})

    assert response.json() == unprocessable((f"/profile/{identity}", "expected a uuid"))


@pytest.mark.parametrize("name", ["first_name", "last_name", "gender", "birth_date", "profile"])
async def test_a_field_that_must_hold_something_cannot_be_null(
    client: httpx.AsyncClient, name: str
) -> None:
    response = await client.patch(PATH, json={name: None})

    assert response.status_code == 422
    assert {error["pointer"] for error in response.json()["errors"]} == {f"/{name}"}


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
@pytest.mark.parametrize("body", ["[]", "null", '"text"', "1"])
async def test_a_body_is_an_object(client: httpx.AsyncClient, method: str, body: str) -> None:
    path = "/health_records" if method == "POST" else PATH

    response = await client.request(
        method, path, content=body, headers={"Content-Type": "application/json"}
    )

    assert response.status_code == 422
    assert response.json() == unprocessable(("", "expected object"))


async def test_a_new_record_cannot_set_what_the_api_sets(client: httpx.AsyncClient) -> None:
    response = await client.post("/health_records", json=PEOPLE[0])

    assert response.json() == unprocessable(
        ("/created_at", "is not a known field"),
        ("/id", "is not a known field"),
        ("/owner_id", "is not a known field"),
        ("/sharing_requests", "is not a known field"),
        ("/updated_at", "is not a known field"),
        ("/vaccination_acts", "is not a known field"),
        ("/validator_ids", "is not a known field"),
    )


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_what_the_api_sets_may_be_repeated_and_not_changed(
    client: httpx.AsyncClient, method: str
) -> None:
    record = (await client.get(PATH)).json()
    acts = [record["vaccination_acts"][0], record["vaccination_acts"][1] | {"booster": 1}]

    response = await client.request(
        method, PATH, json=record | {"owner_id": UNKNOWN_ID, "vaccination_acts": acts}
    )

    assert response.json() == unprocessable(
        ("/owner_id", SET_ALREADY), ("/vaccination_acts", SET_ALREADY)
    )


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_an_undeclared_field_may_be_repeated_and_not_changed(
    client: httpx.AsyncClient, method: str
) -> None:
    planted = {**PEOPLE[0], "of_tomorrow": {"known": True}}
    await client.put(f"/_sandbox/records/{WITH_ACTS}", json=planted)

    repeated = await client.request(method, PATH, json=planted)
    changed = await client.request(method, PATH, json=NEW_PERSON | {"of_tomorrow": {"known": 1}})
    unknown = await client.request(method, PATH, json=NEW_PERSON | {"of_yesterday": None})

    assert repeated.json()["of_tomorrow"] == {"known": True}
    assert changed.json() == unprocessable(("/of_tomorrow", SET_ALREADY))
    assert unknown.json() == unprocessable(("/of_yesterday", "is not a known field"))


async def test_an_undeclared_field_survives_a_replacement_that_leaves_it_out(
    client: httpx.AsyncClient,
) -> None:
    await client.put(f"/_sandbox/records/{WITH_ACTS}", json={**PEOPLE[0], "of_tomorrow": 1})

    response = await client.put(PATH, json=NEW_PERSON)

    assert response.json()["of_tomorrow"] == 1


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{} {}",
        b"first_name=Clelie",
        b"\xef\xbb\xbf{}",
        b'{"first_name": "Cl\xe9lie"}',
        b'{"first_name": "\\ud800"}',
        b'{"profile": {"5a3d0b6e-0000-4000-8000-0000000000e1": NaN}}',
        b'{"profile": {"5a3d0b6e-0000-4000-8000-0000000000e1": 1e999}}',
        b"[" * 100_000,
    ],
    ids=[
        *("nothing", "half", "two", "form", "byte-order-mark", "latin-1", "half-a-surrogate-pair"),
        *("nan", "infinity", "depth"),
    ],
)
async def test_a_body_that_is_not_json_is_refused(
    client: httpx.AsyncClient, method: str, body: bytes
) -> None:
    path = "/health_records" if method == "POST" else PATH

    response = await client.request(
        method, path, content=body, headers={"Content-Type": "application/json"}
    )

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == problem(400, "Bad Request")
